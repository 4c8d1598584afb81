"""Cα positions from probability."""

from critasser.calpha.consensus import TRUSTED_CRSCORE, Consensus, agreement, consensus
from critasser.calpha.positions import STRATEGIES, find_calpha, greedy_voxels, refined_peaks

__all__ = [
    "STRATEGIES",
    "TRUSTED_CRSCORE",
    "Consensus",
    "agreement",
    "consensus",
    "find_calpha",
    "greedy_voxels",
    "refined_peaks",
]
