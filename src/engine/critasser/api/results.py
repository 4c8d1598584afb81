"""What a job has made, read from its folder."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from critasser.api.fits import FitResults, read_fit
from critasser.errors import InputError
from critasser.job.folder import Job
from critasser.job.records import read_json
from critasser.structure import AtomicModel, ModelFile

__all__ = ["ModelResult", "Results", "open", "read_results"]

LARGEST_TABLE = 16 << 20
"""Bytes of a table of residues; one of 20,000 residues takes 2 MB."""

COLUMNS = ("confidence", "local_confidence", "local_pcc")

PERCENT_FROM = 3
"""Format of job folders from which local confidence is 0 … 100; before, it was 0 … 1."""


@dataclass(frozen=True, eq=False)
class ModelResult:
    """A model and how far each of its L residues can be trusted.

    Attributes
    ----------
    rank : int
        1 is the best.
    path : Path
        mmCIF file, confidence in the B-factor column.
    chain : tuple of str (L,)
    residue : ndarray (L,) int64
        Residue numbers.
    insertion : tuple of str (L,)
        Insertion codes, empty for most.
    letters : str
        One-letter codes (L).
    confidence : ndarray (L,) float64
        0 … 100: how accurate the place of each residue is expected to be.
    local_confidence : ndarray (L,) float64
        0 … 100: the paper's local confidence, eq. 12, scaled so that its mean is 100 times the eTM.
    local_pcc : ndarray (L,) float64
        Correlation of each residue with its own density, eq. 10–11.
    seen : ndarray (L,) bool
        Which residues have density; the others stand in the file unless it was trimmed.
    source : tuple of str
        Where each residue of a build's model comes from: ``map``, ``template``, ``both`` or
        ``neither``; empty for other models.
    scores : mapping of str to float
        Of the whole model, as in `results.json`: ``etm``, ``crscore``, ``pcc_mask`` and so on.
    """

    rank: int
    path: Path
    chain: tuple[str, ...]
    residue: NDArray[np.int64]
    insertion: tuple[str, ...]
    letters: str
    confidence: NDArray[np.float64]
    local_confidence: NDArray[np.float64]
    local_pcc: NDArray[np.float64]
    seen: NDArray[np.bool_]
    source: tuple[str, ...]
    scores: Mapping[str, float]

    @property
    def mean_confidence(self) -> float:
        """Mean over the residues that have density, 0 … 100."""
        return float(self.confidence[self.seen].mean())

    def read(self) -> AtomicModel:
        """All atoms, from the file."""
        return ModelFile.read(self.path).model()

    def __repr__(self) -> str:
        """A line, however long the chain is."""
        return (
            f"<ModelResult {self.rank}: {len(self.letters)} residues, mean confidence "
            f"{self.mean_confidence:.0f}, {str(self.path)!r}>"
        )


@dataclass(frozen=True, eq=False)
class Results:
    """What a finished job has made.

    Attributes
    ----------
    folder : Path
        The job folder.
    kind : str
        ``build``, ``score`` or ``rebuild``.
    models : tuple of ModelResult
        Best first.
    resolution : float
        Å, given or estimated.
    warnings : tuple of str
    timings : mapping of str to float
        Seconds of each stage.
    tm, rmsd : ndarray (n, n) or None
        TM-score, and Cα RMSD in Å, of the models of a build to each other.
    sequence_z_score, register_z_score : float or None
        Of the sequence, and of the register of a scored model, against shuffled sequences; below 3
        do not trust which residue is where. None where it was not looked at.
    unseen : tuple of str
        Residues that have no density, in stretches such as ``A:1-34``.
    symmetry : mapping or None
        ``name``, ``units`` in the map, units ``built``, and the ``correlation`` of the map with its
        images (None where Cα positions told the symmetry), of a symmetric molecule.
    chains : tuple of mapping
        Of each chain that a build was asked for: ``chain`` (its name in the models, None where the
        map does not hold it), ``sequence``, ``residues``, ``z_score``, ``mean_confidence``.
    report : Path
        Pictures and tables, for a web browser.
    """

    folder: Path
    kind: str
    models: tuple[ModelResult, ...]
    resolution: float
    warnings: tuple[str, ...]
    timings: Mapping[str, float]
    tm: NDArray[np.float64] | None
    rmsd: NDArray[np.float64] | None
    sequence_z_score: float | None
    register_z_score: float | None
    unseen: tuple[str, ...]
    symmetry: Mapping[str, Any] | None
    chains: tuple[Mapping[str, Any], ...]
    report: Path

    def __repr__(self) -> str:
        """A line, however many models and residues there are."""
        best = self.models[0]
        return (
            f"<Results of {self.kind} {str(self.folder)!r}: {len(self.models)} "
            f"model{'s' if len(self.models) > 1 else ''} of {len(best.letters)} residues, mean "
            f"confidence {best.mean_confidence:.0f}, {len(self.warnings)} warnings>"
        )


def open(folder: str | os.PathLike[str]) -> Results | FitResults:
    """Read the results of a finished job, whoever ran it.

    Parameters
    ----------
    folder : path
        A job folder of ``build``, ``score``, ``rebuild`` or ``fit``.

    Returns
    -------
    Results or FitResults
        The second of a fit.

    Raises
    ------
    InputError
        No job there, not finished, or damaged.

    Examples
    --------
    >>> results = critasser.open("job")
    >>> results.kind, len(results.models)
    ('build', 1)
    >>> results.models[0].confidence.shape
    (36,)
    """
    described = read_json(Job(Path(folder)).path("job.json")) or {}
    return (read_fit if described.get("kind") == "fit" else read_results)(Path(folder))


def read_results(folder: Path) -> Results:
    """As `open`; nothing in the folder is taken on trust."""
    job = Job(folder)
    if not (job.folder / "job.json").is_file():
        raise InputError(f"{folder}: no Critasser job there (no job.json)")
    content = read_json(job.path("results.json"))
    if content is None:
        raise InputError(
            f"{folder}: no results there; the job is not finished, go on with it by "
            f"critasser.build(…, resume=True) or critasser build --resume {folder}"
        )
    described = read_json(job.path("job.json")) or {}
    try:
        percent = int(described.get("format", PERCENT_FROM)) >= PERCENT_FROM
        return Results(
            folder=job.folder,
            kind=str(described.get("kind", "build")),
            models=tuple(_model(job, entry, percent) for entry in content["models"]),
            resolution=float(content["resolution"]),
            warnings=tuple(map(str, content["warnings"])),
            timings={str(k): float(v) for k, v in content["timings"].items()},
            tm=_matrix(content.get("tm")),
            rmsd=_matrix(content.get("rmsd")),
            sequence_z_score=_number(content.get("sequence_z_score")),
            register_z_score=_number(content.get("register_z_score")),
            unseen=tuple(map(str, content.get("unseen", ()))),
            symmetry=content.get("symmetry"),
            chains=tuple(map(dict, content.get("chains") or ())),
            report=job.path("report.html"),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OSError, csv.Error) as error:
        raise InputError(
            f"{job.folder}: its results are damaged ({type(error).__name__}: {error}); delete "
            "results.json and resume the job"
        ) from None


def _model(job: Job, entry: Mapping[str, Any], percent: bool) -> ModelResult:
    path = job.path(str(entry["file"]))
    rows = _rows(path.with_suffix(".csv"))
    numbers = {name: np.array([float(row[name]) for row in rows]) for name in COLUMNS}
    if not percent:
        numbers["local_confidence"] *= 100
    # Jobs of earlier versions do not tell it.
    seen = np.array([row.get("seen", "1") != "0" for row in rows])
    if not seen.any():
        raise ValueError(f"{path.name}: no residue has density")
    scores = {
        str(name): found
        for name, value in entry.items()
        if name not in ("rank", "file") and (found := _number(value)) is not None
    }
    return ModelResult(
        rank=int(entry["rank"]),
        path=path,
        chain=tuple(row["chain"] for row in rows),
        residue=np.array([int(row["residue"]) for row in rows], dtype=np.int64),
        insertion=tuple(row.get("insertion") or "" for row in rows),
        letters="".join(row["letter"] for row in rows),
        seen=seen,
        source=tuple(row["source"] for row in rows if "source" in row),
        scores=scores,
        **numbers,
    )


def _rows(path: Path) -> list[dict[str, str]]:
    if path.stat().st_size > LARGEST_TABLE:
        raise ValueError(f"{path.name} is larger than any table of residues")
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def _matrix(value: object) -> NDArray[np.float64] | None:
    return None if value is None else np.array(value, dtype=np.float64)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if math.isfinite(value) else None
