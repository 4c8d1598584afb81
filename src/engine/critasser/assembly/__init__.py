"""Assemble whole Cα chains from traces and templates by replica-exchange Monte Carlo."""

from critasser.assembly.complete import Guide, Start, complete
from critasser.assembly.exchange import Decoys, assemble
from critasser.assembly.learning import learn
from critasser.assembly.refinement import refine_centroids
from critasser.assembly.stretch import Candidates, sample_stretches
from critasser.assembly.weights import Weights

__all__ = [
    "Candidates",
    "Decoys",
    "Guide",
    "Start",
    "Weights",
    "assemble",
    "complete",
    "learn",
    "refine_centroids",
    "sample_stretches",
]
