"""Jobs in the panel of a real ChimeraX: renamed, set up again, cleared; the checklist; closing."""

import shutil

import pytest

pytestmark = pytest.mark.skipif(
    shutil.which("xvfb-run") is None, reason="no xvfb-run to give the GUI a screen"
)


def test_a_job_is_renamed_set_up_again_and_cleared(gui, chimerax, blob):
    gui(f"""
    run(session, "open {blob}")
    p = panel()
    command = "critasser build #1 helix.fasta near #1 resolution 4 seed 7 quality draft wait true"
    job = run(session, command.replace(" near #1", ""))
    p.tabs.setCurrentIndex(1)
    yield lambda: p.watch.lines and p.watch.lines[0].folder == job.folder
    run(session, f"critasser jobs rename {{job.folder}} 'apo state'")
    yield lambda: p.watch.lines[0].name == "apo state"
    yield
    assert p.progress.table.item(0, 0).text() == "apo state"
    assert job.view.group.name == "critasser apo state"
    heads = [p.progress.table.horizontalHeaderItem(n).text() for n in range(4)]
    assert heads == ["Name", "State", "Began", "Took"]
    assert p.progress.table.item(0, 3).text() == "1 min 30 s", p.progress.table.item(0, 3).text()
    p.progress.wants_again.emit(job.folder)
    yield
    assert p.tabs.currentIndex() == 0
    shot("jobs_again")
    assert p.launch.editor.entries[0].letters == "AALEKAALEKAALEKAALEKA"
    assert p.launch.map_menu.value.id == (1,), p.launch.map_menu.value
    run(session, "critasser jobs clear")
    yield lambda: not [line for line in p.watch.lines if line.folder == job.folder]
    assert (job.folder / "results.json").exists()
""")  # fmt: skip


def test_the_checklist_goes_to_places_and_is_ticked(gui, chimerax, blob):
    gui(f"""
    run(session, "open {blob}")
    p = panel()
    run(session, "critasser build #1 helix.fasta resolution 4 wait true")
    p.tabs.setCurrentIndex(2)
    yield lambda: p.results.confidence.model is not None
    model = p.results.confidence.model
    model.residues[12].find_atom("CA").coord = model.residues[3].find_atom("CA").coord + 1.0
    box = p.results.checklist
    box.header.click()
    yield
    press(box, "Check model")
    yield
    assert box.table.rowCount() > 0 and "checked" in seen(box), seen(box)
    box.table.selectRow(0)
    yield
    assert commands[-1] == "critasser validate place 1", commands[-2:]
    shot("checklist")
    box.table.item(0, 0).setCheckState(Qt.CheckState.Checked)
    yield
    assert "1 of" in seen(box)
    press(box, "End")
    yield
    assert not [m for m in session.models.list() if m.name == "density at the place"]
""")  # fmt: skip


def test_closing_the_session_closes_all_tools_and_the_build_button_is_in_sight(gui, chimerax, blob):
    gui(f"""
    run(session, "open {blob}")
    p = panel()
    yield
    button = p.launch.build_button
    area = p.window.ui_area
    bottom = button.mapTo(area, button.rect().bottomLeft()).y()
    assert button.isVisible() and bottom <= area.height(), (bottom, area.height())
    run(session, 'ui tool show "Critasser Segments"')
    yield
    ours = lambda: [t for t in session.tools.list() if t.tool_name.startswith("Critasser")]
    assert len(ours()) == 2
    run(session, "close session")
    yield
    assert not ours(), ours()
""", screen="1600x1000x24")  # fmt: skip


def test_an_installation_is_told_of_in_a_panel_that_is_opened_meanwhile(gui, chimerax):
    gui("""
    from chimerax.critasser.installation.installer import Installation
    from chimerax.critasser.jobs import queue
    import threading
    over = threading.Event()
    Installation._install = lambda self: over.wait(60)
    from pathlib import Path
    work = Installation(session, Path("an engine"))
    work.start()
    p = panel()
    yield lambda: "being installed" in seen(p.launch)
    over.set()
    yield lambda: "being installed" not in seen(p.launch)
""")


def test_commands_typed_bare_say_what_they_lack(chimerax):
    chimerax.script(
        """
from chimerax.core.errors import UserError
for name in ("build", "compare", "fit", "jobs delete", "jobs rename", "open", "rebuild", "refine",
             "report", "resume", "score", "segment", "segment save", "show", "validate place"):
    try:
        run(session, f"critasser {name}")
    except UserError as error:
        assert str(error), name
    else:
        raise AssertionError(name)
"""
    )
