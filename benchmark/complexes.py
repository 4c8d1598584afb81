"""Build packed complexes of many chains and measure which chains come out in their places.

    python -m benchmark.complexes --work WORK --resolutions 3 4.5 6 --count 4 --chains 2 4
    python -m benchmark.complexes --work WORK --foreign 1 --copies 0.5 --longest 120
    python -m benchmark.complexes --work WORK --models --resolutions 6 10 15
    python -m benchmark.complexes --work WORK --antibodies relatives --resolutions 8 --places

Chains of split val (of group bench with ``--group bench``, for reporting only) are packed so that
they touch, some of them several times, and are seen as experiments show them
(`benchmark.lifelike`, noise as strong in the molecule as it was measured there). All are built at
once by `critasser build`. With ``--models`` every sequence comes with a model that is 2 to 4 Å off,
also those that do not belong. ``--maps`` builds experimental maps of several chains instead,
``--antibodies`` pairs of heavy and light chain with their predicted models, or another's. With
``--places`` structures are placed, and nothing is built. Each complex has a folder of its own in
WORK; a build that is finished there is not done again.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree

import critasser
from benchmark.build import ROOT, program, write_csv
from benchmark.complex_cases import (
    Complex,
    antibodies,
    experimental_complexes,
    packed_complexes,
)
from benchmark.rigid_fit import in_place
from critasser.errors import InputError
from critasser.structure import ProteinChain, read_chains, tm_score
from critasser.writing import appearing

__all__ = ["chain_figures", "main"]

IN_PLACE = 0.5
"""TM-score without superposition from which a chain is in its place."""

CLASH = 2.5
"""Å between heavy atoms of different chains that are nearer than the shortest hydrogen bond."""


def chain_figures(
    native: tuple[ProteinChain, ...], model: list[ProteinChain]
) -> list[tuple[float, float]]:
    """TM-score of each native chain without and with superposition, (0, 0) where nothing is built.

    Copies of a sequence are assigned so that the sum of the scores in place is the highest. A
    chain is of a sequence where its letters at their numbers are the sequence's.
    """
    figures = [(0.0, 0.0)] * len(native)
    for letters in dict.fromkeys(chain.letters for chain in native):
        rows = [k for k, chain in enumerate(native) if chain.letters == letters]
        built = [_on(chain, letters) for chain in model if _is_of(chain, letters)]
        if not built:
            continue
        scores = np.array([[in_place(one, native[k].calpha) for one in built] for k in rows])
        for row, column in zip(*linear_sum_assignment(scores, maximize=True)):
            truth = native[rows[row]].calpha
            figures[rows[row]] = (
                float(scores[row, column]), tm_score(built[column], truth, len(letters))
            )  # fmt: skip
    return figures


def _is_of(chain: ProteinChain, letters: str) -> bool:
    number = np.asarray(chain.residue_number)
    if len(number) == 0 or number.max() > len(letters) or number.min() < 1:
        return False
    return "".join(letters[k - 1] for k in number) == chain.letters


def _on(chain: ProteinChain, letters: str) -> NDArray[np.float64]:
    """Cα (L, 3) by the sequence's numbering."""
    positions = np.full((len(letters), 3), np.nan)
    positions[np.asarray(chain.residue_number) - 1] = chain.calpha
    return positions


def clashes(model: list[ProteinChain]) -> int:
    """Pairs of heavy atoms of different chains that lie nearer than 2.5 Å."""
    owner = np.repeat(np.arange(len(model)), [len(chain.positions) for chain in model])
    pairs = cKDTree(np.concatenate([chain.positions for chain in model])).query_pairs(
        CLASH, output_type="ndarray"
    )
    return int((owner[pairs[:, 0]] != owner[pairs[:, 1]]).sum())


def templates_in_place(complex_: Complex, job: Path) -> int | None:
    """Chains whose first template lies where they are; None without templates."""
    if not complex_.templates:
        return None
    placed = np.zeros(len(complex_.native))
    for path in sorted((job / "3_templates").glob("template_??.cif")):
        figures = chain_figures(complex_.native, list(read_chains(path)))
        placed = np.where(placed > 0.0, placed, [here for here, _ in figures])
    return int((placed > IN_PLACE).sum())


def place(complex_: Complex, work: Path) -> dict[str, object]:
    """Only place the structures of a complex, which takes a fifth of the time of a build."""
    begun, fasta = time.process_time(), work / complex_.name / "sequences.fasta"
    fasta.parent.mkdir(parents=True, exist_ok=True)
    fasta.write_text(complex_.fasta)
    target = critasser.read_sequences(fasta)
    prediction = critasser.predict_calpha(
        complex_.map, target, resolution=complex_.resolution, device="cpu"
    )
    try:
        found = critasser.fit_templates(complex_.templates, prediction, target)
    except InputError:
        found = ()
    places = []
    for sequence, part in zip(target.sequences, target.chain_slices):
        own = [one.positions[part] for one in found if one.placed[part].any()]
        places.append((sequence.letters, own[0] if own else None))
    scores = []
    for letters in dict.fromkeys(chain.letters for chain in complex_.native):
        native = [chain.calpha for chain in complex_.native if chain.letters == letters]
        there = [place for known, place in places if known == letters and place is not None]
        table = np.array([[in_place(one, truth) for one in there] for truth in native])
        best = table[linear_sum_assignment(table, maximize=True)] if there else np.zeros(0)
        scores += [*best, *[0.0] * (len(native) - len(best))]
    return {
        "complex": complex_.name,
        "resolution": complex_.resolution,
        "chains": len(scores),
        "templates in place": int((np.array(scores) > IN_PLACE).sum()),
        "TM in place": round(float(np.mean(scores)), 3),
        "foreign": len(complex_.foreign),
        "foreign placed": sum(
            place is not None for letters, place in places if letters in complex_.foreign
        ),
        "CPU s": round(time.process_time() - begun),
        "program": program(),
        "failed": "",
    }


def run(complex_: Complex, work: Path, quality: str) -> dict[str, object]:
    """Build one complex, unless an earlier run did, and measure it."""
    folder = work / complex_.name
    folder.mkdir(parents=True, exist_ok=True)
    job, done = folder / f"job-{quality}", folder / f"run-{quality}.json"
    fasta = folder / "sequences.fasta"
    fasta.write_text(complex_.fasta)
    if not done.exists():
        shutil.rmtree(job, ignore_errors=True)
        command = [
            sys.executable, "-m", "critasser", "build", str(complex_.map), str(fasta),
            "-o", str(job), "--resolution", str(complex_.resolution), "--quality", quality,
            "--no-template-search",
        ]  # fmt: skip
        if complex_.templates:
            command += ["--templates", *map(str, complex_.templates)]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        environment = os.environ | {"PYTHONPATH": str(ROOT / "src" / "engine")}
        with (folder / "output.txt").open("w") as out:
            status = subprocess.run(command, stdout=out, stderr=out, env=environment).returncode
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if status:
            lines = (folder / "output.txt").read_text().strip().splitlines()
            return {"complex": complex_.name, "failed": lines[-1] if lines else f"status {status}"}
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        with appearing(done) as temporary:
            temporary.write_text(json.dumps({"CPU s": round(seconds), "program": program()}))
    model = list(read_chains(job / "5_models" / "model_1.cif"))
    scores = np.array(chain_figures(complex_.native, model))
    results = json.loads((job / "results.json").read_text())
    foreign = sum(any(_is_of(chain, one) for one in complex_.foreign) for chain in model)
    return {
        "complex": complex_.name,
        "resolution": complex_.resolution,
        "residues": sum(len(chain) for chain in complex_.native),
        "chains": len(complex_.native),
        "in place": int((scores[:, 0] > IN_PLACE).sum()),
        "TM in place": round(float(scores[:, 0].mean()), 3),
        "TM": round(float(scores[:, 1].mean()), 3),
        "templates in place": templates_in_place(complex_, job),
        "foreign": len(complex_.foreign),
        "foreign built": foreign,
        "clashes": clashes(model),
        **json.loads(done.read_text()),
        "warnings": len(results["warnings"]),
        "failed": "",
    }


def summary(rows: list[dict[str, object]]) -> str:
    """A line for each resolution."""
    lines = []
    for resolution in dict.fromkeys(row["resolution"] for row in rows if not row["failed"]):
        own = [row for row in rows if not row["failed"] and row["resolution"] == resolution]
        chains, right = (sum(row[name] for row in own) for name in ("chains", "in place"))
        mean = np.average([row["TM"] for row in own], weights=[row["chains"] for row in own])
        foreign, built, seconds = (
            sum(row[name] for row in own) for name in ("foreign", "foreign built", "CPU s")
        )
        lines.append(
            f"{resolution:g} Å: {len(own)} complexes, {right} of {chains} chains in place "
            f"({right / chains:.0%}), mean TM {mean:.3f}; {built} of {foreign} foreign sequences "
            f"built; {seconds} s of CPU time"
        )
    return "\n".join(lines)


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--work", type=Path, required=True, help="folder of maps, jobs and figures")
    parser.add_argument("--group", choices=("val", "bench"), default="val")
    parser.add_argument("--resolutions", type=float, nargs="+", default=[3.0, 4.5, 6.0])
    parser.add_argument("--count", type=int, default=4, help="complexes at each resolution")
    parser.add_argument("--skip", type=int, default=0, help="packed complexes to leave out first")
    parser.add_argument("--chains", type=int, nargs=2, default=[2, 4], help="fewest and most")
    parser.add_argument("--shortest", type=int, default=54, help="residues of a chain")
    parser.add_argument("--longest", type=int, default=300, help="residues of a chain")
    parser.add_argument("--copies", type=float, default=0.3, help="how likely a chain is a copy")
    parser.add_argument("--foreign", type=int, default=0, help="sequences that do not belong")
    parser.add_argument("--models", action="store_true", help="give models 2 to 4 Å off")
    parser.add_argument("--maps", action="store_true", help="experimental maps instead")
    parser.add_argument("--antibodies", choices=("own", "relatives"), help="antibodies instead")
    parser.add_argument("--places", action="store_true", help="place structures, build nothing")
    parser.add_argument("--quality", default="draft")
    parser.add_argument("--only", nargs="*", default=[], help="words in names of complexes")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    if args.maps:
        found = list(experimental_complexes(args.data))
    elif args.antibodies:
        found = [
            one
            for resolution in args.resolutions
            for one in islice(
                antibodies(args.data, args.work, resolution, args.antibodies == "relatives"),
                args.count,
            )
        ]
    else:
        found = [
            one
            for resolution in args.resolutions
            for one in packed_complexes(
                args.data, args.work, resolution, group=args.group, count=args.count,
                skip=args.skip, chains=tuple(args.chains), lengths=(args.shortest, args.longest),
                copies=args.copies, foreign=args.foreign, models=args.models,
            )
        ]  # fmt: skip
    rows = []
    for one in found:
        if args.only and not any(word in one.name for word in args.only):
            continue
        rows.append(place(one, args.work) if args.places else run(one, args.work, args.quality))
        write_csv(args.work / "complexes.csv", rows)
        print("  ".join(f"{name} {value}" for name, value in rows[-1].items()), flush=True)
    if not args.places:
        print(summary(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
