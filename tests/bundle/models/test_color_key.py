"""The colour key says what its colours are of, and its labels are apart."""

import re

import pytest
from chimerax.atomic import AtomicStructure, Residue
from chimerax.color_key.model import KEYS
from chimerax.core.commands import RUN
from chimerax.critasser.models import coloring, key_title
from chimerax.critasser.models.attributes import SCHEMES
from chimerax.label.label2d import TITLES


@pytest.fixture
def writing(monkeypatch):
    monkeypatch.setattr(key_title, "can_write", lambda: True)


def heading():
    return [label.text for label in TITLES.values()]


def test_every_key_has_a_title_with_the_unit_of_its_numbers(session, writing):
    for name, told in (("confidence", "Confidence"), ("agreement", "Agreement (Å)"),
                       ("register", "Register (%)"), ("localPCC", "Local PCC")):  # fmt: skip
        coloring.show_scheme_key(session, SCHEMES[name], replace=True)
        assert heading() == [told]
        assert not re.search(r"[%Å]", RUN[-1])


def test_the_title_goes_with_the_key(session, writing):
    coloring.show_key(session)
    coloring._drop_key(session)
    assert not KEYS and not TITLES
    coloring.show_key(session)
    key = type("ColorKeyModel", (), {})()
    session.triggers.activate_trigger("remove models", [key])
    assert not TITLES


def test_without_qt_there_is_a_key_and_no_title(session):
    coloring.show_key(session)
    assert KEYS and not TITLES


@pytest.mark.parametrize("width", [300, 500, 1000, 2000])
@pytest.mark.parametrize("labels", [["0", "50", "70", "90", "100"], [f"A-{n}" for n in range(12)]])
def test_labels_have_room(width, labels):
    share, font = coloring._room(labels, width)
    assert share <= 0.9
    letters = sum(map(len, labels)) * 10 * font / 16 + 8 * (len(labels) - 1)
    assert letters <= share * width or font == 8


def test_the_title_stands_above_the_key_at_its_left_end(session, writing):
    structure = AtomicStructure("m", session)
    structure.residues = [Residue(chain, 1, 0.0, structure=structure) for chain in "AB"]
    session.models.add([structure])
    coloring.color_models(session, [structure], "chain")
    (title,) = TITLES.values()
    x, y = map(float, re.search(r"pos ([\d.]+),([\d.]+)", RUN[-1]).groups())
    assert title.text == "Chains" and title.xpos == pytest.approx(x, abs=1e-3) and title.ypos > y


def test_several_domains_have_a_key_of_their_colors_and_one_has_none(session, writing):
    structure = AtomicStructure("placed", session)
    structure.residues = [Residue("A", n, 0.0, structure=structure) for n in range(1, 5)]
    session.models.add([structure])
    for residue, domain in zip(structure.residues, (1.0, 1.0, 2.0, None)):
        residue.critasser_domain = domain
    coloring.color_models(session, [structure], "domain", keep_key=True)
    assert heading() == [SCHEMES["domain"].heading]
    (key,) = KEYS
    assert key.name == SCHEMES["domain"].title
    for residue in structure.residues:
        residue.critasser_domain = 1.0
    coloring.color_models(session, [structure], "domain")
    assert not KEYS


def test_every_scheme_shows_a_key_named_after_it(session, writing):
    structure = AtomicStructure("m", session)
    structure.residues = [Residue(chain, 1, 0.0, structure=structure) for chain in "AB"]
    session.models.add([structure])
    for name, scheme in SCHEMES.items():
        for residue, value in zip(structure.residues, (1.0, 2.0)):
            setattr(residue, scheme.attribute or "unused", value)
        coloring.color_models(session, [structure], name)
        (key,) = KEYS
        assert key.name == scheme.title and heading() == [scheme.heading], name
