"""What was not seen of a chain in a map, and what lies beside it.

All of this is geometry of a few thousand atoms and happens on the host, crop by crop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from critasser.network.training.packing import Atoms
from critasser.network.training.simulation import Placed, beads, place, random_rotation

__all__ = ["MISSING", "SURROUNDINGS", "Scene"]

_PROTEIN = 0.37
"""Electrons of heavy atoms in a cubic Å of protein: a crystal has 0.43, hydrogen included."""


def _termini(missing: np.ndarray, structure: np.ndarray, rng: np.random.Generator) -> None:
    longest = max(2, min(20, len(missing) // 5))
    both, first = rng.random() < 0.4, rng.random() < 0.5
    if both or first:
        missing[: rng.integers(1, longest)] = True
    if both or not first:
        missing[-rng.integers(1, longest) :] = True


def _loops(missing: np.ndarray, structure: np.ndarray, rng: np.random.Generator) -> None:
    coil = np.flatnonzero(structure == 2)
    for _ in range(rng.integers(1, 4) if len(coil) else 0):
        middle, half = rng.choice(coil), rng.integers(1, 7)
        missing[max(0, middle - half) : middle + half] = True


MISSING: dict[str, Callable[[np.ndarray, np.ndarray, np.random.Generator], None]] = {
    "termini": _termini,
    "loops": _loops,
}
"""Residues that were not seen, neither density nor labels: ``missing (m,)`` is marked in place."""


@dataclass(frozen=True)
class Scene:
    """A crop in the making.

    Attributes
    ----------
    parts : list of Placed
        The chain that it shows, then what was put beside it; surroundings add to it.
    pool : sequence of Atoms
        Chains that may lie beside it.
    axis : (3,) or None
        Direction (x y z) of the chain's helices, if it has any.
    """

    parts: list[Placed]
    pool: Sequence[Atoms]
    side: int
    scale: float
    axis: np.ndarray | None

    def xyz(self) -> np.ndarray:
        """What is there so far, (n, 3) in Å from the middle: each Cα, or bead."""
        found = [part.positions[(part.kind == 1) | (part.kind > 4)] for part in self.parts]
        return np.concatenate(found)[:, ::-1] - (self.side - 1) / 2

    def matter(self) -> np.ndarray:
        """All positions so far, z y x voxels (n, 3)."""
        return np.concatenate([part.positions for part in self.parts])


def _docked(scene: Scene, body: np.ndarray, gap: float, rng: np.random.Generator) -> np.ndarray:
    """Shift (x y z) of a body that comes along a random line and stops `gap` Å before the rest."""
    axis = rng.normal(size=3)
    axis = (axis / np.linalg.norm(axis)).astype(np.float32)
    there = scene.xyz().astype(np.float32)
    if not len(there):
        return np.zeros(3)
    difference = there[:, None] - body.astype(np.float32)
    along = difference @ axis
    beside = np.einsum("ijk,ijk->ij", difference, difference) - along**2
    # Two spheres whose centres pass each other nearer than the gap touch before that.
    stop = np.where(beside < gap**2, along + np.sqrt(np.maximum(gap**2 - beside, 0)), -np.inf)
    farthest = stop.max()
    return axis * (farthest if np.isfinite(farthest) else along.max() + gap)


def _neighbours(scene: Scene, rng: np.random.Generator) -> None:
    if not scene.pool:
        return
    other = scene.pool[rng.integers(len(scene.pool))]
    turn, middle = random_rotation(rng), other.positions.mean(0)
    calpha = ((other.positions[other.calpha] - middle) @ turn.T) * scene.scale
    # Cα of chains in contact are 5 to 10 Å apart, by the side chains between them.
    shift = _docked(scene, calpha, rng.uniform(6.5, 9.0), rng)
    scene.parts.append(place(other, turn, middle, scene.scale, scene.side, offset=shift, own=False))


def _crowding(scene: Scene, rng: np.random.Generator) -> None:
    """Two to four chains more."""
    for _ in range(rng.integers(2, 5)):
        _neighbours(scene, rng)


def _distance(points: np.ndarray, molecule: np.ndarray) -> np.ndarray:
    if not len(molecule):
        return np.full(len(points), np.inf)
    return cKDTree(molecule).query(points)[0]


def _detergent(scene: Scene, rng: np.random.Generator) -> None:
    """A belt of disordered tails around the chain, across its helices as a membrane lies."""
    axis = rng.normal(size=3) if scene.axis is None else scene.axis
    axis = axis[::-1] / np.linalg.norm(axis)
    spacing, side = 4.0, scene.side
    points = rng.uniform(-4, side + 3, size=(int(((side + 7) / spacing) ** 3), 3))
    middle = (side - 1) / 2 + rng.uniform(-10, 10)
    points = points[np.abs((points - middle) @ axis) < rng.uniform(11, 18)]
    distance = _distance(points, scene.matter())
    points = points[(distance > 4.0) & (distance < rng.uniform(10, 22))]
    level = rng.uniform(0.2, 0.9)
    scene.parts.append(beads(points, level * _PROTEIN * spacing**3, rng.uniform(1.5, 3.0)))


def _nucleic_acid(scene: Scene, rng: np.random.Generator) -> None:
    """A double helix beside the chain, DNA (B) or RNA (A): phosphates, sugars, bases as blobs.

    Rise, twist and phosphate of fibre models (Arnott & Hukins, J. Mol. Biol. 81, 93, 1973); the
    second strand is the first turned about a dyad.
    """
    if rng.random() < 0.5:
        rise, twist, atoms = 3.38, 36.0, ((8.9, 95.2, 2.1), (6.8, 76.0, 1.0))
    else:
        rise, twist, atoms = 2.81, 32.7, ((8.7, 70.5, -3.75), (8.8, 50.0, -2.5))
    pairs = np.arange(rng.integers(5, 22))

    def strand(place: tuple[float, float, float], sign: int) -> np.ndarray:
        radius, angle, height = place
        turn = np.radians(sign * angle + twist * pairs)
        return np.stack(
            [radius * np.cos(turn), radius * np.sin(turn), sign * height + rise * pairs], 1
        )

    phosphate = np.concatenate([strand(atoms[0], sign) for sign in (1, -1)])
    one, two = strand(atoms[1], 1), strand(atoms[1], -1)
    bases = np.concatenate([one + share * (two - one) for share in (0.25, 0.42, 0.58, 0.75)])
    turn = random_rotation(rng).T
    whole = [(body - phosphate.mean(0)) @ turn * scene.scale
             for body in (phosphate, np.concatenate([one, two]), bases)]  # fmt: skip
    shift = _docked(scene, whole[0], rng.uniform(6.0, 8.0), rng)
    level = rng.uniform(0.6, 1.2)
    for body, electrons, spread in zip(whole, (47, 37, 32), (0.9, 1.0, 0.9)):
        zyx = (body + shift)[:, ::-1] + (scene.side - 1) / 2
        inside = ((zyx > -4) & (zyx < scene.side + 3)).all(axis=1)
        scene.parts.append(beads(zyx[inside], level * electrons, spread))


def _blobs(scene: Scene, rng: np.random.Generator) -> None:
    """A random walk of something unknown, away from what is known."""
    steps = rng.normal(size=(int(rng.integers(20, 200)), 3))
    walk = np.cumsum(steps / np.linalg.norm(steps, axis=1, keepdims=True) * 2.5, axis=0)
    walk = walk - walk.mean(0) + rng.uniform(-4, scene.side + 3, size=3)
    walk = walk[_distance(walk, scene.matter()) > 4.0]
    scene.parts.append(beads(walk, rng.uniform(4, 16), rng.uniform(0.5, 1.2)))


SURROUNDINGS: dict[str, Callable[[Scene, np.random.Generator], None]] = {
    "neighbours": _neighbours,
    "crowding": _crowding,
    "detergent": _detergent,
    "nucleic_acid": _nucleic_acid,
    "blobs": _blobs,
}
