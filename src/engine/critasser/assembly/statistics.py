"""What protein chains look like as Cα and side-chain centres: the tables of the energy.

Energies are ``-ln`` of a frequency over what is expected, in units of the sampling temperature 1.
`critasser.assembly.learning` counts them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from critasser.assembly.bins import BINS13, BINS14, BINS15, BURIAL_BINS, CONTACT_BINS
from critasser.errors import InputError
from critasser.shipped import shipped

__all__ = ["SHAPES", "Statistics", "load", "statistics"]

SHAPES = {
    "sidechain_centre": (20, 2, 3),
    "sidechain_electrons": (20,),
    "closest": (20,),
    "distance13": (3, 20, BINS13[2]),
    "distance14": (3, 20, 20, BINS14[2]),
    "distance15": (3, 20, 20, BINS15[2]),
    "contact": (20, 20, 3, CONTACT_BINS),
    "burial": (20, BURIAL_BINS),
    "background": (20,),
    "gyration": (2,),
}

@dataclass(frozen=True, eq=False)
class Statistics:
    """Learnt tables; a = amino acids in the order of `AMINO_ACIDS`, s = helix, strand, coil.

    Attributes
    ----------
    sidechain_centre : ndarray (20, 2, 3)
        In the residue's frame, compact and extended, Å; the Cα itself for glycine.
    sidechain_electrons : ndarray (20,)
        Of the heavy atoms beyond the Cα.
    closest : ndarray (20,)
        What 2 % of the Cα–side-chain distances fall below, Å.
    distance13 : ndarray (s, a, 20)
        Probability of Cα(i)–Cα(i+2) distances, by the middle residue; bins `BINS13`.
    distance14 : ndarray (s, a, a, 48)
        Of Cα(i)–Cα(i+3), negative where the turn is left-handed, by residues i+1 and i+2.
    distance15 : ndarray (s, a, a, 24)
        Of Cα(i)–Cα(i+4), by residues i+1 and i+3.
    contact : ndarray (a, a, 3, 16)
        Energy of two side chains by orientation class and distance.
    burial : ndarray (a, 32)
        Energy by number of side chains within 8 Å.
    background : ndarray (20,)
        Frequencies.
    gyration : ndarray (2,)
        Radius of gyration in Å of n residues: ``gyration[0] * n ** gyration[1]``.
    """

    sidechain_centre: NDArray[np.float64]
    sidechain_electrons: NDArray[np.float64]
    closest: NDArray[np.float64]
    distance13: NDArray[np.float64]
    distance14: NDArray[np.float64]
    distance15: NDArray[np.float64]
    contact: NDArray[np.float64]
    burial: NDArray[np.float64]
    background: NDArray[np.float64]
    gyration: NDArray[np.float64]


@cache
def statistics() -> Statistics:
    """The tables that ship with Critasser."""
    return load(shipped("assembly.npz"))


def load(path: Path) -> Statistics:
    """Read tables that `learn` made.

    Raises
    ------
    InputError
        The file is damaged or of another version.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            tables = {name: stored[name].astype(np.float64) for name in SHAPES}
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise InputError(
            f"{path}: not a whole table of chain statistics ({error}); learn it again with "
            "`critasser train statistics`"
        ) from None
    for name, shape in SHAPES.items():
        if tables[name].shape != shape or not np.isfinite(tables[name]).all():
            raise InputError(
                f"{path}: table {name} has shape {tables[name].shape} instead of {shape} or is "
                "not finite; learn it again with `critasser train statistics`"
            )
    return Statistics(**tables)
