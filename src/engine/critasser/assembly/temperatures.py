"""Sets the temperatures of the replicas, and weighs decoys by energy and temperature."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["decoy_weights", "temperature_ladder"]

COLDEST, HOTTEST = 0.6, 1.8
"""Temperatures; at 1 the energies are those of the structures that they were learnt from."""

HEAT = 1.5
"""Energy over temperature that each residue has from heat: 1/2 in each direction."""

SOFTNESS = 2.0
"""Spreads of the energy by which a decoy must lie higher to count 1/e."""


def temperature_ladder(replicas: int, length: int) -> NDArray[np.float64]:
    """Geometric temperatures; few replicas of a long chain span less, so that swaps happen."""
    step = 1.0 / np.sqrt(HEAT * length)
    top = min(HOTTEST / COLDEST, float(np.exp(step * (replicas - 1))))
    return COLDEST * top ** (np.arange(replicas) / max(1, replicas - 1))


def decoy_weights(
    energy: NDArray[np.float64], temperature: NDArray[np.float64], length: int
) -> NDArray[np.float64]:
    """How likely the place is from which each decoy was taken, largest 1.

    In a run of this length a replica hardly leaves its fold, so that the number of decoys with a
    fold says nothing. The energy does, less what heat adds: 3/2 T for each residue and its spread,
    ``T sqrt(3/2 L)``, twice of which is the softness here.

    Parameters
    ----------
    energy, temperature : ndarray (n,)
    length : int
        Residues.
    """
    coldest = temperature.min()
    folded = energy - HEAT * length * (temperature - coldest)
    return np.exp((folded.min() - folded) / (SOFTNESS * coldest * np.sqrt(HEAT * length)))
