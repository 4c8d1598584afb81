"""A placed template is read as the target by letters, by its fold, and by what lies along it."""

from pathlib import Path

import numpy as np
import pytest

from critasser.structure import CalphaSet, read_chains
from critasser.templates.reading import LEAST_Z_BY_FOLD, TemplateReading

DATA = Path(__file__).parents[2] / "data"

NO_POSITIONS = CalphaSet(np.empty((0, 3)), np.empty(0), np.empty((0, 20)), np.empty((0, 3)))


@pytest.fixture(scope="module")
def alpha():
    """Haemoglobin's α chain, 142 residues."""
    return read_chains(DATA / "1bab_A_calpha.pdb.gz")[0]


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def reading(chain, codes, *, alike=False):
    """A structure of other letters, to be read as the chain that it is."""
    return TemplateReading.of(
        0, chain.calpha, codes, [chain.codes], [0], alike, NO_POSITIONS
    )


def right(placing, chain, within=4):
    """Share of the residues that are read as their own, or as one that is near along the chain."""
    template, target = placing.alignment.pairs.T
    return float((np.abs(template - target) <= within).sum() / len(chain))


def along(chain, sureness):
    odds = np.zeros((len(chain), 20))
    odds[np.arange(len(chain)), chain.codes] = sureness
    odds[:3] = np.nan
    return odds


def test_the_fold_tells_residues_where_letters_do_not(alpha, rng):
    strange = rng.permutation(alpha.codes)
    by_letters = reading(alpha, strange, alike=True).placing(alpha.calpha, 1)
    by_fold = reading(alpha, strange).placing(alpha.calpha, 1, certain=True)
    assert right(by_letters, alpha) < 0.3
    assert right(by_fold, alpha) > 0.6


def test_side_chains_along_the_template_tell_residues(alpha, rng):
    strange = reading(alpha, rng.permutation(alpha.codes))
    without = strange.placing(alpha.calpha, 1, certain=True)
    by_map = strange.placing(alpha.calpha, 1, along(alpha, 1.0))
    assert by_map.alignment.z_score > max(LEAST_Z_BY_FOLD, without.alignment.z_score)
    assert right(by_map, alpha, within=0) > 0.9


def test_what_nothing_tells_is_not_read_unless_its_fold_is_certain(alpha, rng):
    """Letters and structure of a chain that runs the other way."""
    backwards = TemplateReading.of(
        0, alpha.calpha[::-1], rng.permutation(alpha.codes), [alpha.codes], [0], False,
        NO_POSITIONS,
    )  # fmt: skip
    assert backwards.placing(alpha.calpha[::-1], 1) is None
    assert backwards.placing(alpha.calpha[::-1], 1, certain=True) is not None


def test_of_relatives_letters_alone_tell(alpha):
    """Side chains along a structure that lies in another's place would mislead."""
    own = reading(alpha, alpha.codes, alike=True)
    misleading = along(alpha, 3.0)[::-1]
    found = own.placing(alpha.calpha, 1, misleading)
    assert right(found, alpha, within=0) == 1.0


def test_residues_without_a_place_have_none_in_the_target(alpha):
    placed = alpha.calpha.copy()
    placed[:20] = np.nan
    found = reading(alpha, alpha.codes, alike=True).placing(placed, 2)
    assert np.isnan(found.positions[:20]).all()
    np.testing.assert_array_equal(found.positions[20:], alpha.calpha[20:])
    assert found.bodies == 2
