"""What stages learn from known chains; a build loads what was learnt, and none of this."""

from __future__ import annotations

from critasser.assembly.statistics import learn as learn_assembly
from critasser.atomic.backbone_statistics import learn as learn_backbone
from critasser.atomic.rotamer_statistics import learn as learn_rotamers
from critasser.trace.statistics import learn as learn_trace

__all__ = ["STATISTICS"]

STATISTICS = {
    "trace": learn_trace,
    "assembly": learn_assembly,
    "backbone": learn_backbone,
    "rotamers": learn_rotamers,
}
"""Functions that learn from chains, by the name of the table that ships."""
