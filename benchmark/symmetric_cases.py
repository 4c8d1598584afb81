"""Simulate maps of symmetric assemblies of known chains, cut filaments among them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from benchmark.noise import add_noise
from benchmark.packing import TOUCHING
from benchmark.sets import atoms
from critasser.density import Grid, crop, simulate
from critasser.structure import Symmetry, group_rotations
from critasser.symmetry_text import Helix, PointGroup, read_symmetry

__all__ = ["Assembly", "assembled", "drawn_kind"]

GROUPS = ("C2", "C3", "C4", "C5", "C6", "C7", "D2", "D3", "D4", "T", "O")
STEP = 1.0
"""Å by which units are moved away from the axis until they no longer clash."""
RISES, LEAST_TWIST = (12.0, 45.0), 20.0
"""Å and degrees, of filaments."""
SHOWN, MORE = 5.0, 3
"""Rises of a filament that the box shows, and units beyond either end of it, which it cuts."""
PADDING = 10.0
"""Å around the molecule."""


@dataclass(frozen=True, eq=False)
class Assembly:
    """Units of one chain.

    Attributes
    ----------
    kind : PointGroup or Helix
    symmetry : Symmetry
        Brings the first unit onto all that there are; in the map's frame.
    atoms : ndarray (n, 3)
        Of the first unit, in the map's frame.
    amplitudes : ndarray (n,)
    calpha : ndarray (k, L, 3)
        Of all units; filaments have some that the map cuts, or does not hold.
    """

    kind: PointGroup | Helix
    symmetry: Symmetry
    atoms: NDArray[np.float64]
    amplitudes: NDArray[np.float64]

    def map(self, resolution: float, snr: float | None, rng: np.random.Generator) -> Grid:
        """The map at a resolution in Å, with noise that is not symmetric."""
        images = self.symmetry.images(self.atoms).reshape(-1, 3)
        weights = np.tile(self.amplitudes, len(self.symmetry))
        grid = simulate(images, weights, resolution, padding=PADDING)
        if snr is not None:
            grid = add_noise(grid, images, resolution, snr, rng)
        if isinstance(self.kind, Helix):
            half = max(SHOWN * self.kind.rise, np.ptp(self.atoms[:, 2])) / 2
            low, high = grid.origin.copy(), grid.upper.copy()
            low[2], high[2] = -half, half
            grid = crop(grid, low, high)
        return grid


def drawn_kind(rng: np.random.Generator, *, helix: bool) -> PointGroup | Helix:
    """A symmetry by chance."""
    if helix:
        twist = rng.uniform(LEAST_TWIST, 180.0) * rng.choice([-1, 1])
        return Helix(round(float(rng.uniform(*RISES)), 1), round(float(twist), 1))
    return read_symmetry(str(rng.choice(GROUPS)))


def assembled(path: Path, kind: PointGroup | Helix, rng: np.random.Generator) -> Assembly:
    """A chain, turned by chance, in the units of a symmetry that touch each other."""
    own, weights = atoms(path)
    turn = Rotation.random(random_state=int(rng.integers(2**31))).as_matrix()
    own = (own - own.mean(axis=0)) @ turn.T
    if isinstance(kind, Helix):
        reach = np.ptp(own[:, 2]) / 2 + SHOWN * kind.rise / 2
        most = int(np.ceil(reach / kind.rise)) + MORE
        steps = sorted(range(-most, most + 1), key=abs)
        rotation = Rotation.from_rotvec(
            np.outer(steps, [0, 0, np.radians(kind.twist)])
        ).as_matrix()
        symmetry = Symmetry(rotation, np.outer(steps, [0, 0, kind.rise]))
        way = np.array([1.0, 0, 0])
    else:
        symmetry = Symmetry(group_rotations(kind), np.zeros((len(group_rotations(kind)), 3)))
        way = rng.normal(size=3)
        way /= np.linalg.norm(way)
    while _clash(own, symmetry):
        own = own + STEP * way
    if isinstance(kind, Helix):
        return Assembly(kind, symmetry, own, weights)
    # Axes lie any way, but those of a filament: along z, as reconstructions have them.
    turn = Rotation.random(random_state=int(rng.integers(2**31))).as_matrix()
    rotation = turn @ symmetry.rotation @ turn.T
    return Assembly(kind, Symmetry(rotation, symmetry.shift), own @ turn.T, weights)


def _clash(own: NDArray[np.float64], symmetry: Symmetry) -> bool:
    tree = cKDTree(own)
    images = symmetry.images(own)[1:].reshape(-1, 3)
    return bool(np.isfinite(tree.query(images, distance_upper_bound=TOUCHING)[0]).any())
