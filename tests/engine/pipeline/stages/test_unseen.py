"""What is made of residues that have no density before chains are assembled."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from critasser.assembly import Guide
from critasser.calpha import TRUSTED_CRSCORE, agreement
from critasser.density import Grid
from critasser.pipeline.stages import unseen
from critasser.pipeline.stages.guides import only_seen
from critasser.pipeline.stages.single_residues import in_stretches
from critasser.structure import CalphaSet, Sequence, Target, Template, Trace, read_chains

DATA = Path(__file__).parents[3] / "data"
TARGET = Target((Sequence("a", "MKVLAE"), Sequence("b", "GHW")))
UNSEEN = np.array([1, 1, 0, 0, 0, 1, 0, 0, 1], bool)


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        ("1 2 3 4 5 6 1 2 3", ["A:1-2", "A:6", "B:3"]),
        ("10 10A 11 12 13 14 1 2 3", ["A:10-10A", "A:14", "B:3"]),
    ],
)
def test_they_are_told_in_stretches_as_rebuild_takes_them(numbers, told):
    names = list(zip("AAAAAABBB", numbers.split()))
    assert in_stretches(UNSEEN, names) == told


def test_stretches_do_not_go_on_in_the_next_chain():
    names = [(chain, "7") for chain in "AABB"]
    assert in_stretches(np.ones(4, bool), names) == ["A:7-7", "B:7-7"]


def test_the_assembly_knows_nothing_of_them():
    positions = np.arange(27.0).reshape(9, 3)
    starts = (
        Trace(positions, np.linspace(0, 1, 9), 3.0, "trace"),
        Template(positions + 100.0, 0.5, "template", values=np.arange(9.0)),
    )
    contacts = np.arange(81.0).reshape(9, 9)
    target, cut, fewer = only_seen(TARGET, starts, contacts, UNSEEN)
    assert [one.letters for one in target.sequences] == ["VLA", "GH"]
    seen = np.flatnonzero(~UNSEEN)
    for one, whole in zip(cut, starts):
        np.testing.assert_array_equal(one.positions, whole.positions[seen])
        assert (one.score, one.source) == (whole.score, whole.source)
    np.testing.assert_array_equal(cut[0].confidence, starts[0].confidence[seen])
    np.testing.assert_array_equal(cut[1].values, seen)
    np.testing.assert_array_equal(fewer, contacts[np.ix_(seen, seen)])


def test_where_all_are_seen_nothing_is_changed():
    starts = (Template(np.zeros((9, 3)), 0.5, "template"),)
    assert only_seen(TARGET, starts, None, np.zeros(9, bool)) == (TARGET, starts, None)


@pytest.fixture(scope="module")
def barnase():
    (chain,) = read_chains(DATA / "1a2p_A.pdb.gz")
    return chain


def whole(chain, lost, template):
    """A model without some residues, put together by a template that lies elsewhere."""
    lacking = np.zeros(len(chain), bool)
    lacking[lost] = True
    guide = Guide(Grid(np.zeros((8, 8, 8), np.float32), np.zeros(3), np.ones(3)), np.zeros((0, 3)))
    turn = Rotation.random(random_state=2).as_matrix()
    templates = [] if template is None else [Template(template @ turn.T + 30.0, 0.5, "x")]
    return unseen.with_unseen(
        Target((Sequence("A", chain.letters),)), chain.calpha[~lacking], lacking, guide,
        rng=np.random.default_rng(0), templates=templates,
    )  # fmt: skip


@pytest.mark.parametrize("lost", [slice(0, 17), slice(50, 62)])
def test_residues_without_density_lie_as_the_template_has_them(barnase, lost):
    there = whole(barnase, lost, barnase.calpha)
    away = np.linalg.norm(there - barnase.calpha, axis=1)
    assert away.max() < 0.7
    grown = np.linalg.norm(whole(barnase, lost, None) - barnase.calpha, axis=1)
    assert grown[lost].mean() > 3.0


def test_a_template_that_does_not_fit_around_them_does_not_tell(barnase):
    lost = slice(0, 17)
    grown = whole(barnase, lost, None)
    another = 1.4 * barnase.calpha
    clashing = barnase.calpha.copy()
    clashing[lost] = barnase.calpha[40:57] + 0.5
    for template in (another, clashing, np.full_like(another, np.nan)):
        np.testing.assert_array_equal(whole(barnase, lost, template), grown)


def test_positions_are_trusted_by_how_many_residues_are_seen(monkeypatch):
    # Two opinions that agree on all 30 residues of a map, of the 60 in its sequence.
    positions = 5.0 * np.argwhere(np.ones((2, 3, 5)))
    found = CalphaSet(positions, np.full(30, 0.9), np.full((30, 20), 0.05), np.full((30, 3), 1 / 3))
    monkeypatch.setattr(unseen, "find_calpha", lambda *_: found)
    one = SimpleNamespace(without=lambda nucleic: one)
    opinions, nowhere = SimpleNamespace(opinions=(one, one)), np.zeros((1, 1, 1), bool)
    assert agreement(found, found, 60) < TRUSTED_CRSCORE
    assert unseen.trusted_calpha(opinions, found, 30, nowhere) == (1.0, True)
    # Neighbours of the molecule count, for the opinions need not have the same ones first.
    few, _ = unseen.trusted_calpha(opinions, found, 10, nowhere)
    assert few == 1.0
