"""Residues that have no density are found by the backbone that the network sees."""

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import cKDTree

from critasser.density import FeatureMaps
from critasser.quality import Placed, find_unseen, unseen_of_model
from critasser.structure import Sequence, Target, read_chains

DATA = Path(__file__).parents[2] / "data"
LENGTH = 50


@pytest.fixture(scope="module")
def calpha():
    return read_chains(DATA / "1gl2_D.pdb.gz")[0].calpha[:LENGTH]


def seen_at(calpha, height=0.95):
    """What a network sees that finds backbone within 2 Å of these Cα and of nothing else."""
    low = calpha.min(axis=0) - 40
    shape = np.ceil(np.ptp(calpha, axis=0) + 80).astype(int)[::-1]
    points = low + np.argwhere(np.ones(shape))[:, ::-1]
    near = cKDTree(calpha).query(points)[0] < 2.0
    backbone = height * near.reshape(shape).astype(np.float32)
    wide = np.zeros((23, *shape), np.float16)
    return FeatureMaps(low, np.ones(3), backbone, backbone, wide[:3], wide[3:])


def target(*letters):
    return Target(tuple(Sequence(f"chain {k}", text) for k, text in enumerate(letters)))


def away(calpha, end, count):
    """Residues that lead from a residue straight out of the molecule."""
    out = calpha[end] - calpha.mean(axis=0)
    return calpha[end] + 3.8 * out / np.linalg.norm(out) * np.arange(1, count + 1)[:, None]


def placed(positions, given, weight=1.0, confidence=0.9):
    return Placed(positions[None], given[None], np.where(given, confidence, 0.0), weight)


def test_a_tail_in_solvent_is_found(calpha):
    features = seen_at(calpha)
    chain = np.concatenate([calpha, away(calpha, -1, 12)])
    given = np.arange(len(chain)) < LENGTH
    found = find_unseen(target("A" * len(chain)), [placed(chain, given)], [], features)
    assert np.flatnonzero(found).tolist() == list(range(LENGTH, LENGTH + 12))
    assert unseen_of_model(target("A" * len(chain)), chain, features).tolist() == found.tolist()


def test_a_tail_along_backbone_of_other_residues_is_found_too(calpha):
    # It lies beside residues that explain all of the backbone there.
    chain = np.concatenate([calpha, calpha[20:32] + 1.0])
    given = np.arange(len(chain)) < LENGTH
    found = find_unseen(target("A" * len(chain)), [placed(chain, given)], [], seen_at(calpha))
    assert np.flatnonzero(found).tolist() == list(range(LENGTH, LENGTH + 12))


def test_residues_that_lack_a_position_but_have_density_are_seen(calpha):
    given = np.arange(LENGTH) < 35
    found = find_unseen(target("A" * LENGTH), [placed(calpha, given)], [], seen_at(calpha))
    assert not found.any()


def test_what_one_template_of_several_places_is_seen(calpha):
    features = seen_at(calpha)
    chain = calpha.copy()
    chain[35:] = away(calpha, 34, 15)
    given = np.arange(LENGTH) < 35
    trace, whole = placed(chain, given), placed(calpha, np.ones(LENGTH, bool))
    assert find_unseen(target("A" * LENGTH), [trace], [], features).sum() >= 10
    assert not find_unseen(target("A" * LENGTH), [trace], [trace, whole], features).any()


def test_a_trace_that_is_hardly_believed_makes_nothing_seen(calpha):
    features = seen_at(calpha)
    chain = calpha.copy()
    chain[35:] = away(calpha, 34, 15)
    best = placed(chain, np.arange(LENGTH) < 35, weight=1.0)
    other = placed(calpha, np.ones(LENGTH, bool), weight=0.1)
    assert find_unseen(target("A" * LENGTH), [best, other], [], features).sum() >= 10


def test_most_of_a_model_may_lack_density(calpha):
    chain = np.concatenate([calpha, away(calpha, -1, 63)[3:] + 20.0])
    found = unseen_of_model(target("A" * LENGTH, "G" * 60), chain, seen_at(calpha))
    assert found.tolist() == [False] * LENGTH + [True] * 60


def test_a_few_residues_do_not_count_by_themselves(calpha):
    chain = calpha.copy()
    chain[30:33] += 30.0
    found = unseen_of_model(target("A" * LENGTH), chain, seen_at(calpha))
    assert not found.any()


def test_a_loop_that_could_hardly_be_closed_stays(calpha):
    features = seen_at(calpha)
    chain = calpha.copy()
    chain[30:38] = away(calpha, 29, 8)
    given = np.ones(LENGTH, bool)
    given[30:38] = False
    letters = target("A" * LENGTH)
    assert find_unseen(letters, [placed(chain, given)], [], features).sum() == 8
    chain[38:] += 40.0
    assert not find_unseen(letters, [placed(chain, given)], [], seen_at(chain[given])).any()


def test_a_chain_that_the_map_does_not_hold_is_found_whole(calpha):
    chain = np.concatenate([calpha, away(calpha, -1, 25)[5:]])
    given = np.arange(len(chain)) < LENGTH
    found = find_unseen(
        target("A" * LENGTH, "G" * 20), [placed(chain, given)], [], seen_at(calpha)
    )
    assert found[LENGTH:].all()
    assert not found[:LENGTH].any()


def test_a_map_in_which_the_network_sees_little_anywhere_tells_nothing(calpha):
    chain = np.concatenate([calpha, away(calpha, -1, 12)])
    features = seen_at(calpha, height=0.3)
    assert not unseen_of_model(target("A" * len(chain)), chain, features).any()


@pytest.mark.parametrize(("confidence", "seen"), [(0.9, True), (0.2, False)])
def test_an_island_is_seen_as_far_as_the_trace_is_sure_of_it(calpha, confidence, seen):
    # Eight residues on a bit of backbone that lies by itself, behind ten that have none.
    out = away(calpha, -1, 8)
    aside = np.cross(out[1] - out[0], [1.0, 0.0, 0.0])
    bit = out + 14.0 * aside / np.linalg.norm(aside)
    chain = np.concatenate([calpha, away(calpha, -1, 10), bit])
    given = np.ones(len(chain), bool)
    given[LENGTH : LENGTH + 10] = False
    sure = np.where(np.arange(len(chain)) < LENGTH, 0.9, confidence)
    way, features = placed(chain, given, confidence=sure), seen_at(np.concatenate([calpha, bit]))
    found = find_unseen(target("A" * len(chain)), [way], [], features)
    assert found[LENGTH + 3 : LENGTH + 8].all()
    assert found[-7:].all() != seen


@pytest.mark.parametrize(("residues", "found"), [(30, 12), (15, 0)])
def test_a_few_residues_in_a_map_do_not_make_all_others_unseen(calpha, residues, found):
    chain = np.concatenate([calpha[:residues], away(calpha, residues - 1, 15)[3:] + 30.0])
    letters = target("A" * residues, "G" * 12)
    assert unseen_of_model(letters, chain, seen_at(calpha[:residues])).sum() == found
