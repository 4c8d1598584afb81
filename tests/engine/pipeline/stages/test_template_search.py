"""Which sequences known folds are looked for, and which chains are taken for relatives."""

from types import SimpleNamespace

import numpy as np
import pytest

from critasser.pipeline.stages.template_search import _threaded, _wanted
from critasser.shipped import LIBRARY, shipped
from critasser.structure import Sequence, Target
from critasser.structure.sequence_profile import sequence_profile
from critasser.threading import load_library

LONG = "ACDEFGHIKLMNPQRSTVWY" * 3


def searched(*letters, z_scores=None, by_map=(), lying=(), search=True):
    """What the stage knows of a target of these sequences."""
    target = Target(tuple(Sequence(f"s{k}", one) for k, one in enumerate(letters)))
    return SimpleNamespace(
        target=target, settings={"search": search}, rng=np.random.default_rng(0),
        numbers_noted=lambda _: z_scores, chains_noted=lambda _: by_map, fact=lambda _: lying,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("known", "wanted"),
    [
        ({}, [0, 1]),
        ({"z_scores": (12.0, 3.0, 1.0)}, [1]),
        ({"by_map": (0,)}, [1]),
        ({"lying": [1]}, [0]),
        ({"lying": [0, 1]}, []),
        ({"lying": ["x"]}, [0, 1]),
        ({"search": False}, []),
    ],
)
def test_folds_are_looked_for_of_what_neither_map_nor_given_structures_tell(known, wanted):
    found, reason = _wanted(searched(LONG, LONG[::-1], "AC" * 10, **known))
    assert found == wanted and bool(reason) == (not wanted)


def test_a_sequence_of_few_letters_has_no_relatives():
    context = searched("G" * 60)
    library = load_library(shipped(LIBRARY))
    codes = context.target.codes
    told = sequence_profile(codes, np.zeros(len(codes), dtype=np.int64))
    z_scores, related = _threaded(context, library, codes, told, lambda *_: None)
    assert z_scores.max() > 7.0 and related == []
