"""Measure how the time to trace a chain grows with the size of the complex that it is part of.

    python -m benchmark.trace_scaling --residues 100 200 400 800 1600 4000
    python -m benchmark.trace_scaling --knowledge 1.5

Chains of split val are packed side by side until there are as many residues as asked, and their Cα
are seen as a network might see them: 0.6 Å off, some missing, some false, with noisy amino acids
and noisy triples. CPU seconds of each step are printed, what share of the residues is within 2 Å of
where it belongs, and the power of the number of residues by which each step grows. Kernels are
compiled before.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import resource
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from benchmark.build import ROOT
from critasser.density import FeatureMaps, Grid, simulate
from critasser.structure import (
    CalphaSet,
    CalphaTriples,
    ProteinChain,
    Sequence,
    Target,
    assign_secondary_structure,
    read_chains,
)
from critasser.trace import find_presence, find_unit
from critasser.trace.registration import register

__all__ = ["main", "pack", "powers", "predict_calpha"]

WITHIN = 2.0
"""Å, of a residue that is where it belongs."""
ERROR = 0.6
"""Å, root mean square, by which positions are off."""
MISSING, FALSE = 0.05, 0.05
"""Share of the residues that are missing, and of false positions beside them."""
TRUE_PROBABILITY, FALSE_PROBABILITY = 0.8, 0.5
CLEARANCE = 4.0
"""Å between the boxes of neighbouring chains."""
NEIGHBOURS, REACH = 5, 5.6
"""Positions near one that are tried before and after it, and how far in Å, as in
`critasser.network.residue`."""
TRIPLE_ODDS, TRIPLE_NOISE = 3.0, 2.0
"""Mean log-odds of a true triple, the negative of that of a false one, and their spread."""
JOININGS = 10_000
"""As in a draft build."""
STEPS = ("symmetry", "sequences", "registration")
"""Whose time is taken."""


def pack(data: Path, residues: int, rng: np.random.Generator) -> list[ProteinChain]:
    """Chains of split val with so many residues in all, the last cut, side by side in rows."""
    with (data / "structures" / "index.tsv").open(newline="") as lines:
        rows = [row for row in csv.DictReader(lines, delimiter="\t") if row["split"] == "val"]
    order = rng.permutation(len(rows)).tolist()
    chains: list[ProteinChain] = []
    corner, tallest, deepest = np.zeros(3), 0.0, 0.0
    side = 2.2 * residues ** (1 / 3) * 3.8
    left = residues
    while left > 0:
        (chain,) = read_chains(data / "structures" / rows[order.pop()]["file"])
        if "X" in chain.letters or not np.isfinite(chain.calpha).all():
            continue
        chain = _moved(chain, Rotation.random(random_state=int(rng.integers(2**31))).as_matrix())
        size = np.ptp(chain.positions, axis=0) + CLEARANCE
        if corner[0] > 0 and corner[0] + size[0] > side:
            corner, tallest = np.array([0.0, corner[1] + tallest, corner[2]]), 0.0
        if corner[1] > 0 and corner[1] + size[1] > side:
            corner, tallest, deepest = np.array([0.0, 0.0, corner[2] + deepest]), 0.0, 0.0
        chain = _moved(chain, np.eye(3), corner - chain.positions.min(axis=0))
        corner[0] += size[0]
        tallest, deepest = max(tallest, size[1]), max(deepest, size[2])
        chains.append(_first(chain, left))
        left -= len(chains[-1])
    return chains


def _moved(
    chain: ProteinChain, rotation: NDArray[np.float64], shift: NDArray[np.float64] | float = 0.0
) -> ProteinChain:
    return ProteinChain(
        chain.name, chain.letters, chain.residue_number, chain.atom_names, chain.elements,
        chain.residue, chain.positions @ rotation.T + shift, chain.b_factor,
    )  # fmt: skip


def _first(chain: ProteinChain, count: int) -> ProteinChain:
    """The first residues of a chain."""
    atoms = int(np.searchsorted(chain.residue, count))
    return ProteinChain(
        chain.name, chain.letters[:count], chain.residue_number[:count], chain.atom_names[:atoms],
        chain.elements[:atoms], chain.residue[:atoms], chain.positions[:atoms],
        chain.b_factor[:atoms],
    )  # fmt: skip


def predict_calpha(
    chains: list[ProteinChain], knowledge: float, rng: np.random.Generator
) -> tuple[CalphaSet, FeatureMaps]:
    """Positions as a network might find them, and its map of the backbone.

    `knowledge` is how many standard deviations the right amino acid stands out from the others.
    """
    native = np.concatenate([chain.calpha for chain in chains])
    codes = np.concatenate([chain.codes for chain in chains])
    kind = np.concatenate([assign_secondary_structure(chain) for chain in chains])
    number = np.concatenate([np.arange(len(chain)) + 10_000 * k for k, chain in enumerate(chains)])
    atoms = np.concatenate([chain.positions for chain in chains])
    kept = np.flatnonzero(rng.random(len(native)) >= MISSING)
    extra = round(FALSE * len(native))
    residue = np.concatenate([kept, np.full(extra, -1)])
    residue = residue[rng.permutation(len(residue))]
    real, n = residue >= 0, len(residue)
    positions = np.where(real[:, None], native[residue], atoms[rng.integers(len(atoms), size=n)])
    positions = positions + rng.normal(size=(n, 3)) * ERROR / np.sqrt(3)
    logits = rng.normal(size=(n, 20))
    logits[np.flatnonzero(real), codes[residue[real]]] += knowledge
    amino_acid = np.exp(knowledge * logits)
    structure = np.full((n, 3), 0.2)
    structure[np.flatnonzero(real), kind[residue[real]]] = 0.6
    calpha = CalphaSet(
        positions,
        np.where(real, TRUE_PROBABILITY, FALSE_PROBABILITY),
        amino_acid / amino_acid.sum(axis=1, keepdims=True),
        structure / structure.sum(axis=1, keepdims=True),
        _triples(positions, np.where(real, number[residue], -1), rng),
    )
    backbone = np.concatenate([chain.backbone.reshape(-1, 3) for chain in chains])
    trail = simulate(backbone[np.isfinite(backbone).all(axis=1)], 1.0, 4.0, padding=6.0)
    return calpha, _features(trail)


def _triples(
    positions: NDArray[np.float64], number: NDArray[np.int64], rng: np.random.Generator
) -> CalphaTriples:
    """All triples of a position and two near it, with noisy log-odds."""
    distance, near = cKDTree(positions).query(positions, k=NEIGHBOURS + 1)
    first, last = np.nonzero(~np.eye(NEIGHBOURS, dtype=bool))
    near, inside = near[:, 1:], distance[:, 1:] < REACH
    before, after = near[:, first], near[:, last]
    middle = np.repeat(np.arange(len(positions)), before.shape[1]).reshape(before.shape)
    usable = inside[:, first] & inside[:, last]
    triple = np.stack([before[usable], middle[usable], after[usable]], axis=1)
    a, b, c = number[triple].T
    true = (b >= 0) & (b - a == 1) & (c - b == 1)
    odds = np.where(true, TRIPLE_ODDS, -TRIPLE_ODDS) + TRIPLE_NOISE * rng.normal(size=len(triple))
    return CalphaTriples(triple.astype(np.int64), odds)


def _features(trail: Grid) -> FeatureMaps:
    """Feature maps that show the backbone alone; nothing else of them is used for links."""
    values = trail.values
    probability = values / (values + np.percentile(values[values > 0], 60))
    empty = np.broadcast_to(np.float16(0.0), values.shape)
    return FeatureMaps(
        trail.origin, trail.voxel_size, empty, probability.astype(np.float32),
        np.broadcast_to(np.float16(0.0), (3, *values.shape)),
        np.broadcast_to(np.float16(0.0), (20, *values.shape)),
    )  # fmt: skip


def measure(chains: list[ProteinChain], knowledge: float, seed: int) -> dict[str, float]:
    """CPU seconds of each step, peak of memory (GB), and what share of the residues is right."""
    calpha, features = predict_calpha(chains, knowledge, np.random.default_rng(seed))
    target = Target(tuple(Sequence(f"{k}", chain.letters) for k, chain in enumerate(chains)))
    native = np.concatenate([chain.calpha for chain in chains])
    seconds: dict[str, float] = {}

    def timed(name: str, step: Callable):
        begun = time.process_time()
        result = step()
        seconds[name] = time.process_time() - begun
        return result

    rng = np.random.default_rng(seed)
    unit = timed("symmetry", lambda: find_unit(calpha, features, target))
    presence = timed(
        "sequences", lambda: find_presence(unit.calpha, features, unit.target, rng=rng)
    )
    found = timed(
        "registration",
        lambda: register(
            unit.calpha, features, unit.target, rng=rng, count=10, joinings=JOININGS
        ),
    )
    node = found.placements[0].node
    placed = np.where((node >= 0)[:, None], unit.calpha.positions[node], np.nan)
    right = np.linalg.norm(placed - native, axis=1) < WITHIN
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {
        "residues": len(target), "chains": len(chains), **seconds,
        "in register": float(right.mean()), "z-score": presence.whole.z_score, "peak GB": peak,
    }  # fmt: skip


def table(rows: list[dict[str, float]]) -> str:
    """Markdown: a row a size."""
    head = ["residues", "chains", *(f"{step}, s" for step in STEPS), "ms a residue", "in register",
            "z-score", "peak GB"]  # fmt: skip
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        whole = sum(row[step] for step in STEPS)
        cells = [f"{row['residues']:.0f}", f"{row['chains']:.0f}",
                 *(f"{row[step]:.1f}" for step in STEPS), f"{1000 * whole / row['residues']:.0f}",
                 f"{row['in register']:.2f}", f"{row['z-score']:.0f}",
                 f"{row['peak GB']:.1f}"]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def powers(rows: list[dict[str, float]], steps: Iterable[str] = STEPS) -> str:
    """By which power of the residues each step's seconds grow, from each size to the next."""
    lines = []
    for small, large in itertools.pairwise(rows):
        ratio = np.log(large["residues"] / small["residues"])
        grown = {"all": sum(large[s] for s in steps) / sum(small[s] for s in steps)}
        grown |= {step: large[step] / small[step] for step in steps if small[step] > 0}
        told = ", ".join(f"{step} {np.log(times) / ratio:.2f}" for step, times in grown.items())
        lines.append(f"{small['residues']:.0f} → {large['residues']:.0f} residues: {told}")
    return "\n".join(lines)


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--residues", nargs="+", type=int, default=[100, 200, 400, 800, 1600, 4000])
    parser.add_argument("--knowledge", type=float, default=2.5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    args = parser.parse_args()
    measure(pack(args.data, 60, np.random.default_rng(0)), args.knowledge, args.seed)
    rows = []
    for residues in sorted(args.residues):
        chains = pack(args.data, residues, np.random.default_rng(args.seed))
        rows.append(measure(chains, args.knowledge, args.seed))
        print(table(rows[-1:]).splitlines()[-1], file=sys.stderr, flush=True)
    print(table(rows), powers(rows), sep="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
