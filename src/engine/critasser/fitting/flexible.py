"""Fit a placed structure flexibly: an elastic network that gives way to what the networks see."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from critasser.fitting.fields import Fields
from critasser.fitting.kernels import field_score
from critasser.fitting.placed import values_in_place
from critasser.fitting.rigid import FINE_BLUR
from critasser.fitting.settling import lying
from critasser.structure import assign_secondary_structure

__all__ = ["far_fields", "flexible_fit"]

CONTACT = 10.0
"""Å between Cα that a spring joins."""

ALONG = 10
"""Residues along the chain over which springs are firm: what is near along the chain keeps its
shape, so that many residues' density speaks for each move."""

FIRM, LOOSE = 3.0, 0.1
"""Stiffness of springs along the chain and of all others, in deviations of the field per Å²."""

SHARP, STIFFENING = 7.0, 3.0
"""Å from which loose springs grow stiffer with the resolution, and by which power of it: networks
err more there. In 12 maps of validation chains of 8.5 to 12 Å structures lost 0.086 of their
TM-score at most by bending without it, and 0.005 with it; 24 in other states gained 0.07 in
the mean."""

GIVES = 2.0
"""Å of change at which a loose spring has half of its full energy, and begins to give: contacts of
the template that the map's state does not have may come apart (Geman and McClure's function)."""

BLURS = (3.0, 2.0)
"""Å; standard deviations by which the fields are blurred, one after the other, before they are as
the last refinement of rigid bodies has them: from far to near."""

LEAST_GAIN = 0.085
"""By the density, a residue, that bending must bring, also to those residues alone that lay in it
before: else a wrong loop is drawn into density of others, and what is right follows. To structures
that are not bent it brought 0.03 to 0.10 in ten maps of validation chains, by following errors of
the networks."""

FAR_OFF, GOES_ON = 0.15, 0.04
"""Gain from which a structure was so far off that rounds go on, with springs at rest where the last
one ended, while each brings so much."""

MOST_ROUNDS = 4
"""In all."""

MOST_STEPS = 200
"""Of L-BFGS at each blur."""

NO_LENGTH = 1e-6
"""Å; a spring shorter than this pulls nowhere."""


@dataclass(frozen=True, eq=False)
class _Springs:
    """Springs between points, at rest where they stand."""

    ends: csr_array
    """(m, n): +1 and −1 at the two ends of each."""
    rest: NDArray[np.float64]
    """(m,) Å."""
    stiffness: NDArray[np.float64]
    yielding: NDArray[np.float64]
    """(m,) 1/Å²; 0 for springs that do not give."""

    @classmethod
    def between(
        cls, points: NDArray[np.float64], numbers: NDArray[np.int64], loose: float = LOOSE
    ) -> _Springs:
        pairs = cKDTree(points).query_pairs(CONTACT, output_type="ndarray")
        first, second = pairs.T
        count = np.arange(len(pairs))
        ends = csr_array(
            (
                np.repeat([1.0, -1.0], len(pairs)),
                (np.tile(count, 2), np.concatenate([first, second])),
            ),
            shape=(len(pairs), len(points)),
        )
        firm = np.abs(numbers[first] - numbers[second]) <= ALONG
        return cls(
            ends,
            np.linalg.norm(points[first] - points[second], axis=1),
            np.where(firm, FIRM, loose),
            np.where(firm, 0.0, 1.0 / GIVES**2),
        )

    def energy(self, points: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Energy and its derivative (n, 3) by the points."""
        apart = self.ends @ points
        length = np.linalg.norm(apart, axis=1)
        change = length - self.rest
        given = 1.0 + self.yielding * change**2
        pull = 2.0 * self.stiffness * change / given**2 / np.maximum(length, NO_LENGTH)
        energy = float(np.sum(self.stiffness * change**2 / given))
        return energy, self.ends.T @ (pull[:, None] * apart)


def far_fields(fields: Fields) -> tuple[Fields, ...]:
    """Fields as structures are drawn into them from far, made once for all structures of a map.

    Parameters
    ----------
    fields : Fields
        Blurred by `FINE_BLUR`.
    """
    more = np.sqrt(np.square(BLURS) - FINE_BLUR**2)
    return tuple(fields.blurred(float(width)) for width in more)


def flexible_fit(
    positions: NDArray[np.float64],
    fields: Fields,
    resolution: float,
    far: tuple[Fields, ...] | None = None,
) -> tuple[NDArray[np.float64], float]:
    """A placed chain bent into the density, where that gains clearly by it.

    Parameters
    ----------
    positions : ndarray (n, 3)
        Cα of a chain in order, in the map's frame, Å; NaN for residues without a place.
    fields : Fields
        Blurred by `FINE_BLUR`, as the last refinement of rigid bodies has them.
    resolution : float
        Of the map, Å.
    far : tuple of Fields, optional
        What `far_fields` makes of them, where there are several structures.

    Returns
    -------
    positions : ndarray (n, 3)
        Unchanged where bending gains little: it would follow the errors of the networks.
    gain : float
        Mean over residues, in deviations of the field; 0 where nothing changed.

    References
    ----------
    Elastic network: Tirion MM, PRL 77:1905 (1996). Networks whose rest lengths follow the fit, as
    springs do here from round to round: Schröder GF et al., Structure 15:1630 (2007).
    """
    placed = np.flatnonzero(np.isfinite(positions).all(axis=1))
    gain = 0.0
    if len(placed) < 2:
        return positions, gain
    given, lay = positions, lying(positions, fields)
    values = values_in_place(positions, fields)
    before, of_those = float(values[placed].mean()), float(values[lay].mean())
    blurred = [*(far_fields(fields) if far is None else far), fields]
    kind = assign_secondary_structure(positions).astype(np.int64)[placed]
    loose = LOOSE * max(resolution / SHARP, 1.0) ** STIFFENING
    for _ in range(MOST_ROUNDS):
        points = np.ascontiguousarray(positions[placed])
        springs = _Springs.between(points, placed, loose)
        for seen in blurred:
            points = _relaxed(points, kind, springs, seen)
        moved = positions.copy()
        moved[placed] = points
        after = float(values_in_place(moved, fields)[placed].mean())
        if after - before < (GOES_ON if gain else LEAST_GAIN):
            break
        gain += after - before
        positions, before, blurred = moved, after, [fields]
        if gain < FAR_OFF:
            break
    if gain and float(values_in_place(positions, fields)[lay].mean()) - of_those < LEAST_GAIN:
        return given, 0.0
    return positions, gain


def _relaxed(
    points: NDArray[np.float64], kind: NDArray[np.int64], springs: _Springs, fields: Fields
) -> NDArray[np.float64]:
    """Points (n, 3) at the nearest optimum of field and springs."""
    weight, gradient = np.ones(len(points)), np.empty_like(points)

    def loss(x: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        here = x.reshape(-1, 3)
        value = field_score(
            here, kind, weight, fields.values, fields.origin, fields.step, fields.outside,
            gradient,
        )  # fmt: skip
        energy, slope = springs.energy(here)
        return energy - value, (slope - gradient).ravel()

    found = minimize(
        loss, points.ravel(), jac=True, method="L-BFGS-B",
        options={"maxiter": MOST_STEPS, "maxfun": 2 * MOST_STEPS},
    )  # fmt: skip
    return found.x.reshape(-1, 3)
