"""What ChimeraX would label is not, for as long as a trace is opened."""

import pytest
from chimerax.atomic import settings as module
from chimerax.critasser.models.gap_labels import without_gap_labels


def most_chains():
    return getattr(module.settings, module.label_missing_attr)


def test_the_setting_is_hidden_and_comes_back_also_after_an_error():
    assert most_chains() == 4
    with without_gap_labels():
        assert most_chains() < 1
    assert most_chains() == 4
    with pytest.raises(OSError), without_gap_labels():
        raise OSError
    assert most_chains() == 4


def test_a_chimerax_without_the_setting_opens_as_it_does(monkeypatch):
    monkeypatch.delattr(module, "label_missing_attr")
    with without_gap_labels():
        pass
    assert vars(module.settings) == {}
