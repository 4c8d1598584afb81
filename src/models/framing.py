"""Bring a place to the middle of the view, and leave out what lies in front of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["PLANE", "clear_front", "room_around"]

PLANE = "near"
"""ChimeraX's name of the plane before which nothing is drawn."""

_ROOM = 6.0
"""Å to each side of a place that are seen with it: the side chains it touches."""

_FRONT = 7.5
"""Å before the atoms of a place that are still drawn: the density around them, and what touches
them."""


def room_around(positions: np.ndarray) -> float:
    """The part of the window, 0 to 1, that is to be left free beside a place.

    Parameters
    ----------
    positions : ndarray (n, 3)
        Å; of the atoms of the place.
    """
    size = float(np.ptp(positions, axis=0).max())
    return 1.0 - size / (size + 2.0 * _ROOM)


def clear_front(view, positions: Sequence) -> None:
    """Draw nothing that lies between the camera and a place; it would hide it.

    Parameters
    ----------
    view : chimerax.graphics.View
    positions : ndarray (n, 3)
        Å, scene coordinates; of the atoms of the place and of what is shown with it.
    """
    positions = np.asarray(positions, dtype=np.float64)
    direction = np.asarray(view.camera.view_direction(), dtype=np.float64)
    depths = positions @ direction
    middle = positions.mean(axis=0)
    point = middle + (depths.min() - _FRONT - middle @ direction) * direction
    view.clip_planes.set_clip_position(PLANE, point, view)
