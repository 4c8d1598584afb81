"""What importing Critasser and asking its commands for help costs, and what a build loads.

    python -m benchmark.imports

For ``import critasser``, for ``critasser --help`` and for the help of each command: seconds of CPU
time (the least of several runs; on a busy machine the elapsed time says little), how many modules
are loaded and which of the heavy packages are among them. Then the same of all that a build
imports, with its modules of `critasser.network.training`, of which there are to be none. Exit
status 1 where a budget is exceeded or a build loads training.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from critasser.cli import COMMANDS

__all__ = ["main"]

ENGINE = Path(__file__).resolve().parents[1] / "src" / "engine"

HEAVY = ("torch", "numba", "openmm", "ortools", "scipy", "gemmi", "matplotlib", "numpy", "rich")

BUDGETS = {"import critasser": 0.2, "critasser --help": 0.3, "critasser build --help": 0.5}
"""Seconds of CPU time on a quiet core."""

BUILD = "import critasser.cli.build, critasser.cli.job_run, critasser.pipeline.build"

_REPORT = """
import json, sys, time
print("LOADED", json.dumps([time.process_time(), sorted(sys.modules)]))
"""


def measure(code: str) -> tuple[float, list[str]]:
    """Seconds of CPU time of a Python that runs some code, and the modules that it loaded."""
    done = subprocess.run(
        [sys.executable, "-c", code + _REPORT],
        env={**os.environ, "PYTHONPATH": str(ENGINE)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    line = next(line for line in done.stdout.splitlines() if line.startswith("LOADED "))
    seconds, loaded = json.loads(line.removeprefix("LOADED "))
    return seconds, loaded


def asking(*arguments: str) -> str:
    """Code that asks the command line for help."""
    return (
        "from critasser.cli import main\n"
        f"try: main({list(arguments)!r})\n"
        "except SystemExit: pass\n"
    )


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args(arguments)
    tried = {"import critasser": "import critasser", "critasser --help": asking("--help")}
    tried |= {f"critasser {name} --help": asking(name, "--help") for name in COMMANDS}
    tried["all that a build imports"] = BUILD
    wrong = []
    for name, code in tried.items():
        runs = [measure(code) for _ in range(args.runs)]
        seconds, loaded = min(runs)
        heavy = ", ".join(package for package in HEAVY if package in loaded) or "nothing heavy"
        print(f"{seconds:6.2f} s  {name:<26} {len(loaded):5d} modules: {heavy}", flush=True)
        if seconds > BUDGETS.get(name, seconds):
            wrong.append(f"{name}: {seconds:.2f} s, {BUDGETS[name]} s are allowed")
    training = [module for module in loaded if module.startswith("critasser.network.training")]
    print(f"training that a build imports: {', '.join(training) or 'none'}")
    if training:
        wrong.append("a build imports training")
    for text in wrong:
        print(text, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
