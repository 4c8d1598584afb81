"""Show the results of a job in one group, which grows as files appear."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from chimerax.core.errors import UserError
from chimerax.core.models import Model

from ..jobs.folder import Event, ProgressReader, read_placement
from ..jobs.triggers import triggers
from ..models.attributes import read_confidence, read_table, set_spread
from ..models.coloring import (
    all_ours,
    color_by_confidence,
    color_models,
    show_key,
    shows_other_scheme,
)
from ..models.gap_labels import without_gap_labels
from ..models.job_group import JobGroup, mark_file, register_file_attributes
from ..models.overlays import markers_of, see_through, style_map
from ..session.files import as_number, inside, read_json
from ..session.messages import open_words, tell
from ..session.quoting import command_link, command_text, in_turn
from .nucleic import NUCLEIC_MAP, tell_nucleic_acid
from .used_templates import tell_templates
from .warned import Warned

__all__ = ["CLASSES", "Results", "open_group"]

_AUTOMATIC = ("calpha", "traces", "templates", "calpha_models", "models")
"""Kinds that are shown as they come, each in the place of the one before."""

CLASSES: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "models": ("models", ()),
    "traces": ("traces", tuple((f"2_traces/trace_{n:02d}.cif", f"trace {n}") for n in range(1, 6))),
    "templates": (
        "templates",
        tuple((f"3_templates/template_{n:02d}.cif", f"template {n}") for n in range(1, 6)),
    ),
    "clusters": (
        "calpha_models",
        tuple((f"4_assembly/refined_{n}.cif", f"cluster {n}") for n in range(1, 6)),
    ),
    "calpha": ("calpha", (("1_calpha/calpha.cif", "Cα positions"),)),
    "unassigned": ("unassigned", (("2_traces/unassigned.cif", "unassigned positions"),)),
    "probability": ("map", (("1_calpha/calpha_probability.mrc", "Cα probability"),)),
    **{
        f"{what}Probability": (
            "map",
            ((f"1_calpha/{what}_probability.mrc", f"{what} probability"),),
        )
        for what in ("backbone", "helix", "strand")
    },
    "nucleicAcid": ("map", ((NUCLEIC_MAP, "nucleic acid"),)),
}
"""What can be shown and hidden: kind, and files with what they are called. None of the words is a
selector of ChimeraX, such as `helix`, which would be taken for a specifier."""

_PERCENT_FROM = 3
"""Format of job folders from which local confidence is 0 to 100; before, it was 0 to 1."""

_MAP_FORMAT, _MODEL_FORMAT = ("mrc", ".mrc"), ("mmcif", ".cif")
"""Name of ChimeraX's format, and suffix, of the files that a job shows."""

_MOST = 100
"""Models that are shown; a job makes 20 models at most."""

_SCORES = {
    "mean_confidence": "confidence",
    "etm": "eTM",
    "crscore": "CRscore",
    "pcc_mask": "PCC",
}


def open_group(session, folder: Path) -> JobGroup | None:
    """The group that shows a job, if one is open."""
    for model in session.models.list():
        if isinstance(model, JobGroup) and model.job_folder == folder:
            return model
    return None


class Results:
    """What a job shows; everything here runs in the main thread.

    Parameters
    ----------
    session : chimerax.core.session.Session
    name : str
        Of the job.
    folder : Path
        Its folder.
    volume : chimerax.map.Volume or None
        The map in whose place to lie.
    group : JobGroup or None
        Shows the job already.
    hidden : bool
        Show nothing until `reveal` is called.
    """

    def __init__(
        self, session, name: str, folder: Path, volume=None, *, group=None, hidden: bool = False
    ) -> None:
        self._session = session
        self._name = name
        self._folder = folder
        self._volume = volume
        self._hidden = hidden
        self._latest = ""
        self._warned = Warned(session, name)
        self.group: JobGroup | None = None
        if group is not None:
            self.adopt(group)

    def show(self, event: Event) -> None:
        """Open the file that an event announces, if it is one to be looked at."""
        if event.artifact is None or event.kind not in _AUTOMATIC or self._hidden or self._closed:
            return
        name = event.message if event.message != event.artifact else Path(event.artifact).stem
        if self._open(event.artifact, event.kind, name) and event.kind == "traces":
            ((relative, called),) = CLASSES["unassigned"][1]
            self._open(relative, "unassigned", called)

    def finish(self) -> None:
        """Show the models of `results.json`, best first, and tell their scores."""
        results = read_json(self._folder / "results.json") or {}
        models = list(_entries(results, self._folder))
        if not self._hidden:
            for rank, (relative, scores) in enumerate(models, start=1):
                self.show(Event("running", "", _title(rank, scores), 1.0, None, relative, "models"))
                if self.is_open and (model := self.group.part(relative)) is not None:
                    model.name = _title(rank, scores)
            if self.is_open:
                set_spread(self.group.parts("models"))
        if models:
            self._report(models)
            self._tell_symmetry(results.get("symmetry"), models[0][0])
            tell_templates(self._session, self._name, results, self.group if self.is_open else None)
            if self.is_open:
                found = results.get("nucleic_acid")
                tell_nucleic_acid(self._session, self._name, self.group, found)
        if self._hidden or self._closed:
            text = f"critasser {self._name} has finished; its results are not open"
            tell(self._session, text, (open_words(self._folder), "show them"))
        self._warned.tell_rest(results.get("warnings"))

    def warn(self, text: str) -> None:
        """Tell a warning of the engine as soon as it has come."""
        self._warned.tell(text)

    def catch_up(self) -> None:
        """Show all that the job has made so far."""
        reader = ProgressReader(self._folder)
        while events := reader.read():
            for event in events:
                self.show(event)

    def reveal(self, volume=None) -> None:
        """Show from now on, beginning with what was made before; in another map's place if said."""
        self._hidden = False
        if self._closed:
            self.group, self._latest = None, ""
        if volume is not None:
            self.lie_in(volume)
        self.catch_up()

    def adopt(self, group: JobGroup) -> None:
        """Go on in a group that shows the job already, as after a session was opened."""
        self.group = group
        self._hidden = False
        if self._volume is None or self._volume.deleted:
            self._volume = group.volume  # the session's map took the place of ours
        if self._volume is not None:
            group.lie_in(self._volume)
            group.place(read_placement(self._folder)[1])
        shown = [kind for kind in _AUTOMATIC if group.parts(kind)]
        self._latest = shown[-1] if shown else ""

    def lie_in(self, volume) -> None:
        """Be shown in the place of another map from now on."""
        self._volume = volume
        if self.is_open:
            self.group.lie_in(volume)
            self.group.place(read_placement(self._folder)[1])

    def show_class(self, name: str, *, every: bool = False) -> list[Model]:
        """Show one class of results, opening its files where they are not open yet.

        Parameters
        ----------
        name : str
            One of `CLASSES`.
        every : bool
            All of them; else, where none is displayed, the first.

        Returns
        -------
        list of Model
            All of that class, displayed or not.
        """
        kind, files = CLASSES[name]
        if name == "models":
            results = read_json(self._folder / "results.json") or {}
            listed = enumerate(_entries(results, self._folder), start=1)
            files = tuple((relative, _title(n, scores)) for n, (relative, scores) in listed)
        for relative, called in files:
            self._open(relative, kind, called, quietly=True)
        if not self.is_open:
            return []
        named = {relative for relative, _ in files}
        found = self.group.parts(kind)
        if kind == "map":
            found = [model for model in found if model.critasser_file in named]
        if found:
            self.group.display = self.group.section(kind).display = True
            if every or not any(model.display for model in found):
                for model in found if every else found[:1]:
                    model.display = True
        return found

    @property
    def is_open(self) -> bool:
        """Whether something is shown."""
        return self.group is not None and not self.group.deleted

    @property
    def goes_on(self) -> bool:
        """Whether another run of the job can be shown here as well."""
        return not self._hidden and not self._closed

    @property
    def _closed(self) -> bool:
        """Whether the person has closed the group: then nothing more is shown."""
        return self.group is not None and self.group.deleted

    def _open(self, relative: str, kind: str, name: str, *, quietly: bool = False) -> bool:
        """Show a file of the job's folder; whether it was not shown before."""
        path = inside(self._folder, relative)
        if path is None:
            return False
        made = path.stat().st_mtime_ns
        if self.is_open:
            if self.group.shows(relative, made):
                return False
            if (outdated := self.group.part(relative)) is not None:
                outdated.delete()  # the stage has run again
        try:
            model = self._model(path, kind)
        except Exception as error:  # one file that is no good must not end the watch
            self._session.logger.warning(f"{path} could not be shown: {error}")
            return False
        model.name = name
        mark_file(model, relative, kind, made)
        self._add(model, kind, quietly=quietly)
        return True

    def _model(self, path: Path, kind: str) -> Model:
        """A model of a file, not in the scene yet."""
        # Left to itself ChimeraX goes by the file's suffix, and runs those of scripts and sessions.
        format_name, suffix = _MAP_FORMAT if kind == "map" else _MODEL_FORMAT
        if path.suffix != suffix:
            raise UserError(f"a job's file to be shown as {kind} ends in {suffix}")
        with contextlib.nullcontext() if kind == "models" else without_gap_labels():
            opened, _ = self._session.open_command.open_data(
                str(path), format=format_name, log_info=False
            )
        model, *more = opened
        for extra in more:
            extra.delete()
        if kind == "map":
            return model
        register_file_attributes(self._session)
        if kind in ("calpha", "unassigned"):
            markers = markers_of(self._session, model)
            model.delete()
            return markers
        beside = path.relative_to(self._folder.resolve()).with_suffix(".csv").as_posix()
        self._read(model, inside(self._folder, beside), kind)
        return model

    def _read(self, model: Model, table: Path | None, kind: str) -> None:
        """Take what is known of a model's residues from its file, and from the table beside it."""
        read_confidence(model)
        if table is not None:
            layout = (read_json(self._folder / "job.json") or {}).get("format")
            old = isinstance(layout, int) and layout < _PERCENT_FROM
            read_table(model, table, kind, percent=not old)

    def _add(self, model: Model, kind: str, *, quietly: bool) -> None:
        """Put a model in its place; of those that come by themselves only the first one of the
        latest kind is displayed, and with traces the positions that the first one leaves."""
        if self.group is None:
            self.group = JobGroup(self._session, self._name, self._folder, self._volume)
            self._session.models.add([self.group])
            if self._volume is not None and not self._volume.deleted:
                see_through(self._volume)
                triggers(self._session).activate_trigger("results begin", self._volume)
        self.group.place(read_placement(self._folder)[1])
        section = self.group.section(kind)
        first = not self.group.parts(kind)
        if not quietly and kind != self._latest and kind != "unassigned":
            for earlier in self.group.parts():
                earlier.display = False
            self._latest = kind
        model.display = first and not quietly
        self._session.models.add([model], parent=section)
        if kind == "map":
            style_map(model, nucleic_acid=model.critasser_file == NUCLEIC_MAP)
        elif kind not in ("calpha", "unassigned"):
            self._color(model)

    def _color(self, model: Model) -> None:
        """Colour a model, and show what the colours mean."""
        color_by_confidence(model)
        if shows_other_scheme(self._session):
            # There is one key: what was coloured by something else would be told wrong by it.
            color_models(self._session, all_ours(self._session), "confidence", keep_key=True)
        show_key(self._session)

    def _report(self, models: list[tuple[str, dict[str, float]]]) -> None:
        """The table of models in the log."""
        columns = list(dict.fromkeys(name for _, scores in models for name in scores))
        logger = self._session.logger
        if not self._session.ui.is_gui:
            lines = (f"{_title(n, s)}: {self._folder / p}" for n, (p, s) in enumerate(models, 1))
            logger.info("\n".join(lines))
            return
        heads = "".join(f"<th align=right>&nbsp;{escape(name)}</th>" for name in columns)
        rows = "".join(
            f"<tr><td>{self._link(relative, f'model {rank}')}</td>"
            + "".join(f"<td align=right>&nbsp;{_shown(c, scores.get(c))}</td>" for c in columns)
            + "</tr>"
            for rank, (relative, scores) in enumerate(models, start=1)
        )
        link = ""
        if inside(self._folder, "report.html") is not None:
            link = "<br>" + command_link("Report", "critasser report", self._folder)
        logger.info(
            f"critasser {escape(self._name)} in {escape(str(self._folder))}"
            f"<table><tr><th></th>{heads}</tr>{rows}</table>{link}",
            is_html=True,
        )

    def _tell_symmetry(self, symmetry: Any, best: str) -> None:
        """How to see all units of a symmetric molecule of which one was built."""
        model = self.group.part(best) if self.is_open else None
        if model is None or not isinstance(symmetry, dict) or symmetry.get("built") != 1:
            return
        units = as_number(symmetry.get("units"))
        if units is None or units < 2:
            return
        # As graphical clones they lie in the group, so in the map's place, and keep their colours.
        tell(
            self._session,
            f"critasser {self._name}: the map holds {units:.0f} units alike; the model is one",
            (("sym", model, "assembly 1 copies false newModel false"), "show all"),
            (("sym clear", model), "show one"),
        )

    def _link(self, relative: str, label: str) -> str:
        """A link that shows one model alone."""
        model = self.group.part(relative) if self.is_open else None
        if model is None:
            return escape(label)
        others = [other for other in self.group.parts("models") if other is not model]
        commands = [command_text("show", model, "models")]
        if others:
            commands.insert(0, command_text("hide", *others, "models"))
        return command_link(label, in_turn(*commands))


def _entries(results: dict[str, Any], folder: Path) -> Iterator[tuple[str, dict[str, float]]]:
    """Files and scores of the models in `results.json`, in its order."""
    listed = results.get("models")
    for entry in listed[:_MOST] if isinstance(listed, list) else ():
        if not isinstance(entry, dict) or not isinstance(entry.get("file"), str):
            continue
        if (path := inside(folder, entry["file"])) is None:
            continue
        numbers = {name: as_number(entry.get(key)) for key, name in _SCORES.items()}
        scores = {name: value for name, value in numbers.items() if value is not None}
        yield path.relative_to(folder.resolve()).as_posix(), scores


def _shown(name: str, score: float | None) -> str:
    return "" if score is None else f"{score:.0f}" if name == "confidence" else f"{score:.2f}"


def _title(rank: int, scores: dict[str, float]) -> str:
    for name in ("confidence", "eTM"):
        if name in scores:
            return f"model {rank}, {name} {_shown(name, scores[name])}"
    return f"model {rank}"
