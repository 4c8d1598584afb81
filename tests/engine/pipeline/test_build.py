"""A real map to models: whole, killed and resumed, stopped, asked for something else."""

import csv
import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import gemmi
import numpy as np
import pytest
from scipy.spatial import cKDTree

from critasser.density import read_map, sample
from critasser.pipeline.build import STAGES
from critasser.structure import read_chains
from critasser.structure.geometry import CIS_LIMIT

ROOT = Path(__file__).parents[3]
DATA = ROOT / "tests" / "data"
MAP = DATA / "emd_6555_piece.mrc.gz"

NAMES = [stage.name for stage in STAGES]

pytestmark = pytest.mark.slow


def start(*arguments, record=os.devnull) -> subprocess.Popen:
    """An engine as a process of its own group, by the shortest schedule that runs every stage."""
    return subprocess.Popen(
        [sys.executable, Path(__file__).with_name("observed_engine.py"), record, "build",
         *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src" / "engine")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )  # fmt: skip


def finish(*arguments, record=os.devnull) -> str:
    process = start(*arguments, record=record)
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert err == ""
    return out


def events(folder: Path) -> list[dict]:
    found = []
    for line in (folder / "progress.jsonl").read_text().splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def content(folder: Path) -> dict[str, bytes]:
    """Every file that is a result; what tells the time is left out."""
    files = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and "/" in name and not name.startswith("stages/"):
            files[name] = path.read_bytes()
    results = json.loads((folder / "results.json").read_text())
    for changing in ("finished", "timings", "peak_memory_bytes"):
        del results[changing]
    files["results.json"] = json.dumps(results).encode()
    return files


def test_stages_of_a_build_open_what_they_declare_and_nothing_else(
    finished, build_record, check_declared
):
    # No templates are given, and none are needed.
    check_declared(finished, build_record, idle=("given_templates", "template_search", "templates"))


def test_models_have_every_residue_in_the_maps_frame(finished, inputs):
    letters = inputs[1].read_text().splitlines()[1]
    density = read_map(MAP)
    models = json.loads((finished / "results.json").read_text())["models"]
    assert [m["rank"] for m in models] == list(range(1, len(models) + 1))
    assert [m["etm"] for m in models] == sorted((m["etm"] for m in models), reverse=True)
    for model in models:
        (chain,) = read_chains(finished / model["file"])
        assert chain.letters == letters
        assert chain.residue_number.tolist() == list(range(1, 61))
        assert np.isfinite(chain.backbone).all()
        # In place: most of the chain lies where the map is positive.
        assert np.mean(sample(density, chain.calpha) > 0) > 0.7
        assert 0 <= chain.b_factor.min() <= chain.b_factor.max() <= 100


def test_no_two_atoms_of_different_residues_clash(finished):
    for path in (finished / "5_models").glob("model_*.cif"):
        (chain,) = read_chains(path)
        close = cKDTree(chain.positions).query_pairs(2.0, output_type="ndarray")
        for a, b in close:
            first, second = sorted((chain.residue[a], chain.residue[b]))
            bonded = second - first == 1 and {chain.atom_names[a], chain.atom_names[b]} == {
                "C",
                "N",
            }
            assert first == second or bonded


def test_models_carry_their_confidence_as_a_local_metric(finished):
    block = gemmi.cif.read(str(finished / "5_models/model_1.cif")).sole_block()
    table = block.find("_ma_qa_metric_local.", ["metric_id", "metric_value"])
    values = [float(row[1]) for row in table if row[0] == "1"]
    assert len(values) == 60
    (chain,) = read_chains(finished / "5_models/model_1.cif")
    of_calpha = [chain.b_factor[i] for i, n in enumerate(chain.atom_names) if n == "CA"]
    assert values == pytest.approx(of_calpha, abs=0.006)


def test_results_tell_cis_peptides_and_disulfides_of_each_model(finished):
    for model in json.loads((finished / "results.json").read_text())["models"]:
        (chain,) = read_chains(finished / model["file"])
        step = np.linalg.norm(np.diff(chain.calpha, axis=0), axis=1)
        assert model["cis_peptides"] == [
            [f"A:{i + 1}", f"A:{i + 2}"] for i in np.flatnonzero(step < CIS_LIMIT)
        ]
        assert model["disulfides"] == []


def test_the_folder_tells_all_of_its_run(finished):
    told = events(finished)
    assert [e["stage"] for e in told if e["stage_fraction"] == 0 and e["message"] == "starts"
            ][:3] == NAMES[:3]  # fmt: skip
    fractions = [e["fraction"] for e in told]
    assert fractions == sorted(fractions)
    assert told[-1]["state"] == "finished"
    assert told[-1]["fraction"] == 1.0
    assert list(told[0]["expected"]) == NAMES
    energies = [e["numbers"] for e in told if e["stage"] == "assembly" and "numbers" in e]
    assert energies
    assert all(n["lowest_energy"] <= n["mean_energy"] and n["cycle"] >= 1 for n in energies)
    artifacts = {e["artifact"]: e["kind"] for e in told if "artifact" in e}
    assert artifacts["1_calpha/calpha.cif"] == "calpha"
    assert artifacts["2_traces/trace_01.cif"] == "traces"
    assert artifacts["5_models/model_1.cif"] == "models"
    assert artifacts["report.html"] == "report"
    assert all((finished / name).is_file() for name in artifacts)
    job = json.loads((finished / "job.json").read_text())
    assert set(job["inputs"]) == {"map", "sequence"}
    assert job["options"]["schedule"]["replicas"] == 4
    assert job["versions"]["numpy"] == np.__version__
    assert (finished / "command").read_text().startswith("critasser build ")
    assert not (finished / "lock").exists()


def test_the_report_needs_nothing_else_and_runs_nothing(finished):
    page = (finished / "report.html").read_text()
    assert "<script" not in page
    assert not re.findall(r'(?:src|href)="(?!data:)', page)
    assert page.count("<img ") == 4
    for model in json.loads((finished / "results.json").read_text())["models"]:
        assert f"{model['etm']:.3f}" in page


def test_a_killed_build_resumes_to_the_same_result(inputs, finished, tmp_path):
    rng = np.random.default_rng()
    folder = tmp_path / "job"
    told = events(finished)
    begun = told[0]["time"]
    # One moment in each third of the run, counted from when the first stage starts.
    moments = (np.arange(3) + rng.random(3)) / 3 * (told[-1]["time"] - begun)
    done_before: set[str] = set()
    for moment in moments:
        arguments = ["--resume", folder] if (folder / "job.json").exists() else [
            *inputs, "-o", folder]  # fmt: skip
        process = start(*arguments)
        # What was done already is not waited for again.
        spared = sum(
            json.loads((folder / "stages" / f"{name}.json").read_text())["seconds"]
            for name in done_before
        )
        until = None
        while process.poll() is None:
            if until is None and (folder / "lock").exists() and (folder / "job.json").exists():
                until = time.monotonic() + max(moment - spared, 0.2)
            if until is not None and time.monotonic() > until:
                os.killpg(process.pid, signal.SIGKILL)
                break
            time.sleep(0.02)
        process.communicate()
        if (folder / "stages").exists():
            stages = {path.stem for path in (folder / "stages").glob("[a-z]*.json")}
            assert done_before <= stages | {"report"}
            done_before = stages
    finish("--resume", folder)
    expected, found = content(finished), content(folder)
    assert sorted(found) == sorted(expected)
    assert [name for name in expected if found[name] != expected[name]] == []


def test_a_finished_build_resumed_does_nothing(copy, critasser):
    before = content(copy)
    written = {path: path.stat().st_mtime_ns for path in (copy / "5_models").iterdir()}
    critasser("build", "--resume", copy)
    assert content(copy) == before
    assert {path: path.stat().st_mtime_ns for path in (copy / "5_models").iterdir()} == written


def test_fewer_models_are_chosen_without_building_any_again(copy, again):
    # Decoys that are all alike are one model, however many are asked for.
    several = len(json.loads((copy / "results.json").read_text())["models"]) > 1
    fewer = {"quality"} if several else set()
    assert again(copy, "--models", 1) == {"decoys", "report"} | fewer
    assert not (copy / "5_models/model_2.cif").exists()
    assert not (copy / "stages/atomic_2.json").exists()
    assert len(json.loads((copy / "results.json").read_text())["models"]) == 1


def test_a_map_that_moved_is_the_same_map(copy, again, tmp_path):
    # Compressed or not: what counts is what the file says.
    elsewhere = tmp_path / "elsewhere.mrc"
    elsewhere.write_bytes(gzip.decompress(MAP.read_bytes()))
    job = json.loads((copy / "job.json").read_text())
    job["inputs"]["map"]["path"] = str(elsewhere)
    (copy / "job.json").write_text(json.dumps(job))
    assert again(copy) == {"density", "report"}


def test_sequences_of_another_name_are_taken_without_building_anew(copy, again, inputs, tmp_path):
    before = json.loads((copy / "stages/assembly.json").read_text())
    letters = inputs[1].read_text().splitlines()[1]
    (tmp_path / "renamed.fasta").write_text(f">another_name\n{letters}\n")
    assert again(copy, tmp_path / "renamed.fasta") <= {
        "sequences", "given_templates", "template_search", "trace", "templates", "decoys",
        "quality", "report",
    }  # fmt: skip
    assert "another_name" in (copy / "5_models/model_1.cif").read_text()
    assert "renamed.fasta" in (copy / "report.html").read_text()
    assert json.loads((copy / "stages/assembly.json").read_text()) == before


def test_contacts_can_be_given_to_a_finished_build_and_taken_away_again(copy, again, tmp_path):
    before = content(copy)
    far = "".join(f"{k} {k + 20} 0 8 0.9\n" for k in range(1, 40))
    (tmp_path / "contacts.rr").write_text(f"{far}3 5 0 8 0.9\n")
    assert {"assembly", "decoys"} <= again(copy, "--contacts", tmp_path / "contacts.rr")
    warnings = json.loads((copy / "results.json").read_text())["warnings"]
    assert any(warning.startswith("39 of 40 contacts are used") for warning in warnings)
    assert content(copy)["4_assembly/decoys.npz"] != before["4_assembly/decoys.npz"]
    assert {"assembly", "decoys"} <= again(copy, "--no-contacts")
    after = content(copy)
    assert [name for name in before if after[name] != before[name]] == []


def test_a_template_given_to_a_finished_build_leads_it_and_is_taken_away_again(
    copy, again, tmp_path
):
    before = content(copy)
    template, pae = tmp_path / "AF-P1-F1-model_v4.pdb", tmp_path / "error.npz"
    template.write_bytes((DATA / "emd_6555_piece.pdb").read_bytes())
    np.savez(pae, pae=np.full((60, 60), 1.0))
    given = again(copy, "--templates", template, "--pae", pae)
    assert {"templates", "trace", "assembly", "decoys", "quality", "report"} <= given
    results = json.loads((copy / "results.json").read_text())
    said = "chains that were given: 1; cut by their predicted aligned error: 1"
    assert results["stages"]["given_templates"] == said
    assert results["stages"]["templates"] == "chains that lie in the map: 1 of 1"
    (used,) = results["templates"]["used"]
    assert used["origin"] == "given" and template.name in used["source"]
    first = results["models"][0]
    assert sum(first["sources"].values()) == 60
    assert first["sources"]["both"] + first["sources"]["template"] > 50
    with (copy / first["file"]).with_suffix(".csv").open(newline="") as lines:
        marks = [row["source"] for row in csv.DictReader(lines)]
    assert {word: marks.count(word) for word in first["sources"]} == first["sources"]
    assert "Where residues come from" in (copy / "report.html").read_text()
    (model,), (native,) = read_chains(copy / first["file"]), read_chains(template)
    assert np.median(np.linalg.norm(model.calpha - native.calpha, axis=1)) < 1.0
    assert {"given_templates"} <= again(copy, "--no-pae")
    said = json.loads((copy / "results.json").read_text())["stages"]["given_templates"]
    assert said == "chains that were given: 1"
    again(copy, "--no-templates")
    after = content(copy)
    assert [name for name in before if after[name] != before[name]] == []


def test_a_cancelled_build_begins_no_further_stage_and_keeps_the_finished_ones(inputs, tmp_path):
    folder = tmp_path / "job"
    process = start(*inputs, "-o", folder)
    while not (folder / "stages/density.json").exists():
        assert process.poll() is None
        time.sleep(0.02)
    time.sleep(float(np.random.default_rng().uniform(0.2, 3.0)))
    (folder / "cancel").touch()
    told = len(events(folder))
    process.communicate(timeout=120)
    assert process.returncode == 130
    after = events(folder)[told:]
    assert after[-1]["state"] == "cancelled"
    # One that was being written when the request came; a stage that ends then is followed by none.
    running = [one for one in after[:-1] if "artifact" not in one]
    assert len(running) <= 2
    assert len({one["stage"] for one in running}) <= 1
    assert (folder / "stages/density.json").exists()
    assert not (folder / "lock").exists()
