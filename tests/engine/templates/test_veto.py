"""What the map contradicts of a placed template is released; all else stays."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from critasser.structure import CalphaSet, Sequence, Target, Template, read_chains
from critasser.templates import released

DATA = Path(__file__).parents[2] / "data"
LOW, HIGH = 40, 64
"""Residues that a test moves or renames."""


@pytest.fixture(scope="module")
def chain():
    """Barnase, 108 residues."""
    return read_chains(DATA / "1a2p_A.pdb.gz")[0]


@pytest.fixture(scope="module")
def target(chain):
    return Target((Sequence("A", chain.letters),))


def seen(chain, known=0.5, error=0.4):
    """Cα as a network finds them, 5 % missing, the amino acids of some of them recognised."""
    rng = np.random.default_rng(1)
    kept = np.flatnonzero(rng.random(len(chain)) > 0.05)
    amino_acid = rng.dirichlet(np.full(20, 0.3), size=len(kept))
    told = rng.random(len(kept)) < known
    amino_acid[told] = 0.4 * amino_acid[told] + 0.6 * np.eye(20)[chain.codes[kept][told]]
    positions = chain.calpha[kept] + error * rng.normal(size=(len(kept), 3))
    return CalphaSet(positions, np.full(len(kept), 0.8), amino_acid, np.full((len(kept), 3), 1 / 3))


def shifted(positions, by):
    """The same places, a stretch of them called by the residues `by` further on."""
    result = positions.copy()
    result[LOW + by : HIGH + by] = positions[LOW:HIGH]
    result[LOW : LOW + by] = np.nan
    return result


def test_a_loop_without_calpha_near_is_released(chain, target):
    wrong = chain.calpha.copy()
    outward = wrong[60:66] - chain.calpha.mean(axis=0)
    wrong[60:66] += 8.0 * outward / np.linalg.norm(outward, axis=1, keepdims=True)
    template, by_position, *_ = released(Template(wrong, 0.8, "a relative"), target, seen(chain))
    assert by_position[60:66].all() and not template.placed[60:66].any()
    assert template.placed[:58].mean() > 0.9 and template.placed[68:].mean() > 0.9
    np.testing.assert_array_equal(template.positions[template.placed], wrong[template.placed])


def test_inaccurate_calpha_contradict_nothing(chain, target):
    poor = seen(chain, known=0.0, error=2.5)
    assert released(Template(chain.calpha, 0.8, "its own"), target, poor)[0].placed.all()


def test_a_domain_that_the_map_does_not_show_stays_as_the_template_has_it(chain, target):
    calpha = seen(chain)
    half = calpha.select(calpha.positions[:, 0] < chain.calpha[:, 0].mean())
    unseen = chain.calpha[:, 0] > chain.calpha[:, 0].mean() + 8.0
    run = np.convolve(unseen, np.ones(13), "same") >= 13
    assert released(Template(chain.calpha, 0.8, "its own"), target, half)[0].placed[run].all()


@pytest.mark.parametrize("by", [1, 3])
def test_a_stretch_out_of_register_is_released_where_side_chains_tell(chain, target, by):
    template = Template(shifted(chain.calpha, by), 0.8, "misaligned")
    _, _, by_side_chains, _ = released(template, target, seen(chain, known=0.8))
    assert by_side_chains[LOW + by + 4 : HIGH - 4].mean() > 0.8
    elsewhere = np.r_[: LOW - 8, HIGH + 8 : len(chain)]
    assert not by_side_chains[elsewhere].any()


def test_a_register_is_not_gainsaid_where_side_chains_tell_nothing(chain, target):
    template = Template(shifted(chain.calpha, 1), 0.8, "misaligned")
    assert not released(template, target, seen(chain, known=0.0))[2].any()


def test_a_right_template_is_not_gainsaid_by_side_chains(chain, target):
    template = Template(chain.calpha, 0.8, "its own")
    for known in (0.0, 0.2, 0.5, 1.0):
        assert not released(template, target, seen(chain, known=known))[2].any()


def test_a_template_that_is_nowhere_and_a_map_without_calpha_contradict_nothing(chain, target):
    nowhere = Template(np.full((len(chain), 3), np.nan), 0.0, "nowhere")
    assert not released(nowhere, target, seen(chain))[0].placed.any()
    none = replace(seen(chain)).select(np.zeros(0, dtype=int))
    assert released(Template(chain.calpha, 0.8, "its own"), target, none)[0].placed.all()


def astray(chain):
    """The chain with its second half where no density is, and what each residue gains there."""
    wrong = chain.calpha.copy()
    wrong[HALF:] += 30.0
    values = np.random.default_rng(2).normal(0.4, 0.8, len(chain))
    values[HALF:] -= 1.6
    return wrong, values


HALF = 60


def test_a_half_in_another_fold_is_released_where_the_map_shows_the_right_one(chain, target):
    wrong, values = astray(chain)
    template, by_position, _, by_density = released(
        Template(wrong, 0.5, "another state"), target, seen(chain), values
    )
    assert by_density[HALF + 5 :].all() and not by_density[: HALF - 5].any()
    assert np.array_equal(template.placed, ~(by_position | by_density))
    unsure = released(
        Template(wrong, 0.5, "x"), target, seen(chain), values, trusted=False
    )
    assert not unsure[1].any() and not unsure[2].any()
    assert np.array_equal(unsure[3], by_density)
    assert not released(Template(wrong, 0.5, "another state"), target, seen(chain))[3].any()


@pytest.mark.parametrize(("resolution", "stays"), [(6.0, False), (9.0, True)])
def test_in_poor_maps_the_density_releases_no_end_but_a_domain_or_a_loop(
    chain, target, resolution, stays
):
    n = len(chain)
    for wrong, is_end in ((slice(n - 15, n), True), (slice(0, 15), True), (slice(40, 58), False),
                          (slice(HALF, n), False)):  # fmt: skip
        values = np.full(n, 0.5)
        values[wrong] = -1.5
        positions = chain.calpha.copy()
        positions[wrong] += 30.0
        by_density = released(
            Template(positions, 0.5, "x"), target, seen(chain), values, resolution=resolution
        )[3]
        assert by_density[wrong].sum() >= 10 or (is_end and stays)
        assert not (is_end and stays and by_density.any())


def test_a_half_without_density_stays_where_no_positions_are_left_over(chain, target):
    wrong, values = astray(chain)
    calpha = seen(chain)
    half = calpha.select(np.flatnonzero(
        np.linalg.norm(calpha.positions[:, None] - chain.calpha[HALF:], axis=2).min(axis=1) > 3.0
    ))  # fmt: skip
    assert not released(Template(wrong, 0.5, "its own"), target, half, values)[3].any()


def test_a_template_in_its_density_is_not_gainsaid_by_it(chain, target):
    values = np.random.default_rng(2).normal(0.3, 0.8, len(chain))
    own = Template(chain.calpha, 0.8, "its own")
    assert not released(own, target, seen(chain), values)[3].any()


def test_beside_a_loop_off_the_density_what_lies_in_it_stays(chain, target):
    """A window of 15 residues would release four or five that are right on either side."""
    wrong = slice(40, 52)
    values = np.full(len(chain), 0.5)
    values[wrong] = -2.0
    values[wrong.start + 3] = 0.4
    positions = chain.calpha.copy()
    positions[wrong] += 30.0
    by_density = released(Template(positions, 0.5, "x"), target, seen(chain), values)[3]
    assert np.array_equal(np.flatnonzero(by_density), np.arange(wrong.start, wrong.stop))
