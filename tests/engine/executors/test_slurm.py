"""Workers are had from SLURM, and let go; a stand-in runs what would be submitted."""

import os
import shutil
import stat
from pathlib import Path

import psutil
import pytest

from critasser.errors import InputError
from critasser.executors import LocalExecutor, opened_executor
from tests.engine.executors.conftest import wait_for
from tests.engine.executors.test_local import results, same

SBATCH = """#!/bin/sh
cp "$1" "{folder}/script-$$"
setsid sh "{folder}/script-$$" > "{folder}/worker-$$.log" 2>&1 &
echo $! >> "{folder}/jobs"
echo "Submitted batch job $!"
"""
SCANCEL = """#!/bin/sh
for job in "$@"; do kill -s KILL -- "-$job"; done
"""


@pytest.fixture
def slurm(dask_here, tmp_path, monkeypatch):
    """sbatch and scancel that run jobs on this machine; the folder that they write in."""
    pytest.importorskip("dask_jobqueue")
    for name, text in (("sbatch", SBATCH), ("scancel", SCANCEL)):
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.format(folder=tmp_path))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for pid in jobs_of(tmp_path):
        if psutil.pid_exists(pid):
            os.killpg(pid, 9)


def jobs_of(folder: Path) -> list[int]:
    listed = folder / "jobs"
    return [int(line) for line in listed.read_text().split()] if listed.exists() else []


def test_jobs_are_submitted_as_dask_is_configured_and_end_with_the_work(slurm, walks):
    import dask

    settings = {
        "cores": 1, "processes": 1, "memory": "1GB", "queue": "short", "walltime": "00:07:00",
        "interface": "lo", "worker-extra-args": ["--no-nanny", "--no-dashboard"],
    }  # fmt: skip
    wanted = {f"jobqueue.slurm.{name}": value for name, value in settings.items()}
    with dask.config.set(wanted), opened_executor("slurm") as executor:
        assert executor.client.scheduler.address.startswith("tls://")
        items, shared = walks
        assert same(
            results(executor, (items[:2], shared)), results(LocalExecutor(1), (items[:2], shared))
        )
        jobs = jobs_of(slurm)
        assert len(jobs) == 2
        script = next(slurm.glob("script-*")).read_text()
        assert "#SBATCH -p short" in script
        assert "#SBATCH -t 00:07:00" in script
        wait_for(lambda: not any(map(psutil.pid_exists, jobs)), 20.0)


def test_what_dask_is_not_told_of_jobs_is_asked_for_in_a_line(slurm):
    told = r"say what a job of workers is to have in jobqueue\.slurm"
    with pytest.raises(InputError, match=told), opened_executor("slurm"):
        pass


def test_a_machine_without_sbatch_is_told_so(dask_here, monkeypatch):
    pytest.importorskip("dask_jobqueue")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(InputError, match="there is no sbatch"), opened_executor("slurm"):
        pass
