"""Stage calpha: Cα positions from the network's probabilities, read residue by residue."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from critasser.calpha import TRUSTED_CRSCORE, agreement, find_calpha
from critasser.calpha.hand import tell_hand
from critasser.density import read_map
from critasser.job.arrays import load_features, load_region, save_calpha, write_table
from critasser.network import read_residues
from critasser.pipeline.files import CALPHA, DENSITY, FEATURES, NUCLEIC, SEEN
from critasser.pipeline.stage import Context, Stage, Task
from critasser.shipped import CALPHA_WEIGHTS
from critasser.structure import AMINO_ACIDS, CalphaSet, write_positions

__all__ = ["STAGE", "warn_unsure"]

HAND_RESOLUTION = 6.0
"""Å; in poorer maps positions do not tell which way a chain winds."""

FOUND, READ = 0.3, 0.7
"""Shares of the stage's time after which positions are found, and residues read."""


def calpha(context: Context) -> None:
    """Take positions from the mean of the network's opinions; trust them where these agree."""
    length = context.settings["length"]
    features = load_features(context.read(FEATURES), context.read(DENSITY))
    region = load_region(context.read(NUCLEIC))
    found = find_calpha(features.without(region), length)
    context.progress(FOUND, "reading residues in their own frames")
    seen, weights = read_map(context.read(SEEN)), context.external("residue_weights")
    positions = read_residues(seen, found, weights, length, device=context.device)
    context.progress(READ, "comparing predictions for the map and for the map turned")
    opinions = (find_calpha(one.without(region), length) for one in features.opinions)
    agreed = agreement(*opinions, max(length, len(positions)))
    trusted = agreed > TRUSTED_CRSCORE
    save_calpha(context.file(CALPHA), positions, agreed, trusted)
    write_positions(context.file("1_calpha/calpha.cif", "calpha", "Cα positions"), positions)
    _write_table(context, positions)
    _warn_of_mirror_image(context, found)
    context.say(
        f"{len(positions)} Cα positions for {length} residues; predictions for the map "
        f"and for the map turned agree with CRscore {agreed:.2f}"
    )


def warn_unsure(context: Context, agreed: float) -> None:
    """Say that Cα positions are not trusted, by how far opinions agree."""
    context.warn(
        f"the network is unsure of the Cα positions: its predictions for the map and for "
        f"the map turned agree with CRscore {agreed:.2f} only; they do not guide the assembly"
    )


def _write_table(context: Context, positions: CalphaSet) -> None:
    write_table(
        context.file("1_calpha/calpha.csv"),
        ("x", "y", "z", "probability", *AMINO_ACIDS, "helix", "strand", "coil"),
        np.column_stack(
            [
                positions.positions,
                positions.probability,
                positions.amino_acid,
                positions.secondary_structure,
            ]
        ),
    )


def _warn_of_mirror_image(context: Context, found: CalphaSet) -> None:
    if context.fact("resolution") > HAND_RESOLUTION:
        return
    hand = tell_hand(found)
    if hand.mirrored:
        helix, strand = hand.helix, hand.strand
        context.warn(
            f"the map looks like the mirror image of a protein: {helix[1]} turns of helix are "
            f"left-handed and {helix[0]} right-handed, {strand[1]} bits of strand twist the "
            f"wrong way and {strand[0]} the right; flip it (ChimeraX: volume flip #1) and "
            "build again"
        )


def _settings(task: Task) -> Mapping[str, object]:
    return {"length": len(task.checked.target)}


STAGE = Stage(
    "calpha",
    calpha,
    reads=(DENSITY, SEEN, FEATURES, NUCLEIC),
    facts={"resolution": "density"},
    settings=_settings,
    external=("residue_weights", CALPHA_WEIGHTS),
)
