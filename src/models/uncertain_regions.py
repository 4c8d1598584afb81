"""Go through the residues of low confidence, region by region."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from chimerax.core.errors import UserError
from chimerax.core.state import StateManager

from ..session.messages import tell
from ..session.quoting import command_text
from ..session.settings import settings
from .attributes import ATTRIBUTE, adopt_confidence
from .job_group import group_of
from .residue_selection import select_residues, view_residues

__all__ = ["Stretch", "UncertainRegions", "select_low", "stretches", "uncertain_regions_of"]

_TAG = "critasser places"
_VERSION = 1

_ZONE = 5.0
"""Å around a stretch within which the map is shown."""

_AROUND = 6
"""Residues to either side of a stretch that are in view with it."""

_BRIDGED = 2
"""Surer residues in between over which two stretches are one place to look at."""


@dataclass(frozen=True)
class Stretch:
    """Residues in a row of which the engine is not sure, but for one or two in between.

    Attributes
    ----------
    structure : chimerax.atomic.AtomicStructure
    chain : str
    first, last : int
        Residue numbers.
    confidence : float
        Mean of those that are not sure, 0 to 100.
    """

    structure: object
    chain: str
    first: int
    last: int
    confidence: float

    def __str__(self) -> str:
        numbers = f"{self.first}" if self.first == self.last else f"{self.first}–{self.last}"
        return f"{self.chain} {numbers}, confidence {self.confidence:.0f}"

    def residues(self, around: int = 0) -> list:
        """Residues of the stretch, and so many numbers to either side."""
        first, last = self.first - around, self.last + around
        return [
            residue
            for residue in self.structure.residues
            if residue.chain_id == self.chain and first <= residue.number <= last
        ]

    @property
    def key(self) -> tuple:
        """What tells it from others, also when confidences have changed."""
        return self.structure.id, self.chain, self.first


def stretches(structures: Sequence, below: float) -> list[Stretch]:
    """Runs of residues of less than some confidence, the least certain first."""
    found = []
    for structure in structures:
        runs: list[list[tuple[str, int, float]]] = []
        for residue in structure.residues:
            value = getattr(residue, ATTRIBUTE, None)
            if value is None or value >= below:
                continue
            here = (residue.chain_id, residue.number, value)
            before = runs[-1][-1] if runs else None
            if before and before[0] == here[0] and 0 < here[1] - before[1] <= _BRIDGED + 1:
                runs[-1].append(here)
            else:
                runs.append([here])
        found += [
            Stretch(structure, run[0][0], run[0][1], run[-1][1], sum(v for *_, v in run) / len(run))
            for run in runs
        ]
    return sorted(found, key=lambda one: (one.confidence, one.key))


def uncertain_regions_of(session) -> UncertainRegions:
    """Where the person is among the places, one for a session."""
    try:
        return session.get_state_manager(_TAG)
    except KeyError:
        tour = UncertainRegions(session)
        session.add_state_manager(_TAG, tour)
        return tour


class UncertainRegions(StateManager):
    """Where one is, and how the map was shown before."""

    def __init__(self, session) -> None:
        self._session = session
        self._at: tuple | None = None
        self._volume = None
        self._before: list[tuple] = []
        self._hidden = False

    def go(self, structures, below: float, step: int, *, zone: bool) -> Stretch:
        """Go to the next stretch, or the one before; after the last comes the first.

        Raises
        ------
        UserError
            There is no such stretch.
        """
        found = stretches(self._wanted(structures), below)
        if not found:
            raise UserError(f"no residue of these models has a confidence below {below:g}")
        keys = [one.key for one in found]
        if self._at in keys:
            index = (keys.index(self._at) + step) % len(found)
        else:
            index = 0 if step > 0 else len(found) - 1
        place = found[index]
        self._at = place.key
        self._show(place, zone)
        text = f"{place} ({index + 1} of {len(found)})"
        self._session.logger.status(text, log=not self._session.ui.is_gui)
        if self._session.ui.is_gui:
            command = "critasser confidence"
            links = [(f"{command} {word}", word) for word in ("next", "previous", "end")]
            tell(self._session, text, *links)
        return place

    def end(self) -> None:
        """Show the map as it was before."""
        self._at = None
        volume, self._volume = self._volume, None
        if volume is None or volume.deleted:
            return
        for surface, zone, mask in self._before:
            if surface.deleted:
                continue
            surface.auto_remask_triangles = None
            # The surface may be another one by now, when its level was changed meanwhile.
            fits = mask is not None and len(mask) == len(surface.triangles)
            surface.triangle_mask = mask if fits else None
            if zone is not None:
                zone()
        self._before = []
        if self._hidden:
            volume.display = False

    def _wanted(self, structures) -> list:
        from chimerax.atomic import AtomicStructure, all_atomic_structures

        if structures is not None:
            wanted = [one for one in structures if adopt_confidence(one)]
        else:
            wanted = [
                one
                for one in all_atomic_structures(self._session)
                if one.visible and isinstance(one, AtomicStructure) and adopt_confidence(one)
            ]
        if not wanted:
            raise UserError("no displayed model has a confidence of Critasser")
        return wanted

    def _show(self, place: Stretch, zone: bool) -> None:
        from chimerax.core.commands import run

        # A ribbon that has not been drawn yet has no place that could be looked at.
        place.structure.update_graphics_if_needed()
        # No command names the residues: a file may give chains any name.
        view_residues(self._session, place.residues(_AROUND))
        select_residues(self._session, place.residues())
        volume = _map_of(place.structure) if zone else None
        if volume is not self._volume:
            at = self._at
            self.end()
            self._at = at
        if volume is None:
            return
        if self._volume is None:
            self._volume, self._hidden = volume, not volume.display
            volume.display = True
            self._before = [(s, s.auto_remask_triangles, s.triangle_mask) for s in volume.surfaces]
        if volume.surfaces:
            near = ("nearAtoms sel distance", _ZONE)
            run(self._session, command_text("surface zone", *volume.surfaces, *near), log=False)

    # What ChimeraX asks of what a session keeps.

    def include_state(self) -> bool:
        """Whether there is anything to keep."""
        return self._at is not None

    def take_snapshot(self, session, flags):
        """Where one is; how the map was shown before is not kept, but that it was zoned is."""
        volume = self._volume
        return {
            "version": _VERSION,
            "at": self._at,
            "volume": None if volume is None or volume.deleted else volume,
            "hidden": self._hidden,
        }

    @classmethod
    def restore_snapshot(cls, session, data):
        """Where one was; the whole map is shown in the end."""
        tour = cls(session)
        if data.get("version", 0) > _VERSION:
            session.logger.warning("Critasser: the place in its tour was saved by a newer version")
            return tour
        with contextlib.suppress(TypeError, ValueError, KeyError):
            number, chain, first = data["at"]
            tour._at = (tuple(number), str(chain), int(first))
        tour._volume, tour._hidden = data.get("volume"), bool(data.get("hidden"))
        if tour._volume is not None:
            tour._before = [(surface, None, None) for surface in tour._volume.surfaces]
        return tour

    def reset_state(self, session) -> None:
        """A new session begins."""
        self._at, self._volume, self._before, self._hidden = None, None, [], False


def _map_of(structure):
    """The map that a model is in: its job's, or a displayed one around it."""
    from chimerax.map import Volume

    group = group_of(structure)
    if group is not None and group.volume is not None and not group.volume.deleted:
        return group.volume
    shown = [m for m in structure.session.models.list() if isinstance(m, Volume) and m.visible]
    return shown[0] if len(shown) == 1 else None


def select_low(session, models, results) -> None:
    """The selector ``critasser-low``: residues of less confidence than the setting says."""
    from chimerax.atomic import AtomicStructure, Residues

    below = settings(session).low_confidence
    for model in models:
        if not isinstance(model, AtomicStructure) or not adopt_confidence(model):
            continue
        low = [r for r in model.residues if (v := getattr(r, ATTRIBUTE)) is not None and v < below]
        if low:
            results.add_model(model)
            results.add_atoms(Residues(low).atoms)
