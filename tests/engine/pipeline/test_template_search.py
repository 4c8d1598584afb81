"""Where a map does not tell the sequence, a build looks for a known structure that does."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from critasser.cli import main
from critasser.density import simulate, write_map
from critasser.shipped import LIBRARY, shipped
from critasser.structure import ATOMIC_NUMBER, ONE_TO_THREE, read_chains
from critasser.threading import TemplateLibrary, library_of, load_library, write_library

DATA = Path(__file__).parents[2] / "data"
NATIVE = DATA / "1a2p_A.pdb.gz"
RESOLUTION = 9.0

NOISE = 0.12
"""Standard deviation, in units of the highest density: the map alone tells no sequence then."""

pytestmark = pytest.mark.slow


def joined(a: TemplateLibrary, b: TemplateLibrary) -> TemplateLibrary:
    """One library of two."""
    return TemplateLibrary(
        a.names + b.names,
        np.concatenate([a.ends, a.ends[-1] + b.ends]),
        *(np.concatenate([getattr(a, name), getattr(b, name)])
          for name in ("codes", "calpha", "structure", "side", "back")),
    )  # fmt: skip


@pytest.fixture(scope="module")
def inputs(tmp_path_factory) -> Path:
    """A noisy map of barnase at 9 Å, its sequence, and libraries of other folds without and with
    its structure."""
    folder = tmp_path_factory.mktemp("search")
    chain = read_chains(NATIVE)[0]
    weight = np.array([float(ATOMIC_NUMBER[name.upper()]) for name in chain.elements])
    grid = simulate(chain.positions, weight, RESOLUTION, padding=12.0)
    noise = gaussian_filter(np.random.default_rng(0).normal(size=grid.shape), RESOLUTION / 6)
    noise *= NOISE * grid.values.max() / noise.std()
    write_map(folder / "map.mrc", grid.with_values((grid.values + noise).astype(np.float32)))
    (folder / "own.fasta").write_text(f">barnase\n{chain.letters}\n")
    library = load_library(shipped(LIBRARY))
    right = [
        k for k, n in enumerate(library.lengths)
        if 80 <= n <= 140 and library.names[k] != "1a2p_A"
    ]  # fmt: skip
    others = library.select([(k, 0, int(library.lengths[k])) for k in right[:: len(right) // 30]])
    write_library(folder / "others.npz", others)
    own = library_of([("barnase", chain)])
    write_library(folder / "with.npz", joined(others, own))
    return folder


@pytest.fixture(scope="module")
def searched(inputs, first_stages) -> Path:
    first_stages(
        "templates", "build", inputs / "map.mrc", inputs / "own.fasta", "-o", inputs / "job",
        "--resolution", RESOLUTION, "--quality", "shortest", "--library", inputs / "with.npz",
    )  # fmt: skip
    return inputs / "job"


def templates_of(job: Path) -> int:
    return len(json.loads((job / "stages/templates.json").read_text())["summary"]["used"])


def rows(job: Path) -> list[dict[str, str]]:
    with (job / "3_templates/library.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


def test_the_structure_is_found_and_lies_in_its_place(searched):
    assert "barnase" in {row["structure"] for row in rows(searched)}
    (placed,) = read_chains(searched / "3_templates/template_01.cif")
    native = read_chains(NATIVE)[0].calpha[placed.residue_number - 1]
    assert len(placed) > 80
    assert np.median(np.linalg.norm(placed.calpha - native, axis=1)) < 2.5


def test_templates_are_looked_for_unless_told_not_to(searched, first_stages, tmp_path):
    copy = Path(shutil.copytree(searched, tmp_path / "job"))
    first_stages("templates", "build", "--resume", copy, "--no-template-search")
    assert templates_of(copy) == 0 and not rows(copy)
    first_stages("template_search", "build", "--resume", copy, "--template-search")
    assert "barnase" in {row["structure"] for row in rows(copy)}


def test_another_library_is_the_one_that_is_looked_among(searched, inputs, first_stages, tmp_path):
    copy = Path(shutil.copytree(searched, tmp_path / "job"))
    first_stages("templates", "build", "--resume", copy, "--library", inputs / "others.npz")
    assert "barnase" not in {row["structure"] for row in rows(copy)}
    first_stages("template_search", "build", "--resume", copy, "--no-library")
    looked = json.loads((copy / "stages/template_search.json").read_text())["key"]
    first = json.loads((searched / "stages/template_search.json").read_text())["key"]
    assert looked != first


def test_nothing_is_looked_for_where_a_template_that_was_given_lies_in_the_map(
    searched, first_stages, tmp_path
):
    copy = Path(shutil.copytree(searched, tmp_path / "job"))
    first_stages("template_search", "build", "--resume", copy, "--templates", NATIVE)
    assert not rows(copy)


def test_known_folds_are_looked_for_where_the_template_that_was_given_is_refused(
    searched, first_stages, tmp_path
):
    """Another fold by the letters of the target, as a wrong prediction is."""
    copy = Path(shutil.copytree(searched, tmp_path / "job"))
    first_stages("templates", "build", "--resume", copy, "--templates", another_fold(tmp_path))
    assert "barnase" in {row["structure"] for row in rows(copy)}
    noted = json.loads((copy / "stages/templates.json").read_text())["summary"]
    assert noted["refused"][0]["origin"] == "given"
    (used,) = noted["used"]
    assert used["origin"] == "known fold" and used["structure"] == "barnase"
    with (copy / "3_templates/templates.csv").open(newline="") as lines:
        (row,) = csv.DictReader(lines)
    assert row["origin"] == "known fold" and float(row["by sequence"]) == used["by_sequence"]


@pytest.fixture(scope="module")
def built(inputs, engine, answers, tmp_path_factory) -> Path:
    """The folder of a build that was given another fold, and the record of what it opened."""
    folder = tmp_path_factory.mktemp("built")
    done = engine(
        "build", inputs / "map.mrc", inputs / "own.fasta", "-o", folder / "job",
        "--resolution", RESOLUTION, "--quality", "shortest", "--library", inputs / "with.npz",
        "--templates", another_fold(folder), record=folder / "record.jsonl", answers=answers,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def test_stages_of_templates_open_what_they_declare_and_nothing_else(built, check_declared):
    check_declared(built / "job", built / "record.jsonl")


def test_results_and_report_say_which_known_folds_lead_and_which_structures_are_refused(
    built, inputs
):
    results = json.loads((built / "job/results.json").read_text())
    (used,), (refused, *_) = results["templates"]["used"], results["templates"]["refused"]
    assert (used["origin"], used["structure"]) == ("known fold", "barnase")
    assert refused["origin"] == "given" and "other.pdb" in refused["source"] and refused["reason"]
    looked = results["known_folds"]
    assert (looked["sequences"], looked["library"]) == (["barnase"], "of your own")
    assert looked["structures"] == len(load_library(inputs / "with.npz"))
    assert any("--no-template-search builds without" in line for line in results["warnings"])
    page = (built / "job/report.html").read_text()
    assert "known fold: chain barnase of the library" in page
    assert "given: chain A of other.pdb" in page and "--no-template-search" in page


def another_fold(folder: Path) -> Path:
    """A chain of another fold that is named as barnase's residues are."""
    letters = read_chains(NATIVE)[0].letters
    other = read_chains(DATA / "1bab_A_calpha.pdb.gz")[0]
    path = folder / "other.pdb"
    path.write_text("".join(
        f"ATOM  {k:5d}  CA  {ONE_TO_THREE[letter]} A{k:4d}    {x:8.3f}{y:8.3f}{z:8.3f}  1.00 90.00"
        f"           C\n"
        for k, (letter, (x, y, z)) in enumerate(zip(letters, other.calpha), start=1)
    ))  # fmt: skip
    return path


def test_a_library_that_is_not_looked_into_is_told(inputs, searched, first_stages, tmp_path):
    copy = Path(shutil.copytree(searched, tmp_path / "job"))
    told = first_stages("density", "build", "--resume", copy, "--no-template-search")
    assert any("with.npz is not looked into" in line for line in told)


def test_a_library_that_is_none_is_refused_before_work(inputs, tmp_path, capsys):
    arguments = ["build", str(inputs / "map.mrc"), str(inputs / "own.fasta"), "-o",
                 str(tmp_path / "job"), "--library", str(inputs / "own.fasta")]  # fmt: skip
    assert main(arguments) == 2
    assert "no template library" in capsys.readouterr().err
    assert not (tmp_path / "job").exists()


def test_a_library_is_made_of_a_folder_of_structures(tmp_path, capsys):
    for name in ("1a2p_A.pdb.gz", "3wmi_A.pdb.gz"):
        shutil.copy(DATA / name, tmp_path / name)
    (tmp_path / "damaged.pdb").write_text("nothing")
    path = tmp_path / "library.npz"
    assert main(["data", "library", str(tmp_path), "-o", str(path)]) == 0
    assert load_library(path).names == ("1a2p_A", "3wmi_A")
    assert "left out" in capsys.readouterr().out
    (tmp_path / "index.tsv").write_text("file\tsplit\n1a2p_A.pdb.gz\tval\n3wmi_A.pdb.gz\ttrain\n")
    assert main(["data", "library", str(tmp_path), "-o", str(path)]) == 0
    assert load_library(path).names == ("3wmi_A",)
    assert main(["data", "library", str(tmp_path), "-o", str(path), "--splits", "val"]) == 0
    assert load_library(path).names == ("1a2p_A",)
    assert main(["data", "library", str(tmp_path), "-o", str(tmp_path / "library.txt")]) == 2
