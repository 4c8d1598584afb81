"""A real Dask scheduler with workers of its own, each a process on loopback."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[3]
STARTING = 60.0
"""Seconds for a process to start in."""

os.environ["PYTHONPATH"] = os.pathsep.join((str(ROOT / "src" / "engine"), str(ROOT)))


class Cluster:
    """A scheduler and its workers; one thread each, and no nanny that would start them again."""

    def __init__(self, folder: Path, *options: str, scheme: str = "tcp") -> None:
        self.folder, self.options = folder, options
        self.processes: dict[str, subprocess.Popen] = {}
        at = folder / "scheduler.json"
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-show",
                    "--protocol", scheme, "--scheduler-file", at)  # fmt: skip
        self.address = wait_for(lambda: at.exists() and _address(at))

    @property
    def word(self) -> str:
        return self.address.replace("tcp://", "dask://")

    def _start(self, kind: str, *arguments) -> subprocess.Popen:
        number = len(self.processes)
        with (self.folder / f"{kind}-{number}.log").open("w") as log:
            process = self.processes[f"{kind}-{number}"] = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--no-dashboard",
                 *map(str, arguments), *self.options], stdout=log, stderr=log, cwd=self.folder,
            )  # fmt: skip
        return process

    def worker(self) -> subprocess.Popen:
        return self._start("worker", self.address, "--nthreads", "1", "--no-nanny")

    def end(self) -> None:
        for process in self.processes.values():
            process.kill()
        for process in self.processes.values():
            process.wait()


def _address(path: Path) -> str:
    import json

    try:
        return json.loads(path.read_text())["address"]
    except ValueError:
        return ""


def wait_for(look, seconds: float = STARTING):
    """What a function finds, once that is something."""
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
    return found


@pytest.fixture(scope="session")
def dask_here():
    pytest.importorskip("distributed")


@pytest.fixture(scope="session")
def workers(dask_here, tmp_path_factory):
    """Two workers."""
    one = Cluster(tmp_path_factory.mktemp("dask"))
    for _ in range(2):
        one.worker()
    yield one
    one.end()


@pytest.fixture
def made_cluster(dask_here, tmp_path):
    """Starts clusters of a test's own."""
    made = []

    def start(*options: str, **how) -> Cluster:
        made.append(Cluster(tmp_path, *options, **how))
        return made[-1]

    yield start
    for one in made:
        one.end()


@pytest.fixture
def walks():
    """Items that draw, each its own random numbers; and what they share."""
    generators = np.random.default_rng(3).spawn(6)
    grid = np.random.default_rng(5).random((8, 8, 8))
    return [{"rng": generator, "steps": 50} for generator in generators], {"grid": grid}
