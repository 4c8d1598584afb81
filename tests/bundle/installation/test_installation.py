"""Installing the engine's environment: with real Pythons and a real pip, and small wheels."""

import json
import os
import shutil
import sys
import time
from pathlib import Path

import pytest
from chimerax.core.errors import UserError
from chimerax.core.tasks import TaskState
from wheel import write_wheel

STAND_IN = Path(__file__).resolve().parents[2] / "stand_in" / "engine"


@pytest.fixture
def wheels(tmp_path):
    """A folder of wheels with all that the stand-in engine is made to need here."""
    folder = tmp_path / "wheels with space"
    folder.mkdir()
    write_wheel(folder, "critasser_a", "1.2", needs=["critasser_b"])
    write_wheel(folder, "critasser_b", "3.0")
    return folder


@pytest.fixture
def engine(fake_engine, tmp_path, monkeypatch):
    """The stand-in engine, with requirements of its own."""
    from chimerax.critasser.installation import environment as module

    folder = tmp_path / "engine"
    shutil.copytree(STAND_IN, folder)
    (folder / "requirements.txt").write_text("critasser_a>=1,<2  # a test\n")
    monkeypatch.setattr(module, "engine_folder", lambda: folder)
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    fake_engine("success")
    return folder


def install(session, *arguments, **keywords):
    from chimerax.critasser.commands import install as module

    return module.command(session, *arguments, **keywords)


def until(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


@pytest.mark.slow
def test_an_environment_is_made_mended_updated_and_removed(session, engine, wheels, monkeypatch):
    from chimerax.critasser.installation.environment import configured_python
    from chimerax.critasser.session.settings import settings

    work = install(session, wheels=str(wheels), device="cpu")
    folder = Path.home() / "critasser" / "engine"
    assert work.outcome == "finished" and work.state == TaskState.FINISHED
    python = configured_python(session)
    assert python == folder / "bin" / "python"
    assert session.disk["Critasser"]["python"] == str(python)
    assert "include-system-site-packages = false" in (folder / "pyvenv.cfg").read_text()
    site = next(folder.glob("lib/python3*/site-packages"))
    assert (site / "critasser_b.py").is_file()
    assert not (folder / "scratch").exists() and not (folder / "lock").exists()
    said = session.logger.text("info")
    assert "2 packages: critasser-a==1.2, critasser-b==3.0" in said
    assert "torch    ok" in said and "critasser example" in said

    # A damaged package and one that a killed pip has left half are taken anew.
    (site / "critasser_b.py").write_text("")
    (site / "critasser_a-1.2.dist-info" / "RECORD").unlink()
    install(session, wheels=str(wheels), device="cpu")
    assert "Damaged and taken anew: critasser_a, critasser_b" in session.logger.text("info")
    assert "version = '3.0'" in (site / "critasser_b.py").read_text()

    # A newer bundle that needs something newer says so before any build, and one command mends it.
    (engine / "requirements.txt").write_text("critasser_a>=1.3\n")
    with pytest.raises(UserError, match=r"critasser_a is 1\.2, not >=1\.3.*by: critasser install"):
        configured_python(session)
    write_wheel(wheels, "critasser_a", "1.4", needs=["critasser_b"])
    install(session, wheels=str(wheels), device="cpu")
    assert configured_python(session) == python

    # ChimeraX, whose Python it was made from, has been replaced by another.
    for link in (folder / "bin").glob("python*"):
        link.unlink()
        link.symlink_to(folder / "gone")
    with pytest.raises(UserError, match=r"cannot be run.*by: critasser install"):
        configured_python(session)
    install(session, wheels=str(wheels), device="cpu")
    assert configured_python(session) == python

    # With nothing to do, it asks no index and only tests.
    monkeypatch.setenv("PIP_INDEX_URL", "https://nowhere.invalid/simple")
    install(session, device="cpu")

    (folder / "thesis.tex").write_text("x")
    install(session, remove=True)
    assert [path.name for path in folder.iterdir()] == ["thesis.tex"]
    assert "thesis.tex" in session.logger.text("info")
    assert not settings(session).python and not session.disk["Critasser"]["python"]
    with pytest.raises(UserError, match="not made by critasser install"):
        install(session, remove=True)


@pytest.mark.slow
def test_an_engine_that_fails_its_test_is_not_remembered(session, engine, wheels, fake_engine):
    fake_engine("unfit")
    with pytest.raises(UserError, match="failed"):
        install(session, wheels=str(wheels), device="cpu")
    assert "self-test failed:\ntorch    cannot be imported" in session.logger.text("error")
    assert "python" not in session.disk.get("Critasser", {})
    (work,) = session.tasks.values()
    assert work.state == TaskState.FAILED


@pytest.mark.slow
def test_in_the_gui_it_goes_on_in_the_background_and_can_be_stopped(gui_session, engine, wheels):
    from chimerax.critasser.commands import stop

    work = install(gui_session, wheels=str(wheels), device="cpu")
    assert work.outcome == "running"
    with pytest.raises(UserError, match="at work"):
        install(gui_session, wheels=str(wheels))
    until(lambda: "environment" in work.message)
    stop.command(gui_session)
    until(lambda: gui_session.ui.turn() or work.state == TaskState.TERMINATED)
    assert work.outcome == "cancelled"
    assert "was stopped" in gui_session.logger.text("info")
    assert not gui_session.logger.text("error")

    again = install(gui_session, wheels=str(wheels), device="cpu")
    until(lambda: gui_session.ui.turn() or again.outcome != "running", 120)
    gui_session.ui.turn()
    assert again.outcome == "finished", gui_session.logger.said


@pytest.mark.slow
def test_without_network_it_is_told_how_to_bring_the_packages(session, engine, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "https://nowhere.invalid/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(UserError):
        install(session, device="cpu")
    told = session.logger.text("error")
    assert "There is no way to the network" in told
    assert f'-r "{engine / "requirements.txt"}" -d wheels --extra-index-url http' in told
    assert "critasser install wheels FOLDER" in told
    assert not (Path.home() / "critasser/engine/scratch").exists()


@pytest.mark.slow
def test_what_a_wheelhouse_lacks_is_named(session, engine, wheels):
    (wheels / "critasser_b-3.0-py3-none-any.whl").unlink()
    with pytest.raises(UserError):
        install(session, wheels=str(wheels), device="cpu")
    told = session.logger.text("error")
    assert "critasser_b" in told and f"{wheels} lacks it" in told


def test_folders_of_others_are_left_alone(session, engine, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("x")
    for keywords in ({}, {"remove": True}):
        with pytest.raises(UserError, match="not made by critasser install"):
            install(session, str(tmp_path / "mine"), **keywords)
    link = tmp_path / "link"
    (tmp_path / "mine" / "critasser-engine.json").write_text('{"made_by": "critasser"}')
    link.symlink_to(tmp_path / "mine")
    with pytest.raises(UserError, match="left alone"):
        install(session, str(link), remove=True)
    assert (tmp_path / "mine" / "thesis.tex").read_text() == "x"
    with pytest.raises(UserError, match="no wheels"):
        install(session, wheels=str(tmp_path))
    with pytest.raises(UserError, match="is no folder"):
        install(session, str(tmp_path / "mine" / "thesis.tex"))


def test_links_in_an_environment_are_not_followed_when_it_is_removed(tmp_path):
    from chimerax.critasser.installation import marker

    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "data").write_text("x")
    folder = tmp_path / "env"
    folder.mkdir()
    marker.write_marker(folder, state="ready")
    (folder / "lib").symlink_to(outside)
    (folder / "bin").mkdir()
    (folder / "bin" / "inner").symlink_to(outside)
    assert marker.remove(folder) == []
    assert not folder.exists() and (outside / "data").read_text() == "x"


def test_a_full_disk_is_told_of_before_anything_is_made(session, engine, monkeypatch):
    from types import SimpleNamespace

    from chimerax.critasser.installation import installer as installation

    monkeypatch.setattr(installation.shutil, "disk_usage", lambda _: SimpleNamespace(free=1.5e9))
    with pytest.raises(UserError):
        install(session, device="cpu")
    assert "1.5 GB are free" in session.logger.text("error")
    assert not (Path.home() / "critasser/engine/bin").exists()


def test_an_installation_waits_for_the_builds_of_its_environment(session, engine, tmp_path):
    from chimerax.critasser.jobs import engine_job as jobs
    from chimerax.critasser.session.settings import settings

    folder = tmp_path / "env"
    settings(session).python = str(folder / "bin" / "python")
    busy = jobs.EngineJob.__new__(jobs.EngineJob)
    busy.id, busy.outcome = 7, "running"
    session.tasks[7] = busy
    with pytest.raises(UserError, match=r"job 7\): stop or await"):
        install(session, str(folder))
    assert not folder.exists()


def test_a_python_in_order_is_looked_at_once_and_then_by_its_times(
    session, fake_engine, tmp_path, monkeypatch
):
    from chimerax.critasser.installation import environment as module
    from chimerax.critasser.session.settings import settings

    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\necho x >> "{tmp_path}/runs"\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    runs = tmp_path / "runs"
    settings(session).python = str(python)

    assert module.configured_python(session) == python
    assert module.configured_python(session) == python
    assert runs.read_text() == "x\n"

    python.write_text("#!/bin/sh\necho 'the linker is gone' >&2\nexit 1\n")
    with pytest.raises(UserError, match="the linker is gone"):
        module.configured_python(session)
    python.unlink()
    with pytest.raises(UserError, match="cannot be run"):
        module.configured_python(session)


@pytest.mark.parametrize(
    ("said", "line", "remedy"),
    [
        (
            "WARNING: Retrying … NewConnectionError('… Name or service not known')\nERROR: Could "
            "not find a version that satisfies the requirement x\n"
            "ERROR: No matching distribution found for x\n",
            "No matching distribution found for x",
            "HOUSE",
        ),
        ("ERROR: No matching distribution found for x", "No matching", "WHEELS"),
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
         "No space left", "Free some space"),
        ("ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 407'))",
         "ProxyError", "global.proxy"),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]'))",
         "SSLError", "global.cert"),
        ("ERROR: ReadTimeoutError(\"HTTPSConnectionPool: Read timed out.\")", "Read timed out",
         "resumes"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM", "HASHES", "cache purge"),
        ("ERROR: [WinError 206] The filename or extension is too long", "too long", "short one"),
        ("ERROR: [WinError 5] Access is denied: 'c10.dll'", "denied", "Something uses"),
    ],
)  # fmt: skip
def test_pips_failures_become_advice(said, line, remedy):
    from chimerax.critasser.installation.pip import advice_for_pip, complaint

    assert line in complaint(said)
    assert remedy in advice_for_pip(said, "HOUSE", "WHEELS")


def test_pips_output_becomes_progress():
    from chimerax.critasser.installation.pip import PipReader

    reader = PipReader(2)
    assert not reader.feed("Collecting torch==2.13.0 (from -r x)")
    assert not reader.feed("  Using cached torch-2.13.0-cp311-none-any.whl (200 MB)")
    reader.feed("  Downloading https://x/whl/torch-2.13.0-cp311-none-any.whl (200 MB)")
    assert not reader.feed("Progress 50 of 200")
    assert reader.message(0) == "package 1 of 2: torch==2.13.0 (200 MB), 25% of it"
    assert reader.fraction(0) == pytest.approx(0.0625)
    reader.feed("Processing /opt/wheels/numpy-2.0-cp311-none-any.whl")
    assert reader.message(0) == "package 2 of 2: numpy-2.0-cp311-none-any.whl"
    assert not reader.feed("      Successfully uninstalled setuptools-65.5.0")
    reader.feed("Installing collected packages: numpy, torch")
    assert reader.fraction(1) == 0.75 and reader.fraction(2) == 1.0
    assert not reader.feed("Requirement already satisfied: x")
    assert reader.feed("WARNING: Retrying after connection broken") and reader.feed("ERROR: no")


def test_the_fingerprint_of_the_requirements_is_of_what_they_say(tmp_path):
    from chimerax.critasser.installation.requirements import requirements_hash, unmet

    one, two, three = (tmp_path / name for name in "abc")
    one.write_text("# why\nnumpy>=2.0,<3\ntorch>=2.6  # tested\n")
    two.write_text("torch >= 2.6\nnumpy>=2.0,<3\n")
    three.write_text("torch>=2.7\nnumpy>=2.0,<3\n")
    assert requirements_hash(one) == requirements_hash(two) != requirements_hash(three)
    versions = {"numpy": None, "torch": "2.13.0+cpu", "x": "1.0"}
    assert unmet(["torch>=2.6,<2.14"], versions) == []
    assert unmet(["numpy>=2", "x>1"], versions) == ["numpy is missing", "x is 1.0, not >1"]


def test_a_job_folder_cannot_run_code(session, fake_engine, tmp_path):
    """Python imports what lies in its working folder first."""
    from chimerax.critasser.installation.environment import environment
    from chimerax.critasser.session.processes import LoggedProcess

    (tmp_path / "json.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nraise SystemExit\n")
    shutil.copytree(STAND_IN / "critasser", tmp_path / "critasser")
    (tmp_path / "critasser" / "__main__.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    process = LoggedProcess([sys.executable, "-m", "critasser", "--version"], tmp_path,
                            environment(), STAND_IN)  # fmt: skip
    until(lambda: process.status() is not None)
    assert not (tmp_path / "ran").exists()
    assert "0.0.fake" in (tmp_path / "log.txt").read_text()


def test_the_example_is_opened_and_built_by_commands(
    session, fake_engine, open_volume, monkeypatch
):
    from chimerax.critasser.commands import example
    from chimerax.critasser.session.settings import settings

    ran = []

    def run(session, text, log=True):
        ran.append(text)
        return [open_volume(session, "emd_5925.mrc")]

    monkeypatch.setattr(example, "run", run)
    with pytest.raises(UserError, match="critasser install"):
        example.command(session)
    assert not ran
    settings(session).python = sys.executable
    example.command(session, wait=False)
    folder = Path.home() / "critasser" / "example"
    assert ran[0] == f"open {folder / 'emd_5925.mrc'}"
    assert (folder / "emd_5925.mrc").read_bytes()[208:212] == b"MAP "
    assert (folder / "emd_5925.fasta").read_text().startswith(">")
    assert "quality draft resolution 3.64 templates none wait false" in ran[-1]
    assert "critasser build #1 " in ran[-1]
    monkeypatch.setattr(session.ui, "is_gui", True)
    example.command(session)
    assert ran[-1] == "ui tool show Critasser"


def test_a_marker_of_nobody_is_no_marker(tmp_path):
    from chimerax.critasser.installation.marker import read_marker

    for text in ("", "[]", "{", json.dumps({"made_by": "somebody"})):
        (tmp_path / "critasser-engine.json").write_text(text)
        assert read_marker(tmp_path) is None
