"""Measure what the bundle costs when ChimeraX starts, and when its commands are first used.

    python -m benchmark.startup --chimerax /usr/bin/chimerax

Runs a ChimeraX without a GUI in which the bundle is installed, several times, and prints medians
of the time for registering the bundle (what every start pays), importing it, and describing each
command (what its first use pays), in ms.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

__all__ = ["main"]

_SCRIPT = """
import json, time
from importlib import import_module
times = {}
def timed(name, function):
    before = time.perf_counter()
    result = function()
    times[name] = 1000 * (time.perf_counter() - before)
    return result
bundle = session.toolshed.find_bundle("ChimeraX-Critasser", session.logger)
bundle.deregister(session.logger)
timed("register, at every start", lambda: bundle.register(session.logger))
timed("import", lambda: import_module("chimerax.critasser"))
commands = timed("import of commands", lambda: import_module("chimerax.critasser.commands"))
for name, module in commands.COMMANDS.items():
    place = "chimerax.critasser.commands." + module
    module = timed(name + ", import", lambda: import_module(place))
    timed(name + ", description", module.description)
print("TIMES", json.dumps(times))
"""


def _measure(program: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "measure.py"
        script.write_text(_SCRIPT, encoding="utf-8")
        done = subprocess.run(
            [program, "--nogui", "--disable-qt", "--exit", "--script", str(script)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
    for line in done.stdout.splitlines():
        if "TIMES " in line:
            return json.loads(line.split("TIMES ", 1)[1])
    raise SystemExit(f"{program} did not answer: {done.stdout[-500:]}{done.stderr[-500:]}")


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chimerax", required=True, metavar="PROGRAM")
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args(arguments)
    runs = [_measure(args.chimerax) for _ in range(args.runs)]
    for name in runs[0]:
        print(f"{statistics.median(run[name] for run in runs):8.1f} ms  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
