"""The job folder: what is finished stays, what is half made goes, one engine at a time."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from critasser.errors import Cancelled, InputError
from critasser.job.folder import FORMAT, Job, stage_generator
from critasser.job.progress import Event, Progress
from critasser.job.records import write_json
from critasser.job.running import running

ENGINE = Path(__file__).parents[3] / "src" / "engine"


def describe(job: Job) -> None:
    from critasser import __version__

    write_json(job.path("job.json"), {"format": FORMAT, "version": __version__})


def steps(job: Job, calls: list[str], *, cutoff: float = 1.0, name: str = "x", seed: int = 0):
    """Three tiny stages: `second` reads what `first` wrote, `third` what `second` wrote."""
    job.seed = seed

    def first(run):
        calls.append("first")
        run.file("1_calpha/a.txt", "table").write_text(f"{cutoff > 0}")

    def second(run):
        calls.append("second")
        text = job.path("1_calpha/a.txt").read_text()
        run.file("2_traces/b.txt").write_text(f"{text} {run.generator.random()}")

    def third(run):
        calls.append("third")
        run.warn("be\ncareful")
        run.file("3_templates/c.txt").write_text(name + job.path("2_traces/b.txt").read_text())

    job.stage("first", first, settings={"cutoff": cutoff})
    job.stage("second", second, settings={}, inputs=["1_calpha/a.txt"], draws=True)
    job.stage("third", third, settings={"name": name}, inputs=["2_traces/b.txt"])


def run_steps(folder: Path, *, resume: bool, **options) -> list[str]:
    calls: list[str] = []
    with Job.opened(folder, resume=resume) as job:
        describe(job)
        with running(job, {"first": 1, "second": 1, "third": 1}):
            steps(job, calls, **options)
    return calls


def test_finished_stages_are_not_run_again(tmp_path):
    folder = tmp_path / "job"
    assert run_steps(folder, resume=False) == ["first", "second", "third"]
    before = (folder / "3_templates/c.txt").read_bytes()
    assert run_steps(folder, resume=True) == []
    assert (folder / "3_templates/c.txt").read_bytes() == before


def test_a_changed_option_runs_exactly_what_depends_on_it(tmp_path):
    folder = tmp_path / "job"
    run_steps(folder, resume=False)
    assert run_steps(folder, resume=True, name="y") == ["third"]
    assert run_steps(folder, resume=True, name="y", seed=5) == ["second", "third"]


def test_a_stage_that_gives_the_same_again_spares_those_after_it(tmp_path):
    folder = tmp_path / "job"
    run_steps(folder, resume=False)
    assert run_steps(folder, resume=True, cutoff=2.0) == ["first"]
    assert run_steps(folder, resume=True, cutoff=-2.0) == ["first", "second", "third"]


@pytest.mark.parametrize("damage", ["shorten", "remove"])
def test_a_damaged_file_is_made_again(tmp_path, damage):
    folder = tmp_path / "job"
    run_steps(folder, resume=False)
    target = folder / "2_traces/b.txt"
    target.write_text("") if damage == "shorten" else target.unlink()
    assert run_steps(folder, resume=True) == ["second"]
    assert "2_traces/b.txt is missing or damaged" in (folder / "log.txt").read_text()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"key": 3}', '{"key": "a", "outputs": 7}'])
def test_a_damaged_marker_means_an_unfinished_stage(tmp_path, text):
    folder = tmp_path / "job"
    run_steps(folder, resume=False)
    (folder / "stages/second.json").write_text(text)
    assert run_steps(folder, resume=True) == ["second"]


def test_warnings_and_artifacts_survive_a_resume(tmp_path):
    folder = tmp_path / "job"
    run_steps(folder, resume=False)
    (folder / "progress.jsonl").unlink()
    run_steps(folder, resume=True)
    events = [json.loads(line) for line in (folder / "progress.jsonl").read_text().splitlines()]
    assert [e["artifact"] for e in events if "artifact" in e] == ["1_calpha/a.txt"]
    assert json.loads((folder / "stages/third.json").read_text())["warnings"] == ["be careful"]


def test_half_written_files_of_a_killed_run_are_swept(tmp_path):
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


def test_stages_draw_the_same_whatever_ran_before():
    assert stage_generator(1, "trace").random() == stage_generator(1, "trace").random()
    assert stage_generator(1, "trace").random() != stage_generator(1, "assembly").random()
    assert stage_generator(1, "trace").random() != stage_generator(2, "trace").random()


def test_stages_no_longer_wanted_are_removed(tmp_path):
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


def test_stages_of_another_job_are_taken_along_where_they_are_the_same(tmp_path):
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


def test_a_job_in_use_is_refused(tmp_path):
    folder = tmp_path / "job"
    run_steps(folder, resume=False)
    code = (
        "import sys, time; from critasser.job.lock import take_lock; from pathlib import Path;"
        "take_lock(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        env={**os.environ, "PYTHONPATH": str(ENGINE)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(InputError, match=f"in use by process {holder.pid}"):
            run_steps(folder, resume=True)
    finally:
        holder.kill()
        holder.wait()
    assert run_steps(folder, resume=True) == []
    assert not (folder / "lock").exists()


def test_a_lock_is_not_held_by_whoever_got_the_same_process_number(tmp_path):
    folder = tmp_path / "job"
    run_steps(folder, resume=False)
    import socket

    write_json(
        folder / "lock", {"pid": os.getpid(), "started": 12345.0, "host": socket.gethostname()}
    )
    assert run_steps(folder, resume=True) == []


def test_a_lock_of_another_machine_is_respected(tmp_path):
    folder = tmp_path / "job"
    run_steps(folder, resume=False)
    write_json(folder / "lock", {"pid": 1, "started": 1.0, "host": "elsewhere"})
    with pytest.raises(InputError, match="on elsewhere"):
        run_steps(folder, resume=True)


def test_a_half_written_lock_of_a_killed_process_is_taken_over(tmp_path):
    folder = tmp_path / "job"
    run_steps(folder, resume=False)
    (folder / "lock").write_text('{"pid"')
    assert run_steps(folder, resume=True) == []


def test_what_is_no_job_is_not_touched(tmp_path):
    (tmp_path / "thesis.doc").write_text("ten years")
    with pytest.raises(InputError, match="not empty and no Critasser job"):
        run_steps(tmp_path, resume=False)
    with pytest.raises(InputError, match=r"no job\.json"):
        run_steps(tmp_path, resume=True)
    assert os.listdir(tmp_path) == ["thesis.doc"]
    with pytest.raises(InputError, match="is a file"):
        run_steps(tmp_path / "thesis.doc", resume=False)


def test_a_job_is_not_overwritten(tmp_path):
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
def test_a_job_of_another_version_is_told(tmp_path, content, told):
    folder = tmp_path / "job"
    run_steps(folder, resume=False)
    (folder / "job.json").write_text(content)
    with pytest.raises(InputError, match=told):
        run_steps(folder, resume=True)


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="choose another with -o"):
        run_steps(tmp_path / "file" / "job", resume=False)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind here")
def test_a_read_only_folder_is_told(tmp_path):
    folder = tmp_path / "job"
    folder.mkdir(mode=0o500)
    with pytest.raises(InputError, match="read-only"):
        run_steps(folder, resume=False)


@pytest.mark.parametrize("hostile", ["../out.txt", "/tmp/out.txt", "a/../../out.txt", "", "."])
def test_paths_do_not_lead_out_of_the_folder(tmp_path, hostile):
    with pytest.raises(InputError, match="leads out"):
        Job(tmp_path / "job").path(hostile)


def test_links_do_not_lead_out_of_the_folder(tmp_path):
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


def test_a_marker_cannot_have_files_outside_deleted(tmp_path):
    folder, victim = tmp_path / "job", tmp_path / "victim.txt"
    run_steps(folder, resume=False)
    victim.write_text("mine")
    marker = json.loads((folder / "stages/second.json").read_text())
    marker["outputs"]["../victim.txt"] = "0"
    (folder / "stages/second.json").write_text(json.dumps(marker))
    with pytest.raises(InputError, match="leads out"):
        run_steps(folder, resume=True)
    assert victim.read_text() == "mine"


def test_the_cancel_file_stops_a_stage_and_keeps_finished_ones(tmp_path):
    folder = tmp_path / "job"
    with (
        pytest.raises(Cancelled),
        Job.opened(folder, resume=False) as job,
    ):
        describe(job)
        with running(job, {"first": 1, "slow": 1}):
            job.stage("first", lambda run: run.file("1_calpha/a.txt").write_text("a"), settings={})
            (folder / "cancel").touch()

            def slow(run):
                start = time.monotonic()
                while time.monotonic() - start < 5:
                    run.progress(0.5, "busy")
                    time.sleep(0.02)
                pytest.fail("was not stopped")

            job.stage("slow", slow, settings={})
    events = [json.loads(line) for line in (folder / "progress.jsonl").read_text().splitlines()]
    assert events[-1]["state"] == "cancelled"
    assert (folder / "stages/first.json").exists()
    assert not (folder / "stages/slow.json").exists()
    with Job.opened(folder, resume=True):
        assert not (folder / "cancel").exists()


@pytest.mark.parametrize("stop", ["SIGTERM", "SIGINT", "cancel"])
def test_a_stage_that_never_looks_up_is_ended_within_two_seconds(tmp_path, stop):
    code = """
import sys, time, json
from pathlib import Path
from critasser import __version__
from critasser.job.folder import Job
from critasser.job.running import running
with Job.opened(Path(sys.argv[1]), resume=False) as job, running(job, {"deaf": 1}, hard_stop=True):
    print("on", flush=True)
    job.stage("deaf", lambda run: time.sleep(30) or time.sleep(30), settings={})
"""
    folder = tmp_path / "job"
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        env={**os.environ, "PYTHONPATH": str(ENGINE)},
        stdout=subprocess.PIPE,
    )
    process.stdout.readline()
    time.sleep(0.2)
    start = time.monotonic()
    if stop == "cancel":
        (folder / "cancel").touch()
    else:
        import signal

        process.send_signal(getattr(signal, stop))
    assert process.wait(timeout=10) == 130
    assert time.monotonic() - start < 2.0
    last = (folder / "progress.jsonl").read_text().splitlines()[-1]
    assert json.loads(last)["state"] == "cancelled"
    assert not (folder / "lock").exists()


def test_a_full_disk_is_told_in_one_line(tmp_path):
    import errno

    def fill(run):
        raise OSError(errno.ENOSPC, "No space left on device")

    with (
        pytest.raises(InputError, match=r"no room left on the disk in stage first; .*--resume"),
        Job.opened(tmp_path / "job", resume=False) as job,
        running(job, {"first": 1}),
    ):
        job.stage("first", fill, settings={})


def test_memory_that_runs_out_is_told_in_one_line(tmp_path):
    def fill(run):
        raise MemoryError

    with (
        pytest.raises(InputError, match="out of memory in stage first"),
        Job.opened(tmp_path / "job", resume=False) as job,
        running(job, {"first": 1}),
    ):
        job.stage("first", fill, settings={})


def test_a_failure_of_ours_leaves_its_traceback_in_the_log(tmp_path):
    def fail(run):
        raise ZeroDivisionError("ours")

    with (
        pytest.raises(ZeroDivisionError),
        Job.opened(tmp_path / "job", resume=False) as job,
        running(job, {"first": 1}),
    ):
        job.stage("first", fail, settings={})
    assert "ZeroDivisionError: ours" in (tmp_path / "job/log.txt").read_text()
    last = (tmp_path / "job/progress.jsonl").read_text().splitlines()[-1]
    assert json.loads(last)["state"] == "failed"


def test_fractions_only_grow_and_end_at_one(tmp_path):
    events: list[Event] = []
    progress = Progress(tmp_path / "p.jsonl", {"a": 3, "b": 1}, listeners=(events.append,))
    for stage in ("a", "b"):
        for part in range(2):
            progress.begin(stage, part, 2)
            for fraction in (0.1, 0.6, 0.3, 2.0):
                progress._last_look = 0.0
                progress(fraction, "busy")
            progress.end()
    progress.close("finished", "done")
    fractions = [event.fraction for event in events]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert max(e.fraction for e in events if e.stage == "a") == 0.75
    assert all(e.remaining >= 0 for e in events if e.state == "running")


def test_the_first_line_of_every_run_tells_what_each_stage_is_expected_to_take(tmp_path):
    path = tmp_path / "p.jsonl"
    for _ in range(2):
        progress = Progress(path, {"b": 3, "a": 0.5})
        progress.begin("b")
        progress.end()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [list(line.get("expected", {}).items()) for line in lines] == [
        [("b", 3.0), ("a", 0.5)],
        [],
        [("b", 3.0), ("a", 0.5)],
        [],
    ]


def test_numbers_to_plot_travel_with_the_next_line_and_with_no_other(tmp_path):
    progress = Progress(tmp_path / "p.jsonl", {"a": 1, "b": 1})
    progress.begin("a")
    progress.measure(cycle=1, lowest_energy=-1.5, mean_energy=float("nan"))
    progress.measure(cycle=2)
    progress.end()
    progress.measure(cycle=3)
    progress.begin("b")
    progress.end()
    lines = [json.loads(line) for line in (tmp_path / "p.jsonl").read_text().splitlines()]
    assert [line.get("numbers") for line in lines] == [
        None,
        {"cycle": 2.0, "lowest_energy": -1.5},
        None,
        None,
    ]


def test_numbers_of_arrays_become_plain_json(tmp_path):
    write_json(tmp_path / "x.json", {"a": np.float32(1.5), "b": np.arange(2), "c": np.nan})
    assert json.loads((tmp_path / "x.json").read_text()) == {"a": 1.5, "b": [0, 1], "c": None}
