"""Maps of validation chains as experiments show them."""

from pathlib import Path

import numpy as np
import pytest

from benchmark import lifelike
from critasser.density import sample
from critasser.network.training.crops import Degradation
from critasser.network.training.transfer import SHELLS, Transfer
from critasser.network.training.visibility import Visibility
from critasser.structure import read_chains

CHAIN = Path(__file__).parents[1] / "data" / "1gl2_D.pdb.gz"


@pytest.fixture(autouse=True)
def measured(monkeypatch):
    transfer = Transfer(np.ones(SHELLS), np.full(SHELLS, 0.9), 3.0)
    visibility = Visibility(np.full((20, 5), 0.8), 0.7)
    degradation = Degradation([], [transfer], visibility)
    monkeypatch.setattr(lifelike, "measured_degradation", lambda data: degradation)


def test_density_lies_where_the_chain_is():
    (chain,) = read_chains(CHAIN)
    calpha = chain.calpha[np.isfinite(chain.calpha).all(axis=1)]
    grid = lifelike.lifelike_map(Path(), CHAIN, 3.0, np.random.default_rng(0), None)
    assert (grid.to_index(calpha) > lifelike.PADDING - 2).all()
    assert (grid.to_index(calpha) < np.array(grid.shape) - lifelike.PADDING + 2).all()
    assert sample(grid, calpha).mean() > 3 * grid.values.std()


def test_a_neighbour_is_cut_by_the_box():
    alone = lifelike.lifelike_map(Path(), CHAIN, 3.0, np.random.default_rng(0), None)
    beside = lifelike.lifelike_map(Path(), CHAIN, 3.0, np.random.default_rng(0), CHAIN)
    assert alone.shape == beside.shape
    assert beside.values.clip(0).sum() > 1.1 * alone.values.clip(0).sum()


def test_a_resolution_that_no_experiment_lends_is_refused():
    with pytest.raises(ValueError, match="no experimental map"):
        lifelike.lifelike_map(Path(), CHAIN, 2.0, np.random.default_rng(0), None)


def test_a_map_of_poorer_resolution_than_any_experiment_shows_less_detail():
    def detail(resolution):
        grid = lifelike.lifelike_map(Path(), CHAIN, resolution, np.random.default_rng(0), None)
        spectrum = np.abs(np.fft.fftn(grid.values))
        frequency = np.sqrt(sum(
            f**2 for f in np.meshgrid(*map(np.fft.fftfreq, grid.shape), indexing="ij")
        ))  # fmt: skip
        fine, coarse = (frequency > 1 / 5) & (frequency < 1 / 4), frequency < 1 / 10
        return float(spectrum[fine].mean() / spectrum[coarse].mean())

    assert detail(8.0) < 0.3 * detail(3.0)
