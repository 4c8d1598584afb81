"""A template bent otherwise than the molecule in the map is bent back; a straight one stays."""

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from critasser.errors import Cancelled
from critasser.structure import CalphaSet, read_chains
from critasser.templates.hinges import bent
from critasser.templates.landscape import landscape_of
from critasser.templates.places import LEAST_GAIN, at_hinges, gain_of_place

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def native():
    """Haemoglobin's α chain, 142 residues."""
    return read_chains(DATA / "1bab_A_calpha.pdb.gz")[0].calpha


def seen(native, error=0.7):
    """Cα as a network finds them, 5 % missing."""
    rng = np.random.default_rng(0)
    kept = rng.random(len(native)) > 0.05
    return native[kept] + rng.normal(0, error, (kept.sum(), 3))


def turned(native, hinge, degrees):
    """All residues from the hinge on turned about it."""
    turn = Rotation.from_rotvec(np.radians(degrees) * np.array([0.48, 0.6, 0.64])).as_matrix()
    result = native.copy()
    result[hinge:] = (native[hinge:] - native[hinge]) @ turn.T + native[hinge]
    return result


@pytest.mark.parametrize("degrees", [8, 20])
@pytest.mark.parametrize("hinge", [45, 70])
def test_a_bend_is_undone(native, hinge, degrees):
    template = turned(native, hinge, degrees)
    fixed = seen(native)
    before = np.linalg.norm(template - native, axis=1)
    placed, hinges = bent(template, fixed, landscape_of(fixed))
    after = np.linalg.norm(placed - native, axis=1)
    assert hinges >= 1
    assert np.sqrt(np.mean(after**2)) < 1.0 < np.sqrt(np.mean(before**2))


@pytest.mark.parametrize("error", [0.4, 0.9])
def test_a_straight_template_is_not_bent_to_follow_errors(native, error):
    fixed = seen(native, error)
    placed, hinges = bent(native, fixed, landscape_of(fixed))
    assert hinges == 0
    np.testing.assert_array_equal(placed, native)


@pytest.mark.parametrize("gain", [0.04, 0.06])
def test_a_bend_that_the_density_does_not_ask_for_is_not_made(native, gain):
    """What each residue gains by the density once it is bent, of which 0.05 are asked."""
    given, fixed = turned(native, 70, 20), seen(native)
    calpha = CalphaSet(
        fixed, np.ones(len(fixed)), np.full((len(fixed), 20), 0.05),
        np.full((len(fixed), 3), 1 / 3),
    )  # fmt: skip

    def by_density(placed, some):
        return 0.0 if np.array_equal(placed, given) else gain * some.sum()

    def told(fraction, message):
        pass

    ((placed, bodies),) = at_hinges([(given, 1)], calpha, told, by_density)
    straight = np.array_equal(placed, given)
    assert straight == (gain < LEAST_GAIN) and (bodies == 1) == straight
    ((without, _),) = at_hinges([(given, 1)], calpha, told)
    assert not np.array_equal(without, given)


@pytest.mark.parametrize("of_the_rest", [0.0, 0.2])
def test_a_bend_must_gain_for_what_lay_in_the_density_too(native, of_the_rest):
    given, fixed = turned(native, 70, 20), seen(native)
    calpha = CalphaSet(
        fixed, np.ones(len(fixed)), np.full((len(fixed), 20), 0.05),
        np.full((len(fixed), 3), 1 / 3),
    )  # fmt: skip
    lay = np.arange(len(given)) < len(given) - 14

    def by_density(placed, some):
        gains = np.where(lay, of_the_rest, 2.0)[some]
        return 0.0 if np.array_equal(placed, given) else float(gains.sum())

    ((placed, _),) = at_hinges([(given, 1)], calpha, lambda *_: None, by_density, lambda _: lay)
    assert np.array_equal(placed, given) == (of_the_rest < LEAST_GAIN)


def test_a_cancel_gets_through(native):
    def stop(fraction, message):
        raise Cancelled

    fixed = seen(native)
    with pytest.raises(Cancelled):
        bent(native, fixed, landscape_of(fixed), stop)


@pytest.mark.parametrize("of_the_rest", [-1.0, 3.0])
def test_a_place_in_several_bodies_counts_by_what_lies_in_the_density_without_them(of_the_rest):
    given, bent = np.zeros((20, 3)), np.ones((20, 3))
    lay = np.arange(20) < 15

    def gain(placed, some):
        gains = np.where(lay, of_the_rest / 15, 1.0)[some]
        return 10.0 + float(gains.sum()) if placed is bent else 10.0

    places = [(given, 1), (bent, 2)]
    found = [gain_of_place(one, count, places, gain, lambda _: lay) for one, count in places]
    assert found == pytest.approx([10.0, 10.0 + of_the_rest])
    assert gain_of_place(bent, 2, places[1:], gain, lambda _: lay) == gain(bent, lay | True)
