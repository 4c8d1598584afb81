"""Deleting a job takes what is the job's, and nothing that is not."""

import json
import os

import pytest
from chimerax.core.errors import UserError


@pytest.fixture
def delete(session):
    from chimerax.critasser.commands import jobs_delete

    return lambda what, **keywords: jobs_delete.command(session, what, **keywords)


def test_a_job_is_deleted_with_its_folder_and_forgotten(session, start, delete):
    from chimerax.critasser.session.settings import settings

    job = start(session, "success")
    with pytest.raises(UserError, match="confirm true"):
        delete(job.id)
    assert job.folder.exists()
    delete(job.id, confirm=True)
    assert not job.folder.exists()
    assert settings(session).recent_jobs == [] and not session.tasks


def test_a_person_is_asked_before(gui_session, start, monkeypatch):
    import sys
    from types import ModuleType

    from chimerax.critasser.commands import jobs_delete

    asked = []
    ask = ModuleType("chimerax.ui.ask")
    ask.ask = lambda session, question, buttons, default: asked.append(question) or "keep"
    monkeypatch.setitem(sys.modules, "chimerax.ui", ModuleType("chimerax.ui"))
    monkeypatch.setitem(sys.modules, "chimerax.ui.ask", ask)
    job = start(gui_session, "success")
    jobs_delete.command(gui_session, job.folder)
    assert asked and job.folder.exists()


def test_a_job_under_a_home_that_is_a_link_is_known_by_its_folder(
    session, start, delete, tmp_path, monkeypatch
):
    from chimerax.critasser.commands.arguments import JobFolderArg
    from chimerax.critasser.jobs.new_job import new_folder
    from chimerax.critasser.session.settings import forget_job, remember_job, settings

    (tmp_path / "disk").mkdir()
    os.symlink(tmp_path / "disk", tmp_path / "me")
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    folder = new_folder(None, "map")
    (folder / "job.json").write_text("{}")
    assert JobFolderArg.parse(str(tmp_path / "me/critasser/map"), session)[0] == folder

    remember_job(session, str(tmp_path / "me/critasser/map"))
    assert settings(session).recent_jobs == [str(folder)]
    forget_job(session, str(folder))
    assert settings(session).recent_jobs == []


@pytest.mark.parametrize(
    "name", ["thesis.tex", "5_models/model_1_mine.cif", "inputs/notes.txt", "new/deep/file"]
)
def test_anything_else_in_the_folder_is_named_and_nothing_is_deleted(session, start, delete, name):
    job = start(session, "success")
    mine = job.folder / name
    mine.parent.mkdir(parents=True, exist_ok=True)
    mine.write_text("years of work")
    before = sorted(job.folder.rglob("*"))
    with pytest.raises(UserError, match="none of the job's"):
        delete(job.folder, confirm=True)
    assert sorted(job.folder.rglob("*")) == before


@pytest.mark.parametrize("name", ["4_assembly/candidates.npz", "inputs/model.cif"])
def test_what_a_rebuild_that_was_killed_leaves_is_the_jobs(session, start, delete, name):
    job = start(session, "success")
    (job.folder / name).parent.mkdir(exist_ok=True)
    (job.folder / name).write_text("x")
    delete(job.folder, confirm=True)
    assert not job.folder.exists()


def test_a_file_of_sequences_that_was_given_for_another_run_is_the_jobs(
    session, start, delete, tmp_path
):
    from chimerax.critasser.jobs.inputs import write_sequences

    job = start(session, "success")
    (tmp_path / "mine.fa").write_text(">x\nAAKK\n")
    (job.folder / "inputs/run_2").mkdir()
    assert write_sequences(job.folder / "inputs/run_2", tmp_path / "mine.fa").read_text()
    delete(job.folder, confirm=True)
    assert not job.folder.exists()


def test_links_are_not_followed(session, start, delete, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "model_1.cif").write_text("x")
    job = start(session, "success")
    os.symlink(tmp_path / "mine", job.folder / "stages")
    with pytest.raises(UserError, match="none of the job's"):
        delete(job.folder, confirm=True)
    assert (tmp_path / "mine" / "model_1.cif").exists()


def test_what_a_stage_says_that_it_wrote_is_the_jobs(session, start, delete):
    job = start(session, "success")
    (job.folder / "stages").mkdir()
    (job.folder / "stages/extra.json").write_text(json.dumps({"outputs": {"6_new/thing.csv": "1"}}))
    (job.folder / "6_new").mkdir()
    (job.folder / "6_new/thing.csv").write_text("x")
    delete(job.folder, confirm=True)
    assert not job.folder.exists()


def test_a_folder_without_a_job_or_with_one_at_work_is_left_alone(
    session, start, delete, tmp_path, until
):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="no Critasser job"):
        delete(tmp_path / "empty", confirm=True)
    with pytest.raises(UserError, match="there is no job 7"):
        delete(7, confirm=True)
    job = start(session, "hang", wait=False)
    until(lambda: (job.folder / "lock").exists())
    with pytest.raises(UserError, match="critasser stop"):
        delete(job.folder, confirm=True)
    job.terminate()
    until(lambda: job.outcome == "cancelled")
    delete(job.folder, confirm=True)
    assert not job.folder.exists()


@pytest.mark.parametrize("name", ["1_calpha/seen.mrc", "2_traces/symmetry.npz"])
def test_what_a_stage_wrote_before_it_was_killed_is_the_jobs(tmp_path, name):
    from chimerax.critasser.jobs.deletion import files_of_job

    (tmp_path / name).parent.mkdir()
    (tmp_path / name).write_bytes(b"")
    files, foreign = files_of_job(tmp_path)
    assert files == [tmp_path / name]
    assert foreign == []
