"""Small real chains, and probabilities as a network that reads well would give them."""

from pathlib import Path

import numpy as np
import pytest

from critasser.density import FeatureMaps, simulate
from critasser.structure import COIL, assign_secondary_structure, read_chains

DATA = Path(__file__).parents[2] / "data"

SHARPNESS = 4.0
"""Å; resolution of the probabilities."""


def seen(chains):
    """Feature maps of Cα chains (n, 3)."""
    calpha = np.concatenate(chains)
    calpha = calpha[np.isfinite(calpha).all(axis=1)]
    kind = np.concatenate([assign_secondary_structure(chain) for chain in chains])
    kind = kind[np.isfinite(np.concatenate(chains)).all(axis=1)]
    trail = simulate(calpha, 1.0, SHARPNESS, padding=8.0)
    highest = trail.values.max()
    structure = np.stack(
        [
            simulate(calpha[kind == k], 1.0, SHARPNESS, like=trail).values / highest
            for k in range(COIL + 1)
        ]
    )
    values = (trail.values / highest).astype(np.float32)
    return FeatureMaps(
        trail.origin,
        trail.voxel_size,
        values,
        values,
        structure.astype(np.float32),
        np.zeros((20, *trail.shape), np.float16),
    )


@pytest.fixture(scope="session")
def look():
    """`seen`, for tests to choose what is in the map."""
    return seen


@pytest.fixture(scope="session")
def barnase():
    """Cα (108, 3): three helices and a sheet."""
    return read_chains(DATA / "1a2p_A.pdb.gz")[0].calpha


@pytest.fixture(scope="session")
def globin():
    """Cα (141, 3) of another fold: helices only."""
    return read_chains(DATA / "1bab_A_calpha.pdb.gz")[0].calpha
