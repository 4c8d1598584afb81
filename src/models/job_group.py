"""Group the models of a job in the map's place, also in saved sessions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from chimerax.core.models import Model

from ..jobs.engine_job import jobs_of

__all__ = [
    "SECTIONS",
    "JobGroup",
    "file_of",
    "group_of",
    "mark_file",
    "register_file_attributes",
]

SECTIONS = {
    "calpha": (1, "Cα traces"),
    "unassigned": (1, "Cα traces"),
    "traces": (1, "Cα traces"),
    "calpha_models": (1, "Cα traces"),
    "templates": (2, "templates"),
    "models": (3, "models"),
    "map": (4, "maps"),
}
"""Number and name of the section of the group that shows each kind of file."""

_FILE, _KIND, _MADE = "critasser_file", "critasser_kind", "critasser_made"

_VERSION = 1

ON_RESTORE: list[Callable[..., None]] = []
"""Called as ``function(session, group, was_running, maps)`` for a group that a session brings back:
whether its job ran when the session was saved, and number, path and time of its maps."""


def register_file_attributes(session) -> None:
    """Make sessions save what file a structure of ours is of; may be called again."""
    from chimerax.atomic import Structure

    for name in (_FILE, _KIND, _MADE):
        Structure.register_attr(session, name, "Critasser", attr_type=str, can_return_none=True)


def mark_file(model: Model, relative: str, kind: str, made: int) -> None:
    """Remember what file of its job a model shows.

    Parameters
    ----------
    model : chimerax.core.models.Model
    relative : str
        Path in the job's folder.
    kind : str
    made : int
        When the file was written, ns since 1970.
    """
    setattr(model, _FILE, relative)
    setattr(model, _KIND, kind)
    setattr(model, _MADE, str(made))


def group_of(model: Model | None) -> JobGroup | None:
    """The group that a model is in, or is."""
    while model is not None and not isinstance(model, JobGroup):
        model = model.parent
    return model


def file_of(model: Model) -> Path | None:
    """The file that a model shows, in the folder of its job or anywhere else; None if unknown."""
    relative = getattr(model, _FILE, None)
    if relative and (group := group_of(model)) is not None:
        return group.job_folder / relative
    name = getattr(model, "filename", None)
    return Path(name) if name else None


class JobGroup(Model):
    """What a job has made, in the map's place.

    Parameters
    ----------
    session : chimerax.core.session.Session
    name : str
        Of the job.
    folder : Path
    volume : chimerax.map.Volume or None
        The map.
    """

    def __init__(self, session, name: str, folder: Path, volume=None) -> None:
        super().__init__(f"critasser {name}", session)
        self.job_name = name
        self.job_folder = folder
        self.volume = volume
        self._placed = None
        self._moved = False

    def parts(self, kind: str | None = None) -> list[Model]:
        """Models of files, of one kind or of all, in the order of their numbers."""
        found = [
            model
            for model in self.all_models()
            if getattr(model, _FILE, None) and (kind is None or getattr(model, _KIND) == kind)
        ]
        return sorted(found, key=lambda model: model.id)

    def part(self, relative: str) -> Model | None:
        """The model of a file."""
        return next((m for m in self.parts() if getattr(m, _FILE) == relative), None)

    def shows(self, relative: str, made: int) -> bool:
        """Whether the file is shown as it was written then."""
        model = self.part(relative)
        return model is not None and getattr(model, _MADE) == str(made)

    def section(self, kind: str) -> Model:
        """The part of the group for a kind of file, made when it is needed first."""
        number, name = SECTIONS[kind]
        wanted = (*self.id, number)
        for child in self.child_models():
            if child.id == wanted:
                return child
        section = Model(name, self.session)
        section.id = wanted
        self.session.models.add([section], parent=self)
        return section

    def lie_in(self, volume) -> None:
        """Lie in the place of another map from now on."""
        self.volume = volume

    @property
    def moved(self) -> bool:
        """Whether the person has moved the group, now or before a session was saved."""
        return self._moved or (self._placed is not None and self.position != self._placed)

    def place(self, frame) -> None:
        """Lie where the map does, unless the person has moved the group elsewhere.

        Parameters
        ----------
        frame : 3 rows of 4 numbers or None
            From the engine's coordinates to the map's.
        """
        from chimerax.geometry import Place

        if self.moved:
            return
        position = Place() if frame is None else Place(matrix=frame)
        if self.volume is not None and not self.volume.deleted:
            position = self.volume.scene_position * position
        elif self._placed is not None:
            return  # the map has been closed: stay where it was
        self.position = self._placed = position

    def take_snapshot(self, session, flags):
        """What a session or a scene keeps of the group."""
        data = super().take_snapshot(session, flags)
        if not flags & self.SESSION:
            return data

        alive = any(
            job.folder == self.job_folder and job.outcome in ("queued", "running")
            for job in jobs_of(session)
        )
        volume = self.volume
        return {
            "version": _VERSION,
            "model state": data,
            "job name": self.job_name,
            "job folder": str(self.job_folder),
            "running": alive,
            "in place": self._placed is not None and not self.moved,
            "moved": self.moved,
            "volume": None if volume is None or volume.deleted else volume,
            "maps": [
                (model.id, getattr(model, _FILE), getattr(model, _MADE))
                for model in self.parts("map")
            ],
        }

    @classmethod
    def restore_snapshot(cls, session, data):
        """A group from a session; what a later version has put there besides is left out."""
        if data.get("version", 0) > _VERSION:
            session.logger.warning(
                "This session was saved by a newer Critasser: some of what it knows of the job "
                f"{data.get('job name', '')} may be missing here"
            )
        name, folder = str(data.get("job name", "job")), Path(str(data.get("job folder", ".")))
        group = cls(session, name, folder, data.get("volume"))
        group.set_state_from_snapshot(session, data["model state"])
        register_file_attributes(session)
        group._moved = bool(data.get("moved"))
        if data.get("in place"):
            group._placed = group.position
        for tell in ON_RESTORE:
            tell(session, group, bool(data.get("running")), data.get("maps") or [])
        return group
