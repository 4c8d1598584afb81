"""What a score shows: confidences on the person's own model, and nothing else about it changed."""

from __future__ import annotations

import csv
from html import escape
from pathlib import Path

from ..jobs.folder import Event, inside, read_json
from .confidence import ATTRIBUTE, LOCAL_PCC, register_attributes, show_key
from .group import JobGroup
from .results import Results

__all__ = ["RebuiltResults", "ScoredModel", "source_of"]

_LARGEST = 64 << 20

_SCORES = (
    ("etm", "eTM"),
    ("crscore", "CRscore"),
    ("pcc_mask", "PCC"),
    ("mean_confidence", "mean confidence"),
)
_WHOLE = (("register_z_score", "register z-score"), ("sequence_z_score", "sequence z-score"))


def source_of(structure) -> tuple[Path, str] | None:
    """The job's folder and the file in it that a structure shows; None for any other structure."""
    relative = getattr(structure, "critasser_file", None)
    group = structure
    while group is not None and not isinstance(group, JobGroup):
        group = group.parent
    if not relative or group is None or not (group.job_folder / "job.json").is_file():
        return None
    return group.job_folder, relative


class ScoredModel:
    """A person's model on which a job's scores are shown; as `Results`, in the main thread.

    Parameters
    ----------
    session : chimerax.core.session.Session
    name : str
        Of the job.
    folder : Path
    structure : chimerax.atomic.Structure
    key : bool
        Show what the colours mean.
    """

    def __init__(self, session, name: str, folder: Path, structure, *, key: bool = True) -> None:
        self._session = session
        self._name = name
        self._folder = folder
        self._structure = structure
        self._key = key
        self.group = None

    def show(self, event: Event) -> None:
        """Nothing: a score is shown when it is finished."""

    def lie_in(self, volume) -> None:
        """Nothing: the model is where the person has put it."""

    def reveal(self, volume=None) -> None:
        """Nothing: there is no model of the job's own to show."""

    @property
    def is_open(self) -> bool:
        """Whether the model is still there."""
        return not self._structure.deleted

    def finish(self) -> None:
        """Put the scores on the model, colour it, and tell them in the log."""
        results = read_json(self._folder / "results.json") or {}
        logger = self._session.logger
        listed = results.get("models")
        scores = listed[0] if isinstance(listed, list) and listed else None
        table = inside(self._folder, "5_models/model_1.csv")
        if not isinstance(scores, dict) or table is None:
            logger.warning(f"critasser {self._name}: the engine left no scores in {self._folder}")
            return
        if not self.is_open:
            logger.info(f"critasser {self._name}: the model is closed; scores are in {table}")
            return
        found = self._put(table)
        if found:
            self._color()
            if self._key:
                show_key(self._session, replace=True)
        self._report(scores, results, found)
        for warning in results.get("warnings") or ():
            logger.warning(f"critasser {self._name}: {warning}")

    def _put(self, table: Path) -> int:
        """Set the registered attributes of all residues; how many have a confidence."""
        values = _read(table)
        register_attributes(self._session)
        found = 0
        for residue in self._structure.residues:
            key = residue.chain_id, residue.number, residue.insertion_code.strip()
            confidence, local_pcc = values.get(key, (None, None))
            setattr(residue, ATTRIBUTE, confidence)
            setattr(residue, LOCAL_PCC, local_pcc)
            found += confidence is not None
        if found < len(values):
            self._session.logger.warning(
                f"critasser {self._name}: {len(values) - found} residues that were scored are no "
                f"more in {self._structure}"
            )
        return found

    def _color(self) -> None:
        """Colour residues that have a confidence; all others keep their colours."""
        from chimerax.core.commands import run

        run(
            self._session,
            f"color byattribute r:{ATTRIBUTE} {self._structure.atomspec}::{ATTRIBUTE}>=0 "
            "palette alphafold range 0,100 logInfo false",
            log=False,
        )

    def _report(self, scores: dict, results: dict, found: int) -> None:
        """A line of scores in the log, with a link to the report."""
        told = [
            f"{name} {source[key]:.{0 if key == 'mean_confidence' else 2}f}"
            for source, names in ((scores, _SCORES), (results, _WHOLE))
            for key, name in names
            if isinstance(source.get(key), (int, float))
        ]
        text = f"{self._structure}: {', '.join(told)}; {found} residues"
        logger, report = self._session.logger, self._folder / "report.html"
        if self._session.ui.is_gui and report.exists():
            logger.info(f'{escape(text)} (<a href="{report.as_uri()}">report</a>)', is_html=True)
        else:
            logger.info(text)


class RebuiltResults(Results):
    """Results that first lie where the model lies that they come from.

    Parameters
    ----------
    position : chimerax.geometry.Place
        From the engine's coordinates to the scene.
    """

    def __init__(self, session, name: str, folder: Path, position) -> None:
        super().__init__(session, name, folder)
        self._beside = position

    def show(self, event: Event) -> None:
        """Open the file that an event announces, in the old model's place."""
        super().show(event)
        if self._beside is not None and self.is_open:
            self.group.position, self._beside = self._beside, None


def _read(table: Path) -> dict[tuple[str, int, str], tuple[float, float]]:
    """Confidence and local correlation of residues by chain, number and insertion code."""
    values = {}
    if table.stat().st_size > _LARGEST:
        return values
    with table.open(newline="", encoding="utf-8", errors="replace") as lines:
        for row in csv.DictReader(lines):
            try:
                key = row["chain"], int(row["residue"]), row["insertion"].strip()
                values[key] = float(row["confidence"]), float(row["local_pcc"])
            except (KeyError, TypeError, ValueError, AttributeError):
                continue  # a damaged line costs one residue
    return values
