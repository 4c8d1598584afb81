"""A chain, and what networks would see of one."""

from pathlib import Path

import numpy as np
import pytest

from critasser.density import simulate
from critasser.fitting import Fields
from critasser.structure import read_chains

DATA = Path(__file__).parents[3] / "data"


@pytest.fixture
def chain():
    return read_chains(DATA / "1gl2_D.pdb.gz")[0]


@pytest.fixture
def fields_of():
    """What networks would see of a chain's Cα."""

    def made(chain):
        trail = simulate(chain.calpha, 1.0, 6.0, padding=8.0)
        values = trail.values / trail.values.max()
        mean, deviation = values[values > 0.1].mean(), values[values > 0.1].std()
        scaled = ((values - mean) / deviation).astype(np.float32)
        return Fields(np.stack([scaled] * 3), trail.origin, 1.0, np.full(3, -mean / deviation))

    return made
