"""Placing an atom and measuring where it is are inverse to each other."""

import numpy as np

from critasser.atomic.internal_coordinates import angle, place, torsion


def test_a_placed_atom_has_the_coordinates_it_was_placed_by(rng):
    a, b, c = rng.normal(size=(3, 40, 3))
    length, bend = rng.uniform(1, 2, 40), rng.uniform(0.3, 2.8, 40)
    turn = rng.uniform(-3.1, 3.1, 40)
    atom = place(a, b, c, length, bend, turn)
    np.testing.assert_allclose(np.linalg.norm(atom - a, axis=1), length)
    np.testing.assert_allclose(angle(atom, a, b), bend)
    np.testing.assert_allclose(torsion(atom, a, b, c), turn)


def test_a_right_handed_screw_has_a_positive_torsion():
    points = np.array([[1, 0, 0], [0, 0, 0], [0, 0, 1], [0, 1, 1]], dtype=float)
    np.testing.assert_allclose(torsion(*points), np.pi / 2)
