"""Whether a map's voxel size can be right."""

from pathlib import Path

import numpy as np
import pytest

from critasser.density import Grid, normalise, resample, simulate
from critasser.network.training.packing import atoms_of, read_structure
from critasser.pipeline.stages.voxel_size import told_scale
from critasser.shipped import RESIDUE_NETWORK, shipped

CHAIN = Path(__file__).parents[3] / "data" / "1gl2_D.pdb.gz"
NETWORKS = shipped("network.safetensors"), shipped(RESIDUE_NETWORK)


@pytest.fixture(scope="module")
def density():
    atoms = atoms_of(read_structure(CHAIN))
    return simulate(atoms.positions, atoms.amplitude, 3.0, voxel_size=1.0, padding=8.0)


@pytest.mark.parametrize("wrong", [0.75, 2.0])
def test_a_map_whose_voxels_are_too_large_or_too_small_is_told_its_size(density, wrong):
    scaled = Grid(density.values, density.origin, density.voxel_size * wrong)
    told = told_scale(normalise(resample(scaled)), *NETWORKS, device="cpu")
    assert told * wrong == pytest.approx(1.0, abs=0.07)


def test_a_map_of_the_right_size_is(density):
    assert told_scale(normalise(density), *NETWORKS, device="cpu") == 1.0


def test_of_noise_nothing_is_told(density):
    values = np.random.default_rng(1).normal(size=density.shape)
    noise = normalise(density.with_values(values))
    assert told_scale(noise, *NETWORKS, device="cpu") == 1.0
    empty = density.with_values(np.zeros(density.shape))
    assert told_scale(empty, *NETWORKS, device="cpu") == 1.0
