"""Sixty residues of a real model, and a whole chain."""

from pathlib import Path

import pytest

from critasser.structure import ProteinChain, read_chains

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="session")
def model_path() -> Path:
    return DATA / "emd_6555_piece.pdb"


@pytest.fixture(scope="session")
def chain(model_path: Path) -> ProteinChain:
    return read_chains(model_path)[0]


@pytest.fixture(scope="session")
def barnase() -> ProteinChain:
    """108 residues, three helices and a sheet."""
    return read_chains(DATA / "1a2p_A.pdb.gz")[0]
