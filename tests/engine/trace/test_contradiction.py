"""Stretches of a template that the sequence's way through the map has elsewhere are told."""

from dataclasses import replace

import numpy as np
import pytest

from critasser.structure import Target
from critasser.trace import found_elsewhere

LOW, HIGH = 40, 64
"""Residues that a test moves along the chain."""


def shifted(chain, by):
    """The places of the chain, a stretch of them taken by the residues `by` further on."""
    positions = chain.calpha.copy()
    positions[LOW + by : HIGH + by] = chain.calpha[LOW:HIGH]
    positions[LOW : LOW + by] = np.nan
    return positions


def asked(view, positions):
    """What of a template is elsewhere in what was seen."""
    return found_elsewhere(positions, view.calpha, view.features, view.target)


@pytest.mark.parametrize("by", [1, 3])
def test_a_stretch_out_of_register_is_elsewhere(barnase, seen, by):
    found = asked(seen(barnase, knowledge=1.5), shifted(barnase, by))
    assert found[LOW + by + 3 : HIGH - 3].mean() > 0.8
    assert not np.r_[found[: LOW - 6], found[HIGH + 8 :]].any()


@pytest.mark.parametrize("knowledge", [0.0, 0.5, 1.0, 1.5])
def test_a_right_template_is_nowhere_else(barnase, seen, knowledge):
    assert not asked(seen(barnase, knowledge=knowledge), barnase.calpha).any()


def test_nothing_is_elsewhere_where_amino_acids_tell_nothing(barnase, seen):
    view = seen(barnase, knowledge=0.0)
    profile = np.full_like(view.calpha.amino_acid, 0.05)
    structure = np.full_like(view.calpha.secondary_structure, 1 / 3)
    blind = replace(view, calpha=replace(
        view.calpha, amino_acid=profile, secondary_structure=structure
    ))  # fmt: skip
    assert not asked(blind, shifted(barnase, 1)).any()


def test_a_template_is_not_told_away_as_a_whole(barnase, seen):
    view, stretch = seen(barnase, knowledge=1.5), shifted(barnase, 3)
    stretch[: LOW + 3], stretch[HIGH + 3 :] = np.nan, np.nan
    assert not asked(view, stretch).any()


def test_places_of_other_chains_of_a_template_are_not_elsewhere(barnase, seen):
    view = seen(barnase, knowledge=1.5)
    both = Target(view.target.sequences * 2)
    astray, held = barnase.calpha.copy(), np.full_like(barnase.calpha, np.nan)
    astray[LOW:HIGH] += 8.0
    held[LOW:HIGH] = barnase.calpha[LOW:HIGH]
    alone = np.concatenate([astray, np.full_like(held, np.nan)])
    beside = np.concatenate([astray, held])
    told = [found_elsewhere(x, view.calpha, view.features, both).sum() for x in (alone, beside)]
    assert told[0] > 15 and told[1] == 0


def test_a_template_that_is_nowhere_is_not_asked(barnase, seen):
    assert not asked(seen(barnase, knowledge=1.5), np.full_like(barnase.calpha, np.nan)).any()
    assert not asked(seen(barnase, knowledge=1.5), barnase.calpha + 500.0).any()
