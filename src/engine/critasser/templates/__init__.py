"""Lay known structures on the map's Cα positions."""

from critasser.templates.equal_places import in_equal_places
from critasser.templates.fingerprint import match_fingerprints
from critasser.templates.likeness import copies_asked, entities_of, known_entities, letters_of
from critasser.templates.pose import Fit, PlacedChain, Pose
from critasser.templates.reading import LEAST_Z_BY_FOLD
from critasser.templates.register import register_z_score
from critasser.templates.reselection import (
    AS_GOOD,
    GOOD,
    STRATEGIES,
    Rejected,
    Reselection,
    survey,
)
from critasser.templates.triples import match_triples
from critasser.templates.veto import released

__all__ = [
    "AS_GOOD",
    "GOOD",
    "LEAST_Z_BY_FOLD",
    "STRATEGIES",
    "Fit",
    "PlacedChain",
    "Pose",
    "Rejected",
    "Reselection",
    "copies_asked",
    "entities_of",
    "in_equal_places",
    "known_entities",
    "letters_of",
    "match_fingerprints",
    "match_triples",
    "register_z_score",
    "released",
    "survey",
]
