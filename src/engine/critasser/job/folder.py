"""The job folder: the one place where the engine meets whoever started it.

Everything a run makes is a file here, written whole or not at all (atomic rename). A stage is
finished when its marker ``stages/<stage>.json`` exists; the marker holds

- ``key``: checksum of the stage's settings and of the *content* of every file it read, so that a
  changed option or input invalidates exactly the stages that depend on it;
- ``outputs``: the files it made with their checksums, so that a damaged file is made again;
- ``seconds``, ``cpu_seconds``, ``warnings`` and ``summary`` (small numbers for the report).

``lock`` is there while an engine works in the folder, see `job.lock`; a lock whose process is gone
is taken over.

What is found in a folder is not trusted: only regular files are opened, JSON is bounded and
checked, nothing is unpickled, and paths that lead out of the folder, also by symbolic links, are
refused.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from critasser import __version__
from critasser.errors import InputError
from critasser.job.lock import take_lock
from critasser.job.memory import peak_memory
from critasser.job.progress import Progress
from critasser.job.records import append_text, checksum, is_marker, read_json, write_json
from critasser.job.stage_run import FORMAT, StageRun, stage_key
from critasser.text import visible

__all__ = ["FORMAT", "Job"]

_MARKERS = "stages"


class Job:
    """A job folder that this process works in.

    Use `Job.opened`, a context manager that holds the lock.

    Parameters
    ----------
    folder : Path
    seed : int
        The source of every stage's random numbers.

    Attributes
    ----------
    of_run : frozenset of str
        Stages that tell of the whole run: forgotten as soon as any other runs.
    """

    def __init__(self, folder: Path, seed: int = 0) -> None:
        try:
            self.folder = Path(folder).resolve()
        except (OSError, RuntimeError, ValueError) as error:
            raise InputError(f"{folder}: no folder can be there; give another") from error
        self.seed = seed
        self.of_run: frozenset[str] = frozenset()
        self.progress: Progress | None = None
        self._checksums: dict[str, str] = {}
        self._markers: dict[str, dict[str, Any]] = {}

    @classmethod
    @contextlib.contextmanager
    def opened(cls, folder: Path, *, resume: bool) -> Iterator[Job]:
        """Make or enter a job folder and lock it.

        Raises
        ------
        InputError
            The folder is read-only, in use, not empty and no job, already a job and not to be
            resumed, no job and to be resumed, or of another version.
        """
        job = cls(folder)
        job._check(resume)
        try:
            job.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"{folder}: cannot make the job folder ({error.strerror}); choose another with -o"
            ) from error
        if not os.access(job.folder, os.W_OK | os.X_OK):
            raise InputError(f"{folder}: the job folder is read-only; choose another with -o")
        lock = take_lock(job.folder)
        try:
            if not resume:
                job._check(resume)
            job._sweep()
            yield job
        finally:
            lock.release()

    def _check(self, resume: bool) -> None:
        folder = self.folder
        if os.path.exists(folder) and not folder.is_dir():
            raise InputError(f"{folder}: is a file, not a folder; choose another with -o")
        found = os.path.exists(folder / "job.json")
        if resume:
            if not found:
                raise InputError(f"{folder}: no Critasser job there (no job.json) to resume")
            self.description()
        elif found:
            raise InputError(
                f"{folder}: holds a job already; go on with it by --resume {folder}, "
                "or choose another folder with -o"
            )
        elif os.path.isdir(folder) and not all(map(_is_ours, _names_in(folder))):
            raise InputError(f"{folder}: not empty and no Critasser job; choose another with -o")

    def description(self) -> dict[str, Any]:
        """The content of `job.json`.

        Raises
        ------
        InputError
            Damaged, or of another version.
        """
        path = self.path("job.json")
        content = read_json(path)
        if content is None:
            raise InputError(f"{path}: damaged; start the job again in another folder")
        if content.get("format") != FORMAT or content.get("version") != __version__:
            raise InputError(
                f"{self.folder}: job of Critasser {content.get('version')} (folder format "
                f"{content.get('format')}), this is {__version__} (format {FORMAT}); "
                "start the job again in another folder, or resume it with that version"
            )
        return content

    def path(self, relative: str) -> Path:
        """A path inside the folder.

        Raises
        ------
        InputError
            It would lead out of the folder.
        """
        pure = PurePosixPath(relative)
        inside = not pure.is_absolute() and ".." not in pure.parts and pure.parts
        path = self.folder.joinpath(*pure.parts) if inside else self.folder
        try:
            inside = inside and path.resolve().is_relative_to(self.folder)
        except (OSError, RuntimeError, ValueError):  # a link to itself; a name that cannot be
            inside = False
        if not inside:
            raise InputError(f"{self.folder}: {relative!r} leads out of the job folder; refused")
        return path

    def log(self, text: str) -> None:
        """A line for `log.txt`."""
        stamp = time.strftime("%H:%M:%S")
        append_text(self.path("log.txt"), f"{stamp} {visible(text)}\n")

    def _sweep(self) -> None:
        """Remove what killed runs left half written, and an old request to stop."""
        for name in ("log.txt", "progress.jsonl", "command", "job.json", "cancel"):
            path = self.path(name)
            if os.path.lexists(path) and not path.is_file():
                raise InputError(f"{path}: is no plain file; remove it")
        self.path("cancel").unlink(missing_ok=True)
        for folder in (self.folder, *(item for item in self.folder.iterdir() if item.is_dir())):
            if folder.is_symlink():
                raise InputError(f"{folder}: a link in a job folder; refused")
            for leftover in folder.glob(".part-*"):
                with contextlib.suppress(OSError):
                    leftover.unlink()

    def stage(
        self,
        name: str,
        body: Callable[[StageRun], None],
        *,
        settings: Mapping[str, object],
        inputs: Iterable[str] = (),
        external: Mapping[str, str] | None = None,
        draws: bool = False,
        part: int | None = None,
        parts: int = 1,
    ) -> dict[str, Any]:
        """Run a stage, or find it done.

        Parameters
        ----------
        name : str
            Of the stage; parts of one stage have markers ``name_1``, ``name_2`` …
        body : callable
            Given a `StageRun`; writes every output by `StageRun.file`.
        settings : mapping
            The options on which the result depends, and nothing else.
        inputs : iterable of str
            Files of earlier stages that it reads, relative to the folder.
        external : mapping of str to str
            Checksums of files outside the folder that it reads, by their role.
        draws : bool
            It uses random numbers, so that it depends on the seed.
        part, parts : int
            Which of how many equal parts of the stage this is. A part is called the same whatever
            their number, so that it is not done again when that changes.

        Returns
        -------
        dict
            The marker: outputs, seconds, warnings, summary.
        """
        progress = self.progress
        if progress is None:
            raise RuntimeError("a stage needs job.progress")
        label, key = self._key(name, settings, inputs, external, draws, part)
        progress.begin(name, part or 0, parts)
        marker = self._finished(label, key)
        if marker is None:
            for stale in (*sorted(self.of_run), label):
                self.discard(stale)
            run = StageRun.new(self, label, draws)
            started, worked = time.monotonic(), time.process_time()
            self.log(f"{label} starts")
            body(run)
            progress.check()
            marker = {
                "key": key,
                "outputs": {relative: checksum(self.path(relative)) for relative in run.outputs},
                "artifacts": {k: list(v) for k, v in run.outputs.items() if v is not None},
                "seconds": round(time.monotonic() - started, 3),
                "cpu_seconds": round(time.process_time() - worked + run.cpu_elsewhere, 3),
                "peak_memory_bytes": peak_memory(),
                "warnings": run.warnings,
                "summary": run.summary,
            }
            self._marker_path(label).parent.mkdir(exist_ok=True)
            write_json(self._marker_path(label), marker)
            marker = json.loads(self._marker_path(label).read_text(encoding="utf-8"))
            self.log(f"{label} done in {marker['seconds']:.1f} s")
            restored = False
        else:
            restored = True
            self.log(f"{label} was done already")
        self._markers[label] = marker
        self._checksums.update(marker["outputs"])
        for relative, (kind, message) in marker["artifacts"].items():
            progress.artifact(relative, kind, message)
        progress.end(restored=restored, message="was done already" if restored else "done")
        return marker

    def pending(self, name: str, **declared: Any) -> StageRun | None:
        """What `stage`, given the same, would start with; None where it would find it done."""
        label, key = self._key(name, **declared)
        if self._finished(label, key) is not None:
            return None
        self.discard(label)
        return StageRun.new(self, label, declared.get("draws", False))

    def adopt(self, other: Path, labels: Iterable[str]) -> None:
        """Take finished stages of another job along, as far as their files are there.

        Nothing is taken on trust: keys and checksums decide here as for stages of this job.
        """
        source = Job(other)
        for label in labels:
            marker = read_json(source._marker_path(label))
            if marker is None or not is_marker(marker) or self._marker_path(label).exists():
                return
            for relative in marker["outputs"]:
                made, here = source.path(relative), self.path(relative)
                if not made.is_file() or made.is_symlink():
                    return
                here.parent.mkdir(parents=True, exist_ok=True)
                here.unlink(missing_ok=True)
                try:
                    os.link(made, here)
                except OSError:  # another disk, or one that knows no links
                    shutil.copyfile(made, here)
            self._marker_path(label).parent.mkdir(exist_ok=True)
            write_json(self._marker_path(label), marker)

    @property
    def markers(self) -> dict[str, dict[str, Any]]:
        """Markers of the stages of this run, in order."""
        return dict(self._markers)

    def noted(self, stage: str, name: str) -> Any:
        """What a stage of this run noted in its marker under a name, or None.

        Of a stage that ran in parts, a list of what each noted.
        """
        if stage in self._markers:
            return self._markers[stage]["summary"].get(name)
        parts = []
        while (label := f"{stage}_{len(parts) + 1}") in self._markers:
            parts.append(self._markers[label]["summary"].get(name))
        if not parts:
            raise LookupError(f"stage {stage} has not run")
        return parts

    def made(self, relative: str) -> bool:
        """Whether a stage of this run made a file, or was found to have made it."""
        return relative in self._checksums

    def warnings(self) -> list[str]:
        """What the stages so far warned of."""
        return [text for marker in self._markers.values() for text in marker["warnings"]]

    def timings(self) -> dict[str, float]:
        """Seconds of the stages so far, their parts added up."""
        seconds: dict[str, float] = {}
        for label, marker in self._markers.items():
            stage = label.partition("_")[0]
            seconds[stage] = round(seconds.get(stage, 0.0) + marker["seconds"], 3)
        return seconds

    def discard(self, label: str) -> None:
        """Forget a stage: its marker first, so that a kill in between leaves no false promise."""
        marker = self._read_marker(label)
        _remove(self._marker_path(label))
        for relative in (marker or {}).get("outputs", ()):
            if relative not in self._checksums:
                _remove(self.path(relative))

    def prune(self) -> None:
        """Discard stages of earlier runs that this one had no use for."""
        folder = self.path(_MARKERS)
        for path in sorted(folder.glob("*.json")):
            if path.stem not in self._markers:
                self.discard(path.stem)

    def _key(
        self,
        name: str,
        settings: Mapping[str, object],
        inputs: Iterable[str],
        external: Mapping[str, str] | None = None,
        draws: bool = False,
        part: int | None = None,
    ) -> tuple[str, str]:
        """Label and key of a stage or its part; parameters as `stage`."""
        label = name if part is None else f"{name}_{part + 1}"
        seed = {"seed": self.seed} if draws else {}
        found = {relative: self._checksums[relative] for relative in inputs}
        return label, stage_key(label, {**settings, **seed}, found, external or {})

    def _finished(self, label: str, key: str) -> dict[str, Any] | None:
        """The marker of a stage that is done with this key and whose files are whole."""
        marker = self._read_marker(label)
        if marker is None or marker["key"] != key:
            return None
        for relative, expected in marker["outputs"].items():
            path = self.path(relative)
            if not path.is_file() or checksum(path) != expected:
                self.log(f"{label}: {relative} is missing or damaged; the stage runs again")
                return None
        return marker

    def _marker_path(self, label: str) -> Path:
        folder = self.path(_MARKERS)
        if os.path.lexists(folder) and not folder.is_dir():
            raise InputError(f"{folder}: is no folder; remove it")
        return self.path(f"{_MARKERS}/{label}.json")

    def _read_marker(self, label: str) -> dict[str, Any] | None:
        marker = read_json(self._marker_path(label))
        if marker is None:
            return None
        if not is_marker(marker):
            self.log(f"{label}: its marker is damaged; the stage runs again")
            return None
        return marker


def _remove(path: Path) -> None:
    """Remove a file where there is one."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{path}: cannot be removed ({error.strerror}); remove it") from error


def _names_in(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError as error:
        raise InputError(
            f"{folder}: cannot be read ({error.strerror}); choose another with -o"
        ) from error


def _is_ours(name: str) -> bool:
    """What may lie in a folder before `job.json` does: half-made files, and what a starter puts."""
    return name in {"lock", "log.txt", "cancel", "command", "progress.jsonl", "inputs"} or (
        name.startswith(".part-")
    )
