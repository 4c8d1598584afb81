"""Of all sequences given, those in the map are told from those that are not."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from critasser.density import FeatureMaps, Grid, simulate
from critasser.structure import CalphaSet, Sequence, Target, Trace, read_chains
from critasser.trace import find_presence, unused_positions
from critasser.trace.presence import CERTAIN, SPARE, SequencePresence, copies_built
from critasser.trace.significance import Significance

DATA = Path(__file__).parents[2] / "data"
STRANGER = "MSTNPKPQRKTKRNTNRRPQDVKFPGGGQIVGGVYLLPRRGPRLGVRATRKTSERSQ"


def beside(first, second):
    """Positions of two views, the second moved to the first's side, and one backbone map."""
    width = np.array([np.ptp(first.chain.positions[:, 0]) + 40.0, 0.0, 0.0])
    columns = [
        np.concatenate([getattr(view.calpha, field.name) for view in (first, second)])
        for field in dataclasses.fields(CalphaSet)
        if field.name not in ("positions", "triples")
    ]
    positions = np.concatenate([first.calpha.positions, second.calpha.positions + width])
    backbone = [first.chain.backbone.reshape(-1, 3), second.chain.backbone.reshape(-1, 3) + width]
    backbone = np.concatenate(backbone)
    backbone = backbone[np.isfinite(backbone).all(axis=1)]
    trail: Grid = simulate(backbone, 1.0, 4.0, padding=6.0)
    seen = trail.values / (trail.values + np.percentile(trail.values[trail.values > 0], 60))
    nothing = [np.zeros((*n, *trail.shape), np.float16) for n in ((), (3,), (20,))]
    features = FeatureMaps(
        trail.origin, trail.voxel_size, nothing[0], seen.astype(np.float32), *nothing[1:]
    )
    return CalphaSet(positions, *columns), features


@pytest.fixture(scope="module")
def short():
    """63 residues."""
    return read_chains(DATA / "1gl2_D.pdb.gz")[0]


@pytest.fixture(scope="module")
def pair(short, seen):
    """The same chain twice, well seen."""
    return beside(seen(short, knowledge=2.0), seen(short, knowledge=2.0, seed=1))


def presence(view, *letters, tick=None):
    target = Target(tuple(Sequence(f"S{k}", one) for k, one in enumerate(letters)))
    found = find_presence(*view, target, rng=np.random.default_rng(0), tick=tick)
    return found, found.absent_chains(target)


def test_a_sequence_that_does_not_belong_is_not_built_though_it_stands_first(pair, short):
    found, missing = presence(pair, STRANGER, short.letters)
    assert missing == [0]
    assert found.whole.significant


def test_as_many_copies_are_built_as_the_map_holds(pair, short):
    found, missing = presence(pair, *[short.letters] * 3)
    assert missing == [2]
    assert found.sequences[0].built == 2 and not found.sequences[0].more


def test_more_copies_than_asked_for_are_told(pair, short):
    told = []
    found, missing = presence(pair, short.letters, tick=told.append)
    assert missing == [] and found.sequences[0].more
    assert told == sorted(told) and told[-1] <= 1


@pytest.mark.parametrize(
    "z_scores, more",
    [
        ((7.0, 4.6), True),
        ((30.0, 10.0), False),
        ((4.8, 2.9), False),
        ((7.0,), False),
    ],
    ids=["as well", "a relative", "by chance", "not looked for"],
)
def test_a_further_copy_is_told_where_it_suits_the_map_nearly_as_well(z_scores, more):
    copies = stands_out(*z_scores)
    found = dataclasses.replace(doubtful(0.0, 5.0), copies=copies, log_odds=copies, built=1)
    assert found.more == more


def test_a_further_copy_of_what_is_told_less_well_is_looked_for_where_there_is_room(short, seen):
    views = seen(short, knowledge=1.0), seen(short, knowledge=1.0, seed=1)
    (two,) = presence(beside(*views), short.letters)[0].sequences
    (one,) = presence((views[0].calpha, views[0].features), short.letters)[0].sequences
    assert two.z_score > 3.0 and two.more
    assert one.z_score > 3.0 and not one.more


def test_where_nothing_is_told_copies_of_the_only_sequence_are_built_as_far_as_there_is_room(
    short, seen
):
    two = beside(*(seen(short, knowledge=0.0, seed=seed) for seed in (0, 1)))
    found, missing = presence(two, *[short.letters] * 3)
    assert missing == [2] and not found.whole.significant


def stands_out(*z_scores, length=80):
    """By so many standard deviations of shuffled sequences."""
    return tuple(
        Significance(one / np.sqrt(length), np.zeros(8), length, common=1.0) for one in z_scores
    )


def doubtful(z_score, expected, length=80):
    (copy,) = stands_out(z_score, length=length)
    return SequencePresence(Sequence("A", "A" * length), (copy,), (copy,), 1, expected)


def chosen(found, likely):
    """Copies that are built of each, with so many likely positions."""
    lengths = [len(one.sequence) for one in found]
    return copies_built(lengths, [one.evidence.tolist() for one in found], SPARE * likely)


def test_doubt_counts_only_where_there_is_no_room():
    clear, doubted = doubtful(6.0, 6.0), doubtful(1.2, 6.0)
    assert chosen([clear, doubted], likely=150) == [1, 1]
    assert chosen([clear, doubted], likely=80) == [1, 0]


def test_what_stands_out_is_built_without_room_too():
    both = [doubtful(6.0, 6.0), doubtful(3.0, 6.0)]
    assert chosen(both, likely=20) == [1, 1]
    assert chosen([doubtful(-3.0, 9.0)] * 2, likely=20).count(1) >= 1


@pytest.mark.parametrize("likely", [150, 80])
def test_what_suits_the_map_as_shuffled_sequences_do_is_not_built_beside_what_is_told(likely):
    assert chosen([doubtful(6.0, 6.0), doubtful(-0.5, 6.0)], likely) == [1, 0]


@pytest.mark.parametrize(("expected", "z_score"), [(3.0, 3.0), (6.0, 3.0), (6.0, 9.0)])
def test_what_stands_out_is_certain_whatever_is_expected(expected, z_score):
    (evidence,) = doubtful(z_score, expected).evidence
    assert CERTAIN < evidence <= 10.0


def test_evidence_grows_with_the_z_score():
    evidence = [doubtful(z, 6.0).evidence[0] for z in np.linspace(-3.0, 8.0, 23)]
    assert np.all(np.diff(evidence) >= 0.0)
    assert evidence[0] == doubtful(0.0, 6.0).evidence[0]  # as little speaks against it


def test_positions_that_no_residue_uses_are_counted_where_they_are_many(short, seen):
    view = seen(short, knowledge=2.0)
    calpha = dataclasses.replace(view.calpha, probability=np.ones(len(view.calpha)))
    whole = Trace(view.chain.calpha, np.ones(len(view.chain)), 0.0, "")
    assert unused_positions(whole, calpha) == 0
    far = np.concatenate([calpha.positions, calpha.positions + [200.0, 0.0, 0.0]])
    double = CalphaSet(far, np.ones(len(far)), np.ones((len(far), 20)), np.ones((len(far), 3)))
    # False positions lie beside the chain and may be nobody's.
    assert len(calpha) <= unused_positions(whole, double) < 1.1 * len(calpha)
