"""Data for the tests of networks."""

from pathlib import Path

import numpy as np
import pytest

from critasser.network.training.packing import Atoms


@pytest.fixture
def small_chain() -> Path:
    """A small protein chain (Protein Data Bank)."""
    return Path(__file__).parents[2] / "data" / "1gl2_D.pdb.gz"


@pytest.fixture
def helix() -> Atoms:
    """Twenty residues of N, CA, C, O on a helix; types 0…19 in turn."""
    turn, rise = np.radians(100), 1.5
    angle = np.arange(20) * turn
    calpha = np.stack([2.3 * np.cos(angle), 2.3 * np.sin(angle), rise * np.arange(20)], 1)
    offsets = np.array([[-1.2, 0.5, -0.6], [0, 0, 0], [1.1, 0.4, 0.9], [1.4, -0.7, 1.3]])
    positions = (calpha[:, None] + offsets).reshape(-1, 3)
    return Atoms(
        positions.astype(np.float32),
        np.tile([7, 6, 6, 8], 20).astype(np.float32),
        np.tile([0, 1, 2, 3], 20).astype(np.uint8),
        np.repeat(np.arange(20), 4).astype(np.int32),
        np.zeros(80, bool),
        np.arange(20, dtype=np.uint8),
        np.zeros(20, np.uint8),
        (np.arange(20) * 4 + 1).astype(np.int32),
    )
