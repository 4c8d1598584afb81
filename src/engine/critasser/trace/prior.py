"""Let known structures that lie in the map say which residue may be where.

A template that is right about residue i puts it near one place; one that is wrong says nothing.
Position p then speaks for residue i, rather than for any, by ``1 − T + T n K(d) / (K0 + sum_p
K(d))``: T is the probability that the template is right, n the number of positions, K a Gaussian of
the distance d between template residue and position, and K0 says that its own position may be
missing. Its logarithm is added to the emissions, so that template, amino acids, secondary structure
and links make one solution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import uniform_filter1d

from critasser.structure import Target, Template
from critasser.trace.asymmetric_unit import AsymmetricUnit

__all__ = ["KnownPlaces", "RegisterPrior", "no_prior", "prior_of_places", "register_prior"]

SPREAD = 1.5
"""Å, standard deviation of a template's residue around the position that is its own."""

REACH = 4.0
"""Å beyond which no position is a template residue's own."""

SUPPORT_WINDOW = 9
"""Residues along the chain over which positions near the template are counted."""

IDENTITIES, RIGHT = (0.1, 0.25, 0.5, 1.0), (0.3, 0.6, 0.9, 0.97)
"""Identity of aligned residues, and how probably a residue is aligned right. Below a quarter of
identical residues alignments are half wrong. Chosen by hand."""

MOST_LOG_ODDS = 4.0
"""As an amino acid may say at most: the map's side chains can outvote a template."""

MISSING = 2.5
"""Å; the network is as likely to have missed a residue's position as to have put it this far off.
"""


@dataclass(frozen=True, eq=False)
class KnownPlaces:
    """Where a template puts the residues of one unit.

    Attributes
    ----------
    positions : ndarray (m, L, 3)
        Å; its images under the symmetry of the map, NaN where it has nothing.
    identity : float
        Share of the aligned residues with the same amino acid.
    """

    positions: NDArray[np.float64]
    identity: float


@dataclass(frozen=True, eq=False)
class RegisterPrior:
    """What templates say of residues at positions.

    Attributes
    ----------
    log_odds : ndarray (L, n) float32
        To be added to emissions.
    told : ndarray (L, n) float32
        Probability, by the templates alone, that position p is residue i's own.
    """

    log_odds: NDArray[np.float32]
    told: NDArray[np.float32]

    def __bool__(self) -> bool:
        """Whether anything is said."""
        return bool(self.told.any())


def no_prior(length: int, count: int) -> RegisterPrior:
    """What no template says of `length` residues at `count` positions."""
    return RegisterPrior(*np.zeros((2, length, count), dtype=np.float32))


def register_prior(templates: Sequence[Template], unit: AsymmetricUnit) -> RegisterPrior:
    """What templates that lie in the map say of each residue at each position of a unit.

    Parameters
    ----------
    templates : sequence of Template
        Of the whole target, without what the map contradicts.
    unit : AsymmetricUnit

    Returns
    -------
    RegisterPrior
    """
    known = [KnownPlaces(unit.images_of(one.positions), one.identity) for one in templates]
    return prior_of_places(known, unit.calpha.positions, unit.target)


def prior_of_places(
    known: Sequence[KnownPlaces], positions: NDArray[np.float64], target: Target
) -> RegisterPrior:
    """What known places say of each residue at each position.

    Parameters
    ----------
    known : sequence of KnownPlaces
        Of every template; several that cover a residue share what can be said.
    positions : ndarray (n, 3)
        Å.
    target : Target
        L residues.

    Returns
    -------
    RegisterPrior
    """
    length, count = len(target), len(positions)
    if not known or not count:
        return no_prior(length, count)
    covering = np.zeros(length)
    told = np.zeros((length, count))
    right = np.zeros(length)
    for one in known:
        weight = _gaussians(one.positions, positions)
        total = weight.sum(axis=1)
        near = total > 0
        covered = np.isfinite(one.positions).all(axis=2).any(axis=0)
        support = np.zeros(length)
        for chain in target.chain_slices:
            support[chain] = uniform_filter1d(near[chain].astype(float), SUPPORT_WINDOW)
        trust = np.interp(one.identity, IDENTITIES, RIGHT) * support * near
        covering += covered
        told += (trust / (total + _gaussian(MISSING**2)))[:, None] * weight
        right += trust
    shared = np.maximum(covering, 1.0)
    told, right = told / shared[:, None], right / shared
    odds = 1.0 - right[:, None] + count * told
    log_odds = np.clip(np.log(odds), -MOST_LOG_ODDS, MOST_LOG_ODDS)
    return RegisterPrior(log_odds.astype(np.float32), told.astype(np.float32))


def _gaussians(
    places: NDArray[np.float64], positions: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Gaussian (L, n) of the distance of each residue's nearest image from each position."""
    best = np.full((places.shape[1], len(positions)), np.inf)
    for image in places:
        squared = ((image[:, None] - positions) ** 2).sum(axis=2)
        np.fmin(best, squared, out=best)
    return np.where(best < REACH**2, _gaussian(best), 0.0)


def _gaussian(squared: ArrayLike) -> NDArray[np.float64]:
    """Of squared distances in Å², 1 at none."""
    return np.exp(np.multiply(squared, -0.5 / SPREAD**2))
