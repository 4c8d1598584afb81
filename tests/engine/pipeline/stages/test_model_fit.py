"""Places of a model are left out where the map shows other side chains than it has."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from critasser.fitting import DomainPlace
from critasser.pipeline.model_chains import ModelChains
from critasser.pipeline.stages.model_fit import _by_side_chains
from critasser.pipeline.stages.placed_model import PlacedModel
from critasser.pipeline.stages.side_chains import SideChains
from critasser.structure import ModelFile

PIECE = Path(__file__).parents[3] / "data" / "emd_6555_piece.pdb"


class Shown:
    """A map that shows the model's side chains in one place, and others in another."""

    def __init__(self, chains, own, other):
        self.centres = own.mean(axis=0), other.mean(axis=0)
        codes = chains.codes, np.random.default_rng(0).permutation(chains.codes)
        self.odds = [np.eye(20)[one] for one in codes]

    def log_probabilities(self, calpha):
        away = [np.linalg.norm(np.nanmean(calpha, axis=0) - one) for one in self.centres]
        return self.odds[int(np.argmin(away))]

    def by_fold(self, calpha, centre, rng):
        return np.zeros((len(calpha), 20))


@pytest.fixture
def chains():
    return ModelChains.of(ModelFile.read(PIECE))


@pytest.fixture
def context(chains, monkeypatch):
    """Of a job in whose map side chains are asked."""
    shown = Shown(chains, chains.calpha, chains.calpha + 50.0)

    def of(_, *, own):
        assert own
        return SideChains(shown, np.random.default_rng(0))

    monkeypatch.setattr(SideChains, "of", of)
    inputs = SimpleNamespace(model=Path("model.pdb"), map=Path("map.mrc"))
    warnings = []
    return SimpleNamespace(
        task=SimpleNamespace(inputs=inputs), warn=warnings.append, warnings=warnings
    )


def place(chains, shift):
    rows = np.arange(len(chains))
    domain = DomainPlace(rows, True, 0.5, 0.5, 20.0, "unique", 1, 1.0)
    return PlacedModel(
        (domain,), [(np.eye(3), np.full(3, shift))], np.zeros(len(chains), np.int64),
        chains.calpha + shift, np.zeros(len(chains)), 0.9,
    )  # fmt: skip


def test_of_two_places_the_one_with_the_models_side_chains_is_left(chains, context):
    right, wrong = place(chains, 0.0), place(chains, 50.0)
    assert _by_side_chains(context, [wrong, right], chains) == [right]


def test_a_model_whose_side_chains_are_nowhere_may_be_a_relative_and_that_is_told(chains, context):
    wrong = place(chains, 50.0)
    assert _by_side_chains(context, [wrong], chains) == [wrong]
    (told,) = context.warnings
    assert told.startswith("model.pdb has no place in the map where side chains")
    assert "distant relative" in told and "\n" not in told


def test_a_map_that_is_too_coarse_speaks_against_no_place(chains, context, monkeypatch):
    monkeypatch.setattr(SideChains, "of", lambda *_, own: None)
    wrong = place(chains, 50.0)
    assert _by_side_chains(context, [wrong], chains) == [wrong]
