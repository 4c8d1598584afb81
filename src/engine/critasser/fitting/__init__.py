"""Lay known structures in the map as rigid bodies, wherever they may be."""

from critasser.fitting.body import Body, Poses
from critasser.fitting.fields import Fields, network_fields
from critasser.fitting.predicted_confidence import (
    LEAST_CONFIDENCE,
    predicted_confidence,
    trusted_residues,
)
from critasser.fitting.predicted_error import read_predicted_error
from critasser.fitting.rigid import RigidFit, fit_body
from critasser.fitting.structure_fit import Placement, fit_structure

__all__ = [
    "LEAST_CONFIDENCE",
    "Body",
    "Fields",
    "Placement",
    "Poses",
    "RigidFit",
    "fit_body",
    "fit_structure",
    "network_fields",
    "predicted_confidence",
    "read_predicted_error",
    "trusted_residues",
]
