"""Scores and rebuilds find the person's model again: resumed, opened, followed, in sessions."""

import json
import sys

import numpy as np
import pytest
from chimerax.atomic import AtomicStructure, Residue
from chimerax.core.state import State
from chimerax.geometry import Place

ELSEWHERE = Place([[1, 0, 0, 30], [0, 0, -1, 4], [0, 1, 0, -11]])


def model_in(session, place=None):
    """A model of five residues, as every ChimeraX opens it from its file."""
    structure = AtomicStructure("mine.pdb", session)
    structure.residues = [
        Residue("A", n, 20.0, "ALA", np.arange(3.0) * n, structure) for n in range(1, 6)
    ]
    structure.filename = "/data/mine.pdb"
    structure.scene_position = place or Place()
    session.models.add([structure])
    return structure


def confidences(structure):
    return [getattr(residue, "critasser_confidence", None) for residue in structure.residues]


@pytest.fixture
def scored(session, fake_engine, open_volume, monkeypatch):
    """A finished score of a model in another ChimeraX, and what it gave."""
    from chimerax.critasser.commands import location, score
    from chimerax.critasser.jobs import model_inputs

    def write(path, structure, volume, at=None):
        names = ("group_PDB", "label_atom_id", "auth_asym_id", "auth_seq_id")
        lines = [f"_atom_site.{name}" for name in names]
        path.write_text("\n".join([*lines, *(f"ATOM CA A {n}" for n in range(1, 6)), ""]))

    monkeypatch.setattr(model_inputs, "write_structure", write)
    monkeypatch.setattr(score, "check_lies_in", lambda structure, volume: None)
    location.command(session, sys.executable)
    model = model_in(session)
    job = score.command(session, model, in_map=open_volume(session))
    assert job.outcome == "finished"
    return job.folder, model


def test_a_score_says_in_its_folder_of_which_model_it_is(scored):
    folder, _ = scored
    kept = json.loads((folder / "inputs/chimerax.json").read_text())
    assert kept["model"] == {"name": "mine.pdb", "number": [1], "path": "/data/mine.pdb"}
    assert kept["frame"]


@pytest.mark.parametrize("way", ["resume", "open", "follow"])
def test_a_score_reaches_the_model_in_another_chimerax(scored, new_session, session, way, until):
    from chimerax.critasser.commands import open as open_command
    from chimerax.critasser.commands import resume
    from chimerax.critasser.jobs.record import read_record
    from chimerax.critasser.views import reattach

    folder, _ = scored
    other = new_session(disk=session.disk)
    if way == "follow":  # the model is opened only after the job was found
        reattach._follow(other, read_record(folder))
    model = model_in(other)
    if way == "resume":
        resume.command(other, folder)
    elif way == "open":
        open_command.command(other, folder)
    else:
        (job,) = other.tasks.values()
        job.wait()
    assert other.models.list() == [model]
    assert None not in confidences(model)


def test_without_the_model_the_jobs_copy_is_opened(scored, new_session, session):
    from chimerax.critasser.commands import open as open_command

    folder, _ = scored
    other = new_session(disk=session.disk)
    group = open_command.command(other, folder)
    assert len(group.parts("models")) == 1


def test_of_two_models_that_are_alike_neither_is_taken_for_the_one(scored, new_session):
    from chimerax.critasser.models.origin import origin_of

    folder, _ = scored
    other = new_session()
    first, second = model_in(other), model_in(other)
    assert origin_of(other, folder) is first  # by its number
    first.id = (7,)
    assert origin_of(other, folder) is None
    second.critasser_job = str(folder)
    assert origin_of(other, folder) is second


@pytest.mark.parametrize("kept", [7, {"number": "x"}, {"number": [[]], "path": 3}])
def test_what_a_folder_says_of_its_model_may_be_anything(scored, new_session, kept):
    from chimerax.critasser.models.origin import origin_of

    folder, _ = scored
    (folder / "inputs/chimerax.json").write_text(json.dumps({"model": kept}))
    other = new_session()
    model_in(other)
    assert origin_of(other, folder) is None


def test_a_score_goes_on_beside_its_open_copy_also_after_a_session(scored, session, new_session):
    from chimerax.critasser import bundle_api
    from chimerax.critasser.commands import open as open_command
    from chimerax.critasser.commands import resume, show

    folder, _ = scored
    other = new_session(disk=session.disk)
    group = open_command.command(other, folder)
    model = model_in(other)
    job = resume.command(other, folder)
    assert None not in confidences(model) and job.view.group is group
    assert show.command(other, [group], ["models"]) == group.parts("models")

    data = group.take_snapshot(other, State.SESSION)
    group.delete()
    job.outcome = "running"
    again = bundle_api.get_class("JobGroup").restore_snapshot(other, data)
    other.models.add([again])
    other.triggers.activate_trigger("end restore session", other)
    assert job.view.group is again


def test_a_rebuild_that_had_shown_nothing_lies_where_the_model_lies(
    session, new_session, start, tmp_path
):
    from chimerax.critasser.jobs.folder import Event
    from chimerax.critasser.models.origin import keep_origin
    from chimerax.critasser.views.follow import view_of

    first = start(session, "success", name="first")
    model = first.view.group.parts("models")[0]
    model.scene_position = ELSEWHERE
    second = start(new_session(), "success", name="second")
    keep_origin(second.folder, model)
    (second.folder / "inputs/map.mrc").unlink()  # the map is the first job's
    model.critasser_job = None  # as in a session that was opened before the job began
    event = Event("running", "", "model 1", 1.0, None, "5_models/model_1.cif", "models")

    view = view_of(session, second.folder, "rebuild")
    view.show(event)
    assert view.group.position.matrix == pytest.approx(ELSEWHERE.matrix)
    view.group.delete()
    hidden = view_of(session, second.folder, "rebuild", hidden=True)
    hidden.show(event)
    assert not hidden.is_open
    hidden.reveal()
    assert hidden.group.position.matrix == pytest.approx(ELSEWHERE.matrix)
