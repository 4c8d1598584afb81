"""Measure whether stretches of templates that lie some residues too far are released.

    python -m benchmark.registers --count 34 --work ~/foreign
    python -m benchmark.registers --table --work ~/foreign

Chains of split val as in `benchmark.foreign`, in maps as experiments show them at `RESOLUTIONS` in
turn. Structures: *own*, the chain itself; *state 2 Å* and *state 3.5 Å*, moved by that along
low-frequency modes of an elastic network; *slid*, with a helix or strand, or all from one on to the
end, 1 to 4 residues too far along its axis, and the loops beside it bent to follow; and *slid,
state 2 Å*, both. Each is laid where it belongs, bent into the density, and judged as ``critasser
build --templates`` does by the way of the chain through the positions (`trace.contradiction`).
Nothing is built. What is in ``WORK/registers.jsonl`` is not done again.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
import zlib
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize

from benchmark.build import ROOT, program
from benchmark.flexible_fit import laid, other_state
from benchmark.foreign import seen
from benchmark.foreign_maps import validation_maps
from benchmark.records import Record, Records
from benchmark.sets import BenchmarkTarget
from critasser.fitting import (
    FINE_BLUR,
    Fields,
    far_fields,
    flexible_fit,
    network_fields,
    settled,
)
from critasser.structure import (
    HELIX,
    STRAND,
    Sequence,
    Target,
    assign_secondary_structure,
    kabsch,
    tm_score,
)
from critasser.trace import found_elsewhere

__all__ = ["elements", "main", "slid", "table"]

RESOLUTIONS = (6.0, 8.0, 4.0, 10.0, 7.0, 5.0, 9.0, 6.0, 8.0, 5.0)
"""Å, in turn."""

STATES = (2.0, 3.5)
"""Å root mean square that other states are off."""

SLID, IN_STATE = 4, 3
"""Slid structures of each chain, and those of other states."""

MOST_SHIFT = 4
"""Residues that a stretch slides, at most."""

SHORTEST = {HELIX: 7, STRAND: 5}
"""Residues of helices and strands that slide."""

LOOP = 6
"""Residues to either side, at most, that follow."""

SAME = 0.985
"""TM-score from which a slide changed too little to be told."""

MOST_TRIES = 80
"""Slides that are tried for one chain: many loops are too short."""

OFF = 3.0
"""Å from its place beyond which a residue is wrong."""

BOND, NEXT, CLASH = 3.8, (5.2, 7.2), 4.2
"""Å between neighbours along the chain, over one residue, and between all others at least."""

LARGEST_ERROR = 0.5
"""Å by which a bond may be off."""


def elements(calpha: NDArray[np.float64]) -> list[tuple[int, int]]:
    """First and last but one residue of helices and strands that may slide."""
    kind = assign_secondary_structure(calpha)
    edges = np.concatenate([[0], np.flatnonzero(np.diff(kind)) + 1, [len(kind)]])
    return [
        (int(a), int(b))
        for a, b in pairwise(edges)
        if b - a >= SHORTEST.get(int(kind[a]), len(kind) + 1)
    ]


def slid(
    calpha: NDArray[np.float64], number: int, shift: int, rng: np.random.Generator, *, tail: bool
) -> NDArray[np.float64] | None:
    """Cα (n, 3) with a helix or strand `shift` residues further on along its axis.

    Parameters
    ----------
    calpha : ndarray (n, 3)
        Å.
    number : int
        Of the helix or strand.
    shift : int
        Negative for back.
    rng : numpy.random.Generator
    tail : bool
        Whether all that follows it goes with it.

    Returns
    -------
    ndarray (n, 3), or None
        None where the loops do not reach.
    """
    found, length = elements(calpha), len(calpha)
    first, last = found[number]
    by = abs(shift)
    if last - first <= by + 3:
        return None
    rotation, move = kabsch(calpha[first : last - by], calpha[first + by : last])
    if shift < 0:
        rotation, move = rotation.T, -rotation.T @ move
    end = length if tail else last
    moved = calpha.copy()
    moved[first:end] = calpha[first:end] @ rotation.T + move
    before = found[number - 1][1] if number else 0
    after = found[number + 1][0] if number + 1 < len(found) else length
    loops = [*range(max(before, first - LOOP), first)]
    loops += [] if tail else [*range(last, min(after, last + LOOP))]
    if not loops:
        return None
    moved = _following(moved, np.array(loops), rng)
    bonds, own = (np.linalg.norm(np.diff(x, axis=0), axis=1) for x in (moved, calpha))
    broken, before_it = (np.sum(np.abs(x - BOND) > LARGEST_ERROR) for x in (bonds, own))
    return None if broken > before_it else moved


def _following(
    calpha: NDArray[np.float64], loops: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Cα (n, 3) with loops that join what they lie between, without clashes."""
    number = np.arange(len(calpha))
    free = np.isin(number, loops)
    pairs = {
        k: np.array([(i, i + k) for i in number[:-k] if free[i : i + k + 1].any()]) for k in (1, 2)
    }
    far = np.abs(loops[:, None] - number) > 2
    start = calpha[loops] + rng.normal(0.0, 0.5, (len(loops), 3))

    def loss(x: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        here, gradient, energy = calpha.copy(), np.zeros_like(calpha), 0.0
        here[loops] = x.reshape(-1, 3)
        for apart, weight, (low, high) in ((1, 10.0, (BOND, BOND)), (2, 5.0, NEXT)):
            a, b = pairs[apart].T
            way = here[a] - here[b]
            size = np.linalg.norm(way, axis=1)
            off = np.minimum(size - low, 0.0) + np.maximum(size - high, 0.0)
            energy += weight * float(off @ off)
            pull = (2.0 * weight * off / size)[:, None] * way
            np.add.at(gradient, a, pull)
            np.add.at(gradient, b, -pull)
        way = here[loops][:, None] - here
        size = np.linalg.norm(way, axis=2)
        off = np.where(far, np.minimum(size - CLASH, 0.0), 0.0)
        energy += 3.0 * float(np.sum(off**2))
        pull = (6.0 * off / np.maximum(size, 0.1))[:, :, None] * way
        np.add.at(gradient, loops, pull.sum(axis=1))
        gradient -= pull.sum(axis=0)
        stray = here[loops] - calpha[loops]
        energy += 0.02 * float(np.sum(stray**2))
        return energy, (gradient[loops] + 0.04 * stray).ravel()

    result = calpha.copy()
    found = minimize(loss, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 300})
    result[loops] = found.x.reshape(-1, 3)
    return result


def structures(
    native: NDArray[np.float64], rng: np.random.Generator
) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Kinds, and Cα (n, 3) about where they belong."""
    yield "own", native
    for away in STATES:
        yield f"state {away:g} Å", other_state(native, away, rng)
    found, made = elements(native), 0
    for _ in range(MOST_TRIES if found else 0):
        if made == SLID + IN_STATE:
            return
        number = int(rng.integers(len(found)))
        shift = int(rng.integers(1, MOST_SHIFT + 1)) * int(rng.choice([-1, 1]))
        tail = bool(number == len(found) - 1 and rng.random() < 0.5)
        moved = slid(native, number, shift, rng, tail=tail)
        if moved is None or tm_score(moved, native) > SAME:
            continue
        made += 1
        if made <= SLID:
            yield "slid", moved
        else:
            yield f"slid, state {STATES[0]:g} Å", other_state(moved, STATES[0], rng)


def _bent(
    calpha: NDArray[np.float64], native: NDArray[np.float64], fields: Fields,
    blurred: tuple[Fields, tuple[Fields, ...]], resolution: float,
) -> NDArray[np.float64]:  # fmt: skip
    """Cα (n, 3) laid and bent as templates are."""
    fine, far = blurred
    rotation, move = kabsch(calpha, native)
    there = settled(laid(calpha @ rotation.T + move, fields), fine)
    return flexible_fit(there, fine, resolution, far)[0]


def measure_map(target: BenchmarkTarget, folder: Path) -> list[Record]:
    """What is released of each structure of a chain in its map."""
    features, calpha, _ = seen(target, folder)
    fields, native = network_fields(features), target.native
    fine = fields.blurred(FINE_BLUR)
    blurred = fine, far_fields(fine)
    known = Target((Sequence(target.name, target.letters[0]),))
    rows = []
    rng = np.random.default_rng(zlib.crc32(target.folder.encode()))
    for number, (kind, moved) in enumerate(structures(native, rng)):
        there = _bent(moved, native, fields, blurred, target.resolution)
        begun = time.process_time()
        elsewhere = found_elsewhere(there, calpha, features, known)
        seconds = time.process_time() - begun
        off = np.linalg.norm(there - native, axis=1) > OFF
        rows.append({
            "map": folder.name, "weights": "shipped", "method": f"{kind} {number}", "kind": kind,
            "resolution": target.resolution, "length": len(native), "program": program(),
            "off": int(off.sum()), "found": int((off & elsewhere).sum()),
            "wrongly": int((elsewhere & ~off).sum()), "seconds": seconds,
        })  # fmt: skip
    return rows


def table(records: Iterable[Record]) -> str:
    """Markdown: a line for each kind, and for each range of resolution."""
    every = list(records)
    lines = ["| structures | n | residues off by more than 3 Å | released | others released | "
             "structures it changes | s |", "|" + "---|" * 7]  # fmt: skip
    groups = [(kind, [one for one in every if one["kind"] == kind])
              for kind in dict.fromkeys(one["kind"] for one in every)]  # fmt: skip
    for low, high in ((3.0, 5.0), (5.0, 7.0), (7.0, 10.0)):
        inside = [one for one in every if low < one["resolution"] <= high]
        groups.append((f"all, {low:g}–{high:g} Å", inside))
    for name, some in groups:
        if some:
            off, found, wrongly = (sum(one[k] for one in some) for k in ("off", "found", "wrongly"))
            changed = sum(one["found"] + one["wrongly"] > 0 for one in some)
            seconds = np.mean([one["seconds"] for one in some])
            lines.append(f"| {name} | {len(some)} | {off} | {found} | {wrongly} | {changed} | "
                         f"{seconds:.1f} |")  # fmt: skip
    programs = sorted({one["program"] for one in every})
    return "\n".join([*lines, f"\nProgram {', '.join(programs)}."])


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--work", type=Path, required=True, help="folder of maps and figures")
    parser.add_argument("--count", type=int, default=0, help="maps")
    parser.add_argument("--table", action="store_true", help="print what is known so far")
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.work.mkdir(parents=True, exist_ok=True)
    records = Records(args.work / "registers.jsonl")
    for k, (target, _) in enumerate(validation_maps(args.data, args.count)):
        target = dataclasses.replace(target, resolution=RESOLUTIONS[k % len(RESOLUTIONS)])
        folder = args.work / "registers" / target.folder
        if any(one["map"] == folder.name for one in records.found.values()):
            continue
        rows = measure_map(target, folder)
        records.add(rows)
        found, wrongly = (sum(row[key] for row in rows) for key in ("found", "wrongly"))
        print(f"{folder.name:24s} {len(rows)} structures, released {found} of "
              f"{sum(row['off'] for row in rows)} residues that are off, {wrongly} others",
              flush=True)  # fmt: skip
    if args.table or args.count:
        print(table(records.found.values()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
