"""The command line: what it prints, what it exits with, and how bad input is told."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from critasser import __version__, cli
from critasser.density import Grid, read_map, write_map
from critasser.job.folder import FORMAT
from critasser.structure import read_chains

ROOT = Path(__file__).parents[3]
ENGINE = ROOT / "src" / "engine"
DATA = ROOT / "tests" / "data"
PIECE = DATA / "emd_6555_piece.mrc.gz"
MODEL = DATA / "emd_6555_piece.pdb"


@pytest.fixture(scope="module")
def letters() -> str:
    return read_chains(MODEL)[0].letters


@pytest.fixture
def files(tmp_path, letters):
    """A map, its sequence and the folder that must not come to be."""
    fasta = tmp_path / "sequence.fasta"
    fasta.write_text(f">piece\n{letters}\n")
    return {"map": PIECE, "fasta": fasta, "folder": tmp_path / "job"}


def run(capsys, *arguments) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of a command in this process."""
    try:
        status = cli.main([str(a) for a in arguments])
    except SystemExit as end:
        status = end.code or 0
    said = capsys.readouterr()
    return status, said.out, said.err


def refused(capsys, files, *options) -> str:
    """The one line with which a build is refused before there is a folder."""
    status, out, err = run(
        capsys, "build", files["map"], files["fasta"], "-o", files["folder"], *options
    )
    assert status == 2, err
    assert out == ""
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert not files["folder"].exists()
    return err


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


@pytest.mark.parametrize("command", [*cli.COMMANDS])
def test_every_command_has_help_with_examples(capsys, command):
    status, out, _ = run(capsys, command, "--help")
    assert status == 0
    assert f"critasser {command} " in out.split("options:")[0].split("\n\n", 1)[1]


def test_mistakes_in_arguments_take_one_line(capsys):
    for arguments in ([], ["bild"], ["build"], ["build", "-o", "x", "--quality", "best"]):
        status, _, err = run(capsys, *arguments)
        assert status == 2
        assert err.count("\n") == 1


def test_a_new_job_needs_map_and_sequence(capsys, files):
    status, _, err = run(capsys, "build", files["map"], "-o", files["folder"])
    assert status == 2
    assert "needs MAP and FASTA" in err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--resolution", "0"], "from 1 to 20"),
        (["--resolution", "nan"], "from 1 to 20"),
        (["--models", "0"], "from 1 to 20"),
        (["--models", "1000"], "from 1 to 20"),
        (["--seed", "-1"], "whole number"),
        (["--seed", "5000000000"], "whole number"),
        (["--mask", "nowhere.mrc"], "no such file"),
        (["--templates", "nowhere.pdb"], "no such file"),
        (["--contacts", "nowhere.rr"], "no such file"),
        (["--weights", "nowhere.safetensors"], "no network there"),
    ],
)
def test_options_that_cannot_be_are_told(capsys, files, options, told):
    assert told in refused(capsys, files, *options)


def test_files_that_are_not_there_are_told(capsys, files, tmp_path):
    for name in ("map", "fasta"):
        assert "no such file" in refused(capsys, {**files, name: tmp_path / "nowhere"})
        assert "folder" in refused(capsys, {**files, name: tmp_path})


def broken_maps(tmp_path: Path) -> dict[str, tuple[Path, str]]:
    """Maps with one fault each, and a word of what is to be said."""
    good = read_map(PIECE)
    raw = gzip.decompress(PIECE.read_bytes())

    def written(name: str, values: np.ndarray) -> Path:
        write_map(tmp_path / name, good.with_values(values))
        return tmp_path / name

    def bytes_of(name: str, content: bytes) -> Path:
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    def patched(name: str, offset: int, content: bytes) -> Path:
        return bytes_of(name, raw[:offset] + content + raw[offset + len(content) :])

    nan = good.values.copy()
    nan[3, 4, 5] = np.nan
    flat = Grid(good.values[:1], good.origin, good.voxel_size)
    write_map(tmp_path / "flat.mrc", flat)
    return {
        "not a map": (bytes_of("text.mrc", b"a picture of a map\n" * 100), "map"),
        "empty": (bytes_of("empty.mrc", b""), "map"),
        "truncated": (bytes_of("cut.mrc", raw[: len(raw) // 2]), "cut off"),
        "truncated gzip": (bytes_of("cut.mrc.gz", PIECE.read_bytes()[:5000]), "cut off"),
        "all zero": (written("zero.mrc", np.zeros(good.shape)), "all its voxels are 0"),
        "constant": (written("constant.mrc", np.full(good.shape, 2.0)), "constant"),
        "NaN": (written("nan.mrc", nan), "NaN"),
        "2D": (tmp_path / "flat.mrc", "2D"),
        "no cell": (patched("cell.mrc", 40, bytes(12)), "voxel size"),
    }


@pytest.mark.parametrize(
    "fault",
    ["not a map", "empty", "truncated", "truncated gzip", "all zero", "constant", "NaN", "2D",
     "no cell"],
)  # fmt: skip
def test_a_map_that_cannot_be_used_is_told(capsys, files, tmp_path, fault):
    path, told = broken_maps(tmp_path)[fault]
    line = refused(capsys, {**files, "map": path})
    assert str(path) in line
    assert told.lower() in line.lower()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty"),
        (">only a name\n", "name"),
        (">x\nACDEFJGHIK\n", "J"),
        (">x\nACDEFXGHIK\n", "X"),
        (">x\nACDEF1GHIK\n", "1"),
        (">x\nACDEFGHIK*LLL*\n", "*"),
        (">x\nacdefghik\n", "lower"),
        (">x\nACGTACGTACGTACGTACGTACGTACGT\n", "DNA or RNA"),
        (">x\nACGUACGUACGUACGUACGUACGUACGU\n", "DNA or RNA"),
        (">x\nACD\n", "residues"),
    ],
)
def test_a_sequence_that_cannot_be_used_is_told(capsys, files, text, told):
    files["fasta"].write_text(text)
    assert told.lower() in refused(capsys, files).lower()


def test_a_chain_longer_than_the_map_can_hold_is_told(capsys, files, letters):
    files["fasta"].write_text(f">long\n{letters * 20}\n")
    line = refused(capsys, files)
    assert "1200 residues cannot lie in" in line


def test_a_mask_on_another_grid_is_told(capsys, files, tmp_path):
    good = read_map(PIECE)
    write_map(tmp_path / "mask.mrc", Grid(good.values[2:], good.origin, good.voxel_size))
    assert "another grid" in refused(capsys, files, "--mask", tmp_path / "mask.mrc")
    write_map(tmp_path / "mask.mrc", Grid(good.values, good.origin + 5, good.voxel_size))
    assert "another grid" in refused(capsys, files, "--mask", tmp_path / "mask.mrc")
    write_map(tmp_path / "mask.mrc", good.with_values(np.zeros_like(good.values)))
    assert "is empty" in refused(capsys, files, "--mask", tmp_path / "mask.mrc")


def test_templates_without_protein_are_told(capsys, files, tmp_path):
    (tmp_path / "text.pdb").write_text("no atoms at all\n")
    refused(capsys, files, "--templates", tmp_path / "text.pdb")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no contacts"),
        ("1 2\n", "line 1"),
        ("1 61 0 8 0.5\n", "61"),
        ("1 30 0 8 7\n", "not in 0"),
        ("PFRMAT RR\nx y 0 8 1\n", "line 2"),
    ],
)
def test_contacts_that_cannot_be_used_are_told(capsys, files, tmp_path, text, told):
    (tmp_path / "contacts.rr").write_text(text)
    assert told in refused(capsys, files, "--contacts", tmp_path / "contacts.rr")


def test_a_gpu_that_is_not_there_is_told(capsys, files, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    line = refused(capsys, files, "--device", "cuda")
    assert "--device cpu" in line


def test_damaged_weights_are_told(capsys, files, tmp_path):
    (tmp_path / "net.safetensors").write_bytes(b"\x10" * 1000)
    assert "damaged" in refused(capsys, files, "--weights", tmp_path / "net.safetensors")


def test_what_is_no_job_cannot_be_resumed(capsys, tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        status, _, err = run(capsys, "build", "--resume", folder)
        assert status == 2
        assert "no Critasser job there" in err


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"inputs": 7}, "inputs are damaged"),
        ({"inputs": {"map": {"path": "m"}}}, "inputs are damaged"),
        ({"inputs": {"map": {"path": "m"}, "sequence": {"path": "s"}, "virus": {"path": "v"}}},
         "inputs are damaged"),
        ({"options": {"quality": "__import__('os')"}}, "give one of"),
        ({"options": {"models": "5"}}, "models"),
        ({"options": {"device": ["cpu"]}}, "device"),
        ({"options": {"resolution": "3"}}, "resolution"),
        ({"options": {"hidden": True}}, "options are damaged"),
        ({"format": 99}, "format 99"),
        ({"version": "99"}, "Critasser 99"),
    ],
)  # fmt: skip
def test_a_hostile_job_is_told_not_obeyed(capsys, tmp_path, content, told):
    good = {
        "format": FORMAT,
        "version": __version__,
        "inputs": {"map": {"path": str(PIECE)}, "sequence": {"path": "s.fasta"}},
        "options": {},
    }
    (tmp_path / "job.json").write_text(json.dumps({**good, **content}))
    status, _, err = run(capsys, "build", "--resume", tmp_path)
    assert status == 2
    assert told in err
    assert err.count("\n") == 1


def test_a_failure_of_ours_takes_one_line_and_keeps_its_traceback(capsys, monkeypatch):
    from critasser.cli import evaluate

    def fail(path):
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(evaluate, "read_chains", fail)
    status, _, err = run(capsys, "evaluate", MODEL, MODEL)
    assert status == 1
    assert err.count("\n") == 1
    log = Path(err.split("traceback in ")[1].strip())
    assert "ZeroDivisionError: by zero" in log.read_text()
    log.unlink()


def test_a_stage_that_fails_is_named_and_its_traceback_is_in_the_log(capsys, files, monkeypatch):
    from critasser.pipeline import map_stages

    def fail(*_, **__):
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(map_stages, "crop_to_molecule", fail)
    status, _, err = run(
        capsys, "build", files["map"], files["fasta"], "-o", files["folder"], "--resolution", 3
    )
    assert status == 1
    assert err.count("\n") == 1
    assert "failed in stage density, ZeroDivisionError: by zero" in err
    assert str(files["folder"] / "log.txt") in err
    assert "Traceback" in (files["folder"] / "log.txt").read_text()


def test_simulate_writes_a_map_that_the_model_fits(capsys, tmp_path):
    status, out, _ = run(
        capsys, "simulate", MODEL, "-o", tmp_path / "m.mrc", "--resolution", 4, "--voxel-size", 1.5
    )
    assert status == 0
    assert "voxels of 1.5 Å" in out
    arguments = ("evaluate", MODEL, MODEL, "--map", tmp_path / "m.mrc", "--resolution", 4, "--json")
    status, out, _ = run(capsys, *arguments)
    assert status == 0
    assert json.loads(out)["pcc_box"] == pytest.approx(1.0, abs=1e-6)


def test_simulated_noise_has_the_power_that_was_asked_for(capsys, tmp_path):
    for name, noise in (("clean.mrc", []), ("noisy.mrc", ["--noise", "2"])):
        run(capsys, "simulate", MODEL, "-o", tmp_path / name, "--resolution", "5", *noise)
    clean, noisy = read_map(tmp_path / "clean.mrc"), read_map(tmp_path / "noisy.mrc")
    inside = clean.values > 0.05 * clean.values.max()
    ratio = clean.values[inside].var() / (noisy.values - clean.values).var()
    assert ratio == pytest.approx(2.0, rel=0.05)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--resolution", "0.2"], "from 1 to 20"),
        (["--resolution", "4", "--voxel-size", "9"], "voxel size"),
        (["--resolution", "4", "--noise", "0"], "above 0"),
    ],
)
def test_simulations_that_cannot_be_are_told(capsys, tmp_path, options, told):
    status, _, err = run(capsys, "simulate", MODEL, "-o", tmp_path / "m.mrc", *options)
    assert status == 2
    assert told in err


def test_a_model_is_like_itself(capsys):
    status, out, _ = run(capsys, "evaluate", MODEL, MODEL, "--json")
    scores = json.loads(out)
    assert status == 0
    assert scores["tm_score"] == scores["cr_score"] == scores["recall"] == pytest.approx(1.0)
    assert scores["rmsd_in_place"] == 0.0


def test_residues_are_paired_by_sequence_not_by_number(tmp_path):
    from critasser.cli.comparison import compare

    chain = read_chains(MODEL)[0]
    lines = []
    for line in MODEL.read_text().splitlines():
        # Renumber, drop the first ten residues and move all by 3 Å along x.
        if line.startswith("ATOM"):
            number = int(line[22:26])
            if number < chain.residue_number[10]:
                continue
            x = float(line[30:38]) + 3.0
            line = f"{line[:22]}{number + 500:4d}{line[26:30]}{x:8.3f}{line[38:]}"
        lines.append(line)
    (tmp_path / "moved.pdb").write_text("\n".join(lines) + "\n")
    scores = compare(read_chains(tmp_path / "moved.pdb"), [chain])
    assert scores["paired_residues"] == 50
    assert scores["rmsd"] < 1e-3
    assert scores["rmsd_in_place"] == pytest.approx(3.0, abs=1e-3)
    assert scores["tm_score"] == pytest.approx(50 / 60, abs=1e-3)


def test_structures_with_nothing_in_common_are_told(capsys):
    status, _, err = run(capsys, "evaluate", MODEL, DATA / "1gl2_D.pdb.gz")
    assert status == 2
    assert "no chain in common" in err


@pytest.mark.parametrize("command", ["build", "score"])
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
