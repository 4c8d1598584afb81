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

__all__ = ["LABELS", "TABLE", "segmented", "write_regions"]

LABELS, TABLE = "regions.mrc", "regions.csv"
"""Files that `write_regions` makes."""

NETWORK_SHARE = 0.9
"""Share of the time that the network takes."""


def segmented(
    grid: Grid,
    *,
    level: float | None = None,
    chain_lengths: tuple[int, ...] = (),
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
            ("region", "volume", "residues", "density", "x", "y", "z", "neighbours"),
            (
                (
                    k + 1, regions.volume[k], round(float(regions.residues[k])),
                    regions.density[k], *regions.centre[k],
                    " ".join(map(str, regions.neighbours[k])),
                )
                for k in range(len(regions))
            ),
        )  # fmt: skip
    except OSError as error:
        raise InputError(f"{folder}: cannot write there ({error.strerror})") from error
