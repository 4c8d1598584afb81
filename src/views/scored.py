"""Show the scores of a job on the person's own model, and change nothing else of it."""

from __future__ import annotations

from pathlib import Path

from ..jobs.folder import Event
from ..jobs.residue_names import names_of
from ..models.attributes import (
    ATTRIBUTE,
    LOCAL_PCC,
    read_columns,
    register_attributes,
)
from ..models.coloring import show_key
from ..models.job_group import JobGroup, group_of
from ..models.origin import origin_of
from ..models.overlays import see_through
from ..session.files import as_number, inside, read_json
from ..session.messages import tell
from ..session.quoting import Quoted, command_text
from .results import Results
from .warned import Warned

__all__ = ["ScoredModel", "source_of"]

_COLUMNS = {ATTRIBUTE: ("confidence", 1.0), LOCAL_PCC: ("local_pcc", 1.0)}

_SCORES = (
    ("etm", "eTM"),
    ("crscore", "CRscore"),
    ("pcc_mask", "PCC"),
    ("mean_confidence", "mean confidence"),
)

_WHOLE = (("register_z_score", "register z-score"), ("sequence_z_score", "sequence z-score"))


def source_of(structure) -> tuple[Path, str] | None:
    """The job's folder and the file in it that a structure shows; None for any other structure."""
    relative, group = getattr(structure, "critasser_file", None), group_of(structure)
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
    structure : chimerax.atomic.Structure or None
        None when it is not open; it is looked for again when there is something to be shown.
    volume : chimerax.map.Volume, optional
        The map that the model is in; made transparent when the model is coloured.
    key : bool
        Show what the colours mean.
    hidden : bool
        Where the model is not open, only tell; else show the job's copy of it.
    """

    def __init__(
        self, session, name: str, folder: Path, structure, *, volume=None, key: bool = True,
        hidden: bool = False,
    ) -> None:
        self._session = session
        self._name = name
        self._folder = folder
        self._structure = structure
        self._volume = volume
        self._closed = False
        self._key = key
        self._hidden = hidden
        self._copy: Results | None = None
        self._warned = Warned(session, name)

    @property
    def group(self) -> JobGroup | None:
        """That of the job's copy of the model, where that is open too."""
        return None if self._copy is None else self._copy.group

    def show(self, event: Event) -> None:
        """Show what is new of the copy that is open; a score is shown when it is finished."""
        if self._copy is not None:
            self._copy.show(event)

    def warn(self, text: str) -> None:
        """Tell a warning of the engine as soon as it has come."""
        self._warned.tell(text)

    def catch_up(self) -> None:
        """Show all that is new of the copy that is open."""
        if self._copy is not None:
            self._copy.catch_up()

    def show_class(self, name: str, *, every: bool = False) -> list:
        """Show one class of results of the copy that is open."""
        return [] if self._copy is None else self._copy.show_class(name, every=every)

    def lie_in(self, volume) -> None:
        """Lay the copy that is open in another map; the model is where the person has put it."""
        if self._copy is not None:
            self._copy.lie_in(volume)

    def reveal(self, volume=None) -> None:
        """Show the score when it is there, also where only the job's copy can be shown."""
        self._hidden = False
        if self._copy is not None:
            self._copy.reveal(volume)

    def adopt(self, group: JobGroup) -> None:
        """Go on also in a group that shows the job's copy of the model."""
        self._copy = Results(self._session, self._name, self._folder, group=group)

    @property
    def goes_on(self) -> bool:
        """Whether another run of the job can be shown here as well."""
        return self.is_open

    @property
    def is_open(self) -> bool:
        """Whether the model is still there."""
        if self._structure is None or self._structure.deleted:
            self._closed |= self._structure is not None
            self._structure = origin_of(self._session, self._folder)
        return self._structure is not None

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
            self._do_without(table)
            return
        found = self._put(table)
        if found:
            self._color()
            if self._key:
                show_key(self._session, replace=True)
        self._report(scores, results, found)
        self._warned.tell_rest(results.get("warnings"))

    def _do_without(self, table: Path) -> None:
        """The model is not open."""
        if self._closed:
            text = f"critasser {self._name}: the model is closed; scores are in {table}"
            self._session.logger.info(text)
            return
        if self._copy is None:
            self._copy = Results(self._session, self._name, self._folder, hidden=self._hidden)
        self._copy.finish()

    def _put(self, table: Path) -> int:
        """Set the registered attributes of all residues; how many have a confidence."""
        scores = read_columns(table, _COLUMNS)
        register_attributes(self._session)
        found = 0
        for residue, key in names_of(self._structure.residues).items():
            for name, values in scores.items():
                setattr(residue, name, values.get(key))
            found += key in scores[ATTRIBUTE]
        lost = len(scores[ATTRIBUTE]) - found
        if lost:
            self._session.logger.warning(
                f"critasser {self._name}: {lost} residues that were scored are no "
                f"more in {self._structure}"
            )
        return found

    def _color(self) -> None:
        """Colour residues that have a confidence; all others keep their colours."""
        from chimerax.core.commands import run

        scored = Quoted(f"{command_text(self._structure)}::{ATTRIBUTE}>=0")
        command = command_text(
            f"color byattribute r:{ATTRIBUTE}",
            scored,
            "palette alphafold range 0,100 logInfo false",
        )
        run(self._session, command, log=False)
        if self._volume is not None and not self._volume.deleted:
            see_through(self._volume)

    def _report(self, scores: dict, results: dict, found: int) -> None:
        """A line of scores in the log, with a link to the report."""
        told = [
            f"{name} {value:.{0 if key == 'mean_confidence' else 2}f}"
            for source, names in ((scores, _SCORES), (results, _WHOLE))
            for key, name in names
            if (value := as_number(source.get(key))) is not None
        ]
        text = f"{self._structure}: {', '.join(told)}; {found} residues"
        links = []
        if self._session.ui.is_gui and inside(self._folder, "report.html") is not None:
            links.append((("critasser report", self._folder), "report"))
        tell(self._session, text, *links)
