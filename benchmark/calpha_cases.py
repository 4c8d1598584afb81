"""List maps to look for Cα in: simulated by resolution shell, with and without noise, and
experimental."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark.measures import CalphaTruth
from benchmark.noise import add_noise
from benchmark.sets import MOST_RESIDUES, atoms, targets
from critasser.density import (
    Grid,
    crop_to_molecule,
    normalise,
    read_map,
    resample,
    simulate,
)
from critasser.structure import read_chains

__all__ = ["EXPERIMENTAL", "SHELLS", "CalphaCase", "experimental", "simulated"]

SHELLS = {
    "2-3": (2.0, 3.0),
    "3-4": (3.0, 4.0),
    "4-5": (4.0, 5.0),
    "5-8": (5.0, 8.0),
    "8-11": (8.0, 11.0),
    "11-15": (11.0, 15.0),
}
"""Å. Each chain has one resolution in each."""

EXPERIMENTAL = "experimental"
PADDING = 10.0


@dataclass(frozen=True)
class CalphaCase:
    """One map.

    Attributes
    ----------
    name : str
        Of chain or experimental map.
    group : str
        A resolution shell of `SHELLS`, or `EXPERIMENTAL`.
    snr : float or None
        Signal to noise, see `add_noise`; None without noise of ours.
    resolution : float
        Å.
    source : Path
        Map, or structure to simulate it from.
    model : Path
        The structure.
    residues : int
    """

    name: str
    group: str
    snr: float | None
    resolution: float
    source: Path
    model: Path
    residues: int

    @property
    def key(self) -> str:
        """Names the map among all that may ever be measured."""
        noise = "" if self.snr is None else f" SNR {self.snr:g}"
        return f"{self.name} {self.resolution:g} Å {self.group}{noise}"

    def density(self) -> Grid:
        """The map as the pipeline hands it to a network: cut out, 1 Å voxels, normalised."""
        if self.group == EXPERIMENTAL:
            grid = read_map(self.source)
        else:
            positions, amplitudes = atoms(self.source)
            grid = simulate(positions, amplitudes, self.resolution, padding=PADDING)
            if self.snr is not None:
                rng = np.random.default_rng(zlib.crc32(self.key.encode()))
                grid = add_noise(grid, positions, self.resolution, self.snr, rng)
        return normalise(resample(crop_to_molecule(grid)))

    def truth(self) -> CalphaTruth:
        """Where the Cα are, and of what kind."""
        return CalphaTruth.of(read_chains(self.model), crowded=self.group == EXPERIMENTAL)


def simulated(
    data: Path, split: str, count: int, shells: Iterable[str], noises: Iterable[float | None]
) -> Iterator[CalphaCase]:
    """Maps of the first `count` chains of a split in a fixed random order.

    A chain's resolutions depend on its name and the shell alone, so that a longer list goes on
    where a shorter one ended.
    """
    with (data / "structures" / "index.tsv").open(newline="") as lines:
        rows = [row for row in csv.DictReader(lines, delimiter="\t") if row["split"] == split]
    order = np.random.default_rng(0).permutation(len(rows))[:count]
    noises = tuple(noises)
    for shell in shells:
        for row in (rows[k] for k in order):
            rng = np.random.default_rng(zlib.crc32(f"{row['id']} {shell}".encode()))
            resolution = round(float(rng.uniform(*SHELLS[shell])), 2)
            path = data / "structures" / row["file"]
            for snr in noises:
                yield CalphaCase(
                    f"{split} {row['id']}", shell, snr, resolution, path, path, int(row["length"])
                )


def experimental(data: Path, large: bool) -> Iterator[CalphaCase]:
    """Experimental maps that nothing was trained on; `large`: of more than 700 residues too."""
    most = None if large else MOST_RESIDUES
    for target in targets(data, EXPERIMENTAL, most_residues=most):
        if target.group == "bench":
            yield CalphaCase(
                target.name, EXPERIMENTAL, None, target.resolution, target.source,
                target.source.parent / "model.pdb.gz", len(target.native),
            )  # fmt: skip
