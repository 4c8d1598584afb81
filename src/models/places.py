"""Places of a model that are worth a look, and the way from one to the next."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from chimerax.core.models import REMOVE_MODELS
from chimerax.core.state import StateManager

from ..session.messages import tell
from .close_view import CloseView, fit_in_words
from .job_group import group_of
from .job_map import map_of

__all__ = ["Place", "PlaceTour", "map_around", "places_of"]

_TAG = "critasser places"
_VERSION = 2

_AROUND = 6
"""Residues to either side of a place that are in view with it."""

_MOST_TOLD = 12
"""Residues whose fit is told in the log."""


@dataclass(frozen=True, eq=False)
class Place:
    """Residues of one chain to be looked at.

    Attributes
    ----------
    residues : tuple of chimerax.atomic.Residue
        In the order of the chain.
    what : str
        Why, such as ``confidence 32``.
    """

    residues: tuple
    what: str

    def __str__(self) -> str:
        first, last = self.residues[0], self.residues[-1]
        numbers = _number(first) if first is last else f"{_number(first)}–{_number(last)}"
        return f"{first.chain_id.strip() or '_'} {numbers}, {self.what}"

    @property
    def structure(self):
        """The model; None where residues were deleted."""
        gone = any(getattr(one, "deleted", False) for one in self.residues)
        return None if gone else self.residues[0].structure

    @property
    def key(self) -> tuple:
        """What tells it from others, also when values have changed or a session was reopened."""
        first = self.residues[0]
        return self.structure.id, first.chain_id, first.number, first.insertion_code.strip()

    def around(self) -> list:
        """Its residues and some of the chain to either side."""
        chain = [
            one for one in self.structure.residues if one.chain_id == self.residues[0].chain_id
        ]
        order = {one: place for place, one in enumerate(chain)}
        first, last = order[self.residues[0]], order[self.residues[-1]]
        return chain[max(first - _AROUND, 0) : last + _AROUND + 1]


def _number(residue) -> str:
    return f"{residue.number}{residue.insertion_code.strip()}"


def places_of(session) -> PlaceTour:
    """Where the person is among the places, one for a session."""
    try:
        return session.get_state_manager(_TAG)
    except KeyError:
        tour = PlaceTour(session)
        session.add_state_manager(_TAG, tour)
        return tour


class PlaceTour(StateManager):
    """Where one is among places, and what was seen before."""

    def __init__(self, session) -> None:
        self._session = session
        self._at: tuple | None = None
        self._view = CloseView(session)
        self._closing = None

    @property
    def at(self) -> tuple | None:
        """The key of the place that is looked at, or None."""
        return self._at

    def step(self, found: Sequence[Place], step: int, *, zone: bool, command: str) -> Place:
        """Go to the next of some places, or the one before; after the last comes the first.

        Parameters
        ----------
        found : sequence of Place
            At least one.
        step : {1, -1}
        zone : bool
            Show density around the place only.
        command : str
            That with ``next``, ``previous`` or ``end`` goes on.
        """
        keys = [one.key for one in found]
        if self._at in keys:
            index = (keys.index(self._at) + step) % len(found)
        else:
            index = 0 if step > 0 else len(found) - 1
        return self.visit(found, index, zone=zone, command=command)

    def visit(self, found: Sequence[Place], index: int, *, zone: bool, command: str) -> Place:
        """Go to one of some places, by its index."""
        place = found[index]
        self._at = place.key
        volume = map_around(place.structure)
        self._end_with(place.structure)
        # No command names the residues: a file may give chains any name.
        self._view.show(place.residues, place.around(), volume if zone else None)
        self._tell(place, f"{place} ({index + 1} of {len(found)})", volume, command)
        return place

    def _tell(self, place: Place, text: str, volume, command: str) -> None:
        """Where one is, and how each residue fits."""
        session = self._session
        session.logger.status(text, log=not session.ui.is_gui)
        if not session.ui.is_gui:
            return
        fits = [
            f"{one.name} {_number(one)}: {said}"
            for one in place.residues[:_MOST_TOLD]
            if (said := fit_in_words(one, volume))
        ]
        more = " …" if len(place.residues) > _MOST_TOLD else ""
        said = f"{text}. {'; '.join(fits)}{more}" if fits else text
        links = [(f"{command} {word}", word) for word in ("next", "previous", "end")]
        tell(session, said, *links)

    def _end_with(self, structure) -> None:
        """Once the model is closed there is nothing to look at from near."""
        self._forget_closing()

        def closed(_, models):
            if structure in models:
                self.end()

        self._closing = self._session.triggers.add_handler(REMOVE_MODELS, closed)

    def _forget_closing(self) -> None:
        handler, self._closing = self._closing, None
        if handler is not None:
            handler.remove()

    def end(self) -> None:
        """Show everything as it was before."""
        self._at = None
        self._forget_closing()
        self._view.end()

    # What ChimeraX asks of what a session keeps.

    def include_state(self) -> bool:
        """Whether there is anything to keep."""
        return self._at is not None

    def take_snapshot(self, session, flags):
        """Where one is, and what the end is to put back."""
        return {"version": _VERSION, "at": self._at, "view": self._view.snapshot()}

    @classmethod
    def restore_snapshot(cls, session, data):
        """Where one was."""
        tour = cls(session)
        if data.get("version", 0) > _VERSION:
            session.logger.warning("Critasser: the place in its tour was saved by a newer version")
            return tour
        with contextlib.suppress(TypeError, ValueError, KeyError):
            number, chain, first, *code = data["at"]
            tour._at = (tuple(number), str(chain), int(first), str(code[0]) if code else "")
        # The first version cut the map's own surface; it is shown whole again.
        kept = {"volume": data.get("volume"), "hid map": not data.get("hidden", True)}
        for surface in getattr(kept["volume"], "surfaces", ()):
            surface.auto_remask_triangles = surface.triangle_mask = None
        tour._view.restore(data.get("view", kept))
        return tour

    def reset_state(self, session) -> None:
        """A new session begins."""
        self._at = None
        self._forget_closing()
        self._view.forget()


def map_around(structure):
    """The map that a model is in: its job's, that of the last place, or the one that is shown."""
    from chimerax.map import Volume

    group = group_of(structure)
    if group is not None:
        if group.volume is not None and not group.volume.deleted:
            return group.volume
        if (volume := map_of(structure.session, group.job_folder)) is not None:
            return volume
    known = places_of(structure.session)._view.volume
    if known is not None and not known.deleted:
        return known
    shown = [m for m in structure.session.models.list() if isinstance(m, Volume) and m.visible]
    return shown[0] if len(shown) == 1 else None
