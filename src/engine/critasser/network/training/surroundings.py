"""Leave parts of a chain out, and put other molecules beside it, as maps show them.

All of this is geometry of a few thousand atoms and happens on the host, crop by crop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from critasser.network.training.packing import Atoms
from critasser.network.training.simulation import PlacedAtoms, beads, place, random_rotation

__all__ = ["MISSING", "SURROUNDINGS", "Scene", "first_contact"]

LONGEST_TERMINUS, TERMINUS_SHARE, BOTH_TERMINI = 20, 5, 0.4
"""Residues missing at an end: at most, and at most one in so many; share of both ends."""

LOOPS, LOOP_HALF = (1, 4), (1, 7)
"""Loops that are missing, and half their length in residues; upper ends excluded."""

CHAIN_GAP, NUCLEIC_GAP = (6.5, 9.0), (6.0, 8.0)
"""Å between the Cα of chains in contact, set by the side chains between them; from Cα to
phosphate."""

CROWD = (2, 5)
"""Chains beside the one that is shown, where there are several; upper end excluded."""

REACH, NEAREST = 4, 4.0
"""Å around a crop in which its surroundings are placed, and that they keep from the protein."""

TAIL_SPACING, BELT_SHIFT, BELT_HALF, BELT_DEPTH = 4.0, (-10, 10), (11, 18), (10, 22)
"""Å: between points of a detergent belt; of its middle from the crop's; half its thickness along
the membrane's normal; how far it reaches from the protein."""

BELT_LEVEL, BELT_SPREAD = (0.2, 0.9), (1.5, 3.0)
"""Of its density, as a share of protein's; width of its Gaussians in Å."""

PROTEIN_DENSITY = 0.37
"""Electrons of heavy atoms in a cubic Å of protein: a crystal has 0.43, hydrogen included."""

BASE_PAIRS, NUCLEIC_LEVEL = (5, 22), (0.6, 1.2)
"""Of a double helix, upper end excluded; its density over what its electrons make."""

B_DNA = (3.38, 36.0, (8.9, 95.2, 2.1), (6.8, 76.0, 1.0))
A_RNA = (2.81, 32.7, (8.7, 70.5, -3.75), (8.8, 50.0, -2.5))
"""Rise in Å and twist in degrees of a base pair; radius in Å, angle in degrees and height in Å of
phosphate and of sugar in fibre models (Arnott & Hukins, J. Mol. Biol. 81, 93, 1973)."""

BASE_PLACES = (0.25, 0.42, 0.58, 0.75)
"""Where on the line between the two sugars of a pair its bases have their mass."""

PHOSPHATE, SUGAR, BASE = (47, 0.9), (37, 1.0), (32, 0.9)
"""Electrons, and width of a Gaussian in Å, of the three parts of a nucleotide."""

WALK, WALK_STEP, WALK_ELECTRONS, WALK_SPREAD = (20, 200), 2.5, (4, 16), (0.5, 1.2)
"""Of something unknown: number of Gaussians, Å between them, their electrons, their width in Å."""

_COIL, _CALPHA, _SIDE_CHAIN = 2, 1, 4


def _termini(missing: np.ndarray, structure: np.ndarray, rng: np.random.Generator) -> None:
    longest = max(2, min(LONGEST_TERMINUS, len(missing) // TERMINUS_SHARE))
    both, first = rng.random() < BOTH_TERMINI, rng.random() < 1 / 2
    if both or first:
        missing[: rng.integers(1, longest)] = True
    if both or not first:
        missing[-rng.integers(1, longest) :] = True


def _loops(missing: np.ndarray, structure: np.ndarray, rng: np.random.Generator) -> None:
    coil = np.flatnonzero(structure == _COIL)
    for _ in range(rng.integers(*LOOPS) if len(coil) else 0):
        middle, half = rng.choice(coil), rng.integers(*LOOP_HALF)
        missing[max(0, middle - half) : middle + half] = True


MISSING: dict[str, Callable[[np.ndarray, np.ndarray, np.random.Generator], None]] = {
    "termini": _termini,
    "loops": _loops,
}
"""Mark residues, in ``missing (m,)``, that then have neither density nor labels."""


@dataclass(frozen=True)
class Scene:
    """A crop in the making.

    Attributes
    ----------
    parts : list of PlacedAtoms
        The chain that it shows, then what was put beside it; surroundings add to it.
    pool : sequence of Atoms
        Chains that may lie beside it.
    axis : (3,) or None
        Direction (x y z) of the chain's helices, if it has any.
    """

    parts: list[PlacedAtoms]
    pool: Sequence[Atoms]
    side: int
    scale: float
    axis: np.ndarray | None

    def xyz(self) -> np.ndarray:
        """What is there so far, (n, 3) in Å from the middle: each Cα, or bead."""
        shown = [p.positions[(p.kind == _CALPHA) | (p.kind > _SIDE_CHAIN)] for p in self.parts]
        return np.concatenate(shown)[:, ::-1] - (self.side - 1) / 2

    def matter(self) -> np.ndarray:
        """All positions so far, z y x voxels (n, 3)."""
        return np.concatenate([part.positions for part in self.parts])


def first_contact(there: np.ndarray, body: np.ndarray, axis: np.ndarray, gap: float) -> float:
    """Å along a unit vector from where a body that comes down it first is `gap` Å from points.

    `there (n, 3)` and `body (m, 3)`: what stands, and what is moved.
    """
    difference = there[:, None].astype(np.float32) - body.astype(np.float32)
    along = difference @ axis.astype(np.float32)
    beside = np.einsum("ijk,ijk->ij", difference, difference) - along**2
    # Two spheres whose centres pass each other nearer than the gap touch before that.
    stop = np.where(beside < gap**2, along + np.sqrt(np.maximum(gap**2 - beside, 0)), -np.inf)
    farthest = stop.max()
    return float(farthest if np.isfinite(farthest) else along.max() + gap)


def _docked(scene: Scene, body: np.ndarray, gap: float, rng: np.random.Generator) -> np.ndarray:
    """Shift (x y z) of a body that comes along a random line and stops `gap` Å before the rest."""
    axis = rng.normal(size=3)
    axis = (axis / np.linalg.norm(axis)).astype(np.float32)
    there = scene.xyz()
    return axis * first_contact(there, body, axis, gap) if len(there) else np.zeros(3)


def _neighbours(scene: Scene, rng: np.random.Generator) -> None:
    if not scene.pool:
        return
    other = scene.pool[rng.integers(len(scene.pool))]
    turn, middle = random_rotation(rng), other.positions.mean(0)
    calpha = ((other.positions[other.calpha] - middle) @ turn.T) * scene.scale
    shift = _docked(scene, calpha, rng.uniform(*CHAIN_GAP), rng)
    turn = turn * scene.scale
    scene.parts.append(place(other, turn, middle, scene.side, offset=shift, own=False))


def _crowding(scene: Scene, rng: np.random.Generator) -> None:
    """Put several chains beside the one that is shown."""
    for _ in range(rng.integers(*CROWD)):
        _neighbours(scene, rng)


def _distance(points: np.ndarray, molecule: np.ndarray) -> np.ndarray:
    if not len(molecule):
        return np.full(len(points), np.inf)
    return cKDTree(molecule).query(points)[0]


def _detergent(scene: Scene, rng: np.random.Generator) -> None:
    """Put a belt of disordered tails around the chain, across its helices as a membrane lies."""
    axis = rng.normal(size=3) if scene.axis is None else scene.axis
    axis = axis[::-1] / np.linalg.norm(axis)
    last = scene.side - 1
    count = int(((last + 2 * REACH) / TAIL_SPACING) ** 3)
    points = rng.uniform(-REACH, last + REACH, size=(count, 3))
    middle = last / 2 + rng.uniform(*BELT_SHIFT)
    points = points[np.abs((points - middle) @ axis) < rng.uniform(*BELT_HALF)]
    distance = _distance(points, scene.matter())
    points = points[(distance > NEAREST) & (distance < rng.uniform(*BELT_DEPTH))]
    electrons = rng.uniform(*BELT_LEVEL) * PROTEIN_DENSITY * TAIL_SPACING**3
    scene.parts.append(beads(points, electrons, rng.uniform(*BELT_SPREAD)))


def _nucleic_acid(scene: Scene, rng: np.random.Generator) -> None:
    """Put a double helix beside the chain, DNA (B) or RNA (A): phosphates, sugars, bases as blobs.

    The second strand is the first turned about a dyad.
    """
    rise, twist, *atoms = B_DNA if rng.random() < 1 / 2 else A_RNA
    pairs = np.arange(rng.integers(*BASE_PAIRS))

    def strand(place: tuple[float, float, float], sign: int) -> np.ndarray:
        radius, angle, height = place
        turn = np.radians(sign * angle + twist * pairs)
        return np.stack(
            [radius * np.cos(turn), radius * np.sin(turn), sign * height + rise * pairs], 1
        )

    phosphate = np.concatenate([strand(atoms[0], sign) for sign in (1, -1)])
    one, two = strand(atoms[1], 1), strand(atoms[1], -1)
    bases = np.concatenate([one + share * (two - one) for share in BASE_PLACES])
    turn = random_rotation(rng).T
    whole = [(body - phosphate.mean(0)) @ turn * scene.scale
             for body in (phosphate, np.concatenate([one, two]), bases)]  # fmt: skip
    shift = _docked(scene, whole[0], rng.uniform(*NUCLEIC_GAP), rng)
    level = rng.uniform(*NUCLEIC_LEVEL)
    for body, (electrons, spread) in zip(whole, (PHOSPHATE, SUGAR, BASE)):
        zyx = (body + shift)[:, ::-1] + (scene.side - 1) / 2
        inside = ((zyx > -REACH) & (zyx < scene.side - 1 + REACH)).all(axis=1)
        scene.parts.append(beads(zyx[inside], level * electrons, spread))


def _blobs(scene: Scene, rng: np.random.Generator) -> None:
    """Put a random walk of something unknown beside what is there."""
    steps = rng.normal(size=(int(rng.integers(*WALK)), 3))
    walk = np.cumsum(steps / np.linalg.norm(steps, axis=1, keepdims=True) * WALK_STEP, axis=0)
    walk = walk - walk.mean(0) + rng.uniform(-REACH, scene.side - 1 + REACH, size=3)
    walk = walk[_distance(walk, scene.matter()) > NEAREST]
    scene.parts.append(beads(walk, rng.uniform(*WALK_ELECTRONS), rng.uniform(*WALK_SPREAD)))


SURROUNDINGS: dict[str, Callable[[Scene, np.random.Generator], None]] = {
    "neighbours": _neighbours,
    "crowding": _crowding,
    "detergent": _detergent,
    "nucleic_acid": _nucleic_acid,
    "blobs": _blobs,
}
