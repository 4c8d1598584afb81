"""Results of a job in the scene: one group, in the map's place, growing as files appear."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from chimerax.core.models import Model

from ..jobs.folder import Event, inside, read_json, read_placement
from .confidence import color_by_confidence, read_confidence, read_local_pcc, show_key

__all__ = ["Results"]

_SECTIONS = {
    "calpha": (1, "Cα traces"),
    "traces": (1, "Cα traces"),
    "templates": (2, "templates"),
    "calpha_models": (1, "Cα traces"),
    "models": (3, "models"),
}
"""Number and name of the section of the group that shows each kind of artifact."""

_SCORES = {"etm": "eTM", "crscore": "CRscore", "pcc_mask": "PCC"}


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
    """

    def __init__(self, session, name: str, folder: Path, volume=None) -> None:
        self._session = session
        self._name = name
        self._folder = folder
        self._volume = volume
        self._placed = None
        self._sections: dict[int, Model] = {}
        self._shown: dict[str, list[Model]] = {}
        self._latest = ""
        self.group: Model | None = None

    def show(self, event: Event) -> None:
        """Open the file that an event announces, if it is one to be looked at."""
        if event.artifact is None or event.kind not in _SECTIONS or self._closed:
            return
        path = inside(self._folder, event.artifact)
        if path is None:
            return
        made = path.stat().st_mtime_ns
        for shown in [model for model in self._open_models if model.critasser_path == path]:
            if shown.critasser_made == made:
                return
            shown.delete()  # the stage has run again
        try:
            model = self._open(path, event.kind)
        except Exception as error:  # one file that is no good must not end the watch
            self._session.logger.warning(f"{path} could not be shown: {error}")
            return
        model.name = event.message if event.message != event.artifact else path.stem
        model.critasser_path = path
        model.critasser_made = made
        self._add(model, event.kind)

    def finish(self) -> None:
        """Show the models of `results.json`, best first, and tell their scores."""
        results = read_json(self._folder / "results.json")
        models = _entries(results, self._folder)
        for rank, (path, scores) in enumerate(models, start=1):
            self.show(
                Event("running", "", _title(rank, scores), 1.0, None,
                      path.relative_to(self._folder.resolve()).as_posix(), "models")
            )  # fmt: skip
            for model in self._open_models:
                if model.critasser_path == path:
                    model.name = _title(rank, scores)
        if models:
            self._report(models, results or {})
        for warning in (results or {}).get("warnings", []):
            self._session.logger.warning(f"critasser {self._name}: {warning}")

    def lie_in(self, volume) -> None:
        """Be shown in the place of another map from now on."""
        self._volume = volume

    @property
    def is_open(self) -> bool:
        """Whether something is shown."""
        return self.group is not None and not self.group.deleted

    @property
    def _closed(self) -> bool:
        """Whether the person has closed the group: then nothing more is shown."""
        return self.group is not None and self.group.deleted

    @property
    def _open_models(self) -> list[Model]:
        return [m for models in self._shown.values() for m in models if not m.deleted]

    def _open(self, path: Path, kind: str) -> Model:
        """A model of a file, not in the scene yet."""
        opened, _ = self._session.open_command.open_data(str(path), log_info=False)
        structure, *more = opened
        for extra in more:
            extra.delete()
        if kind == "calpha":
            markers = _markers(self._session, structure)
            structure.delete()
            return markers
        read_confidence(structure)
        beside = path.relative_to(self._folder.resolve()).with_suffix(".csv").as_posix()
        if kind == "models" and (table := inside(self._folder, beside)):
            read_local_pcc(structure, table)
        return structure

    def _add(self, model: Model, kind: str) -> None:
        """Put a model in its place; only the first one of the latest kind is displayed."""
        section = self._section(kind)
        first = not [m for m in self._shown.get(kind, ()) if not m.deleted]
        if kind != self._latest:
            for earlier in self._open_models:
                earlier.display = False
            self._latest = kind
        model.display = first
        self._session.models.add([model], parent=section)
        self._shown.setdefault(kind, []).append(model)
        if kind == "calpha":
            return
        color_by_confidence(model)
        show_key(self._session)

    def _section(self, kind: str) -> Model:
        self._place()
        number, name = _SECTIONS[kind]
        section = self._sections.get(number)
        if section is None or section.deleted:
            section = Model(name, self._session)
            section.id = (*self.group.id, number)
            self._session.models.add([section], parent=self.group)
            self._sections[number] = section
        return section

    def _place(self) -> None:
        """Make the group, in the map's place; keep it there until the person moves it elsewhere."""
        if self.group is None:
            self.group = Model(f"critasser {self._name}", self._session)
            self.group.position = self._placed = self._position()
            self._session.models.add([self.group])
        elif self.group.position == self._placed:
            self.group.position = self._placed = self._position()

    def _position(self):
        from chimerax.geometry import Place

        _, frame = read_placement(self._folder)
        position = Place() if frame is None else Place(matrix=frame)
        if self._volume is not None and not self._volume.deleted:
            position = self._volume.scene_position * position
        return position

    def _report(self, models, results: dict[str, Any]) -> None:
        """The table of models in the log."""
        columns = list(dict.fromkeys(name for _, scores in models for name in scores))
        report = self._folder / "report.html"
        logger = self._session.logger
        if not self._session.ui.is_gui:
            logger.info("\n".join(_title(n, s) + f": {p}" for n, (p, s) in enumerate(models, 1)))
            return
        heads = "".join(f"<th align=right>&nbsp;{escape(name)}</th>" for name in columns)
        rows = "".join(
            f"<tr><td>model {rank}</td>"
            + "".join(f"<td align=right>&nbsp;{_shown(scores.get(c))}</td>" for c in columns)
            + "</tr>"
            for rank, (_, scores) in enumerate(models, start=1)
        )
        link = f'<br><a href="{report.as_uri()}">Report</a>' if report.exists() else ""
        logger.info(
            f"critasser {escape(self._name)} in {escape(str(self._folder))}"
            f"<table><tr><th></th>{heads}</tr>{rows}</table>{link}",
            is_html=True,
        )


def _entries(results: dict[str, Any] | None, folder: Path) -> list[tuple[Path, dict[str, float]]]:
    """Files and scores of the models in `results.json`, in its order."""
    found = []
    listed = (results or {}).get("models")
    for entry in listed if isinstance(listed, list) else ():
        if not isinstance(entry, dict) or not isinstance(entry.get("file"), str):
            continue
        path = inside(folder, entry["file"])
        scores = {
            _SCORES[key]: float(value)
            for key, value in entry.items()
            if key in _SCORES and isinstance(value, (int, float))
        }
        if path is not None:
            found.append((path, scores))
    return found


def _shown(score: float | None) -> str:
    return "" if score is None else f"{score:.2f}"


def _title(rank: int, scores: dict[str, float]) -> str:
    return f"model {rank}" + (f", eTM {scores['eTM']:.2f}" if "eTM" in scores else "")


def _markers(session, structure):
    """Unassigned Cα positions as markers, coloured from grey to orange by their probability."""
    import numpy as np
    from chimerax.core.colors import Colormap
    from chimerax.markers import MarkerSet

    markers = MarkerSet(session, "Cα positions")
    palette = Colormap((0.0, 100.0), ((0.7, 0.7, 0.7, 1.0), (1.0, 0.5, 0.0, 1.0)))
    probability = np.asarray(structure.atoms.bfactors, dtype=np.float64)
    colors = palette.interpolated_rgba8(probability)
    for position, color in zip(structure.atoms.coords, colors):
        markers.create_marker(position, color, 0.8)
    return markers
