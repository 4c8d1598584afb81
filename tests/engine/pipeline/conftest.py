"""Jobs in which single stages run, with what they read made up; the engine as a program."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from critasser import __version__, cli
from critasser.density import Grid, write_blocks, write_map
from critasser.job.folder import FORMAT, Job
from critasser.job.records import write_json
from critasser.job.running import running
from critasser.options import Inputs, Options
from critasser.pipeline.checks import Checked
from critasser.pipeline.files import DENSITY, FEATURES, SEEN
from critasser.pipeline.stage import Stage, Task
from critasser.shipped import NETWORK, RESIDUE_NETWORK, RESOLUTION_NETWORK, shipped
from critasser.structure import ModelFile, Sequence, Target

ROOT = Path(__file__).parents[3]
SHAPE = (8, 9, 10)


@pytest.fixture
def job(tmp_path):
    with Job.opened(tmp_path / "job", resume=False) as one, running(one, {"network": 1.0}):
        write_json(one.path("job.json"), {"format": FORMAT, "version": __version__})
        yield one


@pytest.fixture
def task(tmp_path):
    """A build of ten residues."""

    def made(checksums=(), mask=None, **options) -> Task:
        target = Target((Sequence("x", "ACDEFGHIKL"),))
        checked = Checked(target, "cpu", tmp_path / "net", dict(checksums), 1e4)
        inputs = Inputs(tmp_path / "map.mrc", tmp_path / "x", mask=mask)
        return Task("build", inputs, Options(**options), checked)

    return made


def write_features(path: Path, value: float) -> None:
    """An answer that is the same everywhere, and what two views say of Cα: half and half more."""
    places = np.argwhere(np.ones(-(-np.array(SHAPE) // 8)))
    values = np.full((len(places), 27, 8, 8, 8), value, np.float16)
    values[:, 25:] *= np.array([0.5, 1.5], np.float16)[:, None, None, None]
    write_blocks(path, 27, [(places, values)])


@pytest.fixture
def features():
    """Writes an answer of the network, the same everywhere; its two opinions are half and half
    more."""
    return write_features


@pytest.fixture
def before():
    """A stage that leaves what the stages density and network do."""

    def made(resolution: float = 3.0) -> Stage:
        def body(context):
            grid = Grid(np.arange(720.0).reshape(SHAPE), np.array([1.0, -2.0, 3.0]), np.ones(3))
            for name in (DENSITY, SEEN):
                write_map(context.file(name), grid)
            write_features(context.file(FEATURES), 0.5)
            context.note(resolution=resolution)

        return Stage("density", body)

    return made


@pytest.fixture(scope="session")
def engine():
    """Runs the engine as a program; see `observed_engine.py` for what ``record`` gets."""

    def run(*arguments, record: Path = Path(os.devnull)) -> subprocess.CompletedProcess:
        program = [sys.executable, Path(__file__).with_name("observed_engine.py"), record]
        return subprocess.run(
            [*program, *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": str(ROOT / "src" / "engine")},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def refused(capsys):
    """Gives the one line with which a job is refused."""

    def run(*arguments) -> str:
        status = cli.main([str(a) for a in arguments])
        said = capsys.readouterr()
        assert (status, said.out, said.err.count("\n")) == (2, "", 1), said.err
        return said.err

    return run


@pytest.fixture(scope="session")
def atoms():
    """Gives the positions of a model's atoms by residue number and name."""

    def read(path: Path) -> dict:
        file = ModelFile.read(path)
        model, residues = file.model(), file.residues()
        return {
            (residues[i].number, name): position
            for i, name, position in zip(model.residue, model.atom_names, model.positions)
        }

    return read


@pytest.fixture(scope="session")
def check_declared():
    """Holds what the bodies of a job's stages opened against what the stages declare; an ``idle``
    stage, which has nothing to do in this job, may leave files alone."""

    def check(folder: Path, record: Path, idle: str = "") -> None:
        lines = [json.loads(line) for line in record.read_text().splitlines()]
        weights = shipped(NETWORK).parent
        roles = {"weights": NETWORK, "residue_weights": RESIDUE_NETWORK,
                 "resolution_weights": RESOLUTION_NETWORK}  # fmt: skip
        job = json.loads((folder / "job.json").read_text())
        given = {entry["path"]: role for role, entry in job["inputs"].items()}
        assert {line["stage"] for line in lines} == {
            path.stem.partition("_")[0] for path in (folder / "stages").iterdir()
        }
        for line in lines:
            inside, learnt, people = set(), set(), set()
            for name in map(Path, line["opened"]):
                if name.is_relative_to(folder):
                    inside.add(name.relative_to(folder).as_posix())
                elif name.is_relative_to(weights):
                    learnt.add(name.name)
                elif str(name) in given:
                    people.add(given[str(name)])
            inside -= {*line["outputs"], "job.json", "cancel"}
            inside = {name for name in inside if not Path(name).name.startswith(".part-")}
            assert inside <= set(line["inputs"]), f"stage {line['stage']}"
            if line["stage"] != idle:
                assert inside == set(line["inputs"]), f"stage {line['stage']}"
            files = {roles.get(role, role) for role in line["external"]}
            assert learnt <= files, f"stage {line['stage']}"
            assert people <= set(line["external"]), f"stage {line['stage']}"
            assert set(line["facts_used"]) == set(line.get("facts", ())), f"stage {line['stage']}"

    return check
