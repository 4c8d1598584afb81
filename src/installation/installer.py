"""Make the engine's Python environment: a task that can be stopped and repeated.

Every step asks what is there already, so that the command goes on after a stop, a broken
connection or a power cut, and mends an environment that has become unfit.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from html import escape
from pathlib import Path

from chimerax.core.errors import UserError

from ..session.background import BackgroundWork, Stopped
from ..session.messages import duration
from ..session.platforms import environment_python, run_quietly, site_packages
from ..session.processes import LoggedProcess
from ..session.settings import settings
from . import pip
from .environment import engine_folder, environment, examine, remember, requirements_file
from .interpreters import Interpreter, find_interpreter
from .marker import (
    claim,
    clear,
    folder_size,
    install_command,
    read_marker,
    release,
    scratch,
    write_marker,
)
from .requirements import names, requirements_hash, requirements_lines
from .torch_builds import COMMON_BUILD, Build, choose_build, find_gpu

__all__ = ["Installation"]

_LOOK = 0.25
_PATIENCE = 5.0
"""Seconds that pip has to end when asked to, before it is killed."""

_CHECKS = 20  # of the engine's self-test, about

# How far the whole is when a step begins, and when the next one does.
_STEPS = {"environment": (0.0, 0.04), "packages": (0.04, 0.1), "pip": (0.1, 0.9),
          "self-test": (0.9, 1.0)}  # fmt: skip


class Installation(BackgroundWork):
    """Makes or mends an environment in a folder.

    Parameters
    ----------
    session : chimerax.core.session.Session
    folder : Path
        Claimed at once.
    device : str
        ``auto``, ``cpu``, ``gpu`` or a build of torch.
    wheels : Path, optional
        Where all packages come from, instead of the network.
    base : Path, optional
        The Python to make the environment from.

    Attributes
    ----------
    fraction : float
        How far it is, 0 to 1.
    message : str
        What it is at.

    Raises
    ------
    UserError
        The folder is not ours to use.
    """

    def __init__(self, session, folder: Path, device="auto", wheels=None, base=None) -> None:
        claim(folder)
        super().__init__(session, "install")
        self.folder = folder
        self.fraction = 0.0
        self.message = ""
        self._device, self._wheels, self._base = device, wheels, base
        self._python = Path(environment_python(folder))
        self._began = time.monotonic()
        self._told = 0.0
        self._output = ""
        self._index: str | None = None

    def work(self) -> None:
        """Make it; in a thread."""
        try:
            self._install()
        finally:
            release(self.folder)

    def _install(self) -> None:
        marker = read_marker(self.folder) or {}
        build = self._choose()
        self._check_room(build)
        self._index = build.index
        version = self._make_environment()
        self._site = Path(site_packages(self.folder, version))
        broken = pip.mend_site(self._site)
        if broken:
            self._say(f"Damaged and taken anew: {', '.join(broken)}")
        self._version = ".".join(map(str, version))
        known = {
            "requirements": requirements_hash(requirements_file()),
            "build": build.name,
            "python": self._version,
        }
        if broken or not self._suits({**known, "state": "ready"}, marker):
            write_marker(self.folder, state="begun", build=build.name)
            self._install_packages(build)
        found = examine(self._python)
        self._test()
        size = folder_size(self.folder)
        write_marker(self.folder, state="ready", engine=found.engine, bytes=size, **known)
        self.in_main(self._keep, found, size)

    def _choose(self) -> Build:
        try:
            build = choose_build(self._device, find_gpu(), sys.platform, platform.machine())
        except ValueError as error:
            raise UserError(str(error)) from None
        if self._wheels is None:
            self._say(f"torch: the build {build.name} ({build.why})")
        return build

    def _check_room(self, build: Build) -> None:
        free = shutil.disk_usage(self.folder).free
        needed = max(build.room - folder_size(self.folder), 0.0)
        if free < needed:
            raise UserError(
                f"{self.folder}: {free / 1e9:.1f} GB are free on that disk, and about "
                f"{needed / 1e9:.1f} GB are needed while installing. Free some, or give a folder "
                "on another disk: critasser install FOLDER"
            )

    def _suits(self, known: dict, marker: dict) -> bool:
        """Whether there is nothing to install."""
        if any(marker.get(name) != value for name, value in known.items()):
            return False
        try:
            examine(self._python)
        except UserError:
            return False
        return True

    def _make_environment(self) -> tuple[int, int]:
        """Make it unless it is there; its version of Python."""
        there = self._version_there()
        if there is not None and self._base is None:
            return there
        base: Interpreter = find_interpreter(self._base)
        if there == base.version:
            return there
        if self._site_of_other_version(base.version):
            self._say("What is there is of another version of Python, and is made anew")
            clear(self.folder)
        # Links to a Python that has gone would be kept.
        for path in self._python.parent.glob("python*"):
            path.unlink()
        self._tell("environment", 0.0, f"making an environment from {base.path}")
        status = self._run([str(base.path), "-I", "-u", "-m", "venv", str(self.folder)])
        version = self._version_there()
        if status or version is None:
            raise UserError(
                f"{base.path} cannot make an environment in {self.folder}: "
                f"{pip.complaint(self._output)}. Give another Python, "
                "as in: critasser install python /usr/bin/python3"
            )
        return version

    def _version_there(self) -> tuple[int, int] | None:
        """Version of the environment's Python; None where it does not run."""
        code = "import sys, pip; print(*sys.version_info[:2])"
        try:
            done = run_quietly([str(self._python), "-I", "-c", code], timeout=60)
            major, minor = done.stdout.split()
            return (int(major), int(minor)) if done.returncode == 0 else None
        except (OSError, ValueError, subprocess.TimeoutExpired):
            return None

    def _site_of_other_version(self, version: tuple[int, int]) -> bool:
        if not (self.folder / "pyvenv.cfg").exists():
            return False
        if sys.platform == "win32":
            # One folder for all versions: the file tells which.
            text = (self.folder / "pyvenv.cfg").read_text(encoding="utf-8", errors="replace")
            return f"version = {version[0]}.{version[1]}." not in text
        return not Path(site_packages(self.folder, version)).is_dir()

    def _install_packages(self, build: Build) -> None:
        self._tell("packages", 0.0, "asking which packages are needed")
        if pip.pip_version(self._site) < pip.OLDEST:
            places = [] if self._wheels is None else pip.from_folder(self._wheels)
            self._pip(pip.upgrade_command(self._python, places), "packages")
        places, torch = self._places(build)
        report = scratch(self.folder) / "report.json"
        words = ["-r", str(requirements_file()), *torch]
        self._pip(pip.resolve_command(self._python, words, report, places), "packages")
        packages = pip.planned(report)
        if not packages:
            return
        self._say(f"{len(packages)} packages: {', '.join(packages)}")
        version = pip.pip_version(self._site)
        command = pip.install_command(self._python, packages, places, version)
        self._pip(command, "pip", packages)

    def _places(self, build: Build) -> tuple[list[str], list[str]]:
        """Where wheels come from, and torch by its version where it has a place of its own."""
        if self._wheels is not None:
            return pip.from_folder(self._wheels), []
        if build.index is None:
            return [], []
        report = scratch(self.folder) / "torch.json"
        lines = requirements_lines(requirements_file())
        wanted = [line for line, name in zip(lines, names(lines)) if name == "torch"]
        command = pip.resolve_command(
            self._python, wanted, report, ["--index-url", build.index], afresh=True
        )
        try:
            self._pip(command, "packages")
            torch = pip.planned(report)
        except UserError:
            torch = []
        if torch and not pip.unreachable(self._output):
            return ["--extra-index-url", build.index], torch
        if torch:
            self._say(
                f"{build.index} cannot be reached: {torch[0]} comes from elsewhere", "warning"
            )
        else:
            common = COMMON_BUILD.get(sys.platform, COMMON_BUILD["linux"])
            self._say(f"{build.index} cannot be reached, or has none for this Python: torch comes "
                      f"from wherever else pip finds it, {common}", "warning")  # fmt: skip
        return [], torch

    def _pip(self, command: list[str], step: str, packages: list[str] | None = None) -> None:
        """Run pip and follow what it says.

        Raises
        ------
        UserError
            It failed; with the remedy.
        """
        scratch(self.folder).mkdir(exist_ok=True)
        reader = pip.PipReader(len(packages or ()))
        wanted = set(packages or ())

        def follow(lines: list[str]) -> None:
            shown = [line for line in lines if reader.feed(line)]
            if packages:
                if shown:
                    self._say("\n".join(shown))
                installed = len(wanted & pip.installed(self._site))
                self._tell(step, reader.fraction(installed), reader.message(installed))
            elif reader.package:
                self._tell(step, 0.5, f"asking about {reader.package} {reader.size}".strip())

        if self._run(command, follow):
            line = pip.complaint(self._output)
            remedy = pip.advice_for_pip(self._output, self._wheelhouse(), self._elsewhere())
            raise UserError("\n".join(part for part in (line, remedy) if part))

    def _test(self) -> None:
        """The engine tests itself in its environment.

        Raises
        ------
        UserError
            It does not pass.
        """
        self._tell("self-test", 0.0, "the engine tests itself")
        command = [str(self._python), "-m", "critasser", "selftest"]
        checks = 0

        def follow(lines: list[str]) -> None:
            nonlocal checks
            checks += sum(line.startswith("ok ") for line in lines)
            if checks:
                self._tell("self-test", min(checks / _CHECKS, 1.0), f"{checks} checks passed")

        status = self._run(command, follow, environment())
        text = self._output.strip()
        if status:
            raise UserError(
                f"the engine's self-test failed:\n{text or f'exit status {status}'}\n"
                f"More in {self.folder / 'log.txt'}. Give the same command again to mend the "
                "environment, or start anew: critasser install remove true"
            )
        self.in_main(self._show_table, text)

    def _show_table(self, text: str) -> None:
        """Columns stay columns in the log; in the main thread."""
        html = self.session.ui.is_gui
        self.session.logger.info(f"<pre>{escape(text)}</pre>" if html else text, is_html=html)

    def _run(self, command: list[str], follow: Callable | None = None, environ=None) -> int:
        """Run a command to its end; its exit status, and in `_output` what it said.

        Raises
        ------
        Stopped
            The person has asked to stop; the command has been ended.
        """
        if self.stopped():
            raise Stopped
        log = self.folder / "log.txt"
        offset = log.stat().st_size if log.exists() else 0
        environ = environ or pip.pip_environment(environment(), scratch(self.folder))
        try:
            process = LoggedProcess(command, self.folder, environ, engine_folder())
        except OSError as error:
            raise UserError(f"{command[0]} cannot be run: {error.strerror}") from None
        self._output = rest = ""
        asked = None
        with log.open("rb") as file:
            file.seek(offset)
            while True:
                status = process.status()
                fresh = file.read().decode("utf-8", errors="replace").replace("\r", "\n")
                self._output += fresh
                *lines, rest = (rest + fresh).split("\n")
                if follow is not None:
                    follow(lines)
                self._tick()
                if status is not None:
                    break
                if self.stopped():
                    asked = asked or time.monotonic()
                    late = time.monotonic() - asked > _PATIENCE
                    (process.kill if late else process.terminate)()
                self._stop.wait(_LOOK) if asked is None else time.sleep(_LOOK)
        if self.stopped():
            process.kill()  # what it may have left behind in its group
            raise Stopped
        return status

    def _tell(self, step: str, part: float, message: str) -> None:
        low, high = _STEPS[step]
        self.fraction = max(self.fraction, low + (high - low) * part)
        self.message = message
        self._tick()

    def _tick(self) -> None:
        """The status line: every second, or every ten where each is a line of its own."""
        session = self.session
        if session is None or not self.message:
            return
        now = time.monotonic()
        pause = 1.0 if session.ui.is_gui else 10.0
        if now - self._told < pause:
            return
        self._told = now
        minutes, seconds = divmod(round(now - self._began), 60)
        took = f"{minutes}:{seconds:02d}"
        text = f"critasser install: {self.fraction:.0%}, {self.message}, {took}"
        self.in_main(self._log, "status", text)

    def _say(self, text: str, level: str = "info") -> None:
        self.in_main(self._log, level, text)

    def _keep(self, found, size: int) -> None:
        """Remember the place; in the main thread."""
        kept = settings(self.session)
        kept.python = str(self._python)
        kept.save("python")
        remember(self.session, self._python, found)
        took = duration(time.monotonic() - self._began)
        torch = found.versions.get("torch")
        self.session.logger.info(
            f"Critasser {found.engine} is ready, run by {self._python} with torch {torch}: "
            f"{size / 1e9:.1f} GB, made in {took}. Try it by: critasser example"
        )

    def _wheelhouse(self) -> str:
        """How to install where there is no network."""
        index = "" if self._index is None else f" --extra-index-url {self._index}"
        return (
            f"On a machine with network, the same system and Python {self._version}: "
            f'python -m pip download --only-binary :all: -r "{requirements_file()}" -d wheels'
            f"{index}\n"
            f"Bring the folder wheels here, then: {install_command(self.folder)} wheels FOLDER"
        )

    def _elsewhere(self) -> str:
        if self._wheels is not None:
            return f"{self._wheels} lacks it. {self._wheelhouse()}"
        return (
            f"The engine needs what {requirements_file()} lists; another Python "
            "may do: critasser install python PATH"
        )
