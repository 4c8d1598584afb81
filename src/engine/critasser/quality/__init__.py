"""Estimate how far a model and each of its residues can be trusted."""

from critasser.quality.calibration import Calibration, accuracy, fit, read_calibration
from critasser.quality.confidence import (
    Quality,
    assess,
    cluster_confidence,
    estimated_tm,
    local_confidence,
    local_correlation,
)
from critasser.quality.sources import SOURCES, residue_sources
from critasser.quality.traces import first_trace
from critasser.quality.unseen import Placed, find_unseen, unseen_of_model

__all__ = [
    "SOURCES",
    "Calibration",
    "Placed",
    "Quality",
    "accuracy",
    "assess",
    "cluster_confidence",
    "estimated_tm",
    "find_unseen",
    "first_trace",
    "fit",
    "local_confidence",
    "local_correlation",
    "read_calibration",
    "residue_sources",
    "unseen_of_model",
]
