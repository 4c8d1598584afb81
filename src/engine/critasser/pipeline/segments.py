"""Segment a map guided by the network, and write what was found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from critasser.density import Grid, crop_to_molecule, normalise, resample, write_map
from critasser.errors import InputError
from critasser.job.arrays import write_table
from critasser.network import predict
from critasser.segmentation.map_regions import MapRegions, segment_map
from critasser.shipped import NETWORK, shipped
from critasser.structure import Symmetry
from critasser.symmetry_text import NONE, is_looked_for, read_symmetry
from critasser.trace import GIVEN, FoundSymmetry, fit_symmetry

__all__ = ["LABELS", "TABLE", "map_symmetry", "segmented", "write_regions"]

LABELS, TABLE = "regions.mrc", "regions.csv"
"""Files that `write_regions` makes."""

NETWORK_SHARE = 0.9
"""Share of the time that the network takes."""

SYMMETRY_RESOLUTION = 6.0
"""Å of the detail by which a symmetry is fitted, where the resolution is not asked for: maps of
regions as large as chains have as much."""


def map_symmetry(grid: Grid, name: str) -> FoundSymmetry | None:
    """Where a symmetry that is given lies in a map.

    Parameters
    ----------
    grid : Grid
    name : str
        See `critasser.symmetry_text.read_symmetry`.

    Returns
    -------
    FoundSymmetry or None
        None for ``none``.

    Raises
    ------
    InputError
        It is no symmetry, is to be looked for, or is not the map's.
    """
    if is_looked_for(name):
        raise InputError(
            f"symmetry {name}: none is looked for here; give that of the map, such as C4, or {NONE}"
        )
    try:
        kind = read_symmetry(name)
    except ValueError as error:
        raise InputError(str(error)) from None
    if kind is None:
        return None
    whole = normalise(resample(crop_to_molecule(grid)))
    found = fit_symmetry(whole, SYMMETRY_RESOLUTION, kind)
    if found is None or found.correlation < GIVEN:
        by = 0.0 if found is None else found.correlation
        raise InputError(
            f"the map does not have the symmetry {name}: wherever its axis is put, the map "
            f"correlates with its images by {by:.2f} at most, and less than {GIVEN:g} is no "
            "symmetry; give that of the map, or none"
        )
    return found


def segmented(
    grid: Grid,
    *,
    level: float | None = None,
    chain_lengths: tuple[int, ...] = (),
    symmetry: Symmetry | None = None,
    guided: bool = True,
    device: str = "auto",
    progress: Callable[[float, str], None] | None = None,
) -> MapRegions:
    """Regions of a map of about the size of a chain.

    Parameters
    ----------
    grid : Grid
    level : float, optional
        Contour; `critasser.segmentation.automatic_level` without.
    chain_lengths : tuple of int
        Residues of each chain in the map, where they are known.
    symmetry : Symmetry, optional
        Of the map, which tells what regions are copies of each other.
    guided : bool
        Leave out what lies far from all backbone that the network sees.
    device : str
        ``auto``, ``cpu`` or ``cuda``.
    progress : callable, optional
        Told the fraction done and a message; may raise `Cancelled`.

    Raises
    ------
    InputError
        As `critasser.segmentation.segment_map`; no GPU where one is asked for.
    """
    tell = progress or (lambda fraction, message: None)
    backbone = None
    share = NETWORK_SHARE if guided else 0.0
    if guided:
        whole = normalise(resample(crop_to_molecule(grid)))
        backbone = predict(
            whole, shipped(NETWORK), device=device,
            progress=lambda done, message: tell(share * done, message),
        ).backbone_grid  # fmt: skip
    mean = sum(chain_lengths) / len(chain_lengths) if chain_lengths else None
    return segment_map(
        grid,
        level=level,
        backbone=backbone,
        chain_residues=mean,
        chains=max(1, len(chain_lengths)),
        symmetry=symmetry,
        progress=lambda done, message: tell(share + (1.0 - share) * done, message),
    )


def write_regions(folder: Path, regions: MapRegions) -> None:
    """Write ``regions.mrc``, the number of each voxel's region, and ``regions.csv``.

    Raises
    ------
    InputError
        They cannot be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_map(folder / LABELS, regions.labels)
        write_table(
            folder / TABLE,
            ("region", "volume", "residues", "density", "x", "y", "z", "neighbours",
             "copies"),
            (
                (
                    k + 1, regions.volume[k], round(float(regions.residues[k])),
                    regions.density[k], *regions.centre[k],
                    " ".join(map(str, regions.neighbours[k])),
                    " ".join(map(str, regions.copies[k])),
                )
                for k in range(len(regions))
            ),
        )  # fmt: skip
    except OSError as error:
        raise InputError(f"{folder}: cannot write there ({error.strerror})") from error
