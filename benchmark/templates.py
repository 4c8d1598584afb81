"""Build with templates and measure what comes of them.

    python -m benchmark.templates --row own homologue bent --quality draft --work ~/templates
    python -m benchmark.templates --row predicted --only KaiB T1032 --work ~/templates
    python -m benchmark.templates --table --work ~/templates

Rows: *own*, *bent* and *homologue*, experimental maps of 4–8 Å with their own models, these bent by
5–30° at a hinge, and relatives; *predicted*, predicted models and other states of a protein in maps
of the native as experiments show them; *known*, experimental maps of group bench up to 4 Å with a
template and without; *learnt*, maps of validation chains that confidence is fitted to, with
templates and without. What is finished is not done again; each row goes to
``WORK/templates.<quality>.csv`` as soon as it is known. Structures that must be refused are in
`benchmark.foreign`.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.build import ROOT, program, run_logged, write_csv
from benchmark.measures import measure
from benchmark.sets import BenchmarkTarget
from benchmark.template_cases import LEARNT_ALONE, ROWS, TemplateCase, cases
from critasser.job.arrays import load_templates
from critasser.pipeline.files import TEMPLATES
from critasser.structure import read_chains, tm_score
from critasser.templates.alignment import align
from critasser.writing import appearing

__all__ = ["main", "run_case", "table"]

WITHIN = 3.0
"""Å of a residue that is right."""

WORSE = 0.02
"""TM-score that a model may lose against its template, or against a build without it."""


def _own_tm(template: Path, target: BenchmarkTarget) -> float:
    """TM-score of a template, superposed on the native structure, over chains."""
    scores, lengths, start = [], [], 0
    chains = read_chains(template)
    for chain, letters in zip(target.chains, target.letters):
        native = target.native[start : start + len(letters)]
        start += len(letters)
        codes = chain.codes[chain.codes >= 0]
        best = 0.0
        for given in chains:
            pairs = align(given.codes, codes).pairs
            placed = np.full((len(letters), 3), np.nan)
            placed[pairs[:, 1]] = given.calpha[pairs[:, 0]]
            best = max(best, tm_score(placed, native, len(letters)))
        scores.append(best)
        lengths.append(len(letters))
    return float(np.average(scores, weights=lengths))


def _within(placed: NDArray[np.float64], target: BenchmarkTarget) -> float:
    """Share of the residues that lie where they should, without superposing."""
    away = np.linalg.norm(placed - target.aligned(placed), axis=1)
    return float(np.mean(np.nan_to_num(away, nan=np.inf) < WITHIN))


def _build(case: TemplateCase, folder: Path, quality: str, begun: Path | None) -> str:
    """Build, with what is there of it; what failed, or nothing.

    A job `begun` in the same map, with another template or none, is gone on with.
    """
    density, fasta = case.target.write_inputs(folder)
    template, job = case.write(folder), folder / "job"
    begin = ["critasser", "build"]
    start = [str(density), str(fasta), "--resolution", str(case.target.resolution),
             "--quality", quality, "--no-template-search"]  # fmt: skip
    known = ["--templates", str(template)]
    if case.error is not None:
        known += ["--pae", str(case.error)]
    shutil.rmtree(job, ignore_errors=True)
    runs = []
    alone = case.target.resolution <= LEARNT_ALONE and begun is None
    if case.row == "known" or (case.row == "learnt" and alone):
        begun = folder / "without"
        if not (begun / "results.json").exists():
            shutil.rmtree(begun, ignore_errors=True)
            runs.append([*begin, *start, "-o", str(begun)])
    if begun is None:
        runs.append([*begin, *start, *known, "-o", str(job)])
    else:
        runs.append([*begin, "--resume", str(job), *known])
    for number, command in enumerate(runs):
        if "--resume" in command:
            shutil.copytree(begun, job)
        log = folder / f"output_{number}.txt"
        status, _ = run_logged([sys.executable, "-m", *command], log)
        if status:
            lines = log.read_text().strip().splitlines()
            return f"status {status}: {lines[-1] if lines else ''}"
    return ""


def _begun(case: TemplateCase, jobs: Path) -> Path | None:
    """A finished job of another case in the same map."""
    found = sorted(jobs.glob(f"*/{case.target.folder}.*/job/results.json"))
    return found[0].parent if found else None


def run_case(case: TemplateCase, work: Path, quality: str) -> dict:
    """Build one case, unless an earlier run did, and measure it."""
    folder = work / quality / "templates" / case.row / case.name
    done = folder / "row.json"
    if done.exists():
        return json.loads(done.read_text())
    folder.mkdir(parents=True, exist_ok=True)
    target, begun = case.target, time.monotonic()
    row = {"row": case.row, "target": target.name, "template": case.kind, "bend": case.bend,
           "shift": case.shift, "length": len(target.native), "resolution": target.resolution,
           "program": program()}  # fmt: skip
    failed = _build(case, folder, quality, _begun(case, work / quality / "templates"))
    if failed:
        return row | {"failed": failed}
    job = folder / "job"
    figures = measure(target, job)
    results = json.loads((job / "results.json").read_text())
    used = load_templates(job / TEMPLATES)
    row |= {
        "group": target.group,
        "template_tm": _own_tm(folder / "template.pdb", target),
        "used": len(used),
        "placed_tm": max((target.tm(one.positions) for one in used), default=0.0),
        "placed_within": max((_within(one.positions, target) for one in used), default=0.0),
        "model_tm": figures["model_tm"],
        "in_register": figures["in_register"],
        "trace_tm": figures["first_trace_tm"],
        "confidence": figures["confidence"],
        "z_score": figures["z_score"],
        "templates_seconds": sum(
            results["timings"].get(stage, 0.0) for stage in ("given_templates", "templates")
        ),
        "seconds": time.monotonic() - begun,
        "warnings": "; ".join(results["warnings"]),
    }
    if case.row == "known":
        row["without_tm"] = measure(target, folder / "without")["model_tm"]
    row["failed"] = ""
    with appearing(done) as temporary:
        temporary.write_text(json.dumps(row, indent=1))
    return row


def table(rows: list[dict]) -> str:
    """Markdown: a line for each row and resolution, means over cases."""
    lines = [
        "| templates | n | Å | template's own TM | placed TM | model 1 TM | lowest | worse than "
        "the template | confidence |",
        "|" + "---|" * 9,
    ]
    groups: dict[tuple, list[dict]] = {}
    for row in rows:
        if row["row"] != "learnt":
            at = row["resolution"] if row["row"] == "predicted" else ""
            groups.setdefault((row["row"], at), []).append(row)
    for (name, _), some in groups.items():
        done = [row for row in some if not row["failed"]]
        if not done:
            continue
        at = sorted(float(row["resolution"]) for row in done)
        span = f"{at[0]:g}" if at[0] == at[-1] else f"{at[0]:g}–{at[-1]:g}"
        tm, own, placed, sure = (
            np.array([float(row[key]) for row in done])
            for key in ("model_tm", "template_tm", "placed_tm", "confidence")
        )
        worse = int(np.sum(tm < own - WORSE))
        cells = [name, f"{len(done)}/{len(some)}", span, f"{own.mean():.3f}",
                 f"{placed.mean():.3f}", f"{tm.mean():.3f}", f"{tm.min():.2f}", str(worse),
                 f"{sure.mean():.0f}"]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, *_sentences(rows)])


def _sentences(rows: list[dict]) -> list[str]:
    """What is told of builds with and without."""
    lines = []
    known = [row for row in rows if row["row"] == "known" and not row["failed"]]
    if known:
        gain = np.array([float(row["model_tm"]) - float(row["without_tm"]) for row in known])
        lines.append(
            f"\nWith a template against without: {gain.mean():+.3f} in the mean of {len(known)}, "
            f"worse by more than {WORSE} in {int(np.sum(gain < -WORSE))}."
        )
    programs = sorted({row["program"] for row in rows})
    return [*lines, f"\nProgram {', '.join(programs)}."]


def _asked(name: str, only: list[str]) -> bool:
    return not only or any(word in name for word in only)


def _tell(row: dict) -> None:
    outcome = row["failed"]
    if not outcome:
        outcome = (
            f"template {row['template_tm']:.3f}  placed {row['placed_tm']:.3f}  model "
            f"{row['model_tm']:.3f}  confidence {row['confidence']:.0f}  {row['seconds']:.0f} s"
        )
        if "without_tm" in row:
            outcome += f"  without {row['without_tm']:.3f}"
    print(f"{row['row']:10s} {row['target']:28s} {row['template']:10s} {row['length']:4d}  "
          f"{outcome}", flush=True)  # fmt: skip


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--row", nargs="+", choices=ROWS, default=[])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--work", type=Path, required=True, help="folder of jobs and figures")
    parser.add_argument("--quality", default="draft")
    parser.add_argument("--only", nargs="*", default=[], help="words in names of cases")
    parser.add_argument("--resolutions", nargs="*", type=float, default=[], help="of maps, only")
    parser.add_argument("--table", action="store_true", help="print what is known so far")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    path = args.work / f"templates.{args.quality}.csv"
    rows: dict[tuple, dict] = {}
    if path.exists():
        with path.open(newline="") as lines:
            rows = {_key(row): row for row in csv.DictReader(lines)}

    def keep(row: dict) -> None:
        rows[_key(row)] = row
        write_csv(path, list(rows.values()))
        _tell(row)

    for name in args.row:
        for case in cases(args.data, name):
            wanted = not args.resolutions or case.target.resolution in args.resolutions
            if wanted and _asked(case.name, args.only):
                keep(run_case(case, args.work, args.quality))
    if args.table or args.row:
        print(table(list(rows.values())))
    return 0


def _key(row: dict) -> tuple:
    return (row["row"], row["target"], row["template"], str(row.get("resolution", "")))


if __name__ == "__main__":
    sys.exit(main())
