"""What a job shows, class by class, how it is coloured, and what sessions keep of it."""

import json

import numpy as np
import pytest
from chimerax.atomic import AtomicStructure, Residue
from chimerax.core.errors import UserError
from chimerax.core.state import State


def protein(session, name, coords, letters=None, chain="A", confidence=None, first=1):
    structure = AtomicStructure(name, session)
    letters = letters or ["ALA"] * len(coords)
    structure.residues = [
        Residue(chain, first + i, 0.0, letter, coord, structure)
        for i, (letter, coord) in enumerate(zip(letters, coords))
    ]
    for residue, value in zip(structure.residues, confidence if confidence is not None else ()):
        residue.critasser_confidence = value
    session.models.add([structure])
    return structure


def helix(n, shift=(0, 0, 0)):
    i = np.arange(n)
    turn = np.radians(100.0 * i)
    return np.column_stack([2.3 * np.cos(turn), 2.3 * np.sin(turn), 1.5 * i]) + shift


def shown(session):
    return {m.name for m in session.models.list() if m.display and len(m.id) == 3}


def test_classes_are_shown_and_hidden_and_opened_where_they_are_not_yet(session, start):
    from chimerax.critasser.commands import hide, show

    start(session, "success")
    assert shown(session) == {"model 1, eTM 0.80"}
    show.command(session, None, ["unassigned", "traces"])
    assert shown(session) == {"model 1, eTM 0.80", "unassigned positions", "trace 1"}
    hide.command(session, None, ["traces", "models"])
    assert shown(session) == {"unassigned positions"}
    show.command(session, None, ["traces"], every=True, only=True)
    assert shown(session) == {"trace 1", "trace 2"}
    with pytest.raises(UserError, match=r"no probability$"):
        show.command(session, None, ["probability"])


def test_the_probability_is_opened_as_a_map_when_it_is_asked_for(session, start):
    from chimerax.critasser.commands import show
    from chimerax.map import Volume

    job = start(session, "success")
    (job.folder / "1_calpha/calpha_probability.mrc").write_bytes(b"map")
    show.command(session, [job.view.group], ["probability"])
    (volume,) = [m for m in session.models.list() if isinstance(m, Volume)]
    assert volume.id == (1, 4, 1) and volume.display and volume.levels == (0.3,)
    assert show.command(session, [volume], ["probability"]) == [volume]


def test_nucleic_acid_is_told_and_shown_in_a_colour_of_its_own(session, start):
    from chimerax.critasser.commands import hide, show

    job = start(session, "success")
    (job.folder / "1_calpha/nucleic_acid.mrc").write_bytes(b"map")
    (job.folder / "1_calpha/calpha_probability.mrc").write_bytes(b"map")
    results = json.loads((job.folder / "results.json").read_text())
    results["nucleic_acid"] = {"volume": 12300.0, "regions": 1, "left_out": True}
    (job.folder / "results.json").write_text(json.dumps(results))
    job.view.finish()
    assert "nucleic acid: 12,300 Å³, where no Cα are looked for" in session.logger.text("info")
    (volume,) = show.command(session, None, ["nucleicAcid"])
    (other,) = show.command(session, None, ["probability"])
    assert volume.display and volume.colors != other.colors
    hide.command(session, None, ["nucleicAcid"])
    assert not volume.display and other.display


def test_traces_know_how_sure_their_register_is_and_markers_how_likely_they_are(session, start):
    job = start(session, "success")
    trace = job.view.group.part("2_traces/trace_01.cif")
    assert {residue.critasser_register for residue in trace.residues} == {50.0}
    markers = job.view.group.part("2_traces/unassigned.cif").markers
    assert [marker.bfactor for marker in markers][::11] == [0.0, 100.0]


def test_tables_name_residues_by_their_insertion_codes_and_damage_costs_one(session, tmp_path):
    from chimerax.critasser.models.attributes import read_table

    model = protein(session, "model", helix(4))
    model.residues[1].number, model.residues[1].insertion_code = 1, "A"
    table = tmp_path / "model.csv"
    table.write_text(
        "chain,residue,insertion,local_pcc,local_confidence\n"
        "A,1,,0.1,50\nA,1,A,0.2,60\nA,3,,rubbish,70\nA,four\nA,4,,inf,80\n"
    )
    read_table(model, table, "models")
    pcc = [residue.critasser_local_pcc for residue in model.residues]
    assert pcc == [0.1, 0.2, None, None]
    assert model.residues[3].critasser_local_confidence == 80


def test_local_confidence_of_older_jobs_is_brought_to_the_scale_of_today(session, tmp_path):
    from chimerax.critasser.models.attributes import read_table

    model = protein(session, "model", helix(1))
    table = tmp_path / "model.csv"
    table.write_text("chain,residue,local_confidence\nA,1,0.5\n")
    read_table(model, table, "models", percent=False)
    assert model.residues[0].critasser_local_confidence == 50


def test_models_know_where_their_residues_come_from(session, tmp_path):
    from chimerax.color_key.model import KEYS
    from chimerax.critasser.commands import confidence
    from chimerax.critasser.models.attributes import read_table

    model = protein(session, "model", helix(5))
    table = tmp_path / "model.csv"
    rows = [f"A,{k + 1},{word}" for k, word in enumerate(("neither", "map", "template", "both"))]
    table.write_text("chain,residue,source\n" + "\n".join(rows) + "\nA,5,elsewhere\n")
    read_table(model, table, "models")
    assert [residue.critasser_source for residue in model.residues] == [0.0, 1.0, 2.0, 3.0, None]
    confidence.command(session, show="source")
    assert [key.name for key in KEYS] == ["Critasser sources"]


def test_models_of_a_job_know_how_far_they_spread(session, start):
    job = start(session, "success")
    model = job.view.group.parts("models")[0]
    # The stand-in engine shifts model after model by 0.5 Å along x.
    expected = np.sqrt(np.square([-0.5, 0.0, 0.5]).mean())
    assert model.residues[3].critasser_spread == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("what", "attribute", "title"),
    [
        ("confidence", "critasser_confidence", "Critasser confidence"),
        ("localPCC", "critasser_local_pcc", "Critasser local PCC"),
        ("register", "critasser_register", "Critasser register"),
        ("agreement", "critasser_spread", "Critasser agreement"),
    ],
)
def test_there_is_one_key_and_it_is_of_the_colours_shown(session, start, what, attribute, title):
    from chimerax.color_key.model import KEYS
    from chimerax.core.commands import RUN
    from chimerax.critasser.commands import confidence

    start(session, "success")
    confidence.command(session, show=what)
    assert f"byattribute r:{attribute} " in [t for t in RUN if t.startswith("color")][-1]
    assert [key.name for key in KEYS] == [title]
    confidence.command(session, show=what, key=False)
    assert not KEYS


def test_what_models_do_not_have_cannot_be_shown(session):
    from chimerax.critasser.commands import confidence

    protein(session, "mine", helix(5))
    for what in ("confidence", "localPCC", "source", "register", "agreement", "distance"):
        with pytest.raises(UserError):
            confidence.command(session, show=what)


def test_a_key_of_the_persons_own_stays_until_colours_are_asked_for(session, start):
    from chimerax.color_key.model import KEYS, get_model
    from chimerax.critasser.commands import confidence

    get_model(session).name = "electrostatics"
    start(session, "success")
    assert KEYS[0].name == "electrostatics"
    confidence.command(session)
    assert KEYS[0].name == "Critasser confidence"


def test_what_is_low_is_remembered(session, new_session):
    from chimerax.core.commands import RUN
    from chimerax.critasser.commands import confidence
    from chimerax.critasser.session.settings import settings

    protein(session, "a", helix(4), confidence=[10, 60, 70, 90])
    confidence.command(session, below=65.0, select=True)
    assert RUN[-1] == "select (#1) & critasser-low"
    assert settings(new_session(disk=session.disk)).low_confidence == 65.0


def reopened(session, group, **changed):
    """The group as a session brings it back, in another ChimeraX."""
    from chimerax.critasser import bundle_api

    data = {**group.take_snapshot(session, State.SESSION), **changed}

    def restore(other):
        again = bundle_api.get_class("JobGroup").restore_snapshot(other, data)
        other.models.add([again])
        other.triggers.activate_trigger("end restore session", other)
        return again

    return restore


def test_a_restored_group_knows_its_job_and_goes_on_showing_it(session, new_session, start):
    from chimerax.critasser.commands import show

    job = start(session, "success")
    other = new_session(disk=session.disk)
    group = reopened(session, job.view.group)(other)
    assert group.job_folder == job.folder and group.name == "critasser helix"
    assert not other.logger.text("warning")
    show.command(other, [group], ["traces"])
    assert "trace 1" in [model.name for model in other.models.list()]


def test_a_group_that_was_moved_stays_there_when_a_restored_session_shows_more(
    session, new_session, start
):
    from chimerax.critasser.commands import show
    from chimerax.geometry import Place

    moved = Place([[1, 0, 0, 5], [0, 1, 0, 6], [0, 0, 1, 7]])
    job = start(session, "success")
    job.view.group.position = moved
    other = new_session(disk=session.disk)
    group = reopened(session, job.view.group)(other)
    show.command(other, [group], ["traces"])
    assert group.position == moved
    again = new_session(disk=session.disk)
    group = reopened(other, group)(again)
    show.command(again, [group], ["unassigned"])
    assert group.position == moved


def test_a_job_that_still_runs_is_followed_again_in_the_restored_group(
    gui_session, new_session, start, until
):
    job = start(gui_session, "hang", wait=False)
    until(lambda: gui_session.ui.turn() or job.view.is_open)
    other = new_session(is_gui=True, disk=gui_session.disk)
    group = reopened(gui_session, job.view.group)(other)
    (followed,) = other.tasks.values()
    assert followed.outcome == "running" and followed.view.group is group
    until(lambda: other.ui.turn() or "Cα positions" in [m.name for m in other.models.list()])
    followed.terminate()
    until(lambda: job.outcome == "cancelled" and followed.outcome == "cancelled")


def test_a_running_job_whose_group_was_closed_goes_on_in_the_restored_one(
    gui_session, start, until
):
    job = start(gui_session, "hang", wait=False)
    until(lambda: gui_session.ui.turn() or job.view.is_open)
    restore = reopened(gui_session, job.view.group)
    job.view.group.delete()
    group = restore(gui_session)
    assert job.view.group is group and len(gui_session.tasks) == 1
    job.terminate()
    until(lambda: job.outcome == "cancelled")


def test_a_running_job_goes_on_in_the_map_that_the_session_brings_back(
    gui_session, start, until, open_volume
):
    job = start(gui_session, "hang", wait=False)
    until(lambda: gui_session.ui.turn() or job.view.is_open)
    old, new = open_volume(gui_session), open_volume(gui_session)
    job.view.lie_in(old)
    restore = reopened(gui_session, job.view.group, volume=new)
    old.delete()
    job.view.group.delete()
    group = restore(gui_session)
    assert job.view.group is group and group.volume is new
    job.terminate()
    until(lambda: job.outcome == "cancelled")


def test_how_a_job_ended_meanwhile_is_told(gui_session, new_session, start, until):
    job = start(gui_session, "success", wait=False)
    until(lambda: gui_session.ui.turn() or job.view.is_open)
    restore = reopened(gui_session, job.view.group, running=True)
    until(lambda: gui_session.ui.turn() or job.outcome == "finished")
    other = new_session()
    restore(other)
    assert "which ran when the session was saved: finished" in other.logger.text("info")
    assert f"critasser open {job.folder}" in other.logger.text("info")


def test_a_folder_that_is_gone_is_told_once_and_a_newer_session_is_no_error(
    session, new_session, start
):
    import shutil

    job = start(session, "success")
    restore = reopened(session, job.view.group, version=99, novelty=[1, 2])
    shutil.rmtree(job.folder)
    other = new_session()
    restore(other)
    other.triggers.activate_trigger("end restore session", other)
    assert other.logger.text("warning").count("not there any more") == 1
    assert "newer Critasser" in other.logger.text("warning")


def test_opening_a_shown_job_again_shows_nothing_twice(session, start):
    from chimerax.critasser.commands import open as open_command

    job = start(session, "success")
    before = [model.id for model in session.models.list()]
    assert open_command.command(session, job.folder) is job.view.group
    assert [model.id for model in session.models.list()] == before


@pytest.mark.parametrize(
    ("style", "alpha", "seen_through"),
    [("surface", 1, True), ("surface", 0.4, False), ("mesh", 1, False)],
)  # fmt: skip
def test_an_opaque_map_is_made_transparent_so_that_what_is_built_in_it_is_seen(
    session, start, open_volume, style, alpha, seen_through
):
    from types import SimpleNamespace

    from chimerax.core.commands import RUN
    from chimerax.critasser.jobs.folder import Event
    from chimerax.critasser.views.results import Results

    job = start(session, "success")
    volume = open_volume(session)
    volume.surfaces = [SimpleNamespace(display=True, style=style, rgba=(1, 1, 1, alpha))]
    RUN.clear()
    view = Results(session, "again", job.folder, volume)
    view.show(Event("running", "", "trace 1", 1.0, None, "2_traces/trace_01.cif", "traces"))
    assert (f"volume {volume.atomspec} transparency 0.6" in RUN) == seen_through


@pytest.mark.parametrize("name", ["evil.py", "evil.cxc", "evil.cxs", "5_models/evil.mrc"])
def test_a_job_folder_shows_no_files_that_could_run_something(session, start, name):
    from chimerax.critasser.jobs.folder import Event
    from chimerax.critasser.views.results import Results

    job = start(session, "success")
    (job.folder / name).write_text("raise SystemExit")
    opened = len(session.open_command.opened)
    view = Results(session, "again", job.folder)
    view.show(Event("running", "", "model 1", 1.0, None, name, "models"))
    assert len(session.open_command.opened) == opened and not view.is_open
    assert "could not be shown" in session.logger.text("warning")


def test_results_that_come_take_the_one_key_and_all_colours_with_it(session, start):
    from chimerax.color_key.model import get_model
    from chimerax.core.commands import RUN
    from chimerax.critasser.commands import confidence

    first = start(session, "success", name="one")
    confidence.command(session, show="agreement")
    assert get_model(session).name != "Critasser confidence"
    RUN.clear()
    start(session, "success", name="two")
    assert get_model(session).name == "Critasser confidence"
    old = first.view.group.parts("models")[0].atomspec
    assert any(text.startswith(f"color byattribute r:critasser_confidence {old} ") for text in RUN)


@pytest.mark.parametrize(
    ("symmetry", "told"),
    [
        ({"name": "C4", "units": 4, "built": 1}, True),
        ({"name": "C4", "units": 4, "built": 4}, False),
        ({"name": "", "units": 1, "built": 1}, False),
        ({"units": "4; exit", "built": 1}, False),
        (["C4"], False),
        (None, False),
    ],
)
def test_units_that_were_not_built_can_be_shown(session, start, symmetry, told):
    job = start(session, "success")
    file = job.folder / "results.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "symmetry": symmetry}))
    job.view.finish()
    best = job.view.group.parts("models")[0]
    log = session.logger.text("info")
    assert (f"sym {best.atomspec} assembly 1 copies false newModel false" in log) == told
    assert (f"sym clear {best.atomspec}" in log) == told
    assert "exit" not in log


def test_results_whose_group_was_closed_are_offered_again(gui_session, start, until):
    job = start(gui_session, "hang", wait=False)
    until(lambda: gui_session.ui.turn() or (job.view.is_open and job.last.stage == "trace"))
    job.view.group.delete()
    (job.folder / "results.json").write_text('{"models": []}')
    job.view.finish()
    assert "results are not open" in gui_session.logger.text("info")
    assert f"critasser open {job.folder}" in gui_session.logger.text("info")
    job.terminate()
    until(lambda: gui_session.ui.turn() or job.outcome == "cancelled")
