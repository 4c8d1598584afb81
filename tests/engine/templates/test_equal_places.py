"""A template that lies in one unit of a symmetric molecule lies in the others too."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from critasser.density import Grid
from critasser.structure import CalphaSet, Sequence, Target, Template, screw_powers
from critasser.templates import in_equal_places

LETTERS = "ACDEFGHIKLMNPQRSTVWY"
TURN = Rotation.from_rotvec([0, 0, np.radians(90.0)]).as_matrix()
FILAMENT = screw_powers(TURN, np.array([0.0, 0.0, 20.0]), 3)
"""Of which the map below shows what lies between 0 and 60 Å along z."""
GRID = Grid(np.zeros((61, 81, 81)), np.array([-40.0, -40.0, 0.0]), np.ones(3))


@pytest.fixture
def chain():
    """Cα of a chain at 25 to 35 Å along z."""
    up = np.linspace(25.0, 35.0, len(LETTERS))
    return np.column_stack([np.full(len(up), 20.0), np.zeros(len(up)), up])


def placed(chain, copies):
    target = Target(tuple(Sequence(f"c{k}", LETTERS) for k in range(copies)))
    positions = np.full((len(target), 3), np.nan)
    positions[: len(chain)] = chain
    every = FILAMENT.images(chain).reshape(-1, 3)
    nothing = np.zeros((len(every), 23))
    calpha = CalphaSet(every, np.ones(len(every)), nothing[:, :20], nothing[:, 20:])
    template = Template(positions, 0.2, "template 1", 1.0)
    return in_equal_places(template, target, FILAMENT, calpha, GRID)


def test_copies_without_a_place_take_those_of_images_that_the_map_holds(chain):
    found = placed(chain, 3)
    parts = found.positions.reshape(3, len(chain), 3)
    np.testing.assert_array_equal(parts[0], chain)
    assert sorted(parts[:, :, 2].mean(axis=1).round(6)) == [10.0, 30.0, 50.0]
    assert found.score > 0.9


def test_what_the_box_cuts_stays_free(chain):
    found = placed(chain, 4)
    assert np.isnan(found.positions[-len(chain) :]).all()
    assert np.isfinite(found.positions[: -len(chain)]).all()


def test_one_chain_alone_stays_where_it_is(chain):
    np.testing.assert_array_equal(placed(chain, 1).positions, chain)
