"""A segmented map in the scene: one model with a surface for each region."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
from chimerax.core.commands import run
from chimerax.core.errors import UserError
from chimerax.core.models import MODEL_POSITION_CHANGED, REMOVE_MODELS, Model
from chimerax.core.state import State
from chimerax.geometry import Place

from ...engine.critasser.segmentation.mates import index_operations, symmetry_mates
from ...engine.critasser.segmentation.regions import Regions
from ...jobs.triggers import triggers as job_triggers
from ...session.messages import tell
from ...session.quoting import command_text
from .history import Arrangement, Change
from .menu import register_menu_entries
from .palette import choose_colors
from .picking import give_clicks_back, let_clicks_through, was_pickable
from .segment import Segment, selected_segments
from .surfaces import Geometry, geometries, placed

__all__ = ["SEGMENTS_CHANGED", "Segmentation"]

SEGMENTS_CHANGED = "critasser segments changed"
"""Trigger of a session, with a segmentation whose regions are others now."""


class Segmentation(Model):
    """The index map of a map's regions, and a `Segment` for each of them.

    Parameters
    ----------
    name : str
    session : chimerax.core.session.Session
    volume : chimerax.map.Volume or None
        The map; None when it has been closed.
    regions : Regions
    group : ndarray (n + 1,) of uint32
        Number of each basin's region.
    grid : ndarray (3, 4)
        From voxels (x, y, z) to the map's coordinates.
    least : float
        Å³ of the smallest region.
    """

    def __init__(self, name, session, volume, regions: Regions, group, grid, least) -> None:
        super().__init__(name, session)
        self.volume = volume
        self.regions = regions
        self.group = np.asarray(group, dtype=np.uint32)
        self.grid = np.array(grid, dtype=np.float64)
        self.least = float(least)
        self.segments: dict[int, Segment] = {}
        self.changes: list[Change] = []
        self._geometries: dict[int, Geometry] = {}
        self._numbers_known: dict | None = None
        self._changing = False
        self._handlers = []
        self._pickable_before = volume is None or was_pickable(volume)
        self._follow()

    def added_to_session(self, session, **keywords) -> None:
        """Begin to follow the map."""
        super().added_to_session(session, **keywords)
        triggers = session.triggers
        if not triggers.has_trigger(SEGMENTS_CHANGED):
            triggers.add_trigger(SEGMENTS_CHANGED)
        self._handlers = [
            triggers.add_handler(MODEL_POSITION_CHANGED, lambda _, model: self._follow(model)),
            triggers.add_handler(REMOVE_MODELS, lambda _, models: self._closed(models)),
            job_triggers(session).add_handler("results begin", lambda _, at: self._built_in(at)),
        ]
        if self.volume is not None:
            self.volume.data.add_change_callback(self._grid_changed)
            let_clicks_through(self.volume, self._pickable_before)
        self._follow()
        if session.ui.is_gui:

            register_menu_entries(selected_segments)

    def delete(self) -> None:
        """Leave the map alone again."""
        for handler in self._handlers:
            handler.remove()
        self._handlers = []
        while self.changes:
            self.session.undo.deregister(self.changes.pop(), delete_history=False)
        if self.volume is not None and not self.volume.deleted:
            callbacks = self.volume.data.change_callbacks
            if self._grid_changed in callbacks:
                self.volume.data.remove_change_callback(self._grid_changed)
            give_clicks_back(self)
        super().delete()

    # What the regions are

    @property
    def index_map(self) -> np.ndarray:
        """Number of each voxel's region on the map's grid: (nz, ny, nx) of uint32."""
        return self.regions.index_map(self.group)

    @property
    def _numbers(self) -> dict:
        """Volumes, densities and mates of the regions as they are now."""
        if self._numbers_known is None:
            self._numbers_known = {
                "volumes": self.regions.volumes(self.group),
                "residues": self.regions.residues(self.group),
                "densities": self.regions.mean_densities(self.group),
                "mates": self._find_mates(),
            }
        return self._numbers_known

    def value_of(self, name: str, number: int) -> float:
        """Of a region: ``volumes`` (Å³), ``residues`` of protein it holds, or ``densities``."""
        return float(self._numbers[name][number])

    @property
    def mates(self) -> Mapping[int, int]:
        """Number of the group of symmetric regions of each region that has mates."""
        return self._numbers["mates"]

    def forget_symmetry(self) -> None:
        """Look for mates again, for the map's symmetry is known better now."""
        self._numbers_known = None

    def _find_mates(self) -> dict[int, int]:
        if self.volume is None or self.volume.deleted or not self.volume.data.symmetries:
            return {}
        places = [place.matrix for place in self.volume.data.symmetries]
        operations = index_operations(places, self.grid, self.regions.offset)
        return symmetry_mates(self.regions.index_box(self.group), operations)

    # How they are shown

    def make_way(self, why: str) -> None:
        """Hide the regions if they are displayed, and tell why, with a way back."""
        if self.display:
            run(self.session, command_text("hide", self, "models"))
            tell(self.session, f"{self} is hidden, {why}", (("show", self, "models"), "show it"))

    def _built_in(self, volume) -> None:
        if volume is self.volume:
            self.make_way("since it would hide what is built")

    def show_regions(self, shapes: Mapping[int, Geometry], drawn: Mapping[int, tuple]) -> None:
        """Make the surfaces of all regions, once this model is in the scene.

        Parameters
        ----------
        shapes : mapping
            Surface of each region in voxels.
        drawn : mapping
            The same in the map's coordinates: vertices, normals, triangles.
        """
        self._geometries = dict(shapes)
        numbers = sorted(shapes, key=lambda number: -self.value_of("volumes", number))
        colors = choose_colors(numbers, self.regions.neighbours(self.group))
        self._make({number: (f"region {number}", colors[number]) for number in numbers}, drawn)

    def adopt(self, segment: Segment) -> None:
        """Take in a region that a session brings back."""
        if not self._geometries:
            self._geometries = geometries(self.regions, self.group)
        self.segments[segment.number] = segment
        if segment.number not in self._geometries:
            raise ValueError(f"the index map has no region {segment.number}")
        segment.set_geometry(*placed(self._geometries[segment.number], self.grid))

    def _make(self, looks: Mapping[int, tuple], drawn: Mapping[int, tuple]) -> list[Segment]:
        made = []
        for number in sorted(looks):
            name, color = looks[number]
            segment = Segment(name, self.session, number)
            segment.color = np.array(color, dtype=np.uint8)
            segment.set_geometry(*drawn[number])
            wanted = (*self.id, number)
            if not self.session.models.have_id(wanted):
                segment.id = wanted
            self.segments[number] = segment
            made.append(segment)
        self.session.models.add(made, parent=self)
        return made

    # How they change

    def arrangement(self) -> Arrangement:
        """The regions as they are now."""
        looks = {
            number: (segment.name, tuple(int(part) for part in segment.color))
            for number, segment in self.segments.items()
        }
        return Arrangement(self.group, looks)

    def change(self, what: str, group: np.ndarray) -> list[Segment]:
        """Arrange the regions anew, in a way that can be undone.

        Parameters
        ----------
        what : str
            Said in the menu of undo.
        group : ndarray (n + 1,) of uint32

        Returns
        -------
        list of Segment
            Those that are new or not what they were.
        """
        before = self.arrangement()
        changed = self.arrange(replace(before, group=np.asarray(group, dtype=np.uint32)))
        self._record(what, before)
        return changed

    def _record(self, what: str, before: Arrangement) -> None:
        action = Change(f"critasser segment {what}", self, before, self.arrangement())
        self.changes.append(action)
        self.session.undo.register(action)
        self.tell_changed()

    def tell_changed(self) -> None:
        """Tell who shows the regions that they are others."""
        self.session.triggers.activate_trigger(SEGMENTS_CHANGED, self)

    def undo_last(self) -> str:
        """Undo the last change of this segmentation; what it was.

        Raises
        ------
        UserError
            There is none.
        """
        if not self.changes:
            raise UserError(f"{self}: nothing to undo")
        action = self.changes[-1]
        action.undo()
        self.session.undo.deregister(action, delete_history=False)
        return action.name

    def arrange(self, wanted: Arrangement) -> list[Segment]:
        """Show other groups; only the surfaces of regions that differ are made anew."""
        old, new = self.group, wanted.group
        differ = old != new
        touched = {int(n) for n in np.unique(np.concatenate([old[differ], new[differ]])) if n}
        self.group, self._numbers_known = new, None
        alive = {int(number) for number in np.unique(new) if number}
        for number in touched:
            self._geometries.pop(number, None)
        self._geometries.update(geometries(self.regions, new, touched & alive))
        self._changing = True
        try:
            gone = [self.segments.pop(n) for n in touched - alive if n in self.segments]
            if gone:
                self.session.models.close(gone)
        finally:
            self._changing = False
        changed = []
        for number in sorted(touched & self.segments.keys()):
            segment = self.segments[number]
            segment.set_geometry(*placed(self._geometries[number], self.grid))
            changed.append(segment)
        looks = self._looks_of(alive - self.segments.keys(), wanted)
        drawn = {number: placed(self._geometries[number], self.grid) for number in looks}
        return changed + self._make(looks, drawn)

    def _looks_of(self, numbers: Iterable[int], wanted: Arrangement) -> dict:
        known = {number: wanted.looks[number] for number in numbers if number in wanted.looks}
        fresh = sorted(set(numbers) - known.keys())
        taken = {number: segment.color for number, segment in self.segments.items()}
        taken.update({number: color for number, (_, color) in known.items()})
        colors = choose_colors(fresh, self.regions.neighbours(self.group), taken)
        return {**known, **{n: (f"region {n}", colors[n]) for n in fresh}}

    def _closed(self, models) -> None:
        """Regions that were closed like any other model are in no region any more."""
        if self._changing or self.deleted or self in models:
            return
        closed = [n for n, segment in self.segments.items() if segment in models]
        if not closed:
            return
        before = self.arrangement()
        for number in closed:
            self.segments.pop(number)
            self._geometries.pop(number, None)
        self.group, self._numbers_known = np.where(np.isin(self.group, closed), 0, self.group), None
        self._record("delete", before)

    # Where they are

    def _follow(self, moved=None) -> None:
        """Lie where the map lies."""
        if self.volume is None or self.volume.deleted or self.deleted:
            return
        if not (moved is None or moved is self or self.volume in moved.all_models()):
            return
        above = Place() if self.parent is None else self.parent.scene_position
        place = above.inverse() * self.volume.scene_position
        # Not equal to the last bit when a parent has been turned, which must not go on for ever.
        if not np.allclose(self.position.matrix, place.matrix, rtol=0.0, atol=1e-6):
            self.position = place

    def _grid_changed(self, reason: str) -> None:
        if reason != "coordinates changed" or self.deleted or self.volume is None:
            return
        self.grid = np.array(self.volume.data.ijk_to_xyz_transform.matrix)
        self._numbers_known = None
        for number, segment in self.segments.items():
            segment.set_geometry(*placed(self._geometries[number], self.grid))

    @property
    def to_scene(self) -> Place:
        """From voxels (x, y, z) to the scene."""
        return self.scene_position * Place(matrix=self.grid)

    def take_snapshot(self, session, flags):
        """What a session keeps."""
        kept = Model.take_snapshot(self, session, flags)
        if flags == State.SCENE:
            return kept
        volume = self.volume
        return {
            "version": 1,
            "model": kept,
            "volume": None if volume is None or volume.deleted else volume,
            "regions": self.regions.snapshot(),
            "group": self.group,
            "grid": self.grid,
            "least": self.least,
            "pickable": volume is None or volume.deleted or was_pickable(volume),
        }

    @classmethod
    def restore_snapshot(cls, session, data):
        """The segmentation of a saved session.

        Raises
        ------
        ValueError
            What was saved does not fit together.
        """
        regions = Regions.from_snapshot(data["regions"])
        group = np.asarray(data["group"], dtype=np.uint32)
        if group.shape != (regions.count + 1,):
            raise ValueError("the groups of regions do not fit the index map")
        made = cls(
            data["model"]["name"], session, data["volume"], regions, group, data["grid"],
            data["least"],
        )  # fmt: skip
        made._pickable_before = bool(data.get("pickable", True))
        made.set_state_from_snapshot(session, data["model"])
        return made
