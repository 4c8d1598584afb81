"""Which sequences of a target structures were given of."""

from pathlib import Path

import numpy as np
import pytest

from critasser.structure import Sequence, Target, read_chains
from critasser.templates import known_entities

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def barnase():
    return read_chains(DATA / "1a2p_A.pdb.gz")[0]


def relative(letters: str, every: int) -> str:
    """A sequence in which each residue of so many is another."""
    return "".join("W" if k % every == 0 else letter for k, letter in enumerate(letters))


def test_a_chain_counts_for_the_sequence_that_it_is_most_alike_to(barnase):
    near, far = relative(barnase.letters, 10), relative(barnase.letters, 3)
    other = "".join(np.random.default_rng(1).permutation(list(barnase.letters)))
    target = Target(tuple(Sequence("x", one) for one in (far, other, near, near)))
    assert known_entities([barnase], target) == {2}
    assert known_entities([barnase], target.without([2, 3])) == {0}
    assert known_entities([], target) == set()
