"""What a job is: `job.json` and `command`, enough to run it again."""

from __future__ import annotations

import dataclasses
import os
import platform
import shlex
import time
from collections.abc import Sequence
from importlib import metadata

from critasser import __version__
from critasser.job import FORMAT, Job
from critasser.options import Inputs, Options
from critasser.preflight import Checked
from critasser.records import write_json
from critasser.writing import appearing

__all__ = ["describe"]

_PACKAGES = ("numpy", "scipy", "numba", "torch", "openmm", "gemmi", "mrcfile", "ortools")


def describe(
    job: Job, inputs: Inputs, options: Options, checked: Checked, command: Sequence[str]
) -> None:
    """Write `job.json` and `command`."""
    schedule = dataclasses.asdict(options.schedule)
    write_json(
        job.path("job.json"),
        {
            "format": FORMAT,
            "version": __version__,
            "written": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "inputs": {
                role: {
                    "path": path,
                    "bytes": path.stat().st_size,
                    "sha256": checked.checksums[role],
                }
                for role, path in inputs.files().items()
            },
            "options": {**dataclasses.asdict(options), "schedule": schedule},
            "residues": len(checked.target),
            "device": checked.device,
            "weights": {"path": checked.weights, "sha256": checked.checksums["weights"]},
            "versions": {
                "python": platform.python_version(),
                **{name: _version(name) for name in _PACKAGES},
            },
            "machine": {
                "system": platform.platform(),
                "processor": platform.processor() or platform.machine(),
                "cpus": os.cpu_count(),
            },
        },
    )
    with appearing(job.path("command")) as temporary:
        temporary.write_text(shlex.join(command) + "\n", encoding="utf-8")


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
