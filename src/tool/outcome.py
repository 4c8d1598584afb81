"""Read a job's results: models with scores, comparisons, warnings, energies."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..session.files import as_number, inside, read_json
from ..session.wording import in_chimerax
from ..views.nucleic import nucleic_acid_told
from ..views.used_templates import TemplateRow, looked_told, template_rows
from .stages import Energies

__all__ = ["ModelRow", "Outcome", "read_energies", "read_outcome"]

_MOST = 100
"""Models that a table shows."""

_LARGEST = 4 << 20
"""Bytes of a table of energies."""


@dataclass(frozen=True)
class ModelRow:
    """A model in `results.json`; a score that is not there is None.

    Attributes
    ----------
    rank : int
    path : Path or None
        Its file, if it is in the folder.
    etm, crscore, pcc : float or None
    confidence : float or None
        Mean over residues, 0 to 100.
    clashes : int or None
    seconds : float or None
        That its building took.
    share : float or None
        Of the decoys that are in its cluster.
    near : float or None
        Share of the Cα of a placed model that have a position of the map within 3 Å.
    """

    rank: int
    path: Path | None
    etm: float | None = None
    crscore: float | None = None
    pcc: float | None = None
    confidence: float | None = None
    clashes: int | None = None
    seconds: float | None = None
    share: float | None = None
    near: float | None = None


@dataclass(frozen=True)
class Outcome:
    """What a job has made.

    Attributes
    ----------
    models : tuple of ModelRow
        Best first.
    tm, rmsd : ndarray (n, n) or None
        Between the models; RMSD in Å.
    warnings : tuple of str
    timings : dict of str to float
        Seconds of each stage.
    resolution : float or None
        Å.
    nucleic_acid : str
        What part of the map looks like DNA or RNA, in a line; empty where none does.
    templates : tuple of TemplateRow
        Those that are used first.
    known_folds : str
        That known folds were looked for, in a sentence; empty where they were not.
    """

    models: tuple[ModelRow, ...] = ()
    tm: np.ndarray | None = None
    rmsd: np.ndarray | None = None
    warnings: tuple[str, ...] = ()
    timings: dict[str, float] | None = None
    resolution: float | None = None
    nucleic_acid: str = ""
    templates: tuple[TemplateRow, ...] = ()
    known_folds: str = ""


def read_outcome(folder: Path) -> Outcome | None:
    """What `results.json` tells; None while there is none, what is no good in it left out."""
    content = read_json(folder / "results.json")
    if content is None:
        return None
    listed = content.get("models")
    rows = []
    for entry in (listed if isinstance(listed, list) else ())[:_MOST]:
        if isinstance(entry, dict):
            rows.append(_row(entry, len(rows) + 1, folder))
    warnings = content.get("warnings")
    timings = content.get("timings")
    return Outcome(
        models=tuple(rows),
        tm=_matrix(content.get("tm"), len(rows)),
        rmsd=_matrix(content.get("rmsd"), len(rows)),
        warnings=tuple(in_chimerax(w) for w in warnings if isinstance(w, str))
        if isinstance(warnings, list)
        else (),
        timings={str(k): s for k, v in timings.items() if (s := as_number(v)) is not None}
        if isinstance(timings, dict)
        else {},
        resolution=as_number(content.get("resolution")),
        nucleic_acid=nucleic_acid_told(content.get("nucleic_acid")),
        templates=template_rows(content),
        known_folds=looked_told(content),
    )


def _row(entry: dict[str, Any], rank: int, folder: Path) -> ModelRow:
    file = entry.get("file")
    clashes = as_number(entry.get("clashes"))
    return ModelRow(
        rank=rank,
        path=inside(folder, file) if isinstance(file, str) else None,
        etm=as_number(entry.get("etm")),
        crscore=as_number(entry.get("crscore")),
        pcc=as_number(entry.get("pcc_mask", entry.get("correlation"))),
        near=as_number(entry.get("share_near")),
        confidence=as_number(entry.get("mean_confidence")),
        clashes=None if clashes is None else int(clashes),
        seconds=as_number(entry.get("seconds")),
        share=as_number(entry.get("cluster_share")),
    )


def _matrix(value: Any, size: int) -> np.ndarray | None:
    """A square table of numbers, or None for anything else."""
    if not isinstance(value, list) or len(value) != size or size < 2:
        return None
    for row in value:
        if not isinstance(row, list) or len(row) != size or any(as_number(v) is None for v in row):
            return None
    return np.array(value, dtype=np.float64)


def read_energies(folder: Path) -> Energies:
    """Energies of a finished assembly: lowest and mean over all temperatures, by cycle."""
    path = inside(folder, "4_assembly/energy.csv")
    points: dict[int, tuple[float, float]] = {}
    if path is not None and path.stat().st_size <= _LARGEST:
        try:
            with path.open(newline="", encoding="utf-8") as lines:
                for row in list(csv.reader(lines))[1:]:
                    values = [float(value) for value in row[1:]]
                    if values and all(map(math.isfinite, values)):
                        points[int(row[0])] = (min(values), sum(values) / len(values))
        except (OSError, ValueError, IndexError, csv.Error):
            points = {}  # the plot is left out; nothing depends on it
    return Energies.of(points)
