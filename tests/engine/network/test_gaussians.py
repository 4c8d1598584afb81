"""Gaussians by a matrix product are those of a simulated map."""

import numpy as np
import torch

from critasser.density import Grid, simulate
from critasser.network.gaussians import gaussian_density
from critasser.network.training.simulation import gather_atoms, place

CPU = torch.device("cpu")


def test_the_matrix_product_is_the_sum_of_gaussians_that_a_simulated_map_is(helix):
    side, resolution = 40, 4.0
    centre = helix.positions.mean(0).astype(float)
    m = gather_atoms([[place(helix, np.eye(3), centre, 1.0, side)]], CPU)
    width = resolution / (np.sqrt(2) * np.pi)
    sigma = torch.full((len(m.positions), 3), width)
    ours = gaussian_density(m.positions, m.amplitude, sigma, m.counts, side)[0].numpy()
    like = Grid(np.zeros((side,) * 3, np.float32), centre - (side - 1) / 2, 1.0)
    exact = simulate(helix.positions, helix.amplitude, resolution, like=like).values
    exact = exact * np.sqrt(2 * np.pi * width**2)
    assert np.abs(ours - exact).max() < 0.01 * exact.max()
