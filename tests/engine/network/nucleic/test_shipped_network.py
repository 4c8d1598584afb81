"""The shipped network tells a double helix from the protein beside it, and the chain is better for
that."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree

from critasser.api.chains import trace_chains
from critasser.api.prediction import predict_calpha
from critasser.density import Grid, normalise
from critasser.network.gaussians import gaussian_density
from critasser.network.nucleic.finding import CONTOUR
from critasser.network.training.nucleic_geometry import B_DNA
from critasser.network.training.nucleic_structures import beside, double_helix
from critasser.network.training.packing import atoms_of, read_structure
from critasser.network.training.simulation import NUCLEIC
from critasser.structure import AMINO_ACIDS

BARNASE = Path(__file__).parents[3] / "data/1a2p_A.pdb.gz"
RESOLUTION, PADDING, NOISE, REACH = 3.5, 10, 0.05, 3.0


@pytest.fixture(scope="module")
def barnase():
    return atoms_of(read_structure(BARNASE))


def shown(atoms):
    """A map of atoms by eq. 2 of the paper, with noise."""
    low = atoms.positions.min(axis=0) - PADDING
    shape = np.ceil(np.ptp(atoms.positions, axis=0)).astype(int) + 2 * PADDING
    side = int(shape.max())
    spread = torch.full((len(atoms.positions), 3), RESOLUTION / (np.sqrt(2) * np.pi))
    positions = torch.from_numpy(np.ascontiguousarray((atoms.positions - low)[:, ::-1]))
    counts = (len(atoms.positions),)
    values = gaussian_density(positions, torch.from_numpy(atoms.amplitude), spread, counts, side)
    x, y, z = shape
    values = values[0, :z, :y, :x].numpy()
    noise = np.random.default_rng(0).normal(size=values.shape) * NOISE * values.max()
    return normalise(Grid((values + noise).astype(np.float32), low.astype(float), np.ones(3)))


def read(grid, letters, *, nucleic_acid=True):
    return predict_calpha(
        grid, [letters], resolution=RESOLUTION, bfactor=0.0, nucleic_acid=nucleic_acid,
        device="cpu",
    )  # fmt: skip


@pytest.fixture(scope="module")
def letters(barnase):
    return "".join(AMINO_ACIDS[k] for k in barnase.residue_type)


@pytest.fixture(scope="module")
def both(barnase):
    """Barnase in contact with twenty base pairs of DNA."""
    rng = np.random.default_rng(1)
    return beside(barnase, double_helix(B_DNA, 20, rng), rng)[0]


@pytest.fixture(scope="module")
def told(both, letters):
    return read(shown(both), letters)


def test_nucleic_acid_is_found_and_no_protein_is_taken_for_it(both, told):
    where = np.argwhere(told.density.values > CONTOUR)
    points, found = told.density.to_position(where), told.nucleic.region[tuple(where.T)]
    distance, nearest = cKDTree(both.positions).query(points)
    nucleic, inside = both.kind[nearest] == NUCLEIC, distance < REACH
    assert found[nucleic & inside].mean() > 0.6
    assert found[~nucleic & inside].mean() < 0.01


def test_a_protein_alone_has_no_nucleic_acid(barnase, letters):
    assert read(shown(barnase), letters).nucleic.volume == 0


def test_the_chain_is_not_traced_into_the_helix_where_it_is_said_to_be_there(both, told, letters):
    without = read(shown(both), letters, nucleic_acid=False)
    assert np.array_equal(without.nucleic.region, told.nucleic.region)
    assert told.left_out.any() and not without.left_out.any()
    helix = cKDTree(both.positions[both.kind == NUCLEIC])
    wrong = [
        int((helix.query(one.calpha.positions)[0] < REACH).sum()) for one in (told, without)
    ]
    assert wrong[0] < 0.2 * wrong[1] and wrong[1] > 40
    native = both.positions[both.kind == 1]
    (best,) = trace_chains(told, [letters], count=1).traces
    assert (np.linalg.norm(best.positions - native, axis=1) < REACH).mean() > 0.9
