"""Build stretches of finished models again and measure them against the native structure.

    python -m benchmark.rebuild --jobs-of WORK/draft/experimental --work WORK/rebuild

Of each finished build (of `benchmark.build`) two kinds of stretches of its first model are taken:
*swung*, twelve residues where the model is right, turned about the line through their ends out of
the density, and *wrong*, where the model is more than 2.5 Å off by itself. What is finished is not
done again. Prints a table; figures go to ``WORK/rebuild.csv`` as well.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import gemmi
import numpy as np
from numpy.typing import NDArray

from benchmark.sets import BenchmarkTarget, targets
from critasser.job.folder import Job
from critasser.options import Inputs, ModelInputs, Options, RebuildOptions
from critasser.pipeline.rebuild import REBUILD, check_rebuild
from critasser.structure import ModelFile, read_chains
from critasser.writing import appearing

__all__ = ["main"]

ROOT = Path(__file__).resolve().parents[1]

SWUNG = 12
"""Residues of a stretch that is spoilt."""

RIGHT, WRONG = 1.5, 2.5
"""Å of a residue's Cα from the native one."""

SHORTEST, LONGEST = 4, 30
"""Residues of a wrong stretch."""


@dataclass(frozen=True)
class Stretch:
    """Residues of the one chain of a model, by their place in it, first and last included."""

    kind: str
    low: int
    high: int

    @property
    def text(self) -> str:
        """As the command takes it; models of builds have chain A and count from 1."""
        return f"A:{self.low + 1}-{self.high + 1}"


def stretches(distance: NDArray[np.float64], swung: int) -> list[Stretch]:
    """What to build of a model whose Cα are (L,) Å from the native ones."""
    stretches = []
    right = np.flatnonzero(
        [np.all(distance[k : k + SWUNG] < RIGHT) for k in range(2, len(distance) - SWUNG - 2)]
    )
    if len(right):
        for share in (np.arange(swung) + 0.5) / swung:
            low = 2 + int(right[int(share * len(right))])
            stretches.append(Stretch("swung", low, low + SWUNG - 1))
    wrong = np.concatenate([[False], distance > WRONG, [False]])
    # One right residue among wrong ones is right by chance.
    wrong[1:-1] |= wrong[:-2] & wrong[2:]
    edges = np.flatnonzero(np.diff(wrong.astype(int)))
    for low, stop in zip(edges[::2], edges[1::2]):
        if SHORTEST <= stop - low <= LONGEST:
            last = min(len(distance) - 1, int(stop))
            stretches.append(Stretch("wrong", max(0, int(low) - 1), last))
    return stretches


def swing(path: Path, model: Path, stretch: Stretch, angle: float = 120.0) -> None:
    """Write a model with a stretch turned about the line through the Cα beside it."""
    structure = gemmi.read_structure(str(model))
    chain = structure[0][0]
    ends = [chain[k].sole_atom("CA").pos for k in (stretch.low - 1, stretch.high + 1)]
    axis = np.array((ends[1] - ends[0]).tolist())
    axis /= np.linalg.norm(axis)
    origin = np.array(ends[0].tolist())
    cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    for k in range(stretch.low, stretch.high + 1):
        for atom in chain[k]:
            arm = np.array(atom.pos.tolist()) - origin
            turned = arm * cosine + np.cross(axis, arm) * sine + axis * (axis @ arm) * (1 - cosine)
            atom.pos = gemmi.Position(*(origin + turned))
    structure.make_mmcif_document().write_file(str(path))


def run(
    target: BenchmarkTarget, build: Path, stretch: Stretch, work: Path, quality: str
) -> dict[str, object]:
    """Rebuild one stretch, unless an earlier run did, and measure it."""
    folder = work / quality / target.folder / f"{stretch.kind}_{stretch.low + 1}"
    done = folder / "figures.json"
    if done.exists():
        return json.loads(done.read_text())
    folder.mkdir(parents=True, exist_ok=True)
    model = build / "5_models/model_1.cif"
    if stretch.kind == "swung":
        swing(folder / "model.cif", model, stretch)
        model = folder / "model.cif"
    made = json.loads((build / "job.json").read_text())
    inputs, options = Inputs.from_json(made["inputs"]), Options.from_json(made["options"])
    task = check_rebuild(
        ModelInputs(model, inputs.map, inputs.sequence, inputs.mask),
        RebuildOptions(
            resolution=options.resolution, quality=quality, stretches=stretch.text, whole_map=True
        ),
        build,
    )
    begun = time.monotonic()
    with Job.opened(folder / "job", resume=(folder / "job/job.json").exists()) as job:
        results = REBUILD.run(job, task)
    seconds = time.monotonic() - begun
    part = slice(stretch.low, stretch.high + 1)
    (old,) = read_chains(model)
    native = target.aligned(old.calpha)[part]
    after = [read_chains(folder / "job" / one["file"])[0].calpha[part] for one in results["models"]]
    errors = [_rmsd(one, native) for one in after]
    row = {
        "target": target.name,
        "resolution": target.resolution,
        "stretch": stretch.text,
        "kind": stretch.kind,
        "residues": len(native),
        "before": _rmsd(old.calpha[part], native),
        "after": errors[0],
        "best": min(errors),
        "models": len(errors),
        "pcc_before": results.get("stretch_pcc_before"),
        "pcc_after": results["models"][0]["stretch_pcc"],
        "moved_outside": _moved(model, folder / "job" / results["models"][0]["file"], stretch),
        "warnings": len(results["warnings"]),
        "seconds": seconds,
    }
    with appearing(done) as temporary:
        temporary.write_text(json.dumps(row, indent=1))
    return row


def _rmsd(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """In place."""
    return float(np.sqrt(np.mean(np.sum((a - b) ** 2, axis=1))))


def _moved(before: Path, after: Path, stretch: Stretch) -> float:
    """Å by which the atom that moved most did, beyond two residues from the stretch."""
    old, new = ({**_atoms(path)} for path in (before, after))
    kept = [
        key for key in old if not stretch.low - 2 <= key[0] - 1 <= stretch.high + 2
    ]  # fmt: skip
    return float(max(np.abs(np.subtract(old[key], new[key])).max() for key in kept))


def _atoms(path: Path) -> dict[tuple[int, str], list[float]]:
    return {
        (residue.number, name): position.tolist()
        for file in [ModelFile.read(path)]
        for model in [file.model()]
        for name, position, residue in zip(
            model.atom_names, model.positions, (file.residues()[i] for i in model.residue)
        )
    }


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs-of", type=Path, required=True, help="folder of finished builds")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--work", type=Path, required=True, help="folder of jobs and figures")
    parser.add_argument("--quality", default="draft")
    parser.add_argument("--swung", type=int, default=3, help="stretches of a target to spoil")
    parser.add_argument("--only", nargs="*", help="names of targets")
    args = parser.parse_args()
    rows = []
    print("| target | Å | stretch | kind | before, Å | after | best of | PCC before | after | s |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for target in targets(args.data, "experimental"):
        build = args.jobs_of / target.folder / "job"
        if (args.only and target.name not in args.only) or not (build / "results.json").exists():
            continue
        if len(target.chains) > 1:
            continue
        (model,) = read_chains(build / "5_models/model_1.cif")
        distance = np.linalg.norm(model.calpha - target.aligned(model.calpha), axis=1)
        for stretch in stretches(distance, args.swung):
            row = run(target, build, stretch, args.work, args.quality)
            rows.append(row)
            before = row["pcc_before"]
            print(
                f"| {row['target']} | {row['resolution']:g} | {row['stretch']} | {row['kind']} "
                f"| {row['before']:.1f} | {row['after']:.1f} | {row['best']:.1f} "
                f"({row['models']}) | {'' if before is None else f'{before:.2f}'} "
                f"| {row['pcc_after']:.2f} | {row['seconds']:.0f} |",
                flush=True,
            )
    if not rows:
        raise SystemExit(f"{args.jobs_of}: no finished build of one chain there")
    args.work.mkdir(parents=True, exist_ok=True)
    with (args.work / "rebuild.csv").open("w", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    for kind in ("swung", "wrong"):
        mine = [row for row in rows if row["kind"] == kind]
        if mine:
            medians = [np.median([row[key] for row in mine]) for key in ("before", "after", "best")]
            print(f"{kind}: {len(mine)}, median before {medians[0]:.1f} Å, after "
                  f"{medians[1]:.1f} Å, best {medians[2]:.1f} Å; most that anything outside moved "
                  f"{max(row['moved_outside'] for row in mine):.4f} Å")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
