"""Builds that cannot be are told before anything is made, and hostile jobs are not obeyed."""

import gzip
import json
import os
from pathlib import Path

import gemmi
import numpy as np
import pytest

from critasser import __version__, cli
from critasser.cli import build
from critasser.density import Grid, read_map, write_map
from critasser.job.folder import FORMAT
from critasser.pipeline.build import BUILD
from critasser.shipped import RESIDUE_NETWORK, shipped
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


def refused(run, files, *options) -> str:
    """The one line with which a build is refused before there is a folder."""
    status, out, err = run(
        "build", files["map"], files["fasta"], "-o", files["folder"], *options
    )
    assert status == 2, err
    assert out == ""
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert not files["folder"].exists()
    return err


def test_a_new_job_needs_map_and_sequence(run, files):
    status, _, err = run("build", files["map"], "-o", files["folder"])
    assert status == 2
    assert "needs MAP and FASTA" in err


def test_a_map_behind_its_sequences_is_told(run, files):
    status, _, err = run("build", files["fasta"], files["map"], "-o", files["folder"])
    assert status == 2
    assert "look swapped: the first holds sequences" in err


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
        (["--weights", "nowhere.safetensors"], "no such file (weights)"),
    ],
)
def test_options_that_cannot_be_are_told(run, files, options, told):
    assert told in refused(run, files, *options)


def test_files_that_are_not_there_are_told(run, files, tmp_path):
    for name in ("map", "fasta"):
        assert "no such file" in refused(run, {**files, name: tmp_path / "nowhere"})
        assert "folder" in refused(run, {**files, name: tmp_path})


@pytest.mark.parametrize("name", ["map", "fasta"])
def test_pipes_devices_and_links_to_themselves_are_told(run, files, tmp_path, name):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "loop").symlink_to("loop")
    assert "a plain file" in refused(run, {**files, name: tmp_path / "pipe"})
    assert "a plain file" in refused(run, {**files, name: tmp_path / "zero"})
    assert "no such file" in refused(run, {**files, name: tmp_path / "loop"})
    assert "a plain file" in refused(run, files, "--weights", tmp_path / "pipe")


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
def test_a_map_that_cannot_be_used_is_told(run, files, tmp_path, fault):
    path, told = broken_maps(tmp_path)[fault]
    line = refused(run, {**files, "map": path})
    assert str(path) in line
    assert told.lower() in line.lower()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty"),
        (">only a name\n", "name"),
        (">x\nACDEFJGHIK\n", "J"),
        (">x\nACDEFBGHIK\n", "B"),
        (">x\nACDEF1GHIK\n", "1"),
        (">x\nACDEFGHIK*LLL*\n", "*"),
        (">x\nACDEFghikL\n", "lower"),
        (">x\nACGTACGTACGTACGTACGTACGTACGT\n", "DNA or RNA"),
        (">x\nACGUACGUACGUACGUACGUACGUACGU\n", "DNA or RNA"),
        (">x\nACD\n", "residues"),
    ],
)
def test_a_sequence_that_cannot_be_used_is_told(run, files, text, told):
    files["fasta"].write_text(text)
    assert told.lower() in refused(run, files).lower()


def test_a_chain_longer_than_the_map_can_hold_is_told(run, files, letters):
    files["fasta"].write_text(f">long\n{letters * 20}\n")
    line = refused(run, files)
    assert "1200 residues cannot lie in" in line


def test_a_mask_on_another_grid_is_told(run, files, tmp_path):
    good = read_map(PIECE)
    write_map(tmp_path / "mask.mrc", Grid(good.values[2:], good.origin, good.voxel_size))
    assert "another grid" in refused(run, files, "--mask", tmp_path / "mask.mrc")
    write_map(tmp_path / "mask.mrc", Grid(good.values, good.origin + 5, good.voxel_size))
    assert "another grid" in refused(run, files, "--mask", tmp_path / "mask.mrc")
    write_map(tmp_path / "mask.mrc", good.with_values(np.zeros_like(good.values)))
    assert "is empty" in refused(run, files, "--mask", tmp_path / "mask.mrc")


def test_templates_without_protein_are_told(run, files, tmp_path):
    (tmp_path / "text.pdb").write_text("no atoms at all\n")
    refused(run, files, "--templates", tmp_path / "text.pdb")


def test_a_template_without_calpha_is_told(run, files, tmp_path):
    structure = gemmi.read_structure(str(MODEL))
    for residue in structure[0][0]:
        residue.remove_atom("CA", "*")
    structure.write_pdb(str(tmp_path / "bare.pdb"))
    line = refused(run, files, "--templates", tmp_path / "bare.pdb")
    assert "0 residues of protein with a Cα" in line and "at least 10" in line


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
def test_contacts_that_cannot_be_used_are_told(run, files, tmp_path, text, told):
    (tmp_path / "contacts.rr").write_text(text)
    assert told in refused(run, files, "--contacts", tmp_path / "contacts.rr")


def test_a_gpu_that_is_not_there_is_told(run, files, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    line = refused(run, files, "--device", "cuda")
    assert "--device cpu" in line


def test_damaged_weights_are_told(run, files, tmp_path):
    (tmp_path / "net.safetensors").write_bytes(b"\x10" * 1000)
    assert "damaged" in refused(run, files, "--weights", tmp_path / "net.safetensors")


def test_weights_of_a_network_that_reads_no_maps_are_told(run, files):
    line = refused(run, files, "--weights", shipped(RESIDUE_NETWORK))
    assert "another kind than those that read maps" in line


def test_what_is_no_job_cannot_be_resumed(run, tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        status, _, err = run("build", "--resume", folder)
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
        ({"options": {"resolution": 1e400}}, "from 1 to 20"),
        ({"options": {"seed": 1e400}}, "whole number"),
        ({"inputs": {"map": {"path": "a\0b"}, "sequence": {"path": "s"}}}, "no such file"),
        ({"inputs": {"map": {"path": "\ud800"}, "sequence": {"path": "s"}}}, "no such file"),
        ({"inputs": {"map": {"path": "/dev/zero"}, "sequence": {"path": "s"}}}, "a plain file"),
        ({"version": "\x1b[2J" * 10_000}, r"\x1b[2J\x1b[2J"),
        ({"format": 99}, "format 99"),
        ({"version": "99"}, "Critasser 99"),
    ],
)  # fmt: skip
def test_a_hostile_job_is_told_not_obeyed(run, tmp_path, content, told):
    good = {
        "format": FORMAT,
        "version": __version__,
        "inputs": {"map": {"path": str(PIECE)}, "sequence": {"path": "s.fasta"}},
        "options": {},
    }
    (tmp_path / "job.json").write_text(json.dumps({**good, **content}))
    status, _, err = run("build", "--resume", tmp_path)
    assert status == 2
    assert told in err
    assert err.count("\n") == 1


def test_a_stage_that_fails_is_named_and_its_traceback_is_in_the_log(run, files, monkeypatch):
    from critasser.pipeline.stages import density

    def fail(*_, **__):
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(density, "crop_to_molecule", fail)
    status, _, err = run(
        "build", files["map"], files["fasta"], "-o", files["folder"], "--resolution", 3
    )
    assert status == 1
    assert err.count("\n") == 1
    assert "failed in stage density, ZeroDivisionError: by zero" in err
    assert str(files["folder"] / "log.txt") in err
    assert "Traceback" in (files["folder"] / "log.txt").read_text()


def test_an_error_of_another_length_is_told(run, files, tmp_path):
    (tmp_path / "pae.json").write_text(json.dumps({"pae": [[0.0] * 3] * 3}))
    line = refused(run, files, "--templates", MODEL, "--pae", tmp_path / "pae.json")
    assert "of 3 residues for a structure of 60" in line
    (tmp_path / "pae.json").write_text("rubbish")
    line = refused(run, files, "--templates", MODEL, "--pae", tmp_path / "pae.json")
    assert "no predicted aligned error in it" in line


def test_half_maps_that_cannot_be_are_told(run, files, tmp_path):
    good = read_map(PIECE)
    noise = np.random.default_rng(0).normal(0, good.values.std(), (2, *good.shape))
    halves = {
        "one": good.with_values(good.values + noise[0]),
        "two": good.with_values(good.values + noise[1]),
        "scaled": good.with_values(3 * (good.values + noise[0]) + 1),
        "cut": Grid(good.values[1:] + noise[0][1:], good.origin, good.voxel_size),
        "masked": good.with_values(np.where(good.values > 0.5 * good.values.max(), 1, 0)),
    }
    paths = {"whole": PIECE}
    for name, grid in halves.items():
        paths[name] = tmp_path / f"{name}.mrc"
        write_map(paths[name], grid)
    for first, second, told in (
        ("one", "cut", "is on another grid than the map"),
        ("one", "one", "are the same map"),
        ("one", "scaled", "are the same map"),
        ("one", "whole", "is the whole map"),
        ("masked", "two", "is masked"),
    ):
        error = refused(run, files, "--half-maps", paths[first], paths[second])
        assert told in error
    assert "no such file" in refused(run, files, "--half-maps", paths["one"], tmp_path / "none")


def test_letters_of_dna_are_protein_where_that_is_said(run, files):
    files["fasta"].write_text(">one\n" + "A" * 24 + "\n")
    assert "DNA" in refused(run, files)
    words = ["build", files["map"], files["fasta"], "-o", files["folder"], "--protein"]
    args = cli._parsed(list(map(str, words)))
    assert BUILD.check(*build._resolve(args)).checked.target.letters == "A" * 24


def test_a_new_job_has_nothing_to_take_away(run, files):
    status, _, err = run(
        "build", files["map"], files["fasta"], "-o", files["folder"], "--no-mask"
    )
    assert status == 2 and "--no-mask is for a job" in err
    status, _, err = run(
        "build", "--resume", files["folder"], "--no-mask", "--mask", "m.mrc"
    )
    assert status == 2 and "exclude each other" in err


def test_options_may_stand_between_the_files(run, files, tmp_path):
    write_map(tmp_path / "zero.mrc", Grid(np.zeros((20, 20, 20)), np.zeros(3), np.ones(3)))
    for arguments in (
        (tmp_path / "zero.mrc", "-o", files["folder"], "--quality", "draft", files["fasta"]),
        ("-o", files["folder"], tmp_path / "zero.mrc", "--seed", "3", files["fasta"]),
    ):
        status, _, err = run("build", *arguments)
        assert status == 2 and "all its voxels are 0" in err
