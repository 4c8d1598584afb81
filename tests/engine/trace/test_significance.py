"""A sequence is told from shuffled ones where the map shows it, and only there."""

import zlib
from pathlib import Path

import numpy as np
import pytest

from critasser.structure import Sequence, Target, read_chains
from critasser.trace import sequence_significance, shifted_significance
from critasser.trace.comparison import Judgement, compared
from critasser.trace.significance import Significance, shuffled_sequence, with_common_deviation

DATA = Path(__file__).parents[2] / "data"
STRANGER = "MSTNPKPQRKTKRNTNRRPQDVKFPGGGQIVGGVYLLPRRGPRLGVRATRKTSERSQ" * 2


@pytest.fixture(scope="module")
def clear(barnase, seen):
    return seen(barnase, knowledge=2.0)


def significance(view, letters=None):
    target = view.target if letters is None else Target((Sequence("A", letters),))
    return sequence_significance(view.calpha, view.features, target, rng=np.random.default_rng(0))


def test_the_right_sequence_stands_out(clear):
    found = significance(clear)
    assert found.significant and found.z_score > 10
    assert found.advice() is None


@pytest.mark.parametrize("name", ["1gl2_D", "3wmi_A"])
def test_the_sequence_of_another_protein_does_not(clear, name):
    (other,) = read_chains(DATA / f"{name}.pdb.gz")
    letters = (other.letters.replace("X", "") * 4)[: len(clear.target)]
    found = significance(clear, letters)
    assert not found.significant
    assert "not the sequence of what is in it" in found.advice()


def test_half_of_the_chain_stands_out_too(clear):
    assert significance(clear, clear.target.letters[:54]).significant


def test_two_equal_chains_of_which_one_is_seen_stand_out(clear):
    letters = clear.target.letters
    both = Target((Sequence("A", letters), Sequence("B", letters)))
    rng = np.random.default_rng(0)
    assert sequence_significance(clear.calpha, clear.features, both, rng=rng).significant


def test_no_sequence_stands_out_in_a_map_without_side_chains(barnase, seen):
    assert not significance(seen(barnase, knowledge=0.0)).significant


def test_progress_goes_up(clear):
    told = []
    sequence_significance(
        clear.calpha, clear.features, clear.target, rng=np.random.default_rng(0), tick=told.append
    )
    assert told == sorted(told) and told[0] > 0 and told[-1] <= 1


def test_few_shuffled_sequences_that_agree_do_not_make_a_sequence_stand_out():
    assert Significance(0.1, np.zeros(8), 100).z_score < 2


@pytest.mark.parametrize(
    ("own", "shuffled", "enough"),
    [
        (2.0, (0.05, 0.0, 0.0, -0.05), True),
        (2.0, (0.05, 0.0, -0.05), False),
        (2.0, (0.2, 0.0, 0.0, -0.2), False),
        (0.8, (0.01, 0.0, 0.0, -0.01), False),
    ],
    ids=["clear", "of too few", "of few that differ", "of few that agree by chance"],
)
def test_few_shuffled_sequences_are_enough_where_the_sequence_is_clear(own, shuffled, enough):
    assert Significance(own, shuffled, 100).settled == enough


@pytest.mark.parametrize(("own", "count"), [(2.0, 4), (0.2, 8)], ids=["clear", "not clear"])
def test_a_clear_sequence_is_compared_with_fewer_shuffled_ones(own, count):
    target = Target((Sequence("A", STRANGER),))

    class Told:
        """Of shuffled sequences it thinks little, of each a little else."""

        def judge(self, asked, tick):
            spread = 0.05 * (zlib.crc32(asked.letters.encode()) % 3 - 1)
            value = own if asked.letters == STRANGER else spread
            return Judgement(value, 2 * value, None)

    found = compared(Told(), target, rng=np.random.default_rng(0))
    assert len(found.log_odds.shuffled) == len(found.likelihood.shuffled) == count
    assert found.likelihood.own == 2 * own


def test_the_deviation_of_one_map_is_that_of_all_its_shuffled_sequences():
    few = Significance(0.3, np.array([-0.1, 0.1] * 4), 100)
    wide = Significance(0.3, np.array([-0.2, 0.2] * 4), 25)
    one, other = with_common_deviation([few, wide])
    # Over the root of the length both deviate by 1.07; the least that is believed weighs a third.
    assert one.deviation * 10 == pytest.approx(np.sqrt((2 * 8 / 7 + 0.6**2) / 3), rel=1e-6)
    assert other.deviation == pytest.approx(2 * one.deviation)
    assert other.z_score == pytest.approx(one.z_score / 2)


def test_a_shuffled_sequence_keeps_what_is_near_together_and_loses_the_order():
    letters = "AAAAAAAAAAVVVVVVVVVVGGGGGGGGGG" * 4
    made = shuffled_sequence(letters, np.random.default_rng(0))
    assert sorted(made) == sorted(letters) and made != letters
    shuffled = "".join(np.random.default_rng(0).permutation(list(letters)))
    alike = [sum(a == b for a, b in zip(s, s[3:])) for s in (made, shuffled)]
    assert alike[0] > 1.3 * alike[1]


def test_the_right_register_of_a_placed_structure_stands_out_from_those_beside_it(barnase, seen):
    view = seen(barnase, knowledge=1.0)
    own = shifted_significance(barnase.calpha, view.calpha, view.target)
    assert own.significant and own.length > 90
    for by in (1, 4, -3):
        moved = np.roll(barnase.calpha, by, axis=0)
        assert shifted_significance(moved, view.calpha, view.target).z_score < 2.0


def test_no_register_stands_out_where_amino_acids_tell_nothing_or_no_position_is_near(
    barnase, seen
):
    blind = seen(barnase, knowledge=0.0)
    assert shifted_significance(barnase.calpha, blind.calpha, blind.target).z_score < 3.0
    away = shifted_significance(barnase.calpha + 300.0, blind.calpha, blind.target)
    assert away.length == 0 and away.z_score == 0.0
