"""Nothing in a job folder hangs ChimeraX, fills its memory, or makes it write elsewhere."""

import json
import os
import shutil
import signal
import sys
from pathlib import Path

import pytest
from chimerax.core.errors import UserError

NAMES = (
    "job.json", "lock", "progress.jsonl", "results.json", "log.txt", "report.html", "command",
    "inputs/chimerax.json", "inputs/request.json", "stages/trace.json", "5_models/model_1.csv",
    "5_models/model_1.cif", "4_assembly/energy.csv", "1_calpha/calpha.cif", "inputs/map.mrc",
)  # fmt: skip

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")


def make_pipe(path):
    os.mkfifo(path)


def make_device(path):
    path.symlink_to("/dev/zero")


def make_folder(path):
    path.mkdir()


def make_circle(path):
    path.symlink_to(path)


def make_huge(path):
    """One that takes no room on the disk."""
    with path.open("wb") as file:
        file.truncate(1 << 40)


@pytest.fixture(autouse=True)
def in_time():
    """What hangs fails, and what takes all memory is ended before it does."""

    def late(*_):
        raise AssertionError("it hangs")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Where the folder of a finished job is kept, once there is one."""
    return tmp_path_factory.mktemp("kept") / "job"


@pytest.fixture
def finished(new_session, start, kept, tmp_path):
    """A folder of a finished job; a copy, for the engine takes its time."""
    if not kept.exists():
        shutil.copytree(start(new_session(), "success", name="first").folder, kept)
    return shutil.copytree(kept, tmp_path / "job")


@pytest.mark.parametrize("make", [make_pipe, make_device, make_folder, make_circle, make_huge])
@pytest.mark.parametrize("name", NAMES)
def test_a_special_file_in_place_of_any_is_passed_over(finished, gui_session, name, make):
    from chimerax.critasser.commands import jobs
    from chimerax.critasser.commands import open as open_command
    from chimerax.critasser.jobs.deletion import files_of_job
    from chimerax.critasser.jobs.failures import why_failed
    from chimerax.critasser.jobs.record import is_job, read_record
    from chimerax.critasser.session.locks import worker
    from chimerax.critasser.session.settings import remember_job

    if make is make_huge and name in ("1_calpha/calpha.cif", "5_models/model_1.cif", "log.txt"):
        return  # ChimeraX's own reader opens these; a log may be long
    path = finished / name
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    make(path)
    if is_job(finished):
        read_record(finished)
    assert worker(finished) is None
    files_of_job(finished)
    why_failed(finished, "job", 1, "")
    remember_job(gui_session, str(finished))
    jobs.command(gui_session)
    open_command.command(gui_session, finished)


def test_results_of_the_panel_pass_over_special_files(finished):
    from chimerax.critasser.tool.outcome import read_energies, read_outcome

    for name in ("results.json", "4_assembly/energy.csv"):
        path = finished / name
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
        make_pipe(path)
    assert read_outcome(finished) is None and len(read_energies(finished)) == 0


@pytest.mark.parametrize("name", ["log.txt", "cancel", "inputs"])
def test_nothing_is_written_through_a_link(session, start, fake_engine, tmp_path, name):
    from chimerax.critasser.commands import resume
    from chimerax.critasser.jobs.folder import request_stop
    from chimerax.critasser.session.settings import settings

    folder = start(session, "success").folder
    elsewhere = tmp_path / "elsewhere"
    if name == "inputs":
        (folder / name).rename(elsewhere)
        kept = {path.name for path in elsewhere.iterdir()}
    else:
        (folder / name).unlink(missing_ok=True)
        elsewhere.write_text("mine")
    (folder / name).symlink_to(elsewhere)
    settings(session).python = sys.executable
    if name == "cancel":
        with pytest.raises(OSError):
            request_stop(folder)
    else:
        with pytest.raises(UserError):
            resume.command(session, folder, seed=3)
    if name == "inputs":
        assert {path.name for path in elsewhere.iterdir()} == kept
    else:
        assert elsewhere.read_text() == "mine"


@pytest.mark.parametrize(
    "holder",
    [
        {"pid": 1e400}, {"pid": 10**30}, {"pid": "1"}, {"pid": -1}, {"pid": True, "started": 1},
        {"pid": 1, "started": float("nan")}, {"pid": 1, "started": "x", "boot": 7}, {"host": 7},
    ],
)  # fmt: skip
def test_a_lock_may_say_anything(tmp_path, holder):
    from chimerax.critasser.session.locks import this_process, worker

    (tmp_path / "lock").write_text(json.dumps({**this_process(), **holder}))
    assert worker(tmp_path) is None


def test_a_process_is_told_by_the_ticks_of_its_start_whatever_the_clock_says(tmp_path):
    from chimerax.critasser.session.locks import this_process, worker

    own = this_process()
    if not own["boot"]:
        pytest.skip("only Linux tells a process by ticks")
    (tmp_path / "lock").write_text(json.dumps(own))
    assert worker(tmp_path) == os.getpid()
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    assert own["started"] == int(fields[19])
    for change in ({"started": own["started"] + 1}, {"boot": "another"}):
        (tmp_path / "lock").write_text(json.dumps({**own, **change}))
        assert worker(tmp_path) is None


@pytest.mark.parametrize(
    "line",
    [
        '{"stage": "a", "fraction": 1e400, "remaining": 1e999}',
        '{"stage": "a\\u0000", "artifact": "a\\u0000b", "kind": "models"}',
        '{"stage": "a", "artifact": "\\udcff", "kind": "traces"}',
        "[" * 100_000,
        '{"stage": "a", "expected": {"a": 1e308}}',
    ],
)
def test_a_line_of_progress_may_hold_any_number_or_letter(finished, gui_session, line):
    from chimerax.critasser.commands import open as open_command

    (finished / "progress.jsonl").write_text(line + "\n")
    open_command.command(gui_session, finished)


def test_a_line_of_progress_without_an_end_is_not_kept(tmp_path):
    from chimerax.critasser.session.growing_file import GrowingFile

    with (tmp_path / "progress.jsonl").open("wb") as file:
        file.truncate(40 << 20)
    file = GrowingFile(tmp_path / "progress.jsonl")
    while file.lines(16 << 20) or file._offset < 40 << 20:
        assert len(file._rest) <= 1 << 20
