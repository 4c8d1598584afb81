"""Data for the tests of networks."""

from pathlib import Path

import pytest


@pytest.fixture
def small_chain() -> Path:
    """A small protein chain (Protein Data Bank)."""
    return Path(__file__).parents[2] / "data" / "1gl2_D.pdb.gz"
