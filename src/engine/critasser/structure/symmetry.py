"""How units of a molecule lie to each other, and what that is called."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from critasser.symmetry_text import Helix, PointGroup

__all__ = ["Symmetry", "group_rotations", "screw_powers", "symmetry_name"]

ANGLE, SHIFT = 8.0, 4.0
"""Degrees, and Å at the middle of a unit, within which operations are one."""
LEAST_RISE = 0.5
"""Å along the axis from which an operation is a screw."""
CUBIC = {(12, 3): "T", (24, 4): "O", (60, 5): "I"}
"""Of operations and the highest order of an axis among them."""


@dataclass(frozen=True, eq=False)
class Symmetry:
    """Operations that bring what a map holds onto itself.

    Attributes
    ----------
    rotation : ndarray (k, 3, 3)
        Applied to columns x y z; the first is the identity.
    shift : ndarray (k, 3)
        Å, after the rotation.
    """

    rotation: NDArray[np.float64]
    shift: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.rotation)

    def images(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """All images (k, n, 3) of positions (n, 3)."""
        return np.einsum("kij,nj->kni", self.rotation, positions) + self.shift[:, None]

    def moved(self, k: int) -> Symmetry:
        """The same units, reached from unit k, which comes first."""
        back, home = self.rotation[k].T, self.shift[k]
        rotation = self.rotation @ back
        shift = self.shift - rotation @ home
        order = [k, *(other for other in range(len(self)) if other != k)]
        return Symmetry(rotation[order], shift[order])


def group_rotations(group: PointGroup) -> NDArray[np.float64]:
    """Rotations (k, 3, 3) of a point group, by how far they turn; the identity is the first.

    The axis of C and D is z; how the others lie is scipy's choice.
    """
    made = Rotation.create_group(group.name, axis="Z")
    return made.as_matrix()[np.argsort(made.magnitude(), kind="stable")]


def screw_powers(
    rotation: NDArray[np.float64], shift: NDArray[np.float64], most: int
) -> Symmetry:
    """An operation (3, 3), (3,) done up to `most` times on and back: first none, then fewest."""
    made = [(np.eye(3), np.zeros(3))]
    on = back = made[0]
    for _ in range(most):
        on = rotation @ on[0], rotation @ on[1] + shift
        back = rotation.T @ back[0], rotation.T @ (back[1] - shift)
        made += [on, back]
    return Symmetry(*(np.array(part) for part in zip(*made)))


def symmetry_name(symmetry: Symmetry, middle: NDArray[np.float64]) -> str:
    """Schoenflies name of the point group, or that of a helix.

    Parameters
    ----------
    symmetry : Symmetry
    middle : ndarray (3,)
        Å; of the unit.

    Returns
    -------
    str
        Such as ``C4``, ``D2``, ``T``, ``O``, ``I`` or that of a `Helix`; empty where the
        operations are neither, as when a map shows a part of an assembly.
    """
    count = len(symmetry)
    table = _products(symmetry, middle)
    if table is None:
        return _helix_name(symmetry) if _one_axis(symmetry) else ""
    order = max(_order(table, k) for k in range(count))
    if count == order:
        return f"C{order}"
    if count == 2 * order:
        return f"D{order}"
    return CUBIC.get((count, order), "")


def _angle(rotation: NDArray[np.float64]) -> NDArray[np.float64]:
    """Degrees by which rotations (…, 3, 3) turn."""
    cosine = (np.trace(rotation, axis1=-2, axis2=-1) - 1.0) / 2.0
    return np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))


def _products(symmetry: Symmetry, middle: NDArray[np.float64]) -> NDArray[np.int64] | None:
    """Which operation (k, k) another is after a first one; None if the operations are no group."""
    own = symmetry.images(middle[None])[:, 0]
    rows = []
    for rotation, place in zip(symmetry.rotation, own):
        made = symmetry.rotation @ rotation
        moved = np.linalg.norm(symmetry.images(place[None]) - own, axis=2)
        turned = _angle(np.einsum("aij,bkj->abik", made, symmetry.rotation))
        row = (moved / SHIFT + turned / ANGLE).argmin(axis=1)
        at = np.arange(len(row)), row
        if (moved[at] > SHIFT).any() or (turned[at] > ANGLE).any():
            return None
        if len(set(row.tolist())) < len(row):
            return None
        rows.append(row)
    return np.array(rows)


def _order(table: NDArray[np.int64], k: int) -> int:
    """How often operation k is to be done to come to the beginning, which is the first."""
    power, order = k, 1
    while power != 0:
        power, order = int(table[k, power]), order + 1
    return order


def _helix_name(symmetry: Symmetry) -> str:
    """That of a helix, by its operation of the least rise."""
    vector = Rotation.from_matrix(symmetry.rotation[1:]).as_rotvec()
    axis = vector / np.maximum(np.linalg.norm(vector, axis=1), 1e-9)[:, None]
    rise = (symmetry.shift[1:] * axis).sum(axis=1)
    rising = np.where(np.abs(rise) > LEAST_RISE, np.abs(rise), np.inf)
    k = int(rising.argmin())
    twist = np.degrees(np.linalg.norm(vector[k]))
    return str(Helix(float(abs(rise[k])), float(np.copysign(twist, rise[k]))))


def _one_axis(symmetry: Symmetry) -> bool:
    """Whether all operations are screws along one direction."""
    rotation, shift = symmetry.rotation[1:], symmetry.shift[1:]
    turns = _angle(rotation)
    if not (turns > ANGLE).any():
        return False
    # The axis is what the rotation that turns most leaves as it is.
    values, vectors = np.linalg.eig(rotation[turns.argmax()])
    axis = np.real(vectors[:, np.abs(values - 1.0).argmin()])
    stays = np.linalg.norm(rotation @ axis - axis, axis=1) < np.radians(ANGLE)
    return bool(stays.all() and (np.abs(shift @ axis) > LEAST_RISE).any())
