"""Residues suit positions that are as buried as they are expected to be."""

from dataclasses import replace

import numpy as np
import pytest

from critasser.structure import CalphaTriples
from critasser.structure.exposure import chain_exposure
from critasser.structure.sequence_profile import sequence_profile
from critasser.trace.burial import burial_log_odds, position_exposure


@pytest.fixture(scope="module")
def view(barnase, seen):
    """Positions through which the chain is read, a wrong way beside each right one."""
    found = seen(barnase, knowledge=0.0)
    place = {int(r): k for k, r in enumerate(found.residue) if r >= 0}
    right = [[place[i - 1], place[i], place[i + 1]] for i in place if {i - 1, i + 1} <= set(place)]
    wrong = [[(a + 7) % len(found.calpha), b, c] for a, b, c in right]
    odds = np.repeat([3.0, -3.0], len(right))
    calpha = replace(found.calpha, triples=CalphaTriples(np.array(right + wrong), odds))
    return replace(found, calpha=calpha)


def test_exposure_is_that_of_the_chain(barnase, view):
    exposure = position_exposure(view.calpha)
    read = np.isfinite(exposure[:, 0])
    assert not read[view.residue < 0].any()
    native = chain_exposure(barnase.calpha)[view.residue[read]]
    assert np.corrcoef(exposure[read, 0], native[:, 0])[0, 1] > 0.9
    assert abs((exposure[read] - native).mean()) < 2


def test_unlikely_positions_beside_a_chain_do_not_change_its_exposure(view):
    calpha, n = view.calpha, len(view.calpha)
    more = replace(
        calpha,
        positions=np.concatenate([calpha.positions, calpha.positions + 1.5]),
        probability=np.concatenate([calpha.probability, np.full(n, 0.02)]),
        amino_acid=np.tile(calpha.amino_acid, (2, 1)),
        secondary_structure=np.tile(calpha.secondary_structure, (2, 1)),
    )
    alone, beside = position_exposure(calpha), position_exposure(more)[:n]
    read = np.isfinite(alone[:, 0])
    assert np.abs(beside[read] - alone[read]).max() < 0.1 * alone[read].max()


def test_positions_through_which_no_way_was_read_tell_nothing(barnase, seen, view):
    profile = sequence_profile(barnase.codes, np.zeros(len(barnase), np.int64))
    unread = seen(barnase, knowledge=0.0).calpha
    assert not burial_log_odds(position_exposure(unread), profile).any()
    odds = burial_log_odds(position_exposure(view.calpha), profile)
    assert not odds[:, view.residue < 0].any()


def test_the_right_register_is_more_likely_than_those_beside_it(barnase, view):
    profile = sequence_profile(barnase.codes, np.zeros(len(barnase), np.int64))
    odds = burial_log_odds(position_exposure(view.calpha), profile)
    at = np.flatnonzero(view.residue >= 0)
    residue = view.residue[at]

    def mean(shift):
        return odds[(residue + shift) % len(barnase), at].mean()

    assert mean(0) > max(mean(shift) for shift in range(-6, 7) if shift) + 0.05
