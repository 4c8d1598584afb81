"""What every command has in common."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from critasser import __version__, cli

ROOT = Path(__file__).parents[3]
ENGINE = ROOT / "src" / "engine"
MODEL = ROOT / "tests" / "data" / "emd_6555_piece.pdb"
EXAMPLE = ROOT / "examples" / "emd_5925"


def test_python_m_critasser_tells_its_version_at_once():
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "critasser", "--version"],
        env={**os.environ, "PYTHONPATH": str(ENGINE)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"critasser {__version__}\n"
    assert "torch" not in done.stderr
    assert "numba" not in done.stderr


@pytest.mark.parametrize("command", sorted(set(cli.COMMANDS) - {"train"}))
def test_help_loads_nothing_heavy(command):
    code = (
        "import sys; from critasser.cli import main\n"
        f"try: main(['{command}', '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'scipy', 'torch', 'numba', 'openmm', 'ortools', 'gemmi', 'rich'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ENGINE)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True,
                          text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("given", "there"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_threads_that_wait_sleep_unless_a_person_chooses_otherwise(run, monkeypatch, given, there):
    if given is None:
        monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    else:
        monkeypatch.setenv("OMP_WAIT_POLICY", given)
    run("build")
    assert os.environ["OMP_WAIT_POLICY"] == there


@pytest.mark.parametrize("command", [*cli.COMMANDS])
def test_every_command_has_help_with_examples(run, command):
    status, out, _ = run(command, "--help")
    assert status == 0
    assert f"critasser {command} " in out.split("options:")[0].split("\n\n", 1)[1]


def test_mistakes_in_arguments_take_one_line(run):
    for arguments in (["bild"], ["build"], ["build", "-o", "x", "--quality", "best"]):
        status, _, err = run(*arguments)
        assert status == 2
        assert err.count("\n") == 1


def test_without_a_command_all_of_them_are_listed(run):
    status, out, err = run()
    assert (status, out) == (2, "")
    assert all(name in err and summary in err for name, summary in cli.COMMANDS.items())


def test_help_is_a_command_too(run):
    assert run("help", "fit") == run("fit", "--help")
    assert run("help") == run("--help")


@pytest.mark.parametrize("role", ["map", "sequence"])
def test_a_file_that_holds_something_else_is_told_before_anything_heavy_is_loaded(role, tmp_path):
    code = (
        "import sys; from critasser.cli import main\n"
        "try: status = main(sys.argv[1:])\n"
        "except SystemExit as end: status = end.code\n"
        "assert not {'torch', 'openmm'} & set(sys.modules)\n"
        "sys.exit(status)\n"
    )
    bad = tmp_path / "bad.txt"
    bad.write_text("hello")
    files = {"map": EXAMPLE / "map.mrc.gz", "sequence": EXAMPLE / "sequence.fasta", role: bad}
    done = subprocess.run(
        [sys.executable, "-c", code, "build", *files.values(), "-o", tmp_path / "job"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "bad.txt" in done.stderr and done.stderr.count("\n") == 1


def test_a_second_interrupt_changes_nothing(tmp_path):
    # The command ends by the first; the second comes while it tidies up and says so.
    code = """
import os, signal, sys, types
from critasser import cli
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores it
def main(args):
    try:
        os.kill(os.getpid(), signal.SIGINT)
    finally:
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGINT)
        print("tidied up")
module = types.SimpleNamespace(__doc__="", add_args=lambda parser: None, main=main)
sys.modules["critasser.cli.score"] = module
sys.argv = ["critasser", "score"]
status = cli.main()
os.kill(os.getpid(), signal.SIGINT)
sys.exit(status)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (130, "tidied up\n")
    assert done.stderr == "critasser score: cancelled\n"


def test_interrupts_are_as_before_where_main_is_called(run):
    before = signal.getsignal(signal.SIGINT)
    run("build")
    assert signal.getsignal(signal.SIGINT) is before


def test_a_failure_of_ours_takes_one_line_and_keeps_its_traceback(run, monkeypatch):
    def fail(path):
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("critasser.structure.read_protein", fail)
    status, _, err = run("evaluate", MODEL, MODEL)
    assert status == 1
    assert err.count("\n") == 1
    log = Path(err.split("traceback in ")[1].strip())
    assert "ZeroDivisionError: by zero" in log.read_text()
    log.unlink()


@pytest.mark.parametrize("command", ["build", "score", "fit"])
def test_a_wrong_path_is_told_before_anything_heavy_is_loaded(command, tmp_path):
    code = (
        "import sys; from critasser.cli import main\n"
        f"try: main(['{command}', 'none.mrc', 'none.fasta', '-o', {str(tmp_path / 'job')!r}])\n"
        "except SystemExit as end: status = end.code\n"
        "assert not {'torch', 'openmm', 'numba'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "no such file" in done.stderr
