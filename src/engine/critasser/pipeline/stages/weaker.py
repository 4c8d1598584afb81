"""Stage weaker: weaker Cα positions beside those of stage calpha, among which traces choose."""

from __future__ import annotations

from critasser.calpha import find_calpha
from critasser.density import read_map
from critasser.job.arrays import load_calpha, load_features, load_region, save_calpha
from critasser.network.residue.weaker import EXCESS, with_weaker
from critasser.pipeline.files import CALPHA, DENSITY, EVERY_CALPHA, FEATURES, NUCLEIC, SEEN
from critasser.pipeline.stage import Context, Stage
from critasser.pipeline.stages import calpha
from critasser.shipped import CALPHA_WEIGHTS

__all__ = ["STAGE"]

FOUND = 0.2
"""Share of the stage's time after which peaks are found."""


def weaker(context: Context) -> None:
    """Add peaks that are no positions yet, and read the residue at each."""
    length = context.settings["length"]
    positions, agreed, trusted = load_calpha(context.read(CALPHA))
    features = load_features(context.read(FEATURES), context.read(DENSITY))
    region = load_region(context.read(NUCLEIC))
    peaks = find_calpha(features.without(region), round(EXCESS * length))
    context.progress(FOUND, "reading weaker positions, among which traces choose")
    every = with_weaker(
        read_map(context.read(SEEN)),
        positions,
        peaks,
        context.external("residue_weights"),
        length,
        device=context.device,
    )
    save_calpha(context.file(EVERY_CALPHA), every, agreed, trusted)
    context.say(f"{len(every) - len(positions)} weaker positions for traces to choose from")


STAGE = Stage(
    "weaker",
    weaker,
    reads=(DENSITY, SEEN, FEATURES, NUCLEIC, CALPHA),
    settings=calpha.STAGE.settings,
    external=("residue_weights", CALPHA_WEIGHTS),
)
