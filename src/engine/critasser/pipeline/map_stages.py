"""The stages that look at the map: the same for a build and for a model that is there already."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from critasser.calpha import TRUSTED_CRSCORE, agreement, find_calpha
from critasser.calpha.hand import tell_hand
from critasser.density import (
    FeatureMaps,
    Grid,
    background,
    crop,
    crop_to_molecule,
    normalise,
    read_map,
    read_mask,
    resample,
    write_map,
)
from critasser.job.arrays import load_features, save_calpha, write_table
from critasser.job.folder import StageRun
from critasser.network import predict, predict_resolution, read_residues
from critasser.options import Inputs, ModelInputs, Options
from critasser.pipeline.checks import Checked
from critasser.pipeline.files import CALPHA, DENSITY, FEATURES, SEEN
from critasser.pipeline.sharpness import choose_bfactor, sharpened
from critasser.shipped import RESIDUE_NETWORK, RESOLUTION_NETWORK, shipped
from critasser.structure import AMINO_ACIDS, write_positions

__all__ = ["TILES", "VIEWS", "MapStages"]

VIEWS = (0, 7)
"""The network's opinions: the map as it is, and turned by a rotation of the cube."""

TILES = (144, 112, 88, 64)
"""Sides of the largest tiles; the next one when a tile does not fit in memory."""

HAND_RESOLUTION = 6.0
"""Å; in poorer maps positions do not tell which way a chain winds."""

MODEL_MARGIN = 12.0
"""Å kept around a model that is there already: what the network sees around a residue."""


class MapStages:
    """Bodies of the stages density, network and calpha.

    Parameters
    ----------
    inputs : Inputs or ModelInputs
    checked : Checked
    options : Options
    around : ndarray (n, 3), optional
        Atoms in Å: the map is cut out around them, and not around all that it holds.

    Attributes
    ----------
    resolution : float
        Å; known from the density stage on.
    """

    def __init__(
        self,
        inputs: Inputs | ModelInputs,
        checked: Checked,
        options: Options,
        around: NDArray[np.float64] | None = None,
    ) -> None:
        self.inputs = inputs
        self.checked = checked
        self.options = options
        self.target = checked.target
        self.around = around
        self.resolution = math.nan

    def density(self, run: StageRun) -> None:
        """Cut the molecule out of its surroundings, bring it to 1 Å and to one scale."""
        grid = read_map(self.inputs.map)
        inside = None
        if self.inputs.mask is not None:
            inside = read_mask(self.inputs.mask, grid)
            # Outside is solvent, whatever value that has in this map.
            solvent = np.float32(background(grid))
            grid = grid.with_values((grid.values - solvent) * inside)
        run.progress(0.3, "cutting out the molecule")
        whole = grid.shape
        if self.around is None:
            grid = crop_to_molecule(grid, mask=inside)
        else:
            low, high = self.around.min(axis=0), self.around.max(axis=0)
            grid = crop(grid, low - MODEL_MARGIN, high + MODEL_MARGIN)
        grid = normalise(resample(grid))
        write_map(run.file(DENSITY, "map", "the map as the stages see it"), grid)
        resolution = self.options.resolution
        if resolution is None:
            resolution = round(predict_resolution(grid, shipped(RESOLUTION_NETWORK)), 1)
            run.warn(
                f"no resolution given: {resolution} Å estimated from the map; give it by "
                "--resolution where it is known"
            )
        run.summary["resolution"] = resolution
        run.say(f"{_size(whole)} voxels, cut out and resampled: {_size(grid.shape)} of 1 Å")

    def network(self, run: StageRun) -> None:
        """What the network says of every voxel of the map, as sharp as it reads best."""
        whole = read_map(run.job.path(DENSITY))
        run.progress(0.0, "looking how sharp the map is")
        bfactor = choose_bfactor(
            whole,
            len(self.target),
            self.checked.weights,
            shipped(RESIDUE_NETWORK),
            device=self.checked.device,
        )
        density = sharpened(whole, bfactor)
        write_map(run.file(SEEN), density)
        features = self._predict(run, density)
        maps = {
            "calpha_probability": features.calpha_grid,
            "backbone_probability": features.backbone_grid,
            "helix_probability": features.structure_grid(0),
            "strand_probability": features.structure_grid(1),
        }
        for name, grid in maps.items():
            write_map(run.file(f"1_calpha/{name}.mrc", "map", name), grid)
        if bfactor:
            did = "blurred" if bfactor > 0 else "sharpened"
            run.say(f"the networks see the map {did} by {abs(bfactor):g} Å²")
        run.say(f"{len(VIEWS)} opinions of the network, on {self.checked.device}")

    def _predict(self, run: StageRun, density: Grid) -> FeatureMaps:
        for tile in TILES:
            try:
                return predict(
                    density,
                    self.checked.weights,
                    device=self.checked.device,
                    tile=tile,
                    views=VIEWS,
                    file=run.file(FEATURES),
                    progress=run.progress,
                )
            except MemoryError:
                run.warn(f"tiles of {tile} voxels do not fit in memory; smaller ones are used")
        raise MemoryError

    def calpha(self, run: StageRun) -> None:
        """Positions from the mean of the opinions, trusted where these agree, and read residue by
        residue."""
        length = len(self.target)
        features = load_features(run.job.path(FEATURES), run.job.path(DENSITY))
        found = find_calpha(features, length)
        run.progress(0.4, "reading residues in their own frames")
        calpha = read_residues(
            read_map(run.job.path(SEEN)),
            found,
            shipped(RESIDUE_NETWORK),
            length,
            device=self.checked.device,
        )
        run.progress(0.8, "comparing opinions")
        opinions = (find_calpha(one, length) for one in features.opinions)
        agreed = agreement(*opinions, max(length, len(calpha)))
        trusted = agreed > TRUSTED_CRSCORE
        save_calpha(run.file(CALPHA), calpha, agreed, trusted)
        write_positions(run.file("1_calpha/calpha.cif", "calpha", "Cα positions"), calpha)
        write_table(
            run.file("1_calpha/calpha.csv"),
            ("x", "y", "z", "probability", *AMINO_ACIDS, "helix", "strand", "coil"),
            np.column_stack(
                [
                    calpha.positions,
                    calpha.probability,
                    calpha.amino_acid,
                    calpha.secondary_structure,
                ]
            ),
        )
        hand = tell_hand(found)
        if hand.mirrored and self.resolution <= HAND_RESOLUTION:
            helix, strand = hand.helix, hand.strand
            run.warn(
                f"the map looks like the mirror image of a protein: {helix[1]} turns of helix are "
                f"left-handed and {helix[0]} right-handed, {strand[1]} bits of strand twist the "
                f"wrong way and {strand[0]} the right; flip it (ChimeraX: volume flip #1) and "
                "build again"
            )
        if not trusted:
            run.warn(
                f"the network is unsure of the Cα positions: its opinions agree with CRscore "
                f"{agreed:.2f}; they do not guide the assembly"
            )
        run.say(
            f"{len(calpha)} Cα positions for {length} residues; opinions agree with CRscore "
            f"{agreed:.2f}"
        )


def _size(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape[::-1]))
