"""List maps to look for Cα in: simulated by resolution shell, with and without noise, and
experimental."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark.lifelike import lifelike_map
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

__all__ = [
    "EXPERIMENTAL",
    "LIFELIKE",
    "LIFELIKE_SHELLS",
    "SHELLS",
    "CalphaCase",
    "experimental",
    "lifelike",
    "simulated",
]

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

LIFELIKE = "lifelike"
"""Begins the groups of maps that are as experiments show them."""

LIFELIKE_SHELLS = {
    "2-3": (2.2, 3.0),
    "3-4": (3.0, 4.0),
    "4-5": (4.0, 5.0),
    "5-6": (5.0, 6.0),
    "6-8": (6.0, 8.0),
    "8-10": (8.0, 10.0),
}
"""Å."""

PADDING = 10.0
"""Å of empty space around a simulated molecule."""


@dataclass(frozen=True)
class CalphaCase:
    """One map.

    Attributes
    ----------
    name : str
        Of chain or experimental map.
    group : str
        A resolution shell of `SHELLS`, one of `LIFELIKE_SHELLS` after `LIFELIKE`, or
        `EXPERIMENTAL`.
    snr : float or None
        Signal to noise, see `add_noise`; None without noise of ours.
    resolution : float
        Å.
    source : Path
        Map, or structure to simulate it from.
    model : Path
        The structure.
    residues : int
    neighbour : Path or None
        Structure of a chain beside the one of a map that is as experiments show them.
    """

    name: str
    group: str
    snr: float | None
    resolution: float
    source: Path
    model: Path
    residues: int
    neighbour: Path | None = None

    @property
    def key(self) -> str:
        """Names the map among all that may ever be measured."""
        noise = "" if self.snr is None else f" SNR {self.snr:g}"
        return f"{self.name} {self.resolution:g} Å {self.group}{noise}"

    def density(self) -> Grid:
        """The map as the pipeline hands it to a network: cut out, 1 Å voxels, normalised."""
        if self.group == EXPERIMENTAL:
            grid = read_map(self.source)
        elif self.group.startswith(LIFELIKE):
            rng = np.random.default_rng(zlib.crc32(self.key.encode()))
            data = self.source.parents[2]
            grid = lifelike_map(
                data, self.source, self.resolution, rng, self.neighbour, noise_in_molecule=True
            )
        else:
            positions, amplitudes = atoms(self.source)
            grid = simulate(positions, amplitudes, self.resolution, padding=PADDING)
            if self.snr is not None:
                rng = np.random.default_rng(zlib.crc32(self.key.encode()))
                grid = add_noise(grid, positions, self.resolution, self.snr, rng)
        return normalise(resample(crop_to_molecule(grid)))

    def truth(self) -> CalphaTruth:
        """Where the Cα are, and of what kind."""
        crowded = self.group == EXPERIMENTAL or self.neighbour is not None
        return CalphaTruth.of(read_chains(self.model), crowded=crowded)


def simulated(
    data: Path, split: str, count: int, shells: Iterable[str], noises: Iterable[float | None]
) -> Iterator[CalphaCase]:
    """Maps of the first `count` chains of a split in a fixed random order.

    A chain's resolutions depend on its name and the shell alone, so that a longer list goes on
    where a shorter one ended.
    """
    rows = _rows(data, split)
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


def _rows(data: Path, split: str) -> list[dict[str, str]]:
    with (data / "structures" / "index.tsv").open(newline="") as lines:
        return [row for row in csv.DictReader(lines, delimiter="\t") if row["split"] == split]


def lifelike(data: Path, count: int, shells: Iterable[str]) -> Iterator[CalphaCase]:
    """Maps as experiments show them, of `count` validation chains in each resolution shell.

    Every second chain has another one beside it, which the box cuts. The chains are the last of the
    order in which `simulated` takes them.
    """
    rows = _rows(data, "val")
    order = np.random.default_rng(0).permutation(len(rows))[::-1]
    for shell in shells:
        for k, row in enumerate(rows[r] for r in order[:count]):
            rng = np.random.default_rng(zlib.crc32(f"{row['id']} {LIFELIKE} {shell}".encode()))
            resolution = round(float(rng.uniform(*LIFELIKE_SHELLS[shell])), 2)
            path = data / "structures" / row["file"]
            other = rows[order[-1 - k]]
            neighbour = data / "structures" / other["file"] if k % 2 else None
            yield CalphaCase(
                f"val {row['id']}", f"{LIFELIKE} {shell}", None, resolution, path, path,
                int(row["length"]), neighbour,
            )  # fmt: skip


def experimental(data: Path, large: bool) -> Iterator[CalphaCase]:
    """Experimental maps that nothing was trained on; `large`: of more than 700 residues too."""
    most = None if large else MOST_RESIDUES
    for target in targets(data, EXPERIMENTAL, most_residues=most):
        if target.group == "bench":
            yield CalphaCase(
                target.name, EXPERIMENTAL, None, target.resolution, target.source,
                target.source.parent / "model.pdb.gz", len(target.native),
            )  # fmt: skip
