"""Predicted structures are told by their B-factors."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from critasser.fitting import predicted_confidence, trusted_residues
from critasser.structure import read_chains

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def crystal():
    return read_chains(DATA / "1a2p_A.pdb.gz")[0]


def predicted(chain, scale):
    plddt = np.linspace(60.0, 95.0, len(chain))
    return replace(chain, b_factor=scale * plddt[chain.residue]), plddt


@pytest.mark.parametrize("scale", [1.0, 0.01])
def test_confidence_is_read_on_both_scales(crystal, scale):
    model, plddt = predicted(crystal, scale)
    assert np.allclose(predicted_confidence(model), plddt)
    assert np.array_equal(trusted_residues(model), plddt >= 70)


def test_a_crystal_structure_is_not_predicted_and_all_of_it_is_trusted(crystal):
    assert predicted_confidence(crystal) is None
    assert trusted_residues(crystal).all()


def test_low_b_factors_by_residue_are_no_confidence(crystal):
    model, _ = predicted(crystal, 0.3)
    assert predicted_confidence(model) is None


def test_a_chain_of_calpha_alone_cannot_be_told_and_is_trusted():
    chain = read_chains(DATA / "1bab_A_calpha.pdb.gz")[0]
    assert trusted_residues(chain).all()
