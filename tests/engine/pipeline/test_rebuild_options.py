"""Each option of a rebuild changes what comes out, and can be given to one that is gone on with."""

import json
import shutil
from pathlib import Path

import gemmi
import numpy as np
import pytest
import torch

from critasser.cli import _parsed, rebuild
from critasser.density import read_map, write_map
from critasser.job.arrays import load_arrays
from critasser.pipeline.files import CANDIDATES, DENSITY, FEATURES
from critasser.pipeline.rebuild import check_rebuild
from critasser.structure import read_chains

DATA = Path(__file__).parents[2] / "data"
MAP = DATA / "emd_6555_piece.mrc.gz"
PIECE = DATA / "emd_6555_piece.pdb"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def rebuilt(critasser, finished, tmp_path_factory) -> Path:
    """Residues of a finished build, built again; the build's map is not looked at anew."""
    folder = tmp_path_factory.mktemp("rebuilt") / "job"
    critasser("rebuild", finished, "-o", folder, "--stretch", "A:1-5", "--quality", "shortest",
              "--models", 2)  # fmt: skip
    return folder


@pytest.fixture
def other(rebuilt, tmp_path) -> Path:
    """The same rebuild, to go on with."""
    return Path(shutil.copytree(rebuilt, tmp_path / "other"))


def described(folder):
    return json.loads((folder / "job.json").read_text())


def marker(folder, stage):
    return json.loads((folder / f"stages/{stage}.json").read_text())


def moved(before, after):
    """Numbers of the residues of which an atom has moved."""
    assert set(before) == set(after)
    return {key[0] for key in before if np.abs(before[key] - after[key]).max() > 1e-3}


def candidates(folder):
    return load_arrays(folder / CANDIDATES, "positions")[0]


def differ(one, other):
    return one.shape != other.shape or not np.allclose(one, other)


def test_a_stretch_is_what_moves_and_another_can_be_asked_for(
    rebuilt, finished, other, again, atoms
):
    before = atoms(finished / "5_models/model_1.cif")
    first = moved(before, atoms(rebuilt / "5_models/model_1.cif"))
    assert first and first <= set(range(1, 8))
    # One residue is enough for a stretch.
    again(other, "--stretch", "A:40", command="rebuild")
    second = moved(before, atoms(other / "5_models/model_1.cif"))
    assert 40 in second and second <= set(range(38, 43))


def test_quality_and_models_say_how_much_work_is_done(rebuilt, other, again):
    assert len(candidates(rebuilt)) == 2
    ran = again(other, "--quality", "shorter", "--models", 1, command="rebuild")
    assert "assembly" in ran
    assert not ran & {"density", "network", "calpha"}
    columns = [
        (folder / "4_assembly/energy.csv").read_text().splitlines()[0].count("replica")
        for folder in (rebuilt, other)
    ]
    assert columns == [8, 9]
    assert len(candidates(other)) == 1
    assert not (other / "5_models/model_2.cif").exists()


def test_another_seed_gives_other_candidates(rebuilt, other, first_stages):
    first_stages("assembly", "rebuild", "--resume", other, "--seed", 2)
    assert differ(candidates(rebuilt), candidates(other))


def test_the_resolution_given_is_the_one_that_is_used(rebuilt, other, first_stages):
    assert marker(rebuilt, "density")["summary"]["resolution"] == 2.9  # of the build
    first_stages("assembly", "rebuild", "--resume", other, "--resolution", 4.5)
    assert marker(other, "density")["summary"]["resolution"] == 4.5
    assert differ(candidates(rebuilt), candidates(other))
    warnings = first_stages("density", "rebuild", "--resume", other, "--no-resolution")
    assert "no resolution given" in " ".join(warnings)


def test_a_mask_is_what_is_looked_at_and_can_be_taken_away(rebuilt, other, first_stages, tmp_path):
    grid = read_map(MAP)
    mask = np.ones(grid.shape)
    mask[: grid.shape[0] // 4] = 0
    write_map(tmp_path / "mask.mrc", grid.with_values(mask))
    first_stages("density", "rebuild", "--resume", other, "--mask", tmp_path / "mask.mrc")
    assert set(described(other)["inputs"]) == {"map", "model", "sequence", "mask"}
    assert (other / DENSITY).read_bytes() != (rebuilt / DENSITY).read_bytes()
    first_stages("density", "rebuild", "--resume", other, "--no-mask")
    assert "mask" not in described(other)["inputs"]
    assert (other / DENSITY).read_bytes() == (rebuilt / DENSITY).read_bytes()


def test_weights_are_the_network_that_sees_the_map(rebuilt, other, first_stages, blind_network):
    first_stages("network", "rebuild", "--resume", other, "--weights", blind_network)
    assert (other / FEATURES).read_bytes() != (rebuilt / FEATURES).read_bytes()


def test_another_map_is_the_one_that_is_looked_at(rebuilt, other, first_stages, tmp_path):
    grid = read_map(MAP)
    write_map(tmp_path / "turned.mrc", grid.with_values(grid.values[::-1]))
    first_stages("density", "rebuild", "--resume", other, "--map", tmp_path / "turned.mrc")
    assert (other / DENSITY).read_bytes() != (rebuilt / DENSITY).read_bytes()


def test_a_whole_sequence_gives_the_residues_that_a_model_lacks_and_can_be_taken_away(
    first_stages, tmp_path
):
    structure = gemmi.read_structure(str(PIECE))
    chain = structure[0]["A"]
    letters = gemmi.one_letter_code([residue.name for residue in chain])
    (tmp_path / "whole.fasta").write_text(f">whole\n{letters[:20]}U{letters[21:]}\n")
    for k in reversed(range(len(chain))):
        if 126 <= chain[k].seqid.num <= 130:
            del chain[k]
    structure.write_pdb(str(tmp_path / "gapped.pdb"))
    job = tmp_path / "job"
    warnings = first_stages(
        "density", "rebuild", tmp_path / "gapped.pdb", "--map", MAP, "-o", job, "--stretch",
        "A:125-131", "--resolution", 2.9, "--sequence", tmp_path / "whole.fasta",
    )  # fmt: skip
    assert described(job)["residues"] == 60
    assert "selenocysteine, is built as C" in " ".join(warnings)
    first_stages("density", "rebuild", "--resume", job, "--no-sequence")
    assert described(job)["residues"] == 55
    assert set(described(job)["inputs"]) == {"map", "model"}


def test_nucleic_acid_that_the_sequences_name_is_known_as_in_a_build(tmp_path):
    """So that what it takes of the map is no density for what is built again."""
    (chain,) = read_chains(PIECE)
    fasta = tmp_path / "both.fasta"
    fasta.write_text(f">protein\n{chain.letters}\n>guide\nGGUUCUUUAGAUUACAGCAA\n")

    def named(*arguments):
        args = _parsed(["rebuild", str(PIECE), "--map", str(MAP), "-o", str(tmp_path / "job"),
                        "--stretch", "A:110-114", *arguments])  # fmt: skip
        return [one.name for one in check_rebuild(*rebuild._resolve(args)).checked.nucleic]

    assert named() == []
    assert named("--sequence", str(fasta)) == ["guide"]


def test_the_device_asked_for_is_the_one_taken(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)

    def device(*arguments):
        args = _parsed(["rebuild", str(PIECE), "--map", str(MAP), "-o", str(tmp_path / "job"),
                        "--stretch", "A:110-114", *arguments])  # fmt: skip
        return check_rebuild(*rebuild._resolve(args)).checked.device

    assert device() == device("--device", "auto") == "cuda"
    assert device("--device", "cpu") == "cpu"
