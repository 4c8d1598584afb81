"""What a finished job is worth against the native structure."""

from __future__ import annotations

import json
from pathlib import Path

import gemmi
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from benchmark.sets import BenchmarkTarget, atoms
from critasser.structure import cr_score, match_one_to_one, read_chains

__all__ = ["calpha_figures", "closest_contact", "measure"]

NEIGHBOURHOOD = 5.0
"""Å. Positions farther from the model may lie in neighbours that were not modelled."""


def calpha_figures(
    positions: NDArray[np.float64], native: NDArray[np.float64], cutoff: float = 2.0
) -> tuple[float, float]:
    """Precision and recall of positions (n, 3), one to one within a cutoff."""
    pairs = len(match_one_to_one(positions, native, cutoff))
    return pairs / max(len(positions), 1), pairs / len(native)


def _calpha(path: Path, target: BenchmarkTarget) -> NDArray[np.float64]:
    """Cα (L, 3) of a trace or model by the sequence's own numbering; NaN where there is none."""
    lengths = [len(letters) for letters in target.letters]
    starts = np.concatenate([[0], np.cumsum(lengths)])
    found = np.full((starts[-1], 3), np.nan)
    structure = gemmi.read_structure(str(path))
    names = [chain.name for chain in structure[0]]
    for chain in read_chains(path):
        start = starts[names.index(chain.name)] if len(lengths) > 1 else 0
        found[start + np.asarray(chain.residue_number) - 1] = chain.calpha
    return found


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
    traces = [_calpha(path, target) for path in sorted((job / "2_traces").glob("trace_*.cif"))]
    trace_tm = [target.tm(trace) for trace in traces]
    first = results["models"][0]
    files = [job / model["file"] for model in results["models"]]
    models = [_calpha(path, target) for path in files]
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
        "etm": first["etm"],
        "pcc": first["pcc_mask"],
        "complete": int(all(np.isfinite(model).all() for model in models)),
        "closest": min(closest_contact(path) for path in files),
        "models": len(files),
        "warnings": len(results.get("warnings", [])),
    }
