"""A job folder in which something else lies in place of a file: nothing hangs, fills the memory or
leads out of the folder, and what cannot be mended is told in one line."""

import os
import signal
import threading

import pytest

from critasser.errors import InputError
from critasser.job.folder import Job
from critasser.job.records import LARGEST_JSON, read_bytes, read_json

NAMES = ("job.json", "log.txt", "progress.jsonl", "command", "cancel", "stages", "1_calpha",
         "stages/first.json", "1_calpha/a.txt")  # fmt: skip


def fifo(path):
    os.mkfifo(path)


def folder(path):
    path.mkdir()


def device(path):
    path.symlink_to("/dev/zero")


def loop(path):
    path.symlink_to(path.name)


def large(path):
    with path.open("wb") as file:
        file.truncate(LARGEST_JSON + 1)


@pytest.fixture
def within_ten_seconds():
    def stop(*_):
        raise TimeoutError("it waits for something")

    assert threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 10.0)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0.0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("kind", [fifo, folder, device, loop, large])
@pytest.mark.parametrize("name", NAMES)
def test_it_is_told_or_made_again(tmp_path, run_steps, within_ten_seconds, kind, name):
    job = tmp_path / "job"
    assert run_steps(job, resume=False) == ["first", "second", "third"]
    path = job / name
    if path.is_dir():
        for inner in path.iterdir():
            inner.unlink()
        path.rmdir()
    else:
        path.unlink(missing_ok=True)
    kind(path)
    try:
        run_steps(job, resume=True)
    except InputError as error:
        assert "\n" not in str(error)
        assert str(job) in str(error)
    else:
        assert (job / "3_templates/c.txt").is_file()
        assert not (job / "cancel").exists()
    assert not (job / "lock").exists()


@pytest.mark.parametrize("kind", [fifo, folder, device, loop, large])
def test_only_regular_files_of_a_size_are_read(tmp_path, within_ten_seconds, kind):
    kind(tmp_path / "x.json")
    assert read_json(tmp_path / "x.json") is None
    assert read_bytes(tmp_path / "x.json", 100) is None


@pytest.mark.parametrize(
    "text", ['{"x": ' + "[" * 100_000, '{"x": "\ud800"}', '{"x": ' + "9" * 5000 + "}", "\ufeff{}"]
)
def test_json_that_is_none_is_none(tmp_path, text):
    (tmp_path / "x.json").write_bytes(text.encode("utf-8", errors="surrogatepass"))
    assert read_json(tmp_path / "x.json") is None


@pytest.mark.parametrize("number", ["1e400", "-1e400", "NaN", "1e30", "true", '"1"', "null"])
@pytest.mark.parametrize("key", ["seconds", "peak_memory_bytes"])
def test_a_marker_with_a_number_that_cannot_be_is_damaged(tmp_path, run_steps, key, number):
    job = tmp_path / "job"
    run_steps(job, resume=False)
    marker = job / "stages/second.json"
    lines = [
        f' "{key}": {number},' if line.startswith(f' "{key}"') else line
        for line in marker.read_text().splitlines()
    ]
    marker.write_text("\n".join(lines))
    assert run_steps(job, resume=True) == ["second"]


@pytest.mark.parametrize("text", ["a\0b", "\udcff", "x" * 5000])
def test_names_that_no_file_can_have_are_told(tmp_path, text):
    with pytest.raises(InputError):
        Job(tmp_path).path(f"../{text}")
