"""Positions move to their Cα when they are read, and their residues are recognised."""

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from critasser.density import normalise, simulate
from critasser.network.residue.fitted import AminoAcidWeights, CalphaWeights, shipped_constants
from critasser.network.residue.reading import (
    LEAST_BATCH,
    LEAST_PROBABILITY,
    _combined_amino_acids,
    _triples,
    keep_likely,
    read_residues,
    read_triples,
)
from critasser.network.training.packing import atoms_of, read_structure
from critasser.network.weights import load_network
from critasser.shipped import shipped
from critasser.structure import AMINO_ACIDS, CalphaSet, read_chains


@pytest.fixture
def density(small_chain):
    atoms = atoms_of(read_structure(small_chain))
    return normalise(simulate(atoms.positions, atoms.amplitude, 3.0, voxel_size=1.0, padding=12.0))


def displaced(chain, rng):
    """Cα positions off by half an Å, with nothing known of their residues."""
    native = chain.calpha
    n = len(native)
    return CalphaSet(
        native + rng.normal(scale=0.3, size=native.shape),
        np.full(n, 0.9),
        np.full((n, 20), 0.05),
        np.full((n, 3), 1 / 3),
    )


def test_positions_move_to_their_calpha_and_residues_are_recognised(density, small_chain):
    (chain,) = read_chains(small_chain)
    found = displaced(chain, np.random.default_rng(0))
    read = read_residues(density, found, shipped("residue.safetensors"), len(found), device="cpu")
    order = np.argsort(cdist(read.positions, found.positions).argmin(axis=1))
    read = read.select(order)
    before = np.linalg.norm(found.positions - chain.calpha, axis=1)
    after = np.linalg.norm(read.positions - chain.calpha, axis=1)
    assert np.sqrt((after**2).mean()) < 0.65 * np.sqrt((before**2).mean())
    codes = np.array([AMINO_ACIDS.index(letter) for letter in chain.letters])
    assert np.mean(read.amino_acid[1:-1].argmax(axis=1) == codes[1:-1]) > 0.7
    assert np.allclose(read.amino_acid.sum(axis=1), 1) and np.all(read.amino_acid > 0)
    step = np.diff(read.triples.triple, axis=1)
    forward, back = (step == 1).all(axis=1), (step == -1).all(axis=1)
    assert np.mean(read.triples.log_odds[forward] > 0) > 0.9
    assert np.mean(read.triples.log_odds[back] < 0) > 0.9


def test_a_position_alone_keeps_the_map_networks_view(density, small_chain):
    (chain,) = read_chains(small_chain)
    found = displaced(chain, np.random.default_rng(1)).select([3])
    read = read_residues(density, found, shipped("residue.safetensors"), 1, device="cpu")
    assert read.triples is None
    assert np.array_equal(read.positions, found.positions)
    assert np.array_equal(read.amino_acid, found.amino_acid)


def test_amino_acids_are_surer_where_both_networks_agree():
    one = np.full((1, 20), 0.6 / 19)
    one[0, 3] = 0.4
    other = np.full((1, 20), 0.6 / 19)
    other[0, 7] = 0.4
    weights = shipped_constants().amino_acid
    agreed = _combined_amino_acids(one, one, weights)[0]
    torn = _combined_amino_acids(one, other, weights)[0]
    assert agreed.argmax() == 3
    assert agreed[3] > 0.4
    assert torn[3] > torn[7] > torn[0]
    assert agreed.sum() == pytest.approx(1)


def test_the_weight_of_a_network_is_how_far_it_is_believed():
    residue, map_ = np.full((2, 1, 20), 0.6 / 19)
    residue[0, 3] = map_[0, 7] = 0.4
    for weights, believed in ((AminoAcidWeights(1.0, 0.2), 3), (AminoAcidWeights(0.2, 1.0), 7)):
        assert _combined_amino_acids(residue, map_, weights)[0].argmax() == believed


def test_unlikely_positions_go_unless_the_sequence_needs_them():
    n = 6
    read = CalphaSet(
        np.arange(3.0 * n).reshape(n, 3), np.full(n, 0.5), np.full((n, 20), 0.05),
        np.full((n, 3), 1 / 3),
    )  # fmt: skip
    evidence = np.zeros((n, 3))
    evidence[:, 0] = [2.0, -3.0, 1.0, -2.0, 3.0, -4.0]
    weights = CalphaWeights(0.0, 1.0, 0.0, 0.0)
    likely = keep_likely(read, evidence, 1, weights)
    assert likely.positions[:, 0].tolist() == [12.0, 0.0, 6.0]
    assert (likely.probability >= LEAST_PROBABILITY).all()
    assert likely.probability[0] == pytest.approx(1 / (1 + np.exp(-3.0)))
    needed = keep_likely(read, evidence, 5, weights)
    assert needed.positions[:, 0].tolist() == [12.0, 0.0, 6.0, 9.0, 3.0]


class SmallMemory(torch.nn.Module):
    """A network on a device whose memory holds so many triples at once."""

    def __init__(self, network, room):
        super().__init__()
        self.network, self.room, self.tried = network, room, []
        self.head = network.head

    def forward(self, inputs):
        self.tried.append(len(inputs))
        if len(inputs) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 4.00 GiB")
        return self.network(inputs)


def test_where_memory_is_short_fewer_residues_are_read_at_once(density, small_chain):
    (chain,) = read_chains(small_chain)
    network = load_network(shipped("residue.safetensors"))
    triples = _triples(chain.calpha)
    assert len(triples) > 4 * LEAST_BATCH
    where = (density, chain.calpha, triples, torch.device("cpu"))
    expected = read_triples(network, *where)
    small = SmallMemory(network, 2 * LEAST_BATCH)
    assert torch.allclose(read_triples(small, *where), expected, atol=1e-4)
    assert small.tried[0] > small.room
    assert max(small.tried[-3:]) <= small.room
    with pytest.raises(MemoryError, match="a batch of 64 residues does not fit"):
        read_triples(SmallMemory(network, LEAST_BATCH - 1), *where)
