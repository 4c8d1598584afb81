"""Refine a model by phenix.real_space_refine, as a task that can be stopped like any other."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from chimerax.core.errors import UserError

from ..session.background import BackgroundWork, Stopped
from ..session.messages import tell
from ..session.processes import LoggedProcess
from .folder import last_line

__all__ = ["PhenixRefinement", "announce_refinement", "find_phenix"]

_PROGRAM = "phenix.real_space_refine"
_LOOK = 0.5
"""Seconds between two looks at the program."""

_PATIENCE = 10.0
"""Seconds that it has to end by itself when it is stopped."""


def find_phenix(session, environment: Mapping[str, str] = os.environ) -> Path | None:
    """The program: in the folder that PHENIX names, on the search path, or where ChimeraX knows.

    Parameters
    ----------
    session : chimerax.core.session.Session
        Remembers what ``phenix location`` was told.
    environment : mapping
    """
    name = f"{_PROGRAM}.bat" if sys.platform == "win32" else _PROGRAM
    if root := environment.get("PHENIX"):
        for folder in ("phenix_bin", "build/bin", "bin"):
            path = Path(root) / folder / name
            if path.is_file():
                return path
    if found := shutil.which(name, path=environment.get("PATH")):
        return Path(found)
    try:
        from chimerax.phenix_ui.locate import find_phenix_command
    except ImportError:  # a bundle that a ChimeraX may lack
        return None
    try:
        return Path(find_phenix_command(session, _PROGRAM))
    except UserError:
        return None


class PhenixRefinement(BackgroundWork):
    """One refinement.

    Parameters
    ----------
    session : chimerax.core.session.Session
    name : str
    folder : Path
        Where it works; log and results stay there.
    program : Path
    files : dict of str to Path
        ``model`` and ``map``.
    resolution : float
        Å.
    prepare : callable
        Writes the map, in the task's thread.
    show : callable
        Opens a refined model, in the main thread: ``show(path)``.
    """

    def __init__(
        self, session, name: str, folder: Path, program: Path, files: Mapping[str, Path],
        resolution: float, prepare: Callable[[], None], show: Callable[[Path], None],
    ) -> None:  # fmt: skip
        super().__init__(session, name)
        self.folder = folder
        self._program = program
        self._files = files
        self._resolution = resolution
        self._prepare = prepare
        self._show = show

    def work(self) -> None:
        """Write the map, run the program, show what it has made."""
        self._prepare()
        command = [
            str(self._program), str(self._files["model"]), str(self._files["map"]),
            f"resolution={self._resolution:g}", "output.prefix=refined",
        ]  # fmt: skip
        try:
            process = LoggedProcess(command, self.folder, os.environ, self.folder)
        except OSError as error:
            raise UserError(f"{self._program} could not be started: {error}") from None
        while process.status() is None:
            if self.stopped():
                self._end(process)
                raise Stopped
            time.sleep(_LOOK)
        if process.status():
            raise UserError(
                f"Phenix ended with status {process.status()}: {last_line(self.folder)}. More in "
                f"{self.folder / 'log.txt'}"
            )
        # As mmCIF, or as PDB by a Phenix that is set to that.
        refined = sorted(
            (path for kind in ("cif", "pdb") for path in self.folder.glob(f"refined*.{kind}")),
            key=lambda path: (path.suffix == ".cif", path.stat().st_mtime),
        )
        if not refined:
            raise UserError(f"Phenix left no refined model in {self.folder}; see its log.txt")
        self.in_main(self._show, refined[-1])

    @staticmethod
    def _end(process: LoggedProcess) -> None:
        process.terminate()
        until = time.monotonic() + _PATIENCE
        while process.status() is None and time.monotonic() < until:
            time.sleep(0.1)
        process.kill()


def announce_refinement(session, work: PhenixRefinement) -> None:
    """Tell that it runs, with a link that stops it."""
    text = f"critasser {work.name}: Phenix refines it in {work.folder}"
    tell(session, text, (("critasser stop", work.id), "stop it"))
