"""A model is placed in a map in a real ChimeraX, with the stand-in engine: two places, in which the
first half of its residues is a domain."""

import pytest


@pytest.fixture
def long_peptide(chimerax):
    """A Cα trace of thirty residues, chain A."""
    import numpy as np

    from critasser.structure import Sequence, Target, write_calpha

    path = chimerax.home / "long.cif"
    turn = 1.75 * np.arange(30)
    helix = np.stack([2.3 * np.cos(turn), 2.3 * np.sin(turn), 1.5 * np.arange(30)], axis=1)
    positions = helix + [52.0, -10.0, 5.0]  # in the map
    write_calpha(path, positions, Target((Sequence("x", "AALEK" * 6),)), np.full(30, 50.0))
    return path


def test_a_placed_model_is_a_new_one_colored_by_domain(chimerax, blob, long_peptide):
    said = chimerax.script(
        f"""
run(session, "open {blob}; open {long_peptide}")
job = run(session, "critasser fit #2 resolution 6 near #2 range 30")
assert job.outcome == "finished"
first, second = job.view.group.parts("models")
assert first.display and not second.display
old = [m for m in session.models.list() if m.id == (2,)][0]
assert not old.display and tuple(old.residues[0].ribbon_color)[:3] != (230, 159, 0)
assert first.residues[0].critasser_domain == 1.0 and first.residues[-1].critasser_domain is None
color = tuple(first.residues[0].ribbon_color)
assert color[:3] == (230, 159, 0), color
run(session, "select ::critasser_domain=1")
assert first.residues[0].atoms.selecteds.all()
assert (job.folder / "inputs/mask.mrc").is_file()
run(session, "save {chimerax.home}/fit.cxs")
run(session, "close session")
run(session, "open {chimerax.home}/fit.cxs")
shown = [m for m in session.models.list() if m.name.startswith("place 1")]
assert shown and shown[0].residues[0].critasser_domain == 1.0
run(session, f"critasser open {{job.folder}}")
"""
    )
    assert "place 1: 90% of Cα within 3 Å of a position, correlation 0.60" in said
    assert "z-score 12.3, place equal, one of 2, runner-up 11.9" in said


def test_a_model_is_placed_from_the_panel(chimerax, blob, long_peptide, gui):
    gui(
        f"""
    from chimerax.critasser.jobs.engine_job import jobs_of
    run(session, "open {blob}; open {long_peptide}")
    pages = panel()
    yield
    pages.tabs.setCurrentIndex(2)
    yield
    press(pages.results, "Place a model…")
    yield
    from Qt.QtWidgets import QDialog
    (question,) = [w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog)
                   and w.windowTitle() == "Place a model"]
    question.rigid.setChecked(True)
    assert question.command() == "critasser fit #2 inMap #1 rigid true", question.command()
    question.resolution.setValue(6.5)
    question.symmetry.setText("C")
    assert not question.command() and not question.verb.isEnabled()
    question.symmetry.setText("auto")
    assert not question.verb.isEnabled()
    question.symmetry.setText("C4")
    whole = "critasser fit #2 inMap #1 resolution 6.5 symmetry C4 rigid true"
    assert question.command() == whole and question.verb.isEnabled(), question.command()
    question.symmetry.setText("")
    question.resolution.given = None
    yield
    shot("place_a_model", question)
    question.accept()
    yield lambda: jobs_of(session) and jobs_of(session)[-1].outcome == "finished"
    yield
    (job,) = jobs_of(session)
    assert "--rigid" in (job.folder / "command").read_text()
    shot("placed")
    place = job.view.group.parts("models")[0]
    half = len(place.residues) // 2
    for number, residue in enumerate(place.residues):
        residue.critasser_domain = 1.0 if number < half else 2.0
    run(session, f"critasser confidence {{place.atomspec}} show domain")
    yield
    keys = [m for m in session.models.list() if type(m).__name__ == "ColorKeyModel"]
    assert [key.name for key in keys] == ["Critasser domains"], keys
    shot("domains")
    yield
    assert not session.update_loop.blocked()
"""
    )


def test_a_template_is_written_without_a_word_of_its_files_tables(chimerax, blob, long_peptide):
    said = chimerax.script(
        f"""
run(session, "open {blob}; open {long_peptide}; save plain.pdb models #2; close #2")
run(session, "open plain.pdb")
run(session, "critasser build #1 helix.fasta templates #2")
"""
    )
    assert "Not saving entity_poly_seq" not in said
