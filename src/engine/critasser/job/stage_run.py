"""What one run of a stage leaves: files, warnings, notes; and the random numbers it draws."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from critasser import __version__
from critasser.errors import InputError
from critasser.job.progress import Progress
from critasser.job.records import plain

if TYPE_CHECKING:
    from critasser.job.folder import Job

__all__ = ["FORMAT", "StageRun", "stage_generator", "stage_key"]

FORMAT = 7
"""Version of the job folder: of its layout, and of what stages and tables hold."""


def stage_generator(seed: int, stage: str) -> np.random.Generator:
    """The stage's own random numbers: the same whether the stages before it ran or were resumed."""
    words = np.frombuffer(hashlib.sha256(stage.encode()).digest()[:16], dtype=np.uint32)
    return np.random.default_rng(np.random.SeedSequence([seed, *words.tolist()]))


def stage_key(
    label: str,
    settings: Mapping[str, object],
    inputs: Mapping[str, str],
    external: Mapping[str, str],
) -> str:
    """Checksum of all that a stage's result depends on: settings, and checksums of files."""
    content = {
        "stage": label,
        "version": __version__,
        "format": FORMAT,
        "settings": plain(settings),
        "inputs": dict(inputs),
        "external": dict(external),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@dataclass
class StageRun:
    """What a stage's body is given: where to write, how to report.

    Attributes
    ----------
    progress : Progress
        To be handed to the stage function.
    generator : numpy.random.Generator or None
        For a stage that draws.
    outputs : dict of str to str or None
        Relative path of each file of the stage, and what kind of artifact it is.
    warnings : list of str
        What the person should know; shown in log, `results.json` and report.
    summary : dict
        Small numbers for later stages and the report.
    cpu_elsewhere : float
        Seconds of processor time that other processes took for it.
    """

    job: Job
    progress: Progress
    generator: np.random.Generator | None
    outputs: dict[str, tuple[str, str] | None] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    cpu_elsewhere: float = 0.0

    @classmethod
    def new(cls, job: Job, label: str, draws: bool) -> StageRun:
        """Of a stage or its part with a label."""
        return cls(job, job.progress, stage_generator(job.seed, label) if draws else None)

    def file(self, relative: str, kind: str | None = None, message: str = "") -> Path:
        """The path to write an output at; with `kind` it is announced when the stage is done."""
        path = self.job.path(relative)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            raise InputError(f"{path.parent}: is a file, not a folder; remove it") from None
        if path.is_dir():
            raise InputError(f"{path}: is a folder, not a file; remove it")
        self.outputs[relative] = (kind, message or relative) if kind else None
        return path

    def say(self, text: str) -> None:
        """What came out, in one line for log and report."""
        self.summary["said"] = " ".join(text.split())
        self.job.log(self.summary["said"])

    def warn(self, text: str) -> None:
        """Something that a person should know, such as a fallback."""
        text = " ".join(text.split())
        self.warnings.append(text)
        self.job.log(f"warning: {text}")
