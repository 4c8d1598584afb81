"""A model is judged, marked, and its places gone through one by one."""

from types import SimpleNamespace

import pytest
from chimerax.atomic import AtomicStructure, Residue
from chimerax.core.errors import UserError
from chimerax.critasser.models.validation.checklist import CHECKED, checklist_of
from chimerax.critasser.models.validation.markup import COLORS, marks_of


@pytest.fixture
def model(session):
    """Ten residues in a line: one with torsions of no residue, a twisted peptide, a clash, an
    eclipsed side chain."""
    structure = AtomicStructure("mine", session)
    Chain = type(AtomicStructure("", None).atoms.residues)
    structure.residues = Chain(
        Residue("A", n, 50.0, "LEU", (3.8 * n, 0.0, 0.0), structure) for n in range(1, 11)
    )
    for residue in structure.residues:
        residue.phi, residue.psi, residue.omega = -63.0, -43.0, 179.0
        residue.chis = (-65.0, 175.0)
    first, *_, last = structure.residues
    first.phi, first.omega, last.psi = None, None, None
    three, five, seven, nine = (structure.residues[n - 1] for n in (3, 5, 7, 9))
    three.phi, three.psi = 100.0, -100.0
    five.chis = (0.0, 0.0)
    seven.omega = 140.0
    for residue in (structure.residues[5], seven):
        residue.find_atom = lambda name, one=residue: one.atom
    nine.atom.coord[:] = first.atom.coord + (0.0, 2.2, 0.0)
    session.models.add([structure])
    return structure


def validate(session, *arguments, **keywords):
    from chimerax.critasser.commands import validate as module

    return module.command(session, *arguments, **keywords)


def test_the_worst_comes_first_and_each_residue_once(session, model):
    places = [str(place) for place in validate(session)]
    assert places == [
        "A 3, Ramachandran outlier",
        "A 7, peptide twisted by 40°",
        "A 1, CA clashes with A LEU 9 CA, 0.8 Å",
        "A 5, rotamer outlier",
    ]
    told = session.logger.text("info")
    assert "Ramachandran 87.5 % favoured, 12.5 % outliers (1 of 8)" in told
    assert "rotamers 10.0 % outliers (1); clashes 1 (100.0 for 1,000 atoms)" in told
    assert "twisted or cis peptides 1" in told


def test_clashes_of_two_residues_are_one_line_with_the_worst(session):
    from chimerax.critasser.models.validation.findings import find

    structure = AtomicStructure("m", session)
    Chain = type(AtomicStructure("", None).atoms.residues)
    structure.residues = Chain(
        Residue("A", n, 0.0, "ALA", (9.0 * n, 0, 0), structure) for n in (1, 2, 3)
    )
    session.models.add([structure])
    one, two, three = structure.atoms
    found = find(structure, [(one, two, 0.7), (one, two, 1.1), (one, three, 0.8)])
    (place,) = found.places
    assert place.what == (
        "CA clashes with A ALA 2 CA, 1.1 Å (worst of 2), CA clashes with A ALA 3 CA, 0.8 Å"
    )
    assert [r.critasser_clashes for r in structure.residues] == [3, 2, 1]


def test_values_are_attributes_of_residues(session, model):
    validate(session)
    three = model.residues[2]
    assert three.critasser_ramachandran < 0.01 < model.residues[3].critasser_ramachandran
    assert model.residues[0].critasser_ramachandran is None
    assert model.residues[4].critasser_rotamer > 3 > three.critasser_rotamer
    assert [r.critasser_clashes for r in model.residues] == [1, 0, 0, 0, 0, 0, 0, 0, 1, 0]


def test_marks_lie_in_the_model_and_are_made_anew(session, model):
    validate(session)
    marks = marks_of(model)
    colors = [marker.color for marker in marks.markers]
    assert colors == [COLORS["Ramachandran outliers"], COLORS["rotamer outliers"],
                      COLORS["twisted or cis peptides"], *[COLORS["clashes"]] * 2]  # fmt: skip
    assert marks.parent is model and len(marks.links) == 1
    assert marks.markers[0].coord.tolist() == model.residues[2].atom.coord.tolist()
    validate(session)
    assert marks.deleted and len([m for m in model.child_models() if m.name == marks.name]) == 1
    model.residues[2].phi, model.residues[2].psi = -63.0, -43.0
    assert str(validate(session, [model], markup=False)[0]).startswith("A 7")


def test_the_list_is_gone_through_by_numbers_and_ticked(session, model):
    from chimerax.critasser.commands import validate_end as end
    from chimerax.critasser.commands import validate_next as onwards
    from chimerax.critasser.commands import validate_place as place
    from chimerax.critasser.commands import validate_previous as back

    with pytest.raises(UserError, match="critasser validate looks through a model first"):
        onwards.command(session)
    validate(session)
    assert [str(onwards.command(session))[:3] for _ in range(2)] == ["A 3", "A 7"]
    assert str(back.command(session))[:3] == "A 3"
    heard = []
    checklist = checklist_of(session)
    checklist.triggers.add_handler("checklist changed", lambda *_: heard.append(1))
    found = place.command(session, 3, checked=True)
    assert str(found)[:3] == "A 1" and checklist.ticked(found) and heard == [1]
    assert getattr(model.residues[0], CHECKED) is True
    assert not checklist.ticked(checklist.places[0])
    with pytest.raises(UserError, match="4 places: there is no place 5"):
        place.command(session, 5)
    end.command(session)
    assert session.main_view.camera.position == "as it was"


def test_what_was_deleted_is_listed_no_more(session, model):
    validate(session)
    model.residues[2].deleted = True
    assert str(checklist_of(session).places[0]).startswith("A 7")
    model.delete()
    assert not checklist_of(session).places


def test_a_hostile_chain_is_text_in_the_log(gui_session):
    structure = AtomicStructure("mine", gui_session)
    Chain = type(AtomicStructure("", None).atoms.residues)
    name = 'A;runscript /x.py;<a href="cxcmd:exit">'
    structure.residues = Chain(
        Residue(name, n, 0.0, "LEU", (3.8 * n, 0, 0), structure) for n in (1, 2)
    )
    structure.residues[1].phi, structure.residues[1].psi = 100.0, -100.0
    gui_session.models.add([structure])
    validate(gui_session)
    html = "".join(gui_session.logger.html)
    assert "&lt;a href=" in html and "\"cxcmd:exit" not in html
    assert 'href="cxcmd:critasser validate place 1"' in html


def test_only_displayed_proteins_are_judged_unless_named(session, model):
    model.display = False
    with pytest.raises(UserError, match="no atomic model is displayed"):
        validate(session)
    assert validate(session, [model])
    with pytest.raises(UserError, match="no atomic model"):
        validate(session, [SimpleNamespace()])
