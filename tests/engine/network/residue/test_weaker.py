"""Weaker peaks come after the positions that are read, and are read beside them."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from critasser.density import normalise, simulate
from critasser.network.residue.weaker import APART, EXCESS, with_weaker
from critasser.network.training.packing import atoms_of, read_structure
from critasser.shipped import shipped
from critasser.structure import CalphaSet, CalphaTriples, read_chains

WEIGHTS = shipped("residue.safetensors")
LEFT = slice(10, 14)
"""Residues that a search has missed."""


@pytest.fixture
def density(small_chain):
    atoms = atoms_of(read_structure(small_chain))
    return normalise(simulate(atoms.positions, atoms.amplitude, 3.0, voxel_size=1.0, padding=12.0))


def peaks_at(positions):
    n = len(positions)
    triples = CalphaTriples(np.empty((0, 3), np.int64), np.empty(0))
    kinds, structure = np.full((n, 20), 0.05), np.full((n, 3), 1 / 3)
    return CalphaSet(positions, np.full(n, 0.3), kinds, structure, triples)


def missed(calpha):
    return np.delete(calpha, LEFT, axis=0)


def test_missed_residues_are_found_beside_those_that_are_read(density, small_chain):
    (chain,) = read_chains(small_chain)
    read = peaks_at(missed(chain.calpha))
    corner = density.origin + 3.0  # where there is no density
    away = corner + np.outer(np.arange(4), [0.0, 0.0, 3.8])
    peaks = peaks_at(np.concatenate([chain.calpha + 0.4, away]))
    every = with_weaker(density, read, peaks, WEIGHTS, len(chain.calpha), device="cpu")
    n = len(read)
    for name in ("positions", "probability", "amino_acid", "secondary_structure"):
        assert np.array_equal(getattr(every, name)[:n], getattr(read, name))
    new = every.select(np.arange(len(every)) >= n)
    assert (np.diff(new.probability) <= 0).all()
    right = cdist(new.positions, chain.calpha[LEFT]).min(axis=1) < 1.0
    assert right.sum() == 4
    assert new.probability[right].min() > 0.5 > new.probability[~right].max()
    # Every way of the chain that is new leads through one of them.
    assert len(every.triples.triple)
    assert (every.triples.triple >= n).any(axis=1).all()
    assert every.triples.triple.max() < len(every)


def test_there_are_no_more_than_half_as_many_again_as_residues(density, small_chain):
    (chain,) = read_chains(small_chain)
    read, peaks = peaks_at(missed(chain.calpha)), peaks_at(chain.calpha)
    assert len(with_weaker(density, read, peaks, WEIGHTS, 36, device="cpu")) == EXCESS * 36
    assert with_weaker(density, read, peaks, WEIGHTS, 34, device="cpu") is read


def test_a_peak_at_a_position_that_is_read_is_not_another_one(density, small_chain):
    (chain,) = read_chains(small_chain)
    read = peaks_at(chain.calpha)
    peaks = peaks_at(chain.calpha + [0.0, 0.0, 0.9 * APART])
    near = cdist(peaks.positions, chain.calpha).min(axis=1) <= APART
    same = peaks.select(near)
    assert with_weaker(density, read, same, WEIGHTS, 100, device="cpu") is read
