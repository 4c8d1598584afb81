"""Show residues from near: sticks, the density around them, how each fits; and put all back.

What a person had before, the camera, the map, ribbons and atoms as they were displayed, is kept
until the end, also in sessions.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .attributes import ATTRIBUTE, LOCAL_PCC
from .framing import PLANE, clear_front, room_around
from .local_density import density_at, mesh_near
from .residue_selection import select_residues, view_residues

__all__ = ["CloseView", "fit_in_words"]

_STICK = 2
"""`chimerax.atomic.Atom.STICK_STYLE`."""

_NEIGHBOURS = 5.0
"""Å from the residues within which others are shown as sticks too."""

_MOST_LABELS = 24
"""Residues that are labelled; more would hide each other."""

_HEIGHT = 0.6
"""Å of the labels' letters."""

_VEIL = 0.6
"""How far a label hides what is behind it, 0 to 1."""


class CloseView:
    """Shows residues, one place after another, until `end`.

    Parameters
    ----------
    session : chimerax.core.session.Session
    """

    def __init__(self, session) -> None:
        self._session = session
        self._camera: tuple | None = None
        self._planes: list | None = None
        self._atoms: tuple | None = None
        self._ribbons: tuple | None = None
        self._labelled: list = []
        self._volume = None
        self._hid_map = False
        self._mesh = None

    @property
    def volume(self):
        """The map whose mesh is shown, or None."""
        return self._volume

    def show(self, residues: Sequence, around: Sequence, volume) -> None:
        """Show a place.

        Parameters
        ----------
        residues : sequence of chimerax.atomic.Residue
            Of one structure; they are selected and labelled.
        around : sequence of chimerax.atomic.Residue
            Those with what is in view with them along the chain.
        volume : chimerax.map.Volume or None
            The map whose density is shown near them; None for the whole map as it is.
        """
        self._put_atoms_back()
        structure = residues[0].structure
        # A ribbon that has not been drawn yet has no place that could be looked at.
        structure.update_graphics_if_needed()
        self._keep_camera()
        self._look_at(residues, around)
        select_residues(self._session, residues)
        self._show_sticks(structure, around)
        self._show_density(around, volume)
        self._show_labels(residues)

    def end(self) -> None:
        """Show everything as it was before, from where it was looked at."""
        self._put_atoms_back()
        self._drop_mesh()
        self._show_map()
        self._put_planes_back()
        camera, self._camera = self._camera, None
        if camera is not None:
            position, width = camera
            self._session.main_view.camera.position = position
            if width is not None:
                self._session.main_view.camera.field_width = width

    def forget(self) -> None:
        """A new session begins: nothing of what was kept is there any more but the view."""
        self._put_planes_back()
        self.__init__(self._session)

    def _put_planes_back(self) -> None:
        planes, self._planes = self._planes, None
        if planes is not None:
            self._session.main_view.clip_planes.replace_planes(planes)

    def _keep_camera(self) -> None:
        if self._camera is None:
            camera = self._session.main_view.camera
            self._camera = camera.position, getattr(camera, "field_width", None)

    def _look_at(self, residues: Sequence, around: Sequence) -> None:
        """From where one looks already, with the place in the middle and nothing before it."""
        from chimerax.atomic import Residues

        view = self._session.main_view
        here = Residues(list(residues)).atoms.scene_coords
        if self._planes is None:  # before `view` takes near and far away
            self._planes = [plane.copy() for plane in view.clip_planes.planes()]
        view_residues(self._session, residues, room=room_around(np.asarray(here)))
        clear_front(view, Residues(list(around)).atoms.scene_coords)

    def _show_sticks(self, structure, around: Sequence) -> None:
        """Atoms of the place and of what is near it, where there are more than Cα."""
        from chimerax.atomic import Residues

        here = Residues(list(around))
        atoms = _near(structure, here)
        if all(name == "CA" for name in atoms.names):
            return
        self._atoms = atoms, atoms.displays, atoms.draw_modes
        self._ribbons = here, here.ribbon_displays
        atoms.displays = True
        atoms.draw_modes = _STICK
        here.ribbon_displays = False  # it would hide the sticks of the backbone

    def _put_atoms_back(self) -> None:
        if self._atoms is not None:
            atoms, displays, modes = self._atoms
            # Of atoms that were deleted meanwhile none is left in the collection.
            if len(atoms) == len(displays):
                atoms.displays, atoms.draw_modes = displays, modes
        if self._ribbons is not None:
            residues, shown = self._ribbons
            if len(residues) == len(shown):
                residues.ribbon_displays = shown
        self._atoms = self._ribbons = None
        self._drop_labels()

    def _show_density(self, around: Sequence, volume) -> None:
        self._drop_mesh()
        if volume is not self._volume:
            self._show_map()
        if volume is None:
            return
        from chimerax.atomic import Residues

        self._mesh = mesh_near(self._session, volume, Residues(list(around)).atoms.scene_coords)
        if self._mesh is None:
            self._show_map()
            return
        self._session.models.add([self._mesh])
        if self._volume is None:
            self._volume, self._hid_map = volume, bool(volume.display)
        volume.display = False

    def _drop_mesh(self) -> None:
        mesh, self._mesh = self._mesh, None
        if mesh is not None and not mesh.deleted:
            self._session.models.close([mesh])

    def _show_map(self) -> None:
        volume, self._volume = self._volume, None
        if volume is not None and not volume.deleted and self._hid_map:
            volume.display = True
        self._hid_map = False

    def _show_labels(self, residues: Sequence) -> None:
        """Name, and how well it fits; labels of the person's own stay as they are."""
        if not self._session.ui.is_gui:
            return
        from chimerax.core.colors import Color
        from chimerax.label.label3d import label, labels_model

        if labels_model(residues[0].structure) is not None:
            return
        behind = Color((*self._session.main_view.background_color[:3], _VEIL))
        for residue in list(residues)[:_MOST_LABELS]:
            text = f"{residue.name} {residue.number}{residue.insertion_code.strip()}"
            if fit := fit_in_words(residue, None):
                text += f": {fit}"
            label(
                self._session, _objects([residue]), object_type="residues", text=text,
                height=_HEIGHT, bg_color=behind,
            )  # fmt: skip
            self._labelled.append(residue)

    def _drop_labels(self) -> None:
        labelled, self._labelled = self._labelled, []
        left = [one for one in labelled if not getattr(one, "deleted", False)]
        if left:
            from chimerax.label.label3d import label_delete

            label_delete(self._session, _objects(left), object_type="residues")

    def snapshot(self) -> dict[str, Any]:
        """What a session keeps, so that the end is right there too."""
        gone = self._volume is None or self._volume.deleted
        return {
            "volume": None if gone else self._volume,
            "hid map": self._hid_map,
            "clipped": self._planes is not None,
            "mesh": None if self._mesh is None or self._mesh.deleted else self._mesh,
            "atoms": self._atoms,
            "ribbons": self._ribbons,
        }

    def restore(self, kept: dict[str, Any]) -> None:
        """Go on from what a session kept; what is missing in it is left out."""
        self._volume, self._hid_map = kept.get("volume"), bool(kept.get("hid map"))
        self._mesh = kept.get("mesh")
        if kept.get("clipped"):
            self._planes = [
                plane.copy() for plane in self._session.main_view.clip_planes.planes()
                if plane.name != PLANE
            ]  # fmt: skip
        with contextlib.suppress(TypeError, ValueError):
            if kept.get("atoms") is not None:
                atoms, displays, modes = kept["atoms"]
                self._atoms = atoms, np.asarray(displays), np.asarray(modes)
            if kept.get("ribbons") is not None:
                residues, shown = kept["ribbons"]
                self._ribbons = residues, np.asarray(shown)


def fit_in_words(residue, volume) -> str:
    """How sure a residue is and how well it fits the density, as far as either is known.

    Parameters
    ----------
    residue : chimerax.atomic.Residue
    volume : chimerax.map.Volume or None
        Tells the density at the residue's atoms, as a multiple of its level.
    """
    told = []
    if (sure := getattr(residue, ATTRIBUTE, None)) is not None:
        told.append(f"conf {sure:.0f}")
    if (fit := getattr(residue, LOCAL_PCC, None)) is not None:
        told.append(f"fit {fit:.2f}")
    if volume is not None:
        from chimerax.atomic import Residues

        density = density_at(volume, Residues([residue]).atoms.scene_coords)
        if np.isfinite(density).all():
            told.append(f"density {density.mean():.1f} × level")
    return ", ".join(told)


def _near(structure, residues):
    """Atoms of residues and of all others of the structure that come near them."""
    from scipy.spatial import cKDTree

    every = structure.atoms
    tree = cKDTree(np.asarray(residues.atoms.coords, dtype=np.float64))
    apart, _ = tree.query(
        np.asarray(every.coords, dtype=np.float64), distance_upper_bound=_NEIGHBOURS
    )
    close = every.filter(np.isfinite(apart))
    return close.residues.unique().atoms


def _objects(residues: Iterable):
    from chimerax.atomic import Residues
    from chimerax.core.objects import Objects

    atoms = Residues(list(residues)).atoms
    return Objects(atoms=atoms, bonds=atoms.intra_bonds)
