"""How far a model and each of its residues can be trusted."""

from critasser.quality.confidence import (
    Quality,
    assess,
    cluster_confidence,
    estimated_tm,
    local_confidence,
    local_correlation,
)

__all__ = [
    "Quality",
    "assess",
    "cluster_confidence",
    "estimated_tm",
    "local_confidence",
    "local_correlation",
]
