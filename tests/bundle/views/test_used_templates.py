"""Which templates a build used, and what known folds were looked for, is told in plain words."""

import json
from urllib.parse import unquote

import pytest
from chimerax.critasser.tool.outcome import read_outcome
from chimerax.critasser.views.used_templates import looked_told, tell_templates, template_rows

GIVEN = {"file": "3_templates/template_01.cif", "origin": "given", "structure": None,
         "by_sequence": None, "by_map": None, "source": "chain A of mine.pdb, 45% identical",
         "crscore": 0.612, "placed": 80, "register_z_score": 3.0}  # fmt: skip
FOUND = {**GIVEN, "origin": "known fold", "structure": "1hpm_A", "by_sequence": 7.2,
         "by_map": 5.1, "source": "chain 1hpm_A of the library, 20% identical"}  # fmt: skip
REFUSED = {"source": "chain 2gtd_A of the library", "origin": "known fold",
           "structure": "2gtd_A", "by_sequence": 1.0, "by_map": None,
           "reason": "has no place in the map; give its error by --pae"}  # fmt: skip
LOOKED = {"sequences": ["actin"], "library": "that ships", "structures": 3603, "reason": ""}
RESULTS = {"templates": {"used": [GIVEN, FOUND], "refused": [REFUSED]}, "known_folds": LOOKED}


def test_a_known_fold_stands_beside_given_structures_with_how_far_it_stands_out():
    given, found, refused = template_rows(RESULTS)
    assert given.cells == ("1", "chain A of mine.pdb, 45% identical", "", "", "0.61", "80")
    assert found.name == "known fold found (library: 1hpm_A), 20% identical"
    assert (found.by_sequence, found.by_map) == ("7.2", "5.1")
    assert refused.number == refused.crscore == refused.by_map == ""
    assert refused.reason == "has no place in the map; give its error by pae"


def test_that_known_folds_were_looked_through_is_told_with_how_to_do_without():
    told = looked_told(RESULTS)
    assert "tell the sequence by itself, so 3,603 known folds of the library that ships" in told
    assert told.endswith("to build without them: templates none.")
    assert "none suits" not in told
    assert "none suits" in looked_told({"known_folds": LOOKED})
    many = {"known_folds": {**LOOKED, "words": "the sequences a, b"}}
    assert "does not tell the sequences a, b by itself" in looked_told(many)


@pytest.mark.parametrize(
    "results",
    [
        {}, {"templates": 1, "known_folds": "x"}, {"templates": {"used": {}, "refused": 3}},
        {"templates": {"used": [1, None]}, "known_folds": {"sequences": "x", "structures": 1}},
        {"known_folds": {"sequences": ["x"], "structures": "many"}},
        {"known_folds": {"sequences": [], "reason": "not needed"}},
    ],
)  # fmt: skip
def test_results_that_are_damaged_or_of_before_tell_nothing(session, results):
    assert template_rows(results) == () and looked_told(results) == ""
    tell_templates(session, "job", results)
    assert session.logger.text("info") == ""


def test_a_damaged_entry_is_told_as_far_as_it_goes():
    (row,) = template_rows({"templates": {"used": [{"origin": "known fold", "crscore": "x"}]}})
    assert row.cells == ("1", "", "", "", "", "")


def test_they_are_in_the_log_and_in_what_the_panel_shows(session, start):
    job = start(session, "success")
    results = json.loads((job.folder / "results.json").read_text())
    (job.folder / "results.json").write_text(json.dumps({**results, **RESULTS}))
    job.view.finish()
    said = session.logger.text("info")
    assert "template 2: known fold found (library: 1hpm_A), 20% identical, by seq" in said
    assert "is not used: has no place in the map" in said
    outcome = read_outcome(job.folder)
    assert len(outcome.templates) == 3 and "3,603 known folds" in outcome.known_folds


class Group:
    """What a job shows."""

    atomspec = "#2"


def test_names_in_the_log_of_a_window_are_only_text(gui_session):
    odd = {**GIVEN, "source": "chain A of <b>mine</b>.pdb"}
    tell_templates(gui_session, "<job>", {"templates": {"used": [odd], "refused": []}})
    said = gui_session.logger.text("info")
    assert "&lt;b&gt;mine" in said and "&lt;job&gt;" in said and "<td>1&nbsp;" in said
    assert "critasser show" not in said
    tell_templates(gui_session, "job", {"templates": {"used": [odd]}}, Group())
    assert "critasser show #2 templates" in unquote(gui_session.logger.text("info"))
    tell_templates(gui_session, "job", {"templates": {"refused": [REFUSED]}})
    assert "<td>not used: has no place in the map" in gui_session.logger.text("info")
