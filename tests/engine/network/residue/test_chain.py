"""Side chains are read along a structure, beside what its fold tells in wrong poses."""

from pathlib import Path

import numpy as np
import pytest
import torch

from critasser.density import normalise, read_map, resample
from critasser.network import ChainReader, load_network
from critasser.shipped import RESIDUE_NETWORK, shipped
from critasser.structure import read_chains
from critasser.templates import register_z_score

DATA = Path(__file__).parents[3] / "data"
CPU = torch.device("cpu")


@pytest.fixture
def rng():
    return np.random.default_rng(5)


@pytest.fixture(scope="module")
def piece():
    return read_chains(DATA / "emd_6555_piece.pdb")[0]


@pytest.fixture(scope="module")
def reader():
    """Of an experimental map at 2.9 Å with a piece of 60 residues."""
    grid = normalise(resample(read_map(DATA / "emd_6555_piece.mrc.gz")))
    return ChainReader(load_network(shipped(RESIDUE_NETWORK)), grid, CPU)


def test_a_structure_in_its_place_has_its_own_side_chains(piece, reader, rng):
    centre = piece.calpha.mean(axis=0)
    by_fold = reader.by_fold(piece.calpha, centre, rng)
    here = reader.log_probabilities(piece.calpha) - by_fold
    assert register_z_score(here, piece.codes) > 5.0
    assert register_z_score(here, rng.permutation(piece.codes)) < 3.0
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    turned = (piece.calpha - centre) @ turn.T + centre
    assert register_z_score(reader.log_probabilities(turned) - by_fold, piece.codes) < 3.0


def test_what_the_fold_alone_tells_is_taken_away(piece, reader, rng):
    """In an empty map the network still guesses amino acids, from how the chain runs."""
    empty = ChainReader(reader.network, reader.density.with_values(
        np.zeros(reader.density.shape, np.float32)), CPU)  # fmt: skip
    centre = piece.calpha.mean(axis=0)
    guessed = empty.log_probabilities(piece.calpha)
    assert np.nanmean(guessed.max(axis=1) - guessed.min(axis=1)) > 1.0
    left = guessed - empty.by_fold(piece.calpha, centre, rng)
    assert np.nanmax(np.abs(left)) < 0.1


def test_residues_without_bonded_neighbours_are_not_read(piece, reader):
    broken = piece.calpha.copy()
    broken[20] = np.nan
    broken[40:] += 12.0
    read = np.isfinite(reader.log_probabilities(broken)).all(axis=1)
    assert not read[[0, 19, 20, 21, 39, 40, -1]].any()
    assert read[1:19].all() and read[22:39].all() and read[41:-1].all()
    assert np.isnan(reader.log_probabilities(np.full((5, 3), np.nan))).all()


def test_a_structure_may_reach_far_beyond_the_map(piece, reader, rng):
    """A long template, turned about its place, leaves a small map by whole cubes of the network."""
    centre = piece.calpha.mean(axis=0)
    in_map = reader.log_probabilities(piece.calpha)
    for shift in ([400.0, 0.0, 0.0], [-400.0, 0.0, 0.0]):
        outside = reader.log_probabilities(piece.calpha + shift)
        assert np.isfinite(outside).any()
        assert np.isfinite(outside).sum() == np.isfinite(in_map).sum()
    long = np.concatenate([piece.calpha, piece.calpha + [250.0, 0.0, 0.0]])
    assert np.isfinite(reader.by_fold(long, centre, rng)).any()
