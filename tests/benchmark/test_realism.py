"""Simulated and experimental maps are judged by the Cα that the network finds in both."""

from pathlib import Path

import numpy as np
import torch

from benchmark.lifelike import degraded_map
from benchmark.realism import f1
from critasser.density import normalise, simulate
from critasser.network.training.corruption import RandomNumbers
from critasser.network.training.packing import atoms_of, read_structure
from critasser.network.training.transfer import SHELLS, Transfer
from critasser.network.training.visibility import Visibility
from critasser.shipped import NETWORK, shipped

CHAIN = Path(__file__).parents[1] / "data" / "1gl2_D.pdb.gz"


def test_calpha_are_found_in_a_clean_map_and_fewer_of_them_in_noise():
    atoms = atoms_of(read_structure(CHAIN))
    truth = atoms.positions[atoms.calpha].astype(float)
    clean = normalise(simulate(atoms.positions, atoms.amplitude, 3.0, voxel_size=1.0, padding=12.0))
    assert f1(clean, truth, shipped(NETWORK))[1] > 0.9
    transfer = Transfer(np.ones(SHELLS), np.full(SHELLS, 0.2), 3.0)
    found = []
    for noise, in_molecule in ((0.0, True), (1.0, True), (1.0, False)):
        numbers = RandomNumbers(np.random.default_rng(0), torch.device("cpu"))
        grid = degraded_map(
            atoms, transfer, Visibility(np.full((20, 5), 0.8), 0.8), numbers, noise=noise,
            noise_in_molecule=in_molecule,
        )  # fmt: skip
        found.append(f1(normalise(grid), truth, shipped(NETWORK))[1])
    assert found[0] > 0.9 and found[1] < found[0] - 0.1
    assert found[1] < found[2] - 0.1  # Spread over the box, less of the noise is in the chain.
