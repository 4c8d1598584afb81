"""Jobs in which single stages run, with what they read made up; the engine as a program."""

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from critasser import __version__, cli, options
from critasser.cli import build, fit, rebuild, score
from critasser.density import Grid, write_blocks, write_map
from critasser.job.arrays import save_region
from critasser.job.folder import FORMAT, Job
from critasser.job.records import write_json
from critasser.job.running import running
from critasser.network.unet import UNet
from critasser.network.weights import save_network
from critasser.options import Inputs, Options
from critasser.pipeline.build import BUILD
from critasser.pipeline.checks import Checked
from critasser.pipeline.description import describe
from critasser.pipeline.files import DENSITY, FEATURES, NUCLEIC, SEEN
from critasser.pipeline.fit import FIT
from critasser.pipeline.pipeline import run_stages
from critasser.pipeline.rebuild import REBUILD, check_rebuild
from critasser.pipeline.score import SCORE
from critasser.pipeline.stage import Stage, Task
from critasser.shipped import NETWORK, RESIDUE_NETWORK, RESOLUTION_NETWORK, shipped
from critasser.structure import ModelFile, Sequence, Target, read_chains
from tests.engine.pipeline.observed_engine import SHORT_BUILDS, SHORT_REBUILDS
from tests.engine.pipeline.remembered_network import remember

ROOT = Path(__file__).parents[3]
DATA = ROOT / "tests" / "data"
MAP = DATA / "emd_6555_piece.mrc.gz"
PIECE = DATA / "emd_6555_piece.pdb"
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
    """A stage that leaves what the stages density, network and nucleic do; `nucleic` says where
    there is nucleic acid."""

    def made(resolution: float = 3.0, nucleic: object = False) -> Stage:
        def body(context):
            grid = Grid(np.arange(720.0).reshape(SHAPE), np.array([1.0, -2.0, 3.0]), np.ones(3))
            for name in (DENSITY, SEEN):
                write_map(context.file(name), grid)
            save_region(context.file(NUCLEIC), np.broadcast_to(nucleic, SHAPE))
            write_features(context.file(FEATURES), 0.5)
            context.note(resolution=resolution)

        return Stage("density", body)

    return made


@pytest.fixture(scope="session")
def shared(tmp_path_factory) -> Path:
    """A folder of this run of the tests, the same for all processes that share it."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "pipeline"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def made_once(shared):
    """Gives a folder with what the first process that wants it makes there; the others wait."""

    def folder(name: str, make) -> Path:
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (shared / name / "made").exists():
                shutil.rmtree(shared / name, ignore_errors=True)
                (shared / name).mkdir()
                make(shared / name)
                (shared / name / "made").touch()
        return shared / name

    return folder


@pytest.fixture(scope="session")
def answers(shared) -> Path:
    """What the network has said; see `remembered_network.py`."""
    folder = shared / "answers"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def engine():
    """Runs the engine as a program; see `observed_engine.py` for what ``record`` gets and for
    ``answers``."""

    def run(*arguments, record: Path, answers: Path) -> subprocess.CompletedProcess:
        program = [sys.executable, Path(__file__).with_name("observed_engine.py"), record]
        path = str(ROOT / "src" / "engine")
        return subprocess.run(
            [*program, *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": path, "ANSWERS": str(answers)},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def inputs(made_once) -> list:
    """A build of 60 residues in a piece of a real map, by the shortest schedule."""

    def make(folder: Path) -> None:
        letters = read_chains(PIECE)[0].letters
        (folder / "sequence.fasta").write_text(f">piece <b>of</b> 3JCI\n{letters}\n")

    fasta = made_once("inputs", make) / "sequence.fasta"
    return [MAP, fasta, "--resolution", 2.9, "--quality", "shortest", "--models", 2]


@pytest.fixture(scope="session")
def build_record(finished) -> Path:
    """What the bodies of the stages of that build opened."""
    return finished.with_name("record.jsonl")


@pytest.fixture(scope="session")
def finished(inputs, engine, answers, made_once) -> Path:
    """A build that nothing disturbed, whose network was asked."""

    def make(folder: Path) -> None:
        job, said = folder / "job", folder / "answers"
        said.mkdir()
        done = engine("build", *inputs, "-o", job, record=folder / "record.jsonl", answers=said)
        for path in said.iterdir():
            path.replace(answers / path.name)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        assert f"model   {job / '5_models/model_1.cif'}" in done.stdout
        assert f"report  {job / 'report.html'}" in done.stdout

    return made_once("finished", make) / "job"


@pytest.fixture(scope="session")
def score_record(scored) -> Path:
    """What the bodies of the stages of that score opened."""
    return scored.with_name("record.jsonl")


@pytest.fixture(scope="session")
def scored(engine, answers, made_once) -> Path:
    """A score of the model of the piece."""

    def make(folder: Path) -> None:
        job = folder / "job"
        done = engine("score", PIECE, MAP, "-o", job, "--resolution", 2.9,
                      record=folder / "record.jsonl", answers=answers)  # fmt: skip
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        assert f"table    {job / '5_models/model_1.csv'}" in done.stdout

    return made_once("scored", make) / "job"


@pytest.fixture
def copy(finished, tmp_path) -> Path:
    """The finished build, to go on with."""
    return Path(shutil.copytree(finished, tmp_path / "job"))


@pytest.fixture(scope="session")
def critasser(answers):
    """Runs a command in this process, which spares loading everything."""

    def run(*arguments) -> None:
        with pytest.MonkeyPatch.context() as patch:
            _add_short_qualities(patch)
            remember(patch, answers)
            assert cli.main([str(a) for a in arguments]) == 0

    return run


@pytest.fixture(scope="session")
def again(critasser):
    """Goes on with a finished build by other options; gives the stages that ran."""

    def run(folder: Path, *arguments, command: str = "build") -> set[str]:
        at = len((folder / "log.txt").read_text())
        critasser(command, "--resume", folder, *arguments)
        log = (folder / "log.txt").read_text()[at:]
        return set(re.findall(r"^\S+ (\w+) starts$", log, flags=re.MULTILINE))

    return run


@pytest.fixture(scope="session")
def first_stages(answers):
    """Does what a command line asks for, up to a stage; gives all warnings."""
    commands = {
        "build": (build, BUILD), "score": (score, SCORE), "rebuild": (rebuild, REBUILD),
        "fit": (fit, FIT),
    }  # fmt: skip

    def run(last: str, command: str, *arguments) -> list[str]:
        module, pipeline = commands[command]
        with pytest.MonkeyPatch.context() as patch:
            _add_short_qualities(patch)
            remember(patch, answers)
            args = cli._parsed([command, *map(str, arguments)])
            inputs, options, *source = module._resolve(args)
            check = check_rebuild if command == "rebuild" else pipeline.check
            task = check(inputs, options, *source)
            stages = pipeline.stages(task)
            names = [stage.name for stage in stages]
            resume = args.resume is not None
            with Job.opened(args.resume or args.output, resume=resume) as one:
                one.seed = options.seed
                if task.source is not None:
                    one.adopt(task.source, pipeline.adopts)
                with running(one, pipeline.expected_seconds(task)):
                    describe(one, task, (command, *map(str, arguments)))
                    run_stages(one, stages[: names.index(last) + 1], task)
                return [*task.checked.notes, *one.warnings()]

    return run


@pytest.fixture(scope="session")
def blind_network(tmp_path_factory) -> Path:
    """Weights of a network that sees no Cα anywhere, at once."""
    path = tmp_path_factory.mktemp("blind") / "net.safetensors"
    network = UNet(4, (8,), (1,))
    with torch.no_grad():
        network.head.weight.zero_()
        network.head.bias.fill_(-20.0)
    save_network(path, network, "unet", {})
    return path


def _add_short_qualities(patch: pytest.MonkeyPatch) -> None:
    for name, schedule in SHORT_BUILDS.items():
        patch.setitem(options.PRESETS, name, schedule)
    for name, schedule in SHORT_REBUILDS.items():
        patch.setitem(options.REBUILDS, name, schedule)


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
    """Holds what the bodies of a job's stages opened against what the stages declare; ``idle``
    stages, which have nothing to do in this job, may leave files and facts alone."""

    def check(folder: Path, record: Path, idle: tuple[str, ...] = ()) -> None:
        lines = [json.loads(line) for line in record.read_text().splitlines()]
        weights = shipped(NETWORK).parent
        roles = {"weights": NETWORK, "residue_weights": RESIDUE_NETWORK,
                 "resolution_weights": RESOLUTION_NETWORK}  # fmt: skip
        job = json.loads((folder / "job.json").read_text())
        given = {entry["path"]: role for role, entry in job["inputs"].items()}
        assert {line["stage"] for line in lines} == {
            re.sub(r"_\d+$", "", path.stem) for path in (folder / "stages").iterdir()
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
            if line["stage"] not in idle:
                assert inside == set(line["inputs"]), f"stage {line['stage']}"
            files = {roles.get(role, role) for role in line["external"]}
            assert learnt <= files, f"stage {line['stage']}"
            assert people <= set(line["external"]), f"stage {line['stage']}"
            facts, used = set(line.get("facts", ())), set(line["facts_used"])
            idle_here = line["stage"] in idle
            assert used <= facts if idle_here else used == facts, f"stage {line['stage']}"

    return check
