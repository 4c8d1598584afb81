"""A real chain of 57 residues (3wmi, helices and a strand-like tail, 1.9 Å) to build again."""

from pathlib import Path

import numpy as np
import pytest

from critasser.atomic.residue_atoms import atoms_of_chain
from critasser.density import normalise, simulate
from critasser.structure import Sequence, Target, read_chains

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="session")
def chain():
    return read_chains(DATA / "3wmi_A.pdb.gz")[0]


@pytest.fixture(scope="session")
def native(chain):
    return atoms_of_chain(chain)


@pytest.fixture(scope="session")
def target(chain):
    return Target((Sequence("A", chain.letters),))


@pytest.fixture(scope="session")
def density(chain):
    return normalise(simulate(chain.positions, chain.amplitudes, 3.0, padding=8.0))


@pytest.fixture
def rng():
    return np.random.default_rng(0)
