"""Measure Cα positions and finished jobs against the native structure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import gemmi
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from benchmark.sets import BenchmarkTarget, atoms
from critasser.density import Grid, model_mask, sample
from critasser.job.arrays import load_traces
from critasser.structure import (
    CalphaSet,
    ProteinChain,
    Target,
    assign_secondary_structure,
    cr_score,
    kabsch,
    match_one_to_one,
    read_chains,
)
from critasser.structure import Sequence as Letters

__all__ = [
    "CUTOFFS",
    "CalphaTruth",
    "calpha_figures",
    "calpha_set_figures",
    "closest_contact",
    "measure",
    "native_where_built",
    "target_of",
]

NEIGHBOURHOOD = 5.0
"""Å. Positions farther from the model may lie in neighbours that were not modelled."""


FEWEST_SUPERPOSED = 20
"""Residues by which structures are superposed."""

AWAY, ALIKE = 5.0, 0.9
"""Å that a model lies from the native structure in the mean, and correlation of the density in both
places, from which on it is in another unit that the map holds."""

AROUND, POINTS = 2.0, 20
"""Å around Cα, and points there, at which the density is compared."""


def calpha_figures(
    positions: NDArray[np.float64], native: NDArray[np.float64], cutoff: float = 2.0
) -> tuple[float, float]:
    """Precision and recall of positions (n, 3), one to one within a cutoff."""
    pairs = len(match_one_to_one(positions, native, cutoff))
    return pairs / max(len(positions), 1), pairs / len(native)


CUTOFFS = (1, 2, 3)
"""Å, of a position that counts as found."""
MATCHED = 2.0
"""Å, within which a position is asked for its amino acid and secondary structure."""


@dataclass(frozen=True, eq=False)
class CalphaTruth:
    """The Cα of a native structure.

    Attributes
    ----------
    positions : ndarray (L, 3)
        x, y, z in Å, without NaN.
    amino_acid : ndarray (L,)
        Indices into `AMINO_ACIDS`; −1 where it is none of the twenty.
    secondary_structure : ndarray (L,)
        Helix, strand, coil as `assign_secondary_structure` has them.
    crowded : bool
        The map may hold neighbours that were not modelled: only positions within 5 Å count.
    """

    positions: NDArray[np.float64]
    amino_acid: NDArray[np.int8]
    secondary_structure: NDArray[np.int8]
    crowded: bool

    @classmethod
    def of(cls, chains: Sequence[ProteinChain], *, crowded: bool) -> CalphaTruth:
        """Residues of all chains that have a Cα."""
        positions = np.concatenate([chain.calpha for chain in chains])
        kinds = np.concatenate([chain.codes for chain in chains])
        structure = np.concatenate([assign_secondary_structure(chain) for chain in chains])
        resolved = np.isfinite(positions).all(axis=1)
        return cls(positions[resolved], kinds[resolved], structure[resolved], crowded)

    def __len__(self) -> int:
        return len(self.positions)

    def alone(self, density: Grid) -> Grid:
        """The map without what lies where positions do not count.

        A method that takes the highest L positions would spend them on neighbours, and be beaten
        too easily.
        """
        near = model_mask(density, self.positions, NEIGHBOURHOOD)
        return density.with_values(np.where(near, density.values, 0))


def calpha_set_figures(calpha: CalphaSet, truth: CalphaTruth) -> dict[str, float | None]:
    """What a set of Cα positions is worth.

    One-to-one precision, recall and F1 within 1, 2 and 3 Å; CRscore; and of the pairs within 2 Å
    the RMSD in Å, the share whose amino acid is the likeliest (top-1) or among the five likeliest
    (top-5), and the share of right secondary structures. None where there is nothing to ask: no
    pair, or a method that says nothing of kinds (NaN).
    """
    if truth.crowded and len(calpha):
        near = cKDTree(truth.positions).query(calpha.positions)[0] < NEIGHBOURHOOD
        calpha = calpha.select(near)
    figures: dict[str, float | None] = {}
    for cutoff in CUTOFFS:
        precision, recall = calpha_figures(calpha.positions, truth.positions, cutoff)
        figures[f"precision {cutoff}"], figures[f"recall {cutoff}"] = precision, recall
        both = precision + recall
        figures[f"F1 {cutoff}"] = 2 * precision * recall / both if both else 0.0
    figures["CRscore"] = cr_score(calpha.positions, truth.positions, len(truth))
    pairs = match_one_to_one(calpha.positions, truth.positions, MATCHED)
    calpha, native = calpha.select(pairs[:, 0]), pairs[:, 1]
    distance = np.linalg.norm(calpha.positions - truth.positions[native], axis=1)
    figures["RMSD"] = float(np.sqrt(np.mean(distance**2))) if len(pairs) else None
    kinds = truth.amino_acid[native]
    asked = (kinds >= 0) & np.isfinite(calpha.amino_acid).all(axis=1)
    ranked = np.argsort(-calpha.amino_acid, axis=1, kind="stable") == kinds[:, None]
    figures["top-1"] = _share(ranked[asked, 0])
    figures["top-5"] = _share(ranked[asked, :5].any(axis=1))
    asked = np.isfinite(calpha.secondary_structure).all(axis=1)
    right = calpha.secondary_structure.argmax(axis=1) == truth.secondary_structure[native]
    figures["secondary structure"] = _share(right[asked])
    return figures


def _share(right: NDArray[np.bool_]) -> float | None:
    return float(right.mean()) if len(right) else None


class _Layout:
    """Where in the target's sequences, one after the other, the chains that were built lie."""

    def __init__(self, target: BenchmarkTarget, names: Sequence[str | None]) -> None:
        """`names` are those in the models, None of chains that were not built."""
        ends = np.cumsum([len(letters) for letters in target.letters])
        self.length = int(ends[-1])
        starts = [0, *ends[:-1].tolist()]
        self.built = {name: slice(a, b) for name, a, b in zip(names, starts, ends) if name}

    def of_model(self, path: Path) -> NDArray[np.float64]:
        """Cα (L, 3) of a model by the sequences' own numbering; NaN where there is none."""
        positions = np.full((self.length, 3), np.nan)
        for chain in read_chains(path):
            start = self.built[chain.name].start
            positions[start + np.asarray(chain.residue_number) - 1] = chain.calpha
        return positions

    def of_trace(self, calpha: NDArray[np.float64]) -> NDArray[np.float64]:
        """Cα (L, 3) of a trace, which has the chains that were built one after the other."""
        positions = np.full((self.length, 3), np.nan)
        rows = np.concatenate([np.arange(p.start, p.stop) for p in self.built.values()])
        positions[rows] = calpha
        return positions


def native_where_built(
    target: BenchmarkTarget, calpha: NDArray[np.float64], density: Grid
) -> NDArray[np.float64]:
    """Native Cα (L, 3) that a model (L, 3) is to be judged by.

    Where the map holds the molecule several times a model is as right in another unit. It is
    judged there if the density is the same in both places; the unit is where the native structure
    superposed on the model lies.
    """
    native = target.aligned(calpha)
    known = np.isfinite(native).all(axis=1) & np.isfinite(calpha).all(axis=1)
    if known.sum() < FEWEST_SUPERPOSED:
        return native
    turn, shift = kabsch(native[known], calpha[known])
    moved = native @ turn.T + shift
    if np.linalg.norm((moved - native)[known], axis=1).mean() < AWAY:
        return native
    around = np.random.default_rng(0).normal(scale=AROUND, size=(POINTS, 3))
    points = (native[known][:, None] + around).reshape(-1, 3)
    here, there = sample(density, points), sample(density, points @ turn.T + shift)
    return moved if np.corrcoef(here, there)[0, 1] >= ALIKE else native


def closest_contact(path: Path) -> float:
    """Shortest distance in Å between atoms of different residues, bonds aside."""
    structure = gemmi.read_structure(str(path))
    positions, residue, names = [], [], []
    for k, (chain, one) in enumerate((c, r) for c in structure[0] for r in c):
        for atom in one:
            positions.append(atom.pos.tolist())
            residue.append((k, chain.name, one.seqid.num))
            names.append(atom.name)
    tree = cKDTree(np.array(positions))
    shortest = 2.5
    for a, b in tree.query_pairs(2.5):
        (i, chain, first), (j, other, second) = residue[a], residue[b]
        if i == j:
            continue
        if {names[a], names[b]} == {"C", "N"} and chain == other and abs(first - second) == 1:
            continue
        if names[a] == names[b] == "SG":
            continue
        shortest = min(shortest, float(np.linalg.norm(tree.data[a] - tree.data[b])))
    return shortest


def measure(target: BenchmarkTarget, job: Path) -> dict[str, float | int | str]:
    """Figures of one finished job."""
    native = target.native
    results = json.loads((job / "results.json").read_text())
    present = native[np.isfinite(native).all(axis=1)]
    positions = atoms(job / "1_calpha" / "calpha.cif")[0]
    if not target.simulated:
        positions = positions[cKDTree(present).query(positions)[0] < NEIGHBOURHOOD]
    precision, recall = calpha_figures(positions, present)
    layout = _Layout(target, [one["chain"] for one in results["chains"]])
    traces = load_traces(job / "2_traces/traces.npz")
    trace_tm = [target.tm(layout.of_trace(trace.positions)) for trace in traces]
    first = results["models"][0]
    files = [job / model["file"] for model in results["models"]]
    models = [layout.of_model(path) for path in files]
    truth = target.aligned(models[0])
    distance = np.linalg.norm(models[0] - truth, axis=1)
    return {
        "set": target.set,
        "group": target.group,
        "target": target.name,
        "length": len(native),
        "resolution": target.resolution,
        "calpha_precision": precision,
        "calpha_recall": recall,
        "crscore": cr_score(positions, present, len(present)),
        "first_trace_tm": trace_tm[0] if trace_tm else 0.0,
        "best_trace_tm": max(trace_tm, default=0.0),
        "model_tm": target.tm(models[0]),
        "best_model_tm": max(target.tm(model) for model in models),
        "in_register": float(np.nanmean(distance < 2.0)),
        "z_score": results["sequence_z_score"],
        "memory_mb": results["peak_memory_bytes"] / 2**20,
        "confidence": first["mean_confidence"],
        "etm": first["etm"],
        "pcc": first["pcc_mask"],
        "complete": int(all(np.isfinite(model).all() for model in models)),
        "closest": min(closest_contact(path) for path in files),
        "models": len(files),
        "warnings": len(results.get("warnings", [])),
    }


def target_of(target: BenchmarkTarget) -> Target:
    """As the engine has it."""
    return Target(
        tuple(Letters(f"{target.name}_{k}", one) for k, one in enumerate(target.letters, 1))
    )
