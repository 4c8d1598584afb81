"""Temperatures of the replicas, and what a decoy from one of them counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["decoy_weights", "temperature_ladder"]

COLDEST, HOTTEST = 0.6, 1.8


def temperature_ladder(replicas: int, length: int) -> NDArray[np.float64]:
    """Geometric temperatures; few replicas of a long chain span less, so that swaps happen."""
    step = 1.0 / np.sqrt(1.5 * length)
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
    folded = energy - 1.5 * length * (temperature - coldest)
    return np.exp((folded.min() - folded) / (2.0 * coldest * np.sqrt(1.5 * length)))
