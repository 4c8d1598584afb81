"""What a map shows of the density and the side chains of a template speaks against wrong places."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from critasser.density import simulate
from critasser.pipeline.stages import side_chains
from critasser.pipeline.stages.density_fit import DensityFit
from critasser.pipeline.stages.density_places import DensityPlaces
from critasser.pipeline.stages.side_chains import COARSEST, COARSEST_OWN, UNTOLD, SideChains
from critasser.shipped import RESIDUE_NETWORK, shipped
from critasser.structure import AMINO_ACIDS
from critasser.templates import LEAST_Z_BY_FOLD

NOT_FOUND = {0: DensityPlaces(found=False)}
"""The search found no place of the first chain."""


@pytest.fixture
def density(chain, fields_of):
    """What a chain's density says of places of a chain, its own without another."""

    def make(one=chain, **options):
        fit = DensityFit((one,), fields_of(chain), np.random.default_rng(0), **options)
        return lambda positions, wanted=True, z_score=0.0: fit.against(
            0, positions, np.broadcast_to(wanted, len(chain)), one.codes, z_score
        )

    return make


def test_a_place_that_is_no_better_than_chance_is_spoken_against(chain, density):
    assert density()(chain.calpha) == ""
    centre = chain.calpha.mean(axis=0)
    turned = (chain.calpha - centre) @ np.diag([-1.0, 1.0, -1.0])[[1, 2, 0]] + centre
    line = density()(turned)
    assert "no place in the map that is better than chance" in line and "\n" not in line
    assert density()(chain.calpha + 500.0)


def test_a_place_gains_by_each_residue_that_lies_better_than_chance(chain, fields_of):
    fit = DensityFit((chain,), fields_of(chain), np.random.default_rng(0))
    wanted = np.ones(len(chain), dtype=bool)
    half = np.where(np.arange(len(chain))[:, None] < 28, chain.calpha, np.nan)
    whole, part, away = (
        fit.gain(0, positions, wanted) for positions in (chain.calpha, half, chain.calpha + 500.0)
    )
    assert whole > part > 0.0 > away
    assert fit.gain(0, chain.calpha, np.arange(len(chain)) < 28) == pytest.approx(part, rel=0.05)


def test_where_the_best_place_is_clear_less_is_asked_of_it(chain, density):
    half_wrong = chain.calpha.copy()
    half_wrong[30:] += 40.0
    assert density()(half_wrong)
    known = {0: DensityPlaces(clear=0.1)}
    assert density(found=known)(half_wrong) == ""
    assert density(found=known)(chain.calpha + 500.0)


def test_a_fold_that_is_known_to_be_the_maps_is_not_refused_for_parts_that_differ(chain, density):
    half_wrong = chain.calpha.copy()
    half_wrong[30:] += 40.0
    assert density(stand_out={1: 5.0})(half_wrong)
    assert density(stand_out={0: 5.0})(half_wrong) == ""
    assert density(stand_out={0: 5.0}, found=NOT_FOUND)(half_wrong)


def test_a_fold_that_stands_out_less_must_suit_the_sequence_too(chain, density):
    half_wrong = chain.calpha.copy()
    half_wrong[30:] += 40.0
    assert density(stand_out={0: 3.5})(half_wrong, z_score=LEAST_Z_BY_FOLD - 0.1)
    assert density(stand_out={0: 3.5})(half_wrong, z_score=LEAST_Z_BY_FOLD) == ""
    assert density()(half_wrong, z_score=LEAST_Z_BY_FOLD)
    assert density(stand_out={0: 3.5}, found=NOT_FOUND)(half_wrong, z_score=LEAST_Z_BY_FOLD) == ""


def test_what_the_density_does_not_find_must_fit_it_well_where_positions_put_it(chain, density):
    half_wrong = chain.calpha.copy()
    half_wrong[30:] += 40.0
    assert density(found={0: DensityPlaces((), False, 0.1)})(half_wrong)
    assert density(found={0: DensityPlaces((), False)})(chain.calpha) == ""


def test_most_of_a_chain_must_have_a_place_but_only_of_what_the_target_has(chain, density):
    part = np.where(np.arange(len(chain))[:, None] < 20, chain.calpha, np.nan)
    assert "a place in the map for 20 of 55 residues only" in density()(part)
    assert density()(part, np.arange(len(chain)) < 30) == ""


def test_residues_that_the_prediction_is_unsure_of_do_not_speak_against_a_place(chain, density):
    unsure = np.arange(len(chain)) >= 30
    predicted = dataclasses.replace(
        chain, b_factor=np.where(unsure, 40.0, 90.0)[chain.residue].astype(float)
    )
    astray = np.where(unsure[:, None], chain.calpha + 40.0, chain.calpha)
    assert density(predicted)(astray) == "" and density(chain)(astray)


def test_a_few_residues_that_the_prediction_is_sure_of_do_not_speak_for_all(chain, density):
    unsure = np.arange(len(chain)) >= 10
    predicted = dataclasses.replace(
        chain, b_factor=np.where(unsure, 40.0, 90.0)[chain.residue].astype(float)
    )
    astray = np.where(unsure[:, None], chain.calpha + 40.0, chain.calpha)
    assert density(predicted)(astray)


class Reading:
    """Side chains where a chain lies: its own, as surely as asked for, and nothing by its fold."""

    def __init__(self, chain, gain, letters=None):
        self.there, self.odds = chain.calpha, np.zeros((len(chain), 20))
        self.odds[np.arange(len(chain)), chain.codes if letters is None else letters] = gain
        self.asked = 0

    def log_probabilities(self, calpha):
        near = np.linalg.norm(calpha - self.there, axis=1) < 5.0
        return np.where(near[:, None], self.odds, 0.0)

    def by_fold(self, calpha, centre, rng):
        self.asked += 1
        return np.zeros_like(self.odds)


def by(reader):
    return SideChains(reader, np.random.default_rng(0))


def test_a_place_where_the_map_shows_other_side_chains_is_spoken_against(chain, density):
    other = np.random.default_rng(0).permutation(chain.codes)
    line = density(side_chains=by(Reading(chain, 1.0, other)))(chain.calpha)
    assert "where side chains suit its letters better than by chance" in line
    assert density(side_chains=by(Reading(chain, 1.0)))(chain.calpha) == ""
    only = np.where(np.arange(len(chain)) < 20, chain.codes, -1)  # too few to tell
    unknown = dataclasses.replace(chain, letters="".join(["X", *AMINO_ACIDS][k + 1] for k in only))
    assert density(unknown, side_chains=by(Reading(chain, 1.0, other)))(chain.calpha) == ""


def test_side_chains_that_are_sure_of_a_place_outweigh_the_density(chain, density):
    half_wrong = chain.calpha.copy()
    half_wrong[-25:] += 40.0
    sure, unsure = (by(Reading(chain, gain)) for gain in (3.0, 0.0))
    assert "better than chance (score" in density()(half_wrong)
    assert "better than chance (score" in density(side_chains=unsure)(half_wrong)
    sure.reader.there = half_wrong
    assert density(side_chains=sure)(half_wrong) == ""


def test_places_about_one_centre_are_compared_with_the_same_wrong_poses(chain, density):
    reader = Reading(chain, 1.0)
    place = density(side_chains=by(reader))
    for shift in (0.0, 5.0, 30.0, 32.0, 1.0):
        place(chain.calpha + [shift, 0.0, 0.0])
    assert reader.asked == 2


def test_maps_too_coarse_for_side_chains_are_not_asked(chain):
    grid = simulate(chain.calpha, 1.0, 6.0, padding=8.0)
    rng, weights = np.random.default_rng(0), shipped(RESIDUE_NETWORK)
    assert SideChains.seen(grid, weights, COARSEST + 0.1, rng) is None
    assert SideChains.seen(grid, weights, COARSEST_OWN + 0.1, rng, own=True) is None
    own = SideChains.seen(grid, weights, COARSEST_OWN, rng, device="cpu", own=True)
    asked = SideChains.seen(grid, weights, COARSEST, rng, device="cpu")
    assert own.least > asked.least > 0.0
    nowhere = np.full((len(chain), 3), np.nan)
    assert asked is not None and asked.told(0, chain.calpha, nowhere, chain.codes) is UNTOLD


def test_two_stages_of_a_job_are_told_the_same_of_one_place(monkeypatch):
    """Else one would believe a structure that the other refuses."""
    monkeypatch.setattr(side_chains, "read_map", lambda _: None)
    monkeypatch.setattr(SideChains, "seen", staticmethod(lambda *given, **_: given[3]))

    def drawn(seed, stage):
        context = SimpleNamespace(
            read=str, external=str, fact=lambda _: 3.0, device="cpu",
            rng=np.random.default_rng(stage), run=SimpleNamespace(job=SimpleNamespace(seed=seed)),
        )  # fmt: skip
        return SideChains.of(context).random()

    assert drawn(1, 1) == drawn(1, 2) != drawn(2, 1)
