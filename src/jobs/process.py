"""The engine as a process: its own group, no pipes, so that it outlives ChimeraX if need be."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from . import engine
from .platforms import kill_command, process_options, run_quietly

__all__ = ["EngineProcess", "end_process"]

_WINDOWS = sys.platform == "win32"


class EngineProcess:
    """A started engine.

    Parameters
    ----------
    command : sequence of str
    folder : Path
        Job folder; output goes to its `log.txt`.
    environment : mapping of str to str
    """

    def __init__(
        self, command: Sequence[str], folder: Path, environment: Mapping[str, str]
    ) -> None:
        with (folder / "log.txt").open("ab") as log:
            self._process = subprocess.Popen(
                list(command),
                # Not the job folder: Python 3.10 would import a module that lies there.
                cwd=engine.engine_folder(),
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                **process_options(),
            )

    @property
    def pid(self) -> int:
        """Number of the process, and of its group."""
        return self._process.pid

    def status(self) -> int | None:
        """Exit status, negative for a signal; None while it runs."""
        return self._process.poll()

    def terminate(self) -> None:
        """Ask the whole group to end."""
        if _WINDOWS:
            self._process.terminate()
        else:
            self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the whole group, also what outlived the engine itself."""
        if _WINDOWS:
            run_quietly(kill_command(self.pid))
        else:
            self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


def end_process(pid: int, *, kill: bool) -> None:
    """End a process that somebody else started, with all that it started itself."""
    import psutil

    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in (*process.children(recursive=True), process):
            with contextlib.suppress(psutil.Error):
                (one.kill if kill else one.terminate)()
