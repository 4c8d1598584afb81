"""Build every target of a set with `critasser build` and measure the result.

    python -m benchmark.build --set experimental high --work ~/benchmark
    python -m benchmark.build --set val --quality draft --work ~/benchmark --only 1gl2_D
    python -m benchmark.build --set val --work ~/benchmark --executor dask://127.0.0.1:8786

Each target has a folder of its own in WORK; what is finished there is not done again, so that a
long run can be stopped and gone on with. Figures go to ``WORK/<set>.<quality>.csv``.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmark.known import LIBRARIES, library_options
from benchmark.measures import measure
from benchmark.sets import SETS, BenchmarkTarget, targets
from critasser.executors import opened_executor
from critasser.writing import appearing

__all__ = ["main", "program", "run_logged", "run_target", "write_csv"]

ROOT = Path(__file__).resolve().parents[1]

LOOK = 0.5
"""Seconds between looks at a build."""

A_BUILD = 60.0
"""Seconds that it takes at least."""


def run_logged(
    command: list[str], log: Path, look: Callable[[], None] = lambda: None
) -> tuple[int, float]:
    """Exit status and seconds of a process; `look` is called all the time, and may raise to end it.
    """
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src" / "engine")}
    begun = time.monotonic()
    with log.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environment)
        try:
            while process.poll() is None:
                look()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(LOOK)
        finally:
            process.kill()
            process.wait()
    return process.returncode, time.monotonic() - begun


def program() -> str:
    """Which program is measured: commit (and whether files differ from it), as git tells."""
    answer = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True
    )
    return answer.stdout.strip() or "unknown"


def run_target(
    target: BenchmarkTarget,
    work: Path,
    quality: str,
    weights: Path | None,
    data: Path,
    library: str = LIBRARIES[0],
    *,
    progress: Callable[[float, str], None] = lambda fraction, message: None,
) -> dict:
    """Build one target, unless an earlier run did, and measure it; `progress` may raise to stop.

    Templates are found as `library`, one of `LIBRARIES`, says.
    """
    folder = work / quality / target.set / target.folder
    job, done = folder / "job", folder / "run.json"
    row = {
        "set": target.set,
        "group": target.group,
        "target": target.name,
        "length": len(target.native),
        "resolution": target.resolution,
    }
    if done.exists():
        run = json.loads(done.read_text())
        if (run["weights"], run.get("library", "none")) != (str(weights or "shipped"), library):
            raise SystemExit(f"{folder} was built with other options; take another --work")
        return measure(target, job) | run | {"failed": ""}
    density, fasta = target.write_inputs(folder)
    # A build that was cut off would hide its time if it went on.
    shutil.rmtree(job, ignore_errors=True)
    command = [
        sys.executable, "-m", "critasser", "build", str(density), str(fasta), "-o", str(job),
        "--resolution", str(target.resolution), "--quality", quality,
        *library_options(library, data, target.name, target.letters, folder),
    ]  # fmt: skip
    if weights is not None:
        command += ["--weights", str(weights)]
    status, seconds = run_logged(
        command, folder / "output.txt", lambda: progress(0.0, target.name)
    )
    if status:
        lines = (folder / "output.txt").read_text().strip().splitlines()
        return row | {"failed": f"status {status}: {lines[-1] if lines else ''}"}
    run = {
        "seconds": seconds,
        "program": program(),
        "weights": str(weights or "shipped"),
        "library": library,
    }
    with appearing(done) as temporary:
        temporary.write_text(json.dumps(run, indent=1))
    return measure(target, job) | run | {"failed": ""}


def write_csv(path: Path, rows: list[dict]) -> None:
    """Rows that may lack columns, as CSV."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="") as out:
        writer = csv.DictWriter(out, columns)
        writer.writeheader()
        writer.writerows(rows)


def _other_rows(path: Path, names: set[str]) -> list[dict]:
    """Rows of an earlier run that are of other targets."""
    if not path.exists():
        return []
    with path.open(newline="") as lines:
        return [row for row in csv.DictReader(lines) if row["target"] not in names]


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--set", nargs="+", choices=SETS, default=["experimental", "high"])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--work", type=Path, required=True, help="folder of jobs and figures")
    parser.add_argument("--quality", default="standard")
    parser.add_argument("--weights", type=Path, help="a network in place of the shipped one")
    parser.add_argument(
        "--library", choices=LIBRARIES, default=LIBRARIES[0],
        help="known structures among which templates are found (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--executor",
        default="local:1",
        help="who builds: local:N for N builds at a time here; or dask://HOST:PORT or slurm, whose "
        "workers see DATA and WORK under the same names (default: local:1)",
    )
    parser.add_argument("--only", nargs="*", help="names of targets")
    args = parser.parse_args()
    for which in args.set:
        chosen = [t for t in targets(args.data, which) if not args.only or t.name in args.only]
        path = args.work / f"{which}.{args.quality}.csv"
        rows = _other_rows(path, {t.name for t in chosen}) if args.only else []
        given = {
            "work": args.work, "quality": args.quality, "weights": args.weights,
            "data": args.data, "library": args.library,
        }  # fmt: skip
        with opened_executor(args.executor) as executor:
            targets_given = [{"target": target} for target in chosen]
            for done in executor.map(run_target, targets_given, shared=given, seconds=A_BUILD):
                row = done.result
                rows.append(row)
                write_csv(path, rows)
                outcome = row["failed"] or (
                    f"Cα {row['calpha_precision']:.2f}/{row['calpha_recall']:.2f}  "
                    f"CRscore {row['crscore']:.2f}  trace {row['best_trace_tm']:.2f}  "
                    f"model {row['model_tm']:.2f}  eTM {row['etm']:.2f}  {row['seconds']:.0f} s"
                )
                print(f"{which} {row['target']:24s} {row['length']:4d}  {outcome}", flush=True)
    return 0


if __name__ == "__main__":
    # Under its own name, by which workers find its functions.
    from benchmark.build import main

    sys.exit(main())
