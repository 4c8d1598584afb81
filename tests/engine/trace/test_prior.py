"""A template that lies in the map tells which residue is where; the map may gainsay it."""

from pathlib import Path

import numpy as np
import pytest

from critasser.structure import Sequence, Symmetry, Target, Template, read_chains
from critasser.trace import Significance, build_traces, register_prior
from critasser.trace.asymmetric_unit import AsymmetricUnit
from critasser.trace.prior import MOST_LOG_ODDS, KnownPlaces, prior_of_places

DATA = Path(__file__).parents[2] / "data"

UNTOLD = Significance(0.0, np.array([-0.1, 0.1]), 108)
"""The map does not tell the sequence: z-score 0."""


def known(positions, identity=1.0):
    return KnownPlaces(positions[None], identity)


def traced(view, **options):
    return build_traces(
        view.calpha, view.features, view.density, view.target, 3.0,
        rng=np.random.default_rng(0), joinings=1000, count=3, **options,
    )[0]  # fmt: skip


def in_register(trace, chain):
    distance = np.linalg.norm(trace.positions - chain.calpha, axis=1)
    return np.mean(np.nan_to_num(distance, nan=99.0) < 2.0)


@pytest.fixture(scope="module")
def blind(barnase, seen):
    """Positions of which no amino acid is known."""
    return seen(barnase, knowledge=0.0)


@pytest.fixture(scope="module")
def prior(blind, barnase):
    return prior_of_places([known(barnase.calpha)], blind.calpha.positions, blind.target)


@pytest.fixture(scope="module")
def helix(seen):
    """A chain of 55 residues of which no amino acid is known."""
    return seen(read_chains(DATA / "1gl2_D.pdb.gz")[0], knowledge=0.0)


@pytest.fixture(scope="module")
def led(helix):
    """Its trace, led by a template of all but the last 15 residues."""
    front = helix.chain.calpha.copy()
    front[40:] = np.nan
    prior = prior_of_places([known(front)], helix.calpha.positions, helix.target)
    return traced(helix, prior=prior, significance=UNTOLD)


@pytest.fixture(scope="module")
def alone(helix):
    return traced(helix, significance=UNTOLD)


def test_the_template_gives_the_register_that_the_map_does_not_tell(helix, led, alone):
    assert in_register(led, helix.chain) > 0.7 > 0.3 > in_register(alone, helix.chain)
    assert "templates" in led.source and "templates" not in alone.source


def test_no_register_is_claimed_where_neither_map_nor_template_tells_it(led, alone):
    assert led.confidence[:38].mean() > 0.3
    assert (led.confidence[45:] < 0.05).all()
    assert (alone.confidence == 0).all()


def test_side_chains_outvote_a_template_out_of_register(barnase, seen):
    clear = seen(barnase, knowledge=2.0)
    one_off = np.roll(barnase.calpha, 1, axis=0)
    prior = prior_of_places([known(one_off, 0.3)], clear.calpha.positions, clear.target)
    assert in_register(traced(clear, prior=prior), barnase) > 0.85


def test_positions_near_the_template_gain_and_others_lose(blind, barnase, prior):
    own = blind.residue
    real = np.flatnonzero(own >= 0)
    gained = prior.log_odds[own[real], real]
    assert (gained > 0).mean() > 0.97 and np.median(gained) > 2.0
    assert np.median(prior.log_odds) < 0
    assert np.abs(prior.log_odds).max() <= MOST_LOG_ODDS
    assert (prior.told.sum(axis=1) <= 1.0).all()


def test_a_distant_relative_counts_less(blind, barnase):
    near, far = (
        prior_of_places([known(barnase.calpha, share)], blind.calpha.positions, blind.target)
        for share in (0.9, 0.15)
    )
    assert near.told.max(axis=1).mean() > 1.5 * far.told.max(axis=1).mean()


def test_a_template_far_from_all_positions_says_nothing(blind, barnase):
    away = prior_of_places([known(barnase.calpha + 300.0)], blind.calpha.positions, blind.target)
    assert not away and (away.log_odds == 0).all()
    assert not prior_of_places([], blind.calpha.positions, blind.target)


def test_two_templates_share_what_can_be_said(blind, barnase):
    shifted = np.roll(barnase.calpha, 3, axis=0)
    both = prior_of_places(
        [known(barnase.calpha), known(shifted)], blind.calpha.positions, blind.target
    )
    alone = prior_of_places([known(barnase.calpha)], blind.calpha.positions, blind.target)
    assert both.told.max() < 0.6 < alone.told.max()


def test_any_unit_of_a_symmetric_molecule_may_hold_the_template(blind, barnase):
    """The template lies in the second unit, the positions are of the first."""
    turn = np.diag([-1.0, -1.0, 1.0])
    shift = np.array([90.0, 0.0, 0.0])
    symmetry = Symmetry(np.stack([np.eye(3), turn]), np.stack([np.zeros(3), shift]))
    unit = AsymmetricUnit(blind.calpha, blind.target, symmetry, np.array([[0, 0]]))
    elsewhere = barnase.calpha @ turn.T + shift
    prior = register_prior([Template(elsewhere, 0.8, "elsewhere")], unit)
    direct = prior_of_places([known(barnase.calpha)], blind.calpha.positions, blind.target)
    np.testing.assert_allclose(prior.log_odds, direct.log_odds, atol=1e-4)


def test_copies_of_a_chain_lend_the_unit_their_places(blind, barnase):
    unit = AsymmetricUnit(
        blind.calpha,
        Target((Sequence("A", barnase.letters),)),
        _none(),
        np.array([[0, 0], [0, 1]]),
    )
    second = np.concatenate([np.full((108, 3), np.nan), barnase.calpha])
    places = unit.images_of(second)
    assert places.shape == (2, 108, 3)
    np.testing.assert_array_equal(places[1], barnase.calpha)
    assert np.isnan(places[0]).all()


def _none():
    return Symmetry(np.eye(3)[None], np.zeros((1, 3)))
