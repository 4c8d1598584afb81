"""Programs that outlive ChimeraX: each in a process group of its own, its output in a file."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from .files import append_to
from .platforms import kill_command, process_options, run_quietly

__all__ = ["LoggedProcess", "end_process"]

_WINDOWS = sys.platform == "win32"


class LoggedProcess:
    """A started program.

    Parameters
    ----------
    command : sequence of str
    folder : Path
        Output goes to its `log.txt`.
    environment : mapping of str to str
    at : Path
        Where it works. Not the folder: Python 3.10 would import a module that lies there.

    Raises
    ------
    OSError
        It cannot be started, or its output cannot be written.
    """

    def __init__(
        self, command: Sequence[str], folder: Path, environment: Mapping[str, str], at: Path
    ) -> None:
        with append_to(folder / "log.txt") as log:
            self._process = subprocess.Popen(
                list(command),
                cwd=at,
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
        """End the whole group, also what outlived the program itself."""
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
