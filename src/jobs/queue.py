"""Decide which job may start: engines share the machine's processors and GPU.

One build at a time has a GPU, whose memory one fills. On the processor a quarter as many builds as
there are cores run side by side, at least one. Those that run at once on a device share half of the
processors for models and templates that they compute in parallel: a person wants some left. Builds
wait in the order in which they were asked for, those for the GPU apart from those for the
processor. Engines count that work in any folder which this ChimeraX knows, whoever started them on
this machine. Nothing is started while an environment is installed or removed.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from ..installation.installer import Installation
from ..installation.removal import Removal
from ..session.background import works_of
from ..session.files import read_json
from ..session.locks import worker
from ..session.settings import settings

__all__ = ["device_of", "free_now", "installing", "processes", "runs_on", "slots", "take_turn"]

_turns = threading.Lock()


def slots(device: str) -> int:
    """Builds that run at once on ``gpu`` or ``cpu``."""
    return 1 if device == "gpu" else max(1, (os.cpu_count() or 1) // 4)


def processes(device: str) -> int:
    """Processes by which each of the builds on a device may compute models in parallel."""
    return max(1, (os.cpu_count() or 1) // (2 * slots(device)))


def device_of(arguments: Sequence[str], folder: Path) -> str:
    """``gpu`` or ``cpu``, whichever a build with these arguments will use."""
    chosen = "auto"
    if "--device" in arguments:
        chosen = arguments[list(arguments).index("--device") + 1]
    elif "--resume" in arguments:
        options = (read_json(folder / "job.json") or {}).get("options")
        chosen = str(options.get("device", "auto")) if isinstance(options, dict) else "auto"
    if chosen == "auto":
        return "gpu" if _has_gpu() else "cpu"
    return "gpu" if chosen == "cuda" else "cpu"


def free_now(session, jobs: Sequence, device: str, but=None) -> bool:
    """Whether a job could start at once on a device, were it not for one of these jobs."""
    if installing(session):
        return False
    jobs = [job for job in jobs if job.device == device and job is not but]
    if any(job.outcome == "queued" for job in jobs):
        return False
    return _busy(session, jobs, device) < slots(device)


def installing(session) -> bool:
    """Whether packages are being changed, under which no engine is to start."""
    return any(
        isinstance(work, (Installation, Removal)) and work.running() for work in works_of(session)
    )


def take_turn(session, jobs: Callable[[], Sequence], job) -> bool:
    """Whether a queued job may start now; if so it has its place from here on.

    Called in the job's own thread.

    Parameters
    ----------
    session : chimerax.core.session.Session
    jobs : callable
        Gives all jobs of the session as they are then.
    job : EngineJob
    """
    with _turns:
        if installing(session):
            return False
        alike = [other for other in jobs() if other.device == job.device]
        waiting = [other.id for other in alike if other.outcome == "queued"]
        if min(waiting, default=job.id) < job.id:
            return False
        if _busy(session, alike, job.device) >= slots(job.device):
            return False
        job.outcome = "running"
        return True


def _busy(session, jobs, device: str) -> int:
    """Engines at work on a device: of these jobs, and in other folders that are known."""
    running = {str(job.folder) for job in jobs if job.outcome == "running"}
    ours = {str(job.folder) for job in jobs}
    for path in list(settings(session).open_jobs):
        folder = Path(path)
        if path not in ours and worker(folder) and runs_on(folder) == device:
            running.add(path)
    return len(running)


def runs_on(folder: Path) -> str:
    """The device, ``gpu`` or ``cpu``, that the engine in a folder has taken."""
    return "gpu" if (read_json(folder / "job.json") or {}).get("device") == "cuda" else "cpu"


def _has_gpu() -> bool:
    """Whether there is a GPU of the kind that the engine may use."""
    if sys.platform == "linux":
        return Path("/dev/nvidiactl").exists()
    return sys.platform == "win32" and shutil.which("nvidia-smi") is not None
