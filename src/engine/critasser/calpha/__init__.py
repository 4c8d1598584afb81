"""Cα positions from probability."""

from critasser.calpha.consensus import TRUSTED_CRSCORE, Consensus, consensus
from critasser.calpha.positions import STRATEGIES, find_calpha, greedy_voxels, refined_peaks

__all__ = [
    "STRATEGIES",
    "TRUSTED_CRSCORE",
    "Consensus",
    "consensus",
    "find_calpha",
    "greedy_voxels",
    "refined_peaks",
]
