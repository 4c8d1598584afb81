"""Find Cα positions from the network's probability."""

from critasser.calpha.agreement import TRUSTED_CRSCORE, agreement
from critasser.calpha.positions import STRATEGIES, find_calpha, greedy_voxels, refined_peaks
from critasser.calpha.room import leaves_room

__all__ = [
    "STRATEGIES",
    "TRUSTED_CRSCORE",
    "agreement",
    "find_calpha",
    "greedy_voxels",
    "leaves_room",
    "refined_peaks",
]
