"""List what is measured: targets with a map, a sequence and the native structure."""

from __future__ import annotations

import csv
import itertools
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import gemmi
import numpy as np
from numpy.typing import NDArray

from benchmark.lifelike import lifelike_map
from benchmark.noise import VARIED, add_noise
from critasser.density import Grid, simulate, write_map
from critasser.structure import ProteinChain, read_chains, tm_score

__all__ = ["MOST_RESIDUES", "SETS", "BenchmarkTarget", "atoms", "chain_of_index", "targets"]

MOST_RESIDUES = 700
"""Experimental maps of more residues are left to the work on complexes, unless asked for."""

SETS = ("experimental", "high", "low", "val", "lifelike", "folds")

OF_KNOWN_FOLD = (
    "3v46_A", "3daw_B", "2hy5_A", "5f7f_A", "5eo4_A", "3s9d_A", "5umr_A", "5fjd_B", "3kh7_A",
    "3piw_A", "1b73_A", "7prm_A", "5wfb_A", "5kvb_A", "1fnb_A",
)  # fmt: skip
"""Chains of split val whose fold is in the library that ships, with a TM-score of 0.55 to 0.87, but
no relative of 25 % identity: of 42 chains, by TM-align with 500 chains of the library each. The
reading of templates was chosen with the first six."""

FOLD_RESOLUTIONS = (5.0, 6.5, 8.0)
"""Å of their maps, in turns."""


def atoms(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Positions (n, 3) and atomic numbers (n,) of all heavy atoms of a file's first model."""
    # gemmi's atoms live as long as their structure: it keeps a name of its own here.
    structure = gemmi.read_structure(str(path))
    found = [
        (*site.atom.pos.tolist(), site.atom.element.atomic_number)
        for site in structure[0].all()
        if not site.atom.is_hydrogen()
    ]
    table = np.array(found, dtype=np.float64).reshape(-1, 4)
    return table[:, :3], table[:, 3]


@dataclass(frozen=True)
class BenchmarkTarget:
    """One target.

    Attributes
    ----------
    name, group : str
        Group is the row of the table that it counts in: ``hard``, ``easy``, ``bench``, ``train``.
    resolution : float
        Å.
    chains : tuple of ProteinChain
        Native, residues that are one of the twenty amino acids only.
    source : Path
        The map, or the structure to simulate it from.
    simulated : bool
    snr : float or None
        Signal to noise of a simulated map, see `add_noise`; None without noise.
    neighbour : Path or None
        Of a map of the set lifelike: the chain beside it.
    noise_within : bool
        Of such a map: whether the noise is as strong within the molecule as experiments have it.
    """

    name: str
    set: str
    group: str
    resolution: float
    chains: tuple[ProteinChain, ...]
    source: Path
    simulated: bool
    snr: float | None = None
    neighbour: Path | None = None
    noise_within: bool = False

    @property
    def folder(self) -> str:
        """Names the target with all that its map depends on."""
        noise = "-noise" if self.noise_within else ""
        noise += "" if self.snr is None else f"-SNR{self.snr:g}"
        return f"{self.name}-{self.resolution:g}A{noise}" if self.simulated else self.name

    @property
    def letters(self) -> tuple[str, ...]:
        """Sequence of each chain, the twenty amino acids only."""
        return tuple(chain.letters.replace("X", "") for chain in self.chains)

    @property
    def native(self) -> NDArray[np.float64]:
        """Cα (L, 3) of all chains, in the order of `letters`."""
        return np.concatenate([
            chain.calpha[np.array(list(chain.letters)) != "X"] for chain in self.chains
        ])  # fmt: skip

    def write_inputs(self, folder: Path) -> tuple[Path, Path]:
        """Put map and sequence in a folder; returns their paths."""
        folder.mkdir(parents=True, exist_ok=True)
        fasta = folder / "sequence.fasta"
        fasta.write_text("".join(f">{self.name}_{k + 1}\n{letters}\n"
                                 for k, letters in enumerate(self.letters)))  # fmt: skip
        if not self.simulated:
            return self.source, fasta
        density = folder / "map.mrc"
        if not density.exists():
            write_map(density, self.simulated_map())
        return density, fasta

    def simulated_map(self) -> Grid:
        """The map, of 1 Å voxels, of a target that has none of an experiment."""
        rng = np.random.default_rng(zlib.crc32(f"{self.name} {self.resolution}".encode()))
        if self.set == "lifelike":
            data = self.source.parents[2]
            return lifelike_map(
                data, self.source, self.resolution, rng, self.neighbour,
                noise_in_molecule=self.noise_within,
            )  # fmt: skip
        positions, amplitudes = atoms(self.source)
        grid = simulate(positions, amplitudes, self.resolution, padding=10.0)
        if self.snr is None:
            return grid
        return add_noise(grid, positions, self.resolution, self.snr, rng)

    def aligned(self, calpha: NDArray[np.float64]) -> NDArray[np.float64]:
        """Native positions in the order in which a model's equal chains lie nearest.

        Chains of one sequence may be built into each other's density.
        """
        lengths = [len(letters) for letters in self.letters]
        ends = np.cumsum(lengths)
        parts = [slice(end - n, end) for end, n in zip(ends, lengths)]
        native, best, found = self.native, -1.0, self.native
        for order in itertools.permutations(range(len(parts))):
            if any(self.letters[a] != self.letters[b] for a, b in enumerate(order)):
                continue
            truth = np.concatenate([native[parts[k]] for k in order])
            near = np.exp(-((calpha - truth) ** 2).sum(axis=1) / 18.0)
            if np.nansum(near) > best:
                best, found = float(np.nansum(near)), truth
        return found

    def tm(self, calpha: NDArray[np.float64]) -> float:
        """TM-score of a model (L, 3), NaN where it has nothing; the mean over chains."""
        truth = self.aligned(calpha)
        scores, start = [], 0
        for letters in self.letters:
            part = slice(start, start + len(letters))
            start = part.stop
            scores.append(tm_score(calpha[part], truth[part], len(letters)))
        return float(np.average(scores, weights=[len(letters) for letters in self.letters]))


def _experimental(data: Path, most_residues: int | None) -> Iterator[BenchmarkTarget]:
    for meta in sorted((data / "maps").glob("*/meta.json")):
        about = json.loads(meta.read_text())
        chains = read_chains(meta.parent / "model.pdb.gz")
        if most_residues is None or about["n_residues"] <= most_residues:
            yield BenchmarkTarget(
                meta.parent.name, "experimental", about["split"], float(about["resolution_A"]),
                chains, meta.parent / "map.mrc.gz", False,
            )  # fmt: skip


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def _simulated(data: Path, which: str) -> Iterator[BenchmarkTarget]:
    for row in _table(data / "bench.tsv"):
        path = data / "structures" / "pdb" / f"{row['id']}.pdb.gz"
        yield BenchmarkTarget(
            row["id"], which, row["kind"], float(row[f"resolution_{which}"]), read_chains(path),
            path, True,
        )  # fmt: skip


def _validation(data: Path, count: int = 24) -> Iterator[BenchmarkTarget]:
    """Easy and hard maps in equal shares: sharp and clean to blurred and noisy."""
    rows = [row for row in _table(data / "structures" / "index.tsv") if row["split"] == "val"]
    rng = np.random.default_rng(0)
    for k, row in enumerate(rows[r] for r in rng.permutation(len(rows))[:count]):
        path = data / "structures" / row["file"]
        low, high = ((2.0, 5.0), (5.0, 11.0))[k % 2]
        yield BenchmarkTarget(
            row["id"], "val", "val", round(float(rng.uniform(low, high)), 1), read_chains(path),
            path, True, VARIED[k // 2 % len(VARIED)],
        )  # fmt: skip


def _lifelike(data: Path, count: int = 24) -> Iterator[BenchmarkTarget]:
    """Other chains of split val, as experiments of 2.5–4.6 Å show them."""
    rows = [row for row in _table(data / "structures" / "index.tsv") if row["split"] == "val"]
    rng = np.random.default_rng(0)
    order = rng.permutation(len(rows))
    # The first of this order are the set val.
    chosen = [rows[r] for r in order[count : 2 * count]]
    for k, row in enumerate(chosen):
        path = data / "structures" / row["file"]
        beside = data / "structures" / rows[order[-1 - k]]["file"] if k % 2 else None
        yield BenchmarkTarget(
            row["id"], "lifelike", "lifelike", round(float(rng.uniform(2.5, 4.6)), 1),
            read_chains(path), path, True, None, beside,
        )  # fmt: skip


def chain_of_index(data: Path, name: str) -> tuple[Path, ProteinChain]:
    """The file of a chain of `structures/index.tsv`, and the chain."""
    rows = {row["id"]: row for row in _table(data / "structures" / "index.tsv")}
    path = data / "structures" / rows[name]["file"]
    return path, read_chains(path)[0]


def _folds(data: Path) -> Iterator[BenchmarkTarget]:
    """Chains of known fold in lifelike maps that do not tell the sequence."""
    for k, name in enumerate(OF_KNOWN_FOLD):
        path, chain = chain_of_index(data, name)
        yield BenchmarkTarget(
            name, "lifelike", "folds", FOLD_RESOLUTIONS[k % len(FOLD_RESOLUTIONS)], [chain], path,
            True, noise_within=True,
        )  # fmt: skip


OF_VAL = {"val": _validation, "lifelike": _lifelike, "folds": _folds}
"""Sets of chains of split val."""


def targets(
    data: Path, which: str, *, most_residues: int | None = MOST_RESIDUES
) -> list[BenchmarkTarget]:
    """The targets of a set, shortest first; of experimental ones those of at most that size.

    Raises
    ------
    SystemExit
        The data are not there.
    """
    if not (data / "bench.tsv").is_file():
        raise SystemExit(f"{data}: no benchmark data there (bench.tsv); name the place by --data")
    if which == "experimental":
        found = list(_experimental(data, most_residues))
    elif which in OF_VAL:
        found = list(OF_VAL[which](data))
    else:
        found = list(_simulated(data, which))
    return sorted(found, key=lambda target: len(target.native))
