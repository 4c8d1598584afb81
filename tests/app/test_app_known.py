"""Known structures in a real ChimeraX, from a server on this machine in the databases' place."""

import json

import pytest

from tests.bundle.known.database_server import ACCESSION, LETTERS, NAME, Server

PROTEIN = (
    "<uniprot><entry><protein><recommendedName><fullName>x</fullName></recommendedName></protein>"
    f"<sequence>{LETTERS}</sequence></entry></uniprot>"
)

PATCHED = """
from chimerax.critasser.known import services
from chimerax.critasser.session import network
services.ALPHAFOLD = {address!r}
services.SEARCH, services.ENTRIES = {address!r} + "/search", {address!r} + "/download"
network.WAIT, network.PATIENCE = 2.0, 4.0
"""


@pytest.fixture
def server():
    one = Server()
    one.like_the_real_ones()
    yield one
    one.close()


@pytest.fixture
def fetched(chimerax):
    """What ChimeraX has fetched before: the protein's sequence, and nothing else."""
    folder = chimerax.home / "Downloads/ChimeraX"
    for path in folder.rglob("*.*"):
        path.unlink()
    (folder / "UniProt").mkdir(parents=True, exist_ok=True)
    (folder / "UniProt" / f"{ACCESSION}.xml").write_text(PROTEIN)
    return folder


def test_a_build_of_an_accession_starts_from_its_predicted_model(chimerax, blob, server, fetched):
    said = chimerax.script(
        PATCHED.format(address=server.address)
        + f"""
run(session, "open {blob}")
job = run(session, "critasser build #1 {ACCESSION} templates auto folder {chimerax.home}/known")
assert job.outcome == "finished"
"""
    )
    assert "is sent the UniProt accession" in said
    assert f"known structures: {NAME} (AlphaFold DB, 100% identical over 100%" in said
    assert (fetched / "AlphaFold" / f"{NAME}.cif").is_file()
    inputs = chimerax.home / "known/inputs"
    listed = json.loads((inputs / "known.json").read_text())["structures"]
    assert [one["source"] for one in listed] == ["AlphaFold DB", "PDB", "PDB"]
    assert all((inputs / one["file"]).is_file() for one in listed)
    command = (chimerax.home / "known/command").read_text()
    assert f"--templates {inputs}/{NAME}.cif" in command
    assert any(f"/api/prediction/{ACCESSION}" in path for path, _ in server.asked)


def test_an_accession_without_a_network_is_told_in_a_line(chimerax, blob):
    said = chimerax.script(
        f"""
from chimerax.core.errors import UserError
run(session, "open {blob}")
try:
    run(session, "critasser build #1 Q9Y6K9 templates none")
    raise SystemExit("built")
except UserError as error:
    print("told:", error)
"""
    )
    line = next(line for line in said.splitlines() if line.startswith("told:"))
    assert "Q9Y6K9 could not be fetched from UniProt" in line and "no network" in line


def test_open_models_serve_and_nothing_is_sent_when_the_word_is_local(
    chimerax, blob, peptide, server, fetched
):
    said = chimerax.script(
        PATCHED.format(address=server.address)
        + f"""
run(session, "open {blob}; open {peptide}")
job = run(session, "critasser build #1 AALEKAALEKAALEK templates local")
assert job.outcome == "finished"
"""
    )
    assert "peptide.cif (open, 100% identical over 67%" in said
    assert server.asked == []


def test_the_panel_shows_what_was_found_and_builds_from_what_is_ticked(
    chimerax, blob, gui, server, fetched
):
    gui(
        PATCHED.format(address=server.address).replace("\n", "\n    ")
        + f"""
    from Qt.QtCore import Qt
    from chimerax.critasser.session.settings import remember_known, settings
    run(session, "open {blob}")
    page = panel().launch
    yield
    page.editor.set_entries(())
    from chimerax.critasser.jobs.sequences import Entry
    page.editor.set_entries((Entry("{ACCESSION}", "{LETTERS}"),), None)
    page.refresh()
    known = page.known
    assert known.where.currentText() == "None", known.where.currentText()
    # Neither those found here or elsewhere, nor those of the engine's library.
    assert "templates none" in page.preview.toPlainText()
    assert "no known folds either" in known.note.text()
    page.options.library.setText("/data/folds.npz")
    assert "Known folds are not looked for" in seen(page)
    page.options.library.setText("")
    known.where.setCurrentIndex(0)
    known.where.activated.emit(0)
    assert settings(session).known == "auto"
    assert "is sent the UniProt accession" in known.note.text()
    assert "known folds that ship are looked through too" in known.note.text()
    assert "templates auto" in page.preview.toPlainText()
    shot("known_choice", page)
    press(page, "Search now")
    yield lambda: known.list.count() == 3
    yield
    assert not known.list.visibleRegion().isEmpty()
    shot("known_found")
    assert known.list.item(0).text().startswith("{NAME} (AlphaFold DB")
    assert page.preview.toPlainText().count(".cif") == 3
    known.list.item(1).setCheckState(Qt.CheckState.Unchecked)
    known.list.item(2).setCheckState(Qt.CheckState.Unchecked)
    text = page.preview.toPlainText()
    assert "AlphaFold/{NAME}.cif" in text and text.count(".cif") == 1, text
    known.list.item(0).setCheckState(Qt.CheckState.Unchecked)
    assert "templates none" in page.preview.toPlainText()
    page.editor.set_entries((Entry("other", "AALEKAALEKAALEK"),), None)
    page.refresh()
    assert known.list.count() == 0
    remember_known(session, "none")
    yield
"""
    )


def test_templates_that_were_used_and_refused_stand_below_the_models(chimerax, gui):
    gui("""
    from chimerax.critasser.tool.outcome import Outcome
    from chimerax.critasser.views.used_templates import TemplateRow
    page = panel().results
    yield
    section = page.templates
    assert section.isHidden()
    used = TemplateRow("1", "known fold found (library: 1hpm_A)", "7.2", "5.1", "0.61", "80", "")
    refused = TemplateRow("", "chain A of mine.pdb", "", "", "", "", "has no place in the map")
    section.show_outcome(Outcome(templates=(used, refused), known_folds="3,603 looked through"))
    yield
    assert not section.isHidden() and "3,603 looked through" in section.note.text()
    table = section.table
    assert [table.item(0, k).text() for k in range(4)] == list(used.cells[:4])
    assert table.item(1, 1).text() == "not used: chain A of mine.pdb"
    assert table.item(1, 1).toolTip() == "not used: has no place in the map"
    section.show_outcome(Outcome(templates=(refused,)))
    assert table.isColumnHidden(2) and section.note.isHidden()
    section.show_outcome(None)
    assert section.isHidden()
    yield
""")


def test_the_first_build_in_a_window_asks_once(chimerax, blob, gui, server, fetched):
    gui(
        PATCHED.format(address=server.address).replace("\n", "\n    ")
        + f"""
    import chimerax.ui.ask
    from chimerax.critasser.session.settings import remember_known, settings
    questions = []
    def ask(session, question, buttons=None, **more):
        questions.append(more["info"])
        return "search online"
    real, chimerax.ui.ask.ask = chimerax.ui.ask.ask, ask
    remember_known(session, "")
    run(session, "open {blob}")
    from chimerax.critasser.known.consent import where_to_look
    assert session.in_script and where_to_look(session, None) == "none" and not questions
    yield
    assert where_to_look(session, None) == "auto" and where_to_look(session, "auto") == "auto"
    assert len(questions) == 1 and "search.rcsb.org" not in questions[0]  # it is this machine
    assert "127.0.0.1 the sequence itself" in questions[0]
    assert settings(session).known == "auto"
    remember_known(session, "none")
    yield
"""
    )
