"""Which sequences the map does not tell by itself, so that known folds may."""

from __future__ import annotations

from critasser.pipeline.stage import Context
from critasser.pipeline.stages.sequences import SURE_Z
from critasser.templates import entities_of

__all__ = ["SHORTEST_FOLD", "UNTOLD_FACTS", "untold_entities"]

SHORTEST_FOLD = 40
"""Residues of a sequence; less is no fold by which a structure could be told from others."""

UNTOLD_FACTS = {"z_scores": "sequences", "by_map": "sequences"}
"""For `untold_entities`."""


def untold_entities(context: Context) -> list[int]:
    """Sequences (places in `entities_of`) that are long enough and neither told by the map nor
    clearly not in it."""
    z_scores, absent = context.numbers_noted("z_scores"), set(context.chains_noted("by_map"))
    found = []
    for entity, group in enumerate(entities_of(context.target)):
        told = z_scores is not None and z_scores[group[0]] >= SURE_Z
        long = len(context.target.sequences[group[0]]) >= SHORTEST_FOLD
        if long and not told and not absent.issuperset(group):
            found.append(entity)
    return found
