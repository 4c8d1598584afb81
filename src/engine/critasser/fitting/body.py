"""A rigid body: residues of a known structure that move together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from critasser.structure import Symmetry, assign_secondary_structure

__all__ = ["Body", "Poses"]


@dataclass(frozen=True, eq=False)
class Body:
    """Cα of residues that keep their places to each other.

    Attributes
    ----------
    points : ndarray (n, 3) float64
        Cα, x, y, z in Å in the file's frame, without NaN.
    kind : ndarray (n,) int64
        Secondary structure: `HELIX`, `STRAND` or `COIL`.
    weight : ndarray (n,) float64
        How much each residue counts; sums to 1.
    """

    points: NDArray[np.float64]
    kind: NDArray[np.int64]
    weight: NDArray[np.float64]

    @classmethod
    def of(
        cls, calpha: NDArray[np.float64], weight: NDArray[np.float64] | None = None
    ) -> Body:
        """A body of a chain's Cα (n, 3) in order; those at NaN or of weight 0 take no part."""
        weight = np.ones(len(calpha)) if weight is None else np.asarray(weight, dtype=np.float64)
        present = np.isfinite(calpha).all(axis=1) & (weight > 0)
        kind = assign_secondary_structure(calpha).astype(np.int64)
        return cls(
            np.ascontiguousarray(calpha[present]),
            kind[present],
            weight[present] / max(float(weight[present].sum()), 1e-12),
        )

    def __len__(self) -> int:
        return len(self.points)

    @cached_property
    def centre(self) -> NDArray[np.float64]:
        """Weighted mean position (3,) in Å."""
        return self.weight @ self.points

    @cached_property
    def centred(self) -> NDArray[np.float64]:
        """Points (n, 3) with the centre at 0."""
        return self.points - self.centre

    @cached_property
    def covariance(self) -> NDArray[np.float64]:
        """Weighted covariance (3, 3) of the points in Å²."""
        return (self.weight[:, None] * self.centred).T @ self.centred

    @property
    def radius(self) -> float:
        """Root mean square distance of the points from the centre, Å."""
        return float(np.sqrt(np.trace(self.covariance)))

    @property
    def extent(self) -> float:
        """Largest distance of a point from the centre, Å."""
        return float(np.linalg.norm(self.centred, axis=1).max(initial=0.0))


@dataclass(frozen=True, eq=False)
class Poses:
    """Places of one body, best first.

    Attributes
    ----------
    rotation : ndarray (k, 3, 3)
    centre : ndarray (k, 3)
        Å; where the body's centre comes to lie.
    score : ndarray (k,)
        That they are ordered by: mean value at the body's residues, in deviations, of the fields
        that they were scored by last.
    """

    rotation: NDArray[np.float64]
    centre: NDArray[np.float64]
    score: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.score)

    def select(self, index: NDArray) -> Poses:
        """Those that an index or mask names, in its order."""
        return Poses(self.rotation[index], self.centre[index], self.score[index])

    def scored(self, score: NDArray[np.float64]) -> Poses:
        """The same poses by other scores (k,), best first."""
        order = np.argsort(-score, kind="stable")
        return Poses(self.rotation[order], self.centre[order], score[order])

    def apply(self, body: Body, k: int, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points (m, 3) of the body's frame in pose k; NaN stays NaN."""
        return (points - body.centre) @ self.rotation[k].T + self.centre[k]

    def images(self, symmetry: Symmetry, k: int) -> Poses:
        """Where the operations of a symmetry lead pose k to; the first is the pose itself."""
        return Poses(
            symmetry.rotation @ self.rotation[k],
            symmetry.images(self.centre[k][None])[:, 0],
            np.full(len(symmetry), self.score[k]),
        )

    def displacement(self, body: Body, other: Poses) -> NDArray[np.float64]:
        """Root mean square distance in Å of the body's points in each pose (len,) from the nearest
        of other poses."""
        turned = self.rotation @ body.covariance
        overlap = np.einsum("kij,mij->km", turned, other.rotation)
        spread = 2.0 * (np.trace(body.covariance) - overlap)
        apart = np.sum((self.centre[:, None] - other.centre) ** 2, axis=2)
        return np.sqrt(np.maximum(spread + apart, 0.0).min(axis=1))

    def distinct(
        self, body: Body, distance: float, count: int, symmetry: Symmetry | None = None
    ) -> Poses:
        """The best `count` poses of which none lies within `distance` Å of a better one, nor of
        where a symmetry leads a better one to."""
        order = np.argsort(-self.score, kind="stable")
        left = self.select(order)
        free = np.ones(len(left), dtype=bool)
        kept = []
        for k in range(len(left)):
            if not free[k]:
                continue
            kept.append(k)
            if len(kept) == count:
                break
            better = left.select([k]) if symmetry is None else left.images(symmetry, k)
            free &= left.displacement(body, better) > distance
        return left.select(np.array(kept, dtype=np.int64))
