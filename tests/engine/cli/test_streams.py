"""Nobody needs to read what the commands print."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ENGINE = ROOT / "src" / "engine"
MODEL = ROOT / "tests" / "data" / "emd_6555_piece.pdb"
EVALUATE = (sys.executable, "-m", "critasser", "evaluate", MODEL, MODEL)
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ENGINE)}


def shell(redirection: str, *command) -> subprocess.CompletedProcess:
    """Run a command with its streams as a shell redirects them."""
    return subprocess.run(
        ["sh", "-c", f'"$@" {redirection}', "sh", *map(str, command)],
        env=ENVIRONMENT, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("redirection", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_closed_streams_are_no_failure(redirection):
    done = shell(redirection, *EVALUATE)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def test_with_stderr_closed_bad_input_still_has_its_status():
    assert shell("2>&-", sys.executable, "-m", "critasser", "evaluate", "x", "y").returncode == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_behind_stdout_is_told():
    done = shell(">/dev/full", *EVALUATE)
    assert done.returncode == 1
    assert "no room left" in done.stderr and done.stderr.count("\n") == 1


def test_a_reader_that_has_gone_is_told_nothing():
    done = shell("| head -c 1", *EVALUATE)
    assert (done.returncode, done.stderr) == (0, "")


def test_names_that_are_not_utf_8_and_control_characters_are_written_as_escapes(tmp_path):
    name = tmp_path / os.fsdecode(b"m\xe9\x1b[2J.pdb")
    done = subprocess.run(
        [sys.executable, "-m", "critasser", "evaluate", name, MODEL],
        env=ENVIRONMENT, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    line = done.stderr.decode("utf-8")
    assert "\x1b" not in line and r"\x1b[2J.pdb" in line and r"\udce9" in line
