"""Cα atoms and what the networks see in a map, in memory, for users of the package."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from critasser.api.models import Sequences, as_target
from critasser.calpha import TRUSTED_CRSCORE, agreement, find_calpha, leaves_room
from critasser.density import (
    FeatureMaps,
    Grid,
    background,
    crop_to_molecule,
    normalise,
    read_map,
    read_mask,
    resample,
)
from critasser.density.sharpening import sharpened
from critasser.network import predict, predict_resolution, read_residues
from critasser.network.nucleic.finding import (
    TRUSTED_RESOLUTION,
    NucleicAcid,
    find_nucleic_acid,
)
from critasser.network.residue.weaker import EXCESS, with_weaker
from critasser.pipeline.stages.network import VIEWS
from critasser.pipeline.stages.sharpness import choose_bfactor
from critasser.shipped import (
    NETWORK,
    NUCLEIC_NETWORK,
    RESIDUE_NETWORK,
    RESOLUTION_NETWORK,
    shipped,
)
from critasser.structure import CalphaSet

__all__ = ["Prediction", "Progress", "predict_calpha"]

Progress: TypeAlias = Callable[[float, str], None]
"""Told the fraction of the step that is done, and a line; may raise to stop it."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """What the networks find in a map.

    Attributes
    ----------
    density : Grid
        The map as all later steps see it: the molecule cut out, voxels of 1 Å, on one scale.
    resolution : float
        Å, given or estimated.
    bfactor : float
        Å² by which the networks saw the map blurred (positive) or sharpened (negative).
    features : FeatureMaps
        Probabilities of Cα, backbone, secondary structure and amino acid for each voxel.
    calpha : CalphaSet
        Cα positions (n, 3) in Å with their probabilities, likeliest first.
    every_calpha : CalphaSet
        These, then weaker ones: what traces choose from.
    agreement : float
        CRscore between the positions predicted for the map as it is and turned, 0 … 1.
    trusted : bool
        Whether they agree well enough for the positions to guide the assembly.
    nucleic : NucleicAcid
        What looks like DNA or RNA: ``region`` (nz, ny, nx) on the density's grid, ``volume`` in Å³.
    left_out : ndarray (nz, ny, nx) bool
        Where no Cα were looked for: nucleic acid, if it was said that there is some, in maps of 5 Å
        and better, but for what holds the best positions for the protein.
    """

    density: Grid
    resolution: float
    bfactor: float
    features: FeatureMaps
    calpha: CalphaSet
    every_calpha: CalphaSet
    agreement: float
    trusted: bool
    nucleic: NucleicAcid
    left_out: NDArray[np.bool_]


def predict_calpha(
    density: str | os.PathLike[str] | Grid,
    sequences: Sequences,
    *,
    resolution: float | None = None,
    mask: str | os.PathLike[str] | None = None,
    bfactor: float | None = None,
    nucleic_acid: bool = False,
    device: str = "auto",
    progress: Progress | None = None,
) -> Prediction:
    """Find the Cα atoms in a map, and read the amino acid at each.

    Parameters
    ----------
    density : path or Grid
        The map as it came.
    sequences : path, Target or iterable of str
        What is in the map, of which only the number of residues counts here.
    resolution : float, optional
        Å; estimated from the map without it.
    mask : path, optional
        A map of 0 to 1 on the same grid: where to look.
    bfactor : float, optional
        Å² by which the networks are to see the map blurred or (negative) sharpened; what they read
        best is looked for without it.
    nucleic_acid : bool
        The map holds DNA or RNA too: what looks like it is left out. A build goes by the FASTA
        file.
    device : {'auto', 'cpu', 'cuda'}
    progress : callable, optional
        Given a fraction and a message.

    Returns
    -------
    Prediction

    Raises
    ------
    InputError
        The map or mask cannot be used, or no GPU where one is asked for.
    MemoryError
        Too little memory for a tile of the map.

    Examples
    --------
    >>> prediction = critasser.predict_calpha("map.mrc", "sequence.fasta", resolution=3.0)
    >>> prediction.calpha.positions.shape
    (37, 3)
    >>> prediction.trusted
    True
    """
    grid = density if isinstance(density, Grid) else read_map(density)
    length = len(as_target(sequences))
    inside = None
    if mask is not None:
        inside = read_mask(mask, grid)
        solvent = np.float32(background(grid))
        grid = grid.with_values((grid.values - solvent) * inside)
    whole = normalise(resample(crop_to_molecule(grid, mask=inside)))
    if resolution is None:
        resolution = round(predict_resolution(whole, shipped(RESOLUTION_NETWORK)), 1)
    weights, residue_weights = shipped(NETWORK), shipped(RESIDUE_NETWORK)
    if bfactor is None:
        bfactor = choose_bfactor(whole, length, weights, residue_weights, device=device)
    seen = sharpened(whole, bfactor)
    features = predict(seen, weights, device=device, views=VIEWS, progress=progress)
    nucleic = find_nucleic_acid(seen, features, shipped(NUCLEIC_NETWORK), device=device)
    apart = nucleic.region & (
        nucleic_acid
        and resolution <= TRUSTED_RESOLUTION
        and leaves_room(features, nucleic.region, length)
    )
    of_protein = features.without(apart)
    found, peaks = (find_calpha(of_protein, many) for many in (length, round(EXCESS * length)))
    calpha = read_residues(seen, found, residue_weights, length, device=device)
    every = with_weaker(seen, calpha, peaks, residue_weights, length, device=device)
    first, second = (find_calpha(one.without(apart), length) for one in features.opinions)
    agreed = agreement(first, second, max(length, len(calpha)))
    return Prediction(
        whole, float(resolution), float(bfactor), features, calpha, every, agreed,
        agreed > TRUSTED_CRSCORE, nucleic, apart,
    )  # fmt: skip
