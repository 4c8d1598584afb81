"""Lay known structures in the map as rigid bodies, wherever they belong, and bend them there."""

from critasser.fitting.body import Body, Poses
from critasser.fitting.choice import MOST_CLASHING
from critasser.fitting.fields import Fields, network_fields
from critasser.fitting.flexible import far_fields, flexible_fit
from critasser.fitting.fold_search import SearchedFields, best_places, fold_scores
from critasser.fitting.placed import (
    NEAR,
    DomainPlace,
    enough_placed,
    least_score,
    moves_of,
    placed_domains,
    share_near,
    values_in_place,
)
from critasser.fitting.predicted_confidence import (
    LEAST_CONFIDENCE,
    predicted_confidence,
    trusted_residues,
)
from critasser.fitting.predicted_error import read_error_file, read_predicted_error
from critasser.fitting.rigid import CHANCE_DETAIL, FINE_BLUR, LEAST_Z, RigidFit, fit_body
from critasser.fitting.settling import lying, settled
from critasser.fitting.structure_fit import FEWEST_RESIDUES, Placement, fit_structure
from critasser.fitting.unit_copies import distinct_places, overlap_of_units, units_in_map

__all__ = [
    "CHANCE_DETAIL",
    "FINE_BLUR",
    "FEWEST_RESIDUES",
    "LEAST_CONFIDENCE",
    "LEAST_Z",
    "MOST_CLASHING",
    "NEAR",
    "Body",
    "DomainPlace",
    "Fields",
    "Placement",
    "Poses",
    "RigidFit",
    "SearchedFields",
    "best_places",
    "distinct_places",
    "enough_placed",
    "far_fields",
    "fit_body",
    "fit_structure",
    "flexible_fit",
    "fold_scores",
    "least_score",
    "lying",
    "moves_of",
    "network_fields",
    "overlap_of_units",
    "placed_domains",
    "predicted_confidence",
    "read_error_file",
    "read_predicted_error",
    "settled",
    "share_near",
    "trusted_residues",
    "units_in_map",
    "values_in_place",
]
