"""How sharp networks are to see a map."""

from pathlib import Path

import numpy as np
import pytest

from critasser.density import normalise, simulate
from critasser.network.training.packing import atoms_of, read_structure
from critasser.pipeline.stages.sharpness import choose_bfactor
from critasser.shipped import RESIDUE_NETWORK, shipped

CHAIN = Path(__file__).parents[3] / "data" / "1gl2_D.pdb.gz"


@pytest.fixture(scope="module")
def atoms():
    return atoms_of(read_structure(CHAIN))


def blurred_map(atoms, resolution):
    grid = simulate(atoms.positions, atoms.amplitude, resolution, voxel_size=1.0, padding=10.0)
    return normalise(grid)


def test_a_blurred_map_is_to_be_sharpened_and_a_sharp_one_is_not(atoms):
    networks = shipped("network.safetensors"), shipped(RESIDUE_NETWORK)
    length = len(atoms.calpha)
    assert choose_bfactor(blurred_map(atoms, 8.0), length, *networks, device="cpu") < 0
    assert choose_bfactor(blurred_map(atoms, 2.5), length, *networks, device="cpu") > -90


def test_a_map_without_a_molecule_is_left_as_it_is(atoms):
    empty = blurred_map(atoms, 3.0)
    empty = empty.with_values(np.zeros_like(empty.values))
    networks = shipped("network.safetensors"), shipped(RESIDUE_NETWORK)
    assert choose_bfactor(empty, 50, *networks, device="cpu") == 0.0
