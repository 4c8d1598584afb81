"""Measure what bending of placed structures into the density does to them.

    python -m benchmark.flexible_fit --count 10 --work ~/foreign
    python -m benchmark.flexible_fit --count 12 --skip 10 --resolutions 8.5 10 12 --work ~/foreign
    python -m benchmark.flexible_fit --table --work ~/foreign

Chains of split val in the maps of set *validation* of `benchmark.foreign`, at the resolutions of
these or at others in turn. Structures: *own*, the chain itself; *bent* and *warped*, as
`benchmark.foreign` has them, placed as ``critasser build --templates`` does; and *state 2 Å* and
*state 3.5 Å*, moved by that along low-frequency modes of an elastic network and laid where they lie
best as rigid bodies. TM-scores are by the native structure, before and after. Nothing is built.
What is in ``WORK/flexible_fit.jsonl`` is not done again.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.spatial import cKDTree

from benchmark.build import ROOT, program
from benchmark.foreign import KnownPlaces, chain_of, seen
from benchmark.foreign_maps import validation_maps
from benchmark.records import Record, Records
from benchmark.sets import BenchmarkTarget
from benchmark.template_cases import TemplateCase
from critasser.fitting import (
    FINE_BLUR,
    Body,
    Fields,
    Poses,
    fit_structure,
    flexible_fit,
    network_fields,
)
from critasser.fitting.refinement import refine_poses
from critasser.structure import CalphaSet, Sequence, Target, kabsch, tm_score
from critasser.templates import survey

__all__ = ["laid", "main", "other_state", "table"]

PLACED = ("bent", "warped")
"""Kinds of `benchmark.foreign` that are searched for; others are where they belong."""

STATES = (2.0, 3.5)
"""Å root mean square that other states are off."""

CONTACT, CHAIN = 10.0, (4, 10.0)
"""Å of springs of the network that moves them; residues along the chain up to which springs are
firm, and how much firmer."""

MODES = 8
"""The softest of this many degrees of freedom, a residue each, take part: one in eight residues."""

FEWEST_MODES, RIGID_MODES = 10, 6
"""That take part; and those that only move the whole."""

SOFTEST = 1e-3
"""Least stiffness of a mode, so that none outweighs all others."""

BLURS = (2.0, FINE_BLUR)
"""Å; of the rigid refinement."""


def other_state(
    calpha: NDArray[np.float64], away: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Cα (n, 3) moved `away` Å along low-frequency modes, superposed on where they were."""
    rows = np.flatnonzero(np.isfinite(calpha).all(axis=1))
    points = calpha[rows]
    stiffness = np.zeros((len(points), 3, len(points), 3))
    reach, firmer = CHAIN
    for a, b in cKDTree(points).query_pairs(CONTACT):
        way = (points[a] - points[b]) / np.linalg.norm(points[a] - points[b])
        spring = np.outer(way, way) * (firmer if rows[max(a, b)] - rows[min(a, b)] <= reach else 1)
        stiffness[a, :, a] += spring
        stiffness[b, :, b] += spring
        stiffness[a, :, b] -= spring
        stiffness[b, :, a] -= spring
    last = RIGID_MODES + max(FEWEST_MODES, len(points) // MODES)
    soft, modes = eigh(
        stiffness.reshape(3 * len(points), -1), subset_by_index=[RIGID_MODES, last]
    )
    size = rng.normal(size=len(soft)) / np.sqrt(np.maximum(soft, SOFTEST))
    move = (modes @ size).reshape(-1, 3)
    moved = points + move * away / np.sqrt(np.mean(np.sum(move**2, axis=1)))
    rotation, shift = kabsch(moved, points)
    result = np.full_like(calpha, np.nan)
    result[rows] = moved @ rotation.T + shift
    return result


def laid(calpha: NDArray[np.float64], fields: Fields) -> NDArray[np.float64]:
    """Cα (n, 3) near their place, where they lie best as a rigid body."""
    body = Body.of(calpha)
    pose = Poses(np.eye(3)[None], body.centre[None], np.zeros(1))
    for blur in BLURS:
        pose = refine_poses(body, fields.blurred(blur), pose)
    return pose.apply(body, 0, calpha)


def _placed(
    case: TemplateCase, folder: Path, fields: Fields, calpha: CalphaSet
) -> NDArray[np.float64] | None:
    """Where builds place a structure; None where they refuse it."""
    chain = chain_of(case, folder)
    places = fit_structure(chain.calpha, fields, rng=np.random.default_rng(0))
    target = Target((Sequence(case.target.name, case.target.letters[0]),))
    fit = KnownPlaces((chain,), fields, np.random.default_rng(0), known=places[:1])
    found = survey([chain], calpha, target, fit=fit).templates
    return found[0].positions if found else None


def structures(
    target: BenchmarkTarget, cases: list[TemplateCase], folder: Path, fields: Fields,
    calpha: CalphaSet, *, searched: bool,
) -> Iterator[tuple[str, NDArray[np.float64] | None]]:  # fmt: skip
    """Kinds, and where structures lie before they are bent."""
    rng = np.random.default_rng(zlib.crc32(folder.name.encode()))
    yield "own", laid(target.native, fields)
    for away in STATES:
        yield f"state {away:g} Å", laid(other_state(target.native, away, rng), fields)
    for case in cases if searched else []:
        if case.kind in PLACED:
            yield case.kind, _placed(case, folder, fields, calpha)


def table(records: Iterable[Record]) -> str:
    """Markdown: a line for each kind, of maps of `benchmark.foreign` and of others."""
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        if record["before"] is not None:
            groups.setdefault((record["set"], record["method"]), []).append(record)
    lines = ["| maps | Å | structure | n | bent | TM before | after | worst |", "|" + "---|" * 8]
    for (name, kind), some in sorted(groups.items()):
        before, after, at = (
            np.array([one[key] for one in some]) for key in ("before", "after", "resolution")
        )
        lines.append(
            f"| {name} | {at.min():g}–{at.max():g} | {kind} | {len(some)} | "
            f"{sum(one['gain'] > 0 for one in some)} | {before.mean():.3f} | {after.mean():.3f} | "
            f"{(after - before).min():+.3f} |"
        )
    programs = sorted({record["program"] for record in records})
    return "\n".join([*lines, f"\nProgram {', '.join(programs)}."])


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--work", type=Path, required=True, help="folder of maps and figures")
    parser.add_argument("--count", type=int, default=0, help="maps")
    parser.add_argument("--skip", type=int, default=0, help="chains that are passed over first")
    parser.add_argument("--resolutions", type=float, nargs="*", default=[], help="in turn, Å")
    parser.add_argument("--table", action="store_true", help="print what is known so far")
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.work.mkdir(parents=True, exist_ok=True)
    records, made_by = Records(args.work / "flexible_fit.jsonl"), program()
    maps = list(validation_maps(args.data, args.skip + args.count))[args.skip :]
    for k, (target, cases) in enumerate(maps):
        name = "coarse" if args.resolutions else "validation"
        if args.resolutions:
            resolution = args.resolutions[k % len(args.resolutions)]
            target = dataclasses.replace(target, resolution=resolution)
        folder = args.work / name / f"{target.folder}.own"
        if any(one["map"] == folder.name for one in records.found.values()):
            continue
        features, calpha, _ = seen(target, folder)
        fields = network_fields(features)
        rows = []
        for kind, before in structures(
            target, cases, folder, fields, calpha, searched=not args.resolutions
        ):
            row = {"map": folder.name, "weights": "shipped", "method": kind, "set": name,
                   "resolution": target.resolution, "length": len(target.native),
                   "program": made_by, "before": None}  # fmt: skip
            if before is not None:
                after, gain = flexible_fit(
                    before, fields.blurred(FINE_BLUR), target.resolution
                )
                row |= {"before": tm_score(before, target.native), "gain": gain,
                        "after": tm_score(after, target.native)}  # fmt: skip
                print(f"{folder.name:24s} {kind:12s} {row['before']:.3f} -> {row['after']:.3f}  "
                      f"gain {gain:.2f}", flush=True)  # fmt: skip
            rows.append(row)
        records.add(rows)
    if args.table or args.count:
        print(table(records.found.values()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
