"""Sixty residues of a real model."""

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
