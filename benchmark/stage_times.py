"""Measure the CPU seconds of each stage of a build, and how they grow with the residues.

    python -m benchmark.stage_times --work WORK --residues 100 400 1200 --quality draft --models 1

Chains of split val are packed side by side until there are as many residues as asked, in a
simulated map at 3.5 Å with noise, and built by `critasser build`; what is finished in WORK is not
built again. Kernels should be compiled before: a first build compiles them.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

import numpy as np

from benchmark.build import ROOT, program, run_logged
from benchmark.sampling import RESOLUTION, noisy_map
from benchmark.trace_scaling import pack, powers
from critasser.density import write_map

__all__ = ["build", "main", "stage_seconds", "table"]

PER_MODEL = "atomic"
"""Stage that there is a part of for each model; their mean is shown, and how many there are."""

QUICK = 0.005
"""Share of the time of the largest below which stages are shown together."""


def build(data: Path, work: Path, residues: int, quality: str, models: int) -> Path:
    """The job folder of packed chains, built unless it was before."""
    folder = work / f"{residues}-{quality}-{models}"
    job = folder / "job"
    if not (job / "results.json").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        chains = pack(data, residues, np.random.default_rng(1))
        write_map(folder / "map.mrc", noisy_map(chains, np.random.default_rng(1)))
        records = (f">{k}\n{chain.letters}\n" for k, chain in enumerate(chains))
        (folder / "sequences.fasta").write_text("".join(records), encoding="ascii")
        command = [
            sys.executable, "-m", "critasser", "build", str(folder / "map.mrc"),
            str(folder / "sequences.fasta"), "-o", str(job), "--resolution", str(RESOLUTION),
            "--quality", quality, "--models", str(models), "--no-template-search",
        ]  # fmt: skip
        status, _ = run_logged(command, folder / "output.txt")
        if status:
            raise SystemExit(f"{folder}/output.txt: the build ended with status {status}")
    return job


def stage_seconds(job: Path) -> dict[str, float]:
    """CPU seconds of each stage of a finished job in their order, ``residues`` and ``models``.

    Of stages with a part for each model the mean of these.
    """
    every: dict[str, list[float]] = {}
    for marker in sorted((job / "stages").glob("*.json"), key=lambda path: path.stat().st_mtime_ns):
        stage = marker.stem.rsplit("_", 1)[0] if marker.stem[-1].isdigit() else marker.stem
        every.setdefault(stage, []).append(json.loads(marker.read_text())["cpu_seconds"])
    with np.load(job / "4_assembly" / "refined_1.npz") as arrays:
        residues = len(arrays["calpha"])
    mean = {stage: float(np.mean(seconds)) for stage, seconds in every.items()}
    return {"residues": residues, "models": len(every[PER_MODEL]), **mean}


def table(rows: list[dict[str, float]]) -> str:
    """Markdown: a row a stage, a column a size; then the powers by which stages grow, of one model.
    """
    stages = [name for name in rows[-1] if name not in ("residues", "models")]
    longest = max(rows[-1][stage] for stage in stages)
    shown = [stage for stage in stages if rows[-1][stage] >= QUICK * longest]
    lines = [
        "| CPU seconds | " + " | ".join(f"{row['residues']} residues" for row in rows) + " |",
        "|---" * (len(rows) + 1) + "|",
    ]
    for stage in shown:
        name = f"{stage}, each model" if stage == PER_MODEL else stage
        lines.append(f"| {name} | " + " | ".join(f"{row[stage]:.1f}" for row in rows) + " |")
    rest = (sum(row[stage] for stage in stages if stage not in shown) for row in rows)
    lines.append("| all others | " + " | ".join(f"{seconds:.1f}" for seconds in rest) + " |")
    whole = (
        sum(row[stage] * (row["models"] if stage == PER_MODEL else 1) for stage in stages)
        for row in rows
    )
    lines.append("| all, all models | " + " | ".join(f"{seconds:.0f}" for seconds in whole) + " |")
    lines.append("| models | " + " | ".join(f"{row['models']}" for row in rows) + " |")
    return "\n".join(lines) + "\n\n" + powers(rows, shown)


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True, help="folder of maps and jobs")
    parser.add_argument("--residues", type=int, nargs="+", default=[100, 400, 1200])
    parser.add_argument("--quality", default="draft")
    parser.add_argument("--models", type=int, default=5, help="most models of each build")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    args = parser.parse_args()
    rows = [
        stage_seconds(build(args.data, args.work, residues, args.quality, args.models))
        for residues in sorted(args.residues)
    ]
    print(f"{program()}\n\n{table(rows)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
