"""From traces and templates to whole Cα chains by replica-exchange Monte Carlo under the map."""

from critasser.assembly.complete import Guide, Start, complete
from critasser.assembly.energy import Weights
from critasser.assembly.exchange import Decoys, assemble, refine_centroids
from critasser.assembly.statistics import learn
from critasser.assembly.stretch import Candidates, sample_stretches

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
