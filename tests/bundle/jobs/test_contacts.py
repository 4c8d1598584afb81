"""Predicted contacts go to the engine as a file of the job, and can be changed and taken away."""

import json
import shlex
import sys

import pytest
from chimerax.atomic import Sequence
from chimerax.core.errors import UserError

RR = "PFRMAT RR\nAALEK\n1 5 0 8 0.91\n2 9 0 8 0.4\nEND\n"


@pytest.fixture
def located(session, fake_engine):
    from chimerax.critasser.commands import location

    location.command(session, sys.executable)
    return fake_engine


def build(session, *arguments, **keywords):
    from chimerax.critasser.commands import build as module

    return module.command(session, *arguments, **keywords)


def resume(session, *arguments, **keywords):
    from chimerax.critasser.commands import resume as module

    return module.command(session, *arguments, **keywords)


def words(job):
    return shlex.split((job.folder / "command").read_text())


def test_contacts_are_copied_into_the_job_and_named_to_the_engine(
    session, open_volume, located, tmp_path
):
    path = tmp_path / "predicted.rr"
    path.write_text(RR)
    job = build(session, open_volume(session), [Sequence("x", "AALEKAALEK")], contacts=str(path))
    copied = job.folder / "inputs/contacts.txt"
    assert words(job)[words(job).index("--contacts") + 1] == str(copied)
    assert copied.read_text() == RR

    path.write_text(RR.replace("0.91", "0.5"))
    words_of_again = words(resume(session, job.folder, contacts=str(path)))
    again = job.folder / "inputs/run_2/contacts.txt"
    assert words_of_again[-4:-2] == ["--contacts", str(again)] and "0.5" in again.read_text()

    without = words(resume(session, job.folder, without=["contacts", "templates"]))
    assert without[-4:-2] == ["--no-contacts", "--no-templates"] and "--contacts" not in without
    from chimerax.critasser.jobs.deletion import files_of_job

    assert files_of_job(job.folder)[1] == []


def test_what_is_no_file_of_contacts_is_refused_before_a_job_is_made(
    session, open_volume, located, tmp_path
):
    path = tmp_path / "predicted.rr"
    with pytest.raises(UserError, match="cannot be read"):
        build(session, open_volume(session), [Sequence("x", "AALEK")], contacts=str(path))
    path.write_text("AALEK\n")
    with pytest.raises(UserError, match="no contact in it"):
        build(session, open_volume(session), [Sequence("x", "AALEK")], contacts=str(path))
    assert not list(tmp_path.glob("home/critasser/*"))


def test_only_what_a_job_has_is_taken_away_and_not_given_at_once(
    session, open_volume, located, tmp_path
):
    path = tmp_path / "predicted.rr"
    path.write_text(RR)
    job = build(session, open_volume(session), [Sequence("x", "AALEK")])
    with pytest.raises(UserError, match="a build cannot do without sequence"):
        resume(session, job.folder, without=["sequence"])
    with pytest.raises(UserError, match="not both"):
        resume(session, job.folder, without=["contacts"], contacts=str(path))


def test_what_is_taken_from_a_job_that_no_engine_has_begun_is_not_given_to_it(
    session, open_volume, located, tmp_path
):
    path = tmp_path / "predicted.rr"
    path.write_text(RR)
    job = build(session, open_volume(session), [Sequence("x", "AALEK")], contacts=str(path))
    for name in ("job.json", "results.json", "progress.jsonl"):
        (job.folder / name).unlink(missing_ok=True)
    request = job.folder / "inputs/request.json"
    content = json.loads(request.read_text())
    content.pop("taken")
    request.write_text(json.dumps(content))
    again = words(resume(session, job.folder, without=["contacts"]))
    assert "--contacts" not in again and "--no-contacts" not in again
