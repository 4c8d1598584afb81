"""What maps show of side chains is measured, and put on simulated atoms."""

import numpy as np
import pytest
import torch

from critasser.density import Grid, normalise
from critasser.network.gaussians import gaussian_density
from critasser.network.training.packing import Pair, atoms_of, read_structure
from critasser.network.training.simulation import gather_atoms, place
from critasser.network.training.transfer import ATOM_VARIANCE, compare_with_atoms, measure_transfer
from critasser.network.training.visibility import (
    Visibility,
    fade_side_chains,
    measure_visibility,
)

SIDE = 110


@pytest.fixture
def chain(small_chain):
    return atoms_of(read_structure(small_chain))


def pair_of(chain, amplitude):
    """A map in which atoms have other amplitudes than the model's."""
    origin = chain.positions.mean(0).astype(float) - SIDE / 2
    index = torch.as_tensor((chain.positions - origin)[:, ::-1].astype(np.float32).copy())
    count = len(index)
    spread = torch.full((count, 3), ATOM_VARIANCE**0.5)
    cube = gaussian_density(index, torch.as_tensor(amplitude), spread, (count,), SIDE)[0]
    grid = normalise(Grid(cube.numpy(), origin, np.ones(3)))
    return Pair("made", grid.values, origin, chain, 3.0)


def test_side_chains_that_are_faint_in_a_map_are_seen_to_be(chain):
    faint = np.where(chain.kind == 4, 0.3, 1.0).astype(np.float32)

    def measured(factor):
        pair = pair_of(chain, chain.amplitude * factor)
        both = compare_with_atoms(pair)
        return measure_visibility([pair], [both], [measure_transfer(pair, both)])

    whole, faded = measured(np.ones_like(faint)), measured(faint)
    there = np.unique(chain.residue_type)
    assert np.abs(whole.side_chains[there] - 1.0).mean() < 0.1
    assert (faded.side_chains - whole.side_chains)[there].mean() < -0.3
    assert abs(faded.oxygen - 1.0) < 0.2


def test_atoms_get_the_amplitude_of_their_kind_and_place(chain):
    part = place(chain, np.eye(3), chain.positions.mean(0), 1.0, 60)
    molecules = gather_atoms([[part], [part]], torch.device("cpu"))
    visibility = Visibility(np.full((20, 5), 0.5), 0.8)
    generator = torch.Generator().manual_seed(0)
    changed = fade_side_chains(molecules, visibility, torch.tensor([1.0, 0.0]), generator)
    ratio = changed.amplitude / molecules.amplitude
    first, second = molecules.crop == 0, molecules.crop == 1
    assert torch.allclose(ratio[first & (molecules.kind < 3)], torch.tensor(1.0))
    assert torch.allclose(ratio[first & (molecules.kind == 3)], torch.tensor(0.8))
    side = ratio[first & (molecules.kind == 4)]
    assert abs(float(side.log().mean()) - np.log(0.5)) < 0.2 and float(side.std()) > 0.01
    assert torch.allclose(ratio[second], torch.tensor(1.0))
