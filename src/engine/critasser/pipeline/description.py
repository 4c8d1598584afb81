"""What a job is: `job.json` and `command`, enough to run it again."""

from __future__ import annotations

import dataclasses
import os
import platform
import shlex
import time
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from critasser import __version__
from critasser.errors import InputError
from critasser.job.folder import FORMAT, Job
from critasser.job.records import write_json
from critasser.writing import appearing

if TYPE_CHECKING:
    from critasser.pipeline.stage import Task

__all__ = ["describe", "described"]

_PACKAGES = ("numpy", "scipy", "numba", "torch", "openmm", "gemmi", "mrcfile", "ortools")


def describe(job: Job, task: Task, command: Sequence[str]) -> None:
    """Write `job.json` and `command`."""
    inputs, options, checked = task.inputs, task.options, task.checked
    schedule = dataclasses.asdict(options.schedule)
    write_json(
        job.path("job.json"),
        {
            "format": FORMAT,
            "version": __version__,
            "kind": task.kind,
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
        # As the shell has it, also where a file's name is not UTF-8.
        temporary.write_bytes(os.fsencode(shlex.join(command) + "\n"))


def described(folder: Path, kind: str) -> dict[str, Any]:
    """The content of the `job.json` of a job that is to be resumed.

    Raises
    ------
    InputError
        There is no job, it is damaged, of another version or made by another command.
    """
    if not os.path.exists(folder / "job.json"):
        raise InputError(f"{folder}: no Critasser job there (no job.json) to resume")
    content = Job(folder).description()
    made_by = str(content.get("kind", "build"))
    if made_by != kind:
        raise InputError(
            f"{folder}: that is a job of critasser {made_by}; go on with it by critasser "
            f"{made_by} --resume {folder}"
        )
    return content


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
