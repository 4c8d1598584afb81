"""A piece of a real map, and the atoms in it."""

from pathlib import Path

import pytest

from critasser.density import Grid, read_map
from critasser.structure import ProteinChain, read_chains

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="session")
def piece_path() -> Path:
    return DATA / "emd_6555_piece.mrc.gz"


@pytest.fixture(scope="session")
def piece(piece_path: Path) -> Grid:
    return read_map(piece_path)


@pytest.fixture(scope="session")
def chain() -> ProteinChain:
    return read_chains(DATA / "emd_6555_piece.pdb")[0]
