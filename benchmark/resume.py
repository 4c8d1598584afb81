"""Kill a build at random moments and see that it resumes to the same result.

    python -m benchmark.resume --work ~/benchmark-resume --kills 20

Builds the shipped example once undisturbed, then again and again, each time killed (SIGKILL, the
whole process group) after a random share of that time and resumed. Every model must come out the
same, byte for byte.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from benchmark.build import ROOT

__all__ = ["main"]


def _start(arguments: list[str]) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "critasser", "build", *arguments,
         "--no-template-search"],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src" / "engine")},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def _finish(process: subprocess.Popen) -> None:
    _, errors = process.communicate()
    if process.returncode:
        raise SystemExit(f"build failed with status {process.returncode}: {errors.decode()}")


def _models(job: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((job / "5_models").glob("model_*.cif"))
    }


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--map", type=Path, default=ROOT / "examples/emd_5925/map.mrc.gz")
    parser.add_argument("--fasta", type=Path, default=ROOT / "examples/emd_5925/sequence.fasta")
    parser.add_argument("--resolution", default="3.64")
    parser.add_argument("--quality", default="draft")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    inputs = [str(args.map), str(args.fasta), "--resolution", args.resolution,
              "--quality", args.quality]  # fmt: skip
    reference = args.work / "undisturbed"
    runs = []
    # The first build compiles kernels; the second tells how long one takes.
    for _ in range(2):
        shutil.rmtree(reference, ignore_errors=True)
        begun = time.monotonic()
        _finish(_start([*inputs, "-o", str(reference)]))
        whole = time.monotonic() - begun
        runs.append(_models(reference))
        print(f"undisturbed: {len(runs[-1])} models in {whole:.0f} s", flush=True)
    expected = runs[0]
    if runs[1] != expected:
        raise SystemExit("two undisturbed builds differ")
    rng = np.random.default_rng(args.seed)
    same = 0
    for k in range(args.kills):
        job = args.work / f"killed_{k + 1}"
        shutil.rmtree(job, ignore_errors=True)
        process = _start([*inputs, "-o", str(job)])
        moment = rng.uniform(0.02, 0.98) * whole
        try:
            process.wait(moment)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        again = ["--resume", str(job)] if (job / "job.json").exists() else [
            *inputs, "-o", str(job)]  # fmt: skip
        _finish(_start(again))
        equal = _models(job) == expected
        same += equal
        print(f"killed after {moment:.0f} s: {'same' if equal else 'DIFFERENT'}", flush=True)
        if equal:
            shutil.rmtree(job)
    print(f"{same} of {args.kills} the same")
    return 0 if same == args.kills else 1


if __name__ == "__main__":
    sys.exit(main())
