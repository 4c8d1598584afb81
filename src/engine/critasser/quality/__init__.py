"""Estimates how far a model and each of its residues can be trusted."""

from critasser.quality.calibration import Calibration, accuracy, fit, read_calibration
from critasser.quality.confidence import (
    Quality,
    assess,
    cluster_confidence,
    estimated_tm,
    local_confidence,
    local_correlation,
)

__all__ = [
    "Calibration",
    "Quality",
    "accuracy",
    "assess",
    "cluster_confidence",
    "estimated_tm",
    "fit",
    "local_confidence",
    "local_correlation",
    "read_calibration",
]
