"""The fold that a map shows stands out among others, whatever its sequence."""

from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from critasser.errors import Cancelled
from critasser.fitting import SearchedFields, fold_scores, network_fields
from critasser.shipped import LIBRARY, shipped
from critasser.structure import read_chains
from critasser.threading import load_library

from .conftest import seen

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def fields():
    """Of the map of a myoglobin-like chain, haemoglobin's beta."""
    globin = read_chains(DATA / "7jy3_B_calpha.pdb.gz")[0].calpha
    return SearchedFields.of(network_fields(seen([globin])))


@pytest.fixture(scope="module")
def others():
    """Chains of its length; a globin among them would be one of its family."""
    library = load_library(shipped(LIBRARY))
    globins = {"1a6m_A", "1a6k_A", "1naz_A", "1eco_A", "1gdj_A", "3aq5_A", "1it2_A"}
    right = [k for k, n in enumerate(library.lengths) if 120 <= n <= 180]
    chosen = [k for k in right if library.names[k] not in globins][::40]
    return [library.calpha[library.residues(k)] for k in chosen]


def test_a_relative_stands_out_of_other_folds(fields, others):
    relative = read_chains(DATA / "1bab_A_calpha.pdb.gz")[0].calpha
    turned = relative @ np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]) + 200.0
    best, *rest = fold_scores([turned, *others], fields)
    assert best > np.mean(rest) + 5 * np.std(rest)
    assert best > 1.3 * max(rest)


def test_a_search_tells_how_far_it_is_and_can_be_stopped_within_one_fold(fields, others):
    told = []
    fold_scores(others[:2], fields, progress=lambda done, _message: told.append(done))
    assert told == sorted(told) and sum(done < 0.5 for done in told) >= 5

    def stop(fraction, _message):
        if fraction > 0.1:
            raise Cancelled("asked to stop")

    with pytest.raises(Cancelled):
        fold_scores(others[:2], fields, progress=stop)


def test_making_the_fields_of_a_map_tells_how_far_it_is_and_can_be_stopped():
    fields = network_fields(seen([read_chains(DATA / "1gl2_D.pdb.gz")[0].calpha]))
    told = []
    made = SearchedFields.of(fields, told.append)
    assert told == pytest.approx(np.arange(1, 37) / 36)
    # One axis after another is what the filter of three dimensions does.
    smooth = gaussian_filter(fields.values[0], 2.0, mode="constant", cval=fields.outside[0])
    np.testing.assert_allclose(made.middle.values[0], smooth, atol=1e-5)

    def stop(done):
        raise Cancelled("asked to stop")

    with pytest.raises(Cancelled):
        SearchedFields.of(fields, stop)
