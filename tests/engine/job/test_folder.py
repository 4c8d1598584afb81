"""The job folder: what is finished stays, what is half made goes."""

import json
import os

import pytest

from critasser.errors import InputError
from critasser.job.folder import Job
from critasser.job.running import running


def test_finished_stages_are_not_run_again(tmp_path, run_steps):
    folder = tmp_path / "job"
    assert run_steps(folder, resume=False) == ["first", "second", "third"]
    before = (folder / "3_templates/c.txt").read_bytes()
    assert run_steps(folder, resume=True) == []
    assert (folder / "3_templates/c.txt").read_bytes() == before


def test_a_changed_option_runs_exactly_what_depends_on_it(tmp_path, run_steps):
    folder = tmp_path / "job"
    run_steps(folder, resume=False)
    assert run_steps(folder, resume=True, name="y") == ["third"]
    assert run_steps(folder, resume=True, name="y", seed=5) == ["second", "third"]


def test_a_stage_that_gives_the_same_again_spares_those_after_it(tmp_path, run_steps):
    folder = tmp_path / "job"
    run_steps(folder, resume=False)
    assert run_steps(folder, resume=True, cutoff=2.0) == ["first"]
    assert run_steps(folder, resume=True, cutoff=-2.0) == ["first", "second", "third"]


@pytest.mark.parametrize("damage", ["shorten", "remove"])
def test_a_damaged_file_is_made_again(tmp_path, damage, run_steps):
    folder = tmp_path / "job"
    run_steps(folder, resume=False)
    target = folder / "2_traces/b.txt"
    target.write_text("") if damage == "shorten" else target.unlink()
    assert run_steps(folder, resume=True) == ["second"]
    assert "2_traces/b.txt is missing or damaged" in (folder / "log.txt").read_text()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"key": 3}', '{"key": "a", "outputs": 7}'])
def test_a_damaged_marker_means_an_unfinished_stage(tmp_path, text, run_steps):
    folder = tmp_path / "job"
    run_steps(folder, resume=False)
    (folder / "stages/second.json").write_text(text)
    assert run_steps(folder, resume=True) == ["second"]


def test_warnings_and_artifacts_survive_a_resume(tmp_path, run_steps):
    folder = tmp_path / "job"
    run_steps(folder, resume=False)
    (folder / "progress.jsonl").unlink()
    run_steps(folder, resume=True)
    events = [json.loads(line) for line in (folder / "progress.jsonl").read_text().splitlines()]
    assert [e["artifact"] for e in events if "artifact" in e] == ["1_calpha/a.txt"]
    assert json.loads((folder / "stages/third.json").read_text())["warnings"] == ["be careful"]


def test_half_written_files_of_a_killed_run_are_swept(tmp_path, run_steps):
    folder = tmp_path / "job"
    run_steps(folder, resume=False)
    leftover = folder / "2_traces/.part-b-x1.txt"
    leftover.write_text("half")
    with (folder / "progress.jsonl").open("a") as file:
        file.write('{"time": 17')
    run_steps(folder, resume=True)
    assert not leftover.exists()
    lines = (folder / "progress.jsonl").read_text().splitlines()
    assert sum(not line.endswith("}") for line in lines) == 1


def test_stages_no_longer_wanted_are_removed(tmp_path, run_steps):
    folder = tmp_path / "job"
    run_steps(folder, resume=False)
    with Job.opened(folder, resume=True) as job, running(job, {}):
        job.stage(
            "first",
            lambda run: run.file("1_calpha/a.txt").write_text("new"),
            settings={"another": 1},
        )
        job.prune()
    assert not (folder / "3_templates/c.txt").exists()
    assert not (folder / "stages/third.json").exists()


def test_stages_of_another_job_are_taken_along_where_they_are_the_same(
    tmp_path, run_steps, describe, steps
):
    run_steps(tmp_path / "a", resume=False)

    def adopt(folder, source, **options):
        calls: list[str] = []
        with Job.opened(folder, resume=False) as job:
            describe(job)
            job.adopt(source, ("first", "second"))
            with running(job, {"first": 1, "second": 1, "third": 1}):
                steps(job, calls, **options)
        return calls

    assert adopt(tmp_path / "b", tmp_path / "a") == ["third"]
    assert adopt(tmp_path / "c", tmp_path / "a", seed=2) == ["second", "third"]
    changed = tmp_path / "a/2_traces/b.txt"
    text = changed.read_text()
    changed.unlink()
    changed.write_text(text + "!")
    assert adopt(tmp_path / "d", tmp_path / "a") == ["second", "third"]
    assert changed.read_text() == text + "!"
    changed.unlink()
    assert adopt(tmp_path / "e", tmp_path / "a") == ["second", "third"]
    changed.symlink_to("/etc/passwd")
    with pytest.raises(InputError, match="leads out of the job folder"):
        adopt(tmp_path / "f", tmp_path / "a")


def test_what_is_no_job_is_not_touched(tmp_path, run_steps):
    (tmp_path / "thesis.doc").write_text("ten years")
    with pytest.raises(InputError, match="not empty and no Critasser job"):
        run_steps(tmp_path, resume=False)
    with pytest.raises(InputError, match=r"no job\.json"):
        run_steps(tmp_path, resume=True)
    assert os.listdir(tmp_path) == ["thesis.doc"]
    with pytest.raises(InputError, match="is a file"):
        run_steps(tmp_path / "thesis.doc", resume=False)


def test_a_job_is_not_overwritten(tmp_path, run_steps):
    run_steps(tmp_path / "job", resume=False)
    with pytest.raises(InputError, match="--resume"):
        run_steps(tmp_path / "job", resume=False)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"format": 2, "version": "0.0.1"}', "job of Critasser 0.0.1"),
        ('{"format": 99, "version": "0.1.0"}', "format 99"),
        ("not json", "damaged"),
        ("[" * 100_000, "damaged"),
    ],
)
def test_a_job_of_another_version_is_told(tmp_path, content, told, run_steps):
    folder = tmp_path / "job"
    run_steps(folder, resume=False)
    (folder / "job.json").write_text(content)
    with pytest.raises(InputError, match=told):
        run_steps(folder, resume=True)


def test_a_folder_that_cannot_be_made_is_told(tmp_path, run_steps):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="choose another with -o"):
        run_steps(tmp_path / "file" / "job", resume=False)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind here")
def test_a_read_only_folder_is_told(tmp_path, run_steps):
    folder = tmp_path / "job"
    folder.mkdir(mode=0o500)
    with pytest.raises(InputError, match="read-only"):
        run_steps(folder, resume=False)


@pytest.mark.parametrize("hostile", ["../out.txt", "/tmp/out.txt", "a/../../out.txt", "", "."])
def test_paths_do_not_lead_out_of_the_folder(tmp_path, hostile):
    with pytest.raises(InputError, match="leads out"):
        Job(tmp_path / "job").path(hostile)


def test_links_do_not_lead_out_of_the_folder(tmp_path, run_steps):
    folder, elsewhere = tmp_path / "job", tmp_path / "elsewhere"
    run_steps(folder, resume=False)
    elsewhere.mkdir()
    (elsewhere / "log.txt").write_text("mine")
    (folder / "log.txt").unlink()
    (folder / "log.txt").symlink_to(elsewhere / "log.txt")
    with pytest.raises(InputError, match="leads out"):
        run_steps(folder, resume=True)
    (folder / "log.txt").unlink()
    (folder / "2_traces/b.txt").unlink()
    (folder / "2_traces").rmdir()
    (folder / "2_traces").symlink_to(elsewhere)
    with pytest.raises(InputError, match="link"):
        run_steps(folder, resume=True)
    assert os.listdir(elsewhere) == ["log.txt"]
    assert (elsewhere / "log.txt").read_text() == "mine"


def test_a_marker_cannot_have_files_outside_deleted(tmp_path, run_steps):
    folder, victim = tmp_path / "job", tmp_path / "victim.txt"
    run_steps(folder, resume=False)
    victim.write_text("mine")
    marker = json.loads((folder / "stages/second.json").read_text())
    marker["outputs"]["../victim.txt"] = "0"
    (folder / "stages/second.json").write_text(json.dumps(marker))
    with pytest.raises(InputError, match="leads out"):
        run_steps(folder, resume=True)
    assert victim.read_text() == "mine"
