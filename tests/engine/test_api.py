"""`import critasser`: light, typed, and every example of it runs."""

import ast
import dataclasses
import doctest
import gzip
import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import critasser
from tests.engine.pipeline.remembered_network import remember

ROOT = Path(__file__).resolve().parents[2]
ENGINE = ROOT / "src/engine"
BARNASE = ROOT / "tests/data/1a2p_A.pdb.gz"
PIECE = 36
"""Residues of barnase that examples are about: two helices."""

IN_ORDER = ("read_sequences", "read_model", "write_model", "simulate", "segment", "read_map",
            "write_map", "predict_calpha", "trace_chains", "fit_templates", "assemble",
            "build_atoms", "build", "open", "score", "fit")  # fmt: skip
"""Examples go on from those before them."""


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A folder as the examples have it: a model, its map at 3 Å and its sequence."""
    folder = tmp_path_factory.mktemp("api")
    with gzip.open(BARNASE, "rt") as file:
        atoms = [line for line in file if line.startswith("ATOM")]
    residues = list(dict.fromkeys(line[22:27] for line in atoms))[:PIECE]
    piece = [line for line in atoms if line[22:27] in residues]
    (folder / "model.pdb").write_text("".join(piece) + "END\n")
    critasser.write_map(folder / "map.mrc", critasser.simulate(folder / "model.pdb", 3.0))
    letters = critasser.read_model(folder / "model.pdb").target.letters
    (folder / "sequence.fasta").write_text(f">barnase\n{letters}\n")
    return folder


@pytest.fixture(scope="module", autouse=True)
def answers(tmp_path_factory):
    """The stage `network` of the first job is asked what it says of the map, and told to others."""
    with pytest.MonkeyPatch.context() as patch:
        remember(patch, tmp_path_factory.mktemp("answers"))
        yield


@pytest.fixture(scope="module")
def names():
    """What earlier examples have made."""
    return {"critasser": critasser}


def fresh(code):
    """What a Python prints that has not imported anything yet."""
    return subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ENGINE)!r})\n{code}"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip


def test_importing_it_loads_nothing_heavy():
    code = "import critasser\nprint(*sorted({m.partition('.')[0] for m in sys.modules}))"
    assert not set(fresh(code).split()) & {"numpy", "torch", "numba", "scipy", "gemmi", "openmm"}


def test_reading_a_map_does_not_load_torch():
    code = "import critasser\ncritasser.read_map\nprint(*sys.modules)"
    assert not set(fresh(code).split()) & {"torch", "openmm", "ortools"}


def test_every_public_name_is_there_and_documented():
    for name in critasser.__all__:
        found = getattr(critasser, name)
        assert found.__doc__ and found.__doc__.strip(), name
    assert set(critasser.__all__) <= set(dir(critasser))
    with pytest.raises(AttributeError, match="no attribute 'buidl'"):
        _ = critasser.buidl


def test_what_type_checkers_see_is_what_is_loaded():
    tree = ast.parse((ENGINE / "critasser/__init__.py").read_text(encoding="utf-8"))
    (seen,) = (n for n in tree.body if isinstance(n, ast.If) and isinstance(n.test, ast.Name))
    told = {alias.name: node.module for node in seen.body for alias in node.names}
    assert sorted(told) == sorted(critasser.__all__)
    for name, module in told.items():
        assert getattr(importlib.import_module(module), name) is getattr(critasser, name)
    assert (ENGINE / "critasser/py.typed").is_file()


def test_a_function_is_not_hidden_by_a_module_of_its_name():
    for name in critasser.__all__:
        assert not (ENGINE / "critasser" / name).exists()
        assert not (ENGINE / f"critasser/{name}.py").exists()


def test_every_function_has_an_example():
    functions = {name for name in critasser.__all__ if name[0].islower()}
    assert functions == set(IN_ORDER)


@pytest.mark.slow
@pytest.mark.parametrize("name", IN_ORDER)
def test_examples_run(name, here, names, monkeypatch):
    monkeypatch.chdir(here)
    (test,) = (
        one
        for one in doctest.DocTestFinder(recurse=False).find(
            getattr(critasser, name), name, globs=names
        )
        if one.examples
    )
    test.globs = names
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    runner.run(test, clear_globs=False)
    assert runner.summarize(verbose=False).failed == 0


@pytest.mark.slow
def test_steps_see_what_a_job_sees(here, names):
    """The Cα that `predict_calpha` found are those of the job that `build` ran."""
    found = names["prediction"]
    with np.load(here / "job/1_calpha/calpha.npz") as file:
        np.testing.assert_allclose(found.calpha.positions, file["positions"], atol=1e-3)
        np.testing.assert_allclose(found.calpha.probability, file["probability"], atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("job", ["job", "scored"])
def test_the_page_on_job_folders_names_every_file_and_key(here, job):
    page = (ROOT / "docs/job-folder.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([^`\n]+)`", page))
    named |= {word for code in named for word in re.findall(r"\w+", code)}
    for path in (here / job).rglob("*"):
        name = re.sub(r"_(\d)(?=\.)", "_1", re.sub(r"_\d\d(?=\.)", "_01", path.name))
        assert path.is_dir() or path.parent.name == "stages" or name in named, path
    described = json.loads((here / job / "job.json").read_text(encoding="utf-8"))
    results = json.loads((here / job / "results.json").read_text(encoding="utf-8"))
    marker = json.loads((here / job / "stages/quality.json").read_text(encoding="utf-8"))
    lines = (here / job / "progress.jsonl").read_text(encoding="utf-8").splitlines()
    keys = {
        *described, *described["options"], *described["machine"], *described["inputs"]["map"],
        *results, *results["models"][0], *marker,
        *(key for line in lines for key in json.loads(line)),
    }  # fmt: skip
    assert keys <= named, sorted(keys - named)


@pytest.mark.slow
def test_what_is_not_a_file_is_put_into_the_job_folder(here, tmp_path, monkeypatch):
    events = []
    model = critasser.read_model(here / "model.pdb")
    density = critasser.read_map(here / "map.mrc")
    results = critasser.score(
        model, density, folder=tmp_path / "job", resolution=3.0, progress=events.append
    )
    assert {path.name for path in (tmp_path / "job/inputs").iterdir()} == {"model.cif", "map.mrc"}
    assert results.models[0].letters == model.target.letters
    assert 0 <= results.models[0].local_confidence.min() <= results.models[0].local_confidence.max()
    assert 1 < results.models[0].local_confidence.max() <= 100
    length = len(model.target)
    assert f"1 model of {length} residues, mean confidence" in repr(results)
    assert f"<ModelResult 1: {length} residues" in repr(results.models[0])
    assert max(len(repr(one)) for one in (results, results.models[0])) < 300
    assert results.models[0].read().calpha == pytest.approx(model.calpha, abs=1e-3)
    assert events[-1].state == "finished"
    assert [one.fraction for one in events] == sorted(one.fraction for one in events)
    with pytest.raises(dataclasses.FrozenInstanceError):
        events[-1].state = "running"


def test_errors_beside_templates_are_found_or_given_to_a_build(here, tmp_path, monkeypatch):
    from critasser.api import jobs

    class SeenError(Exception):
        pass

    def check(inputs, options):
        raise SeenError(inputs.pae)

    monkeypatch.setattr(jobs, "BUILD", dataclasses.replace(jobs.BUILD, check=check))
    model = tmp_path / "AF-P1-F1-model_v4.pdb"
    model.write_text((here / "model.pdb").read_text())
    beside = tmp_path / "AF-P1-F1-predicted_aligned_error_v4.json"
    beside.write_text("{}")
    for given, expected in ((None, (beside,)), ([None], (None,)), (["x.json"], None)):
        with pytest.raises(SeenError) as seen:
            critasser.build(
                here / "map.mrc", here / "sequence.fasta", folder=tmp_path / "job",
                templates=[model], pae=given,
            )  # fmt: skip
        assert seen.value.args[0] == (expected or (Path("x.json").resolve(),))


@pytest.mark.parametrize(
    "given",
    [{"symmetry": name} for name in ("C4", "helical:27.6,-166.5", "none", "auto")]
    + [{"template_search": False}, {"library": "own.npz"}],
)
def test_the_command_in_the_job_folder_asks_for_the_same(here, tmp_path, monkeypatch, given):
    from critasser.api import jobs
    from critasser.cli import _parsed, build

    def run(job, task, *, command, **_):
        raise SaidError(command)

    class SaidError(Exception):
        pass

    stopped = dataclasses.replace(jobs.BUILD, check=lambda inputs, options: (inputs, options))
    object.__setattr__(stopped, "run", run)
    monkeypatch.setattr(jobs, "BUILD", stopped)
    with pytest.raises(SaidError) as said:
        critasser.build(here / "map.mrc", here / "sequence.fasta", folder=tmp_path / "job", **given)
    program, *words = said.value.args[0]
    inputs, options = build._resolve(_parsed(words))
    ((name, value),) = given.items()
    told = inputs.library if name == "library" else getattr(options, name)
    assert (program, told) == ("critasser", Path(value).resolve() if name == "library" else value)


def test_the_command_of_a_fit_asks_for_the_same_symmetry(here, tmp_path, monkeypatch):
    from critasser.api import jobs
    from critasser.cli import _parsed, fit

    said = []
    stopped = dataclasses.replace(jobs.FIT, check=lambda inputs, options: None)
    object.__setattr__(stopped, "run", lambda *_, command, **__: said.append(command))
    monkeypatch.setattr(jobs, "FIT", stopped)
    for symmetry in ("C4", "none"):
        with pytest.raises(critasser.InputError, match="not finished"):
            critasser.fit(
                here / "model.pdb", here / "map.mrc", folder=tmp_path / symmetry,
                symmetry=symmetry,
            )  # fmt: skip
        _, options = fit._resolve(_parsed(said[-1][1:]))
        assert options.symmetry == symmetry


def test_bad_input_is_one_line_and_leaves_no_folder(here, tmp_path):
    density = critasser.read_map(here / "map.mrc")
    for sequences, told in ((["MKT1"], "sequence 1"), ([], "no sequence"), (["M"], "give")):
        with pytest.raises(critasser.InputError, match=told):
            critasser.build(density, sequences, folder=tmp_path / "job")
        assert not (tmp_path / "job").exists()


def test_a_folder_of_somebody_is_left_alone(here, tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(critasser.InputError, match="not empty"):
        critasser.build(here / "map.mrc", ["MKTAYIAK"], folder=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_opening_what_is_no_finished_job_is_one_line(tmp_path):
    with pytest.raises(critasser.InputError, match="no Critasser job"):
        critasser.open(tmp_path)
    (tmp_path / "job.json").write_text("{}")
    with pytest.raises(critasser.InputError, match="not finished"):
        critasser.open(tmp_path)


@pytest.mark.parametrize("damage", [
    '{"models": 3}',
    '{"models": [{"file": "../../etc/passwd", "rank": 1}], "resolution": 3, "warnings": [],'
    ' "timings": {}}',
    '{"models": [], "resolution": "x", "warnings": [], "timings": {}}',
    '{"models": [{"file": "5_models/model_1.cif", "rank": 1}], "resolution": 3, "warnings": [],'
    ' "timings": {}}',
])  # fmt: skip
def test_damaged_results_are_refused(tmp_path, damage):
    (tmp_path / "job.json").write_text("{}")
    (tmp_path / "results.json").write_text(damage)
    with pytest.raises(critasser.InputError):
        critasser.open(tmp_path)



def test_local_confidence_of_older_jobs_is_brought_to_the_scale_of_today(tmp_path):
    (tmp_path / "5_models").mkdir()
    (tmp_path / "5_models/model_1.cif").touch()
    (tmp_path / "5_models/model_1.csv").write_text(
        "chain,residue,letter,confidence,local_confidence,local_pcc\nA,1,M,80,0.5,0.7\n"
    )
    (tmp_path / "results.json").write_text(
        '{"models": [{"file": "5_models/model_1.cif", "rank": 1}], "resolution": 3, '
        '"warnings": [], "timings": {}}'
    )
    for layout, seen in ((2, 50.0), (3, 0.5)):
        (tmp_path / "job.json").write_text(f'{{"format": {layout}}}')
        (model,) = critasser.open(tmp_path).models
        assert (model.confidence[0], model.local_confidence[0]) == (80, seen)
