"""Each option of a fit changes what comes out, and can be given to one that is gone on with."""

import json
import shutil
from pathlib import Path

import gemmi
import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree

from critasser.api.fits import read_fit
from critasser.cli import _parsed, fit
from critasser.density import read_map, simulate, write_map
from critasser.errors import InputError
from critasser.options import FitOptions
from critasser.pipeline.files import DENSITY, FEATURES, PLACES
from critasser.pipeline.fit import FIT
from critasser.pipeline.model_chains import ModelChains
from critasser.pipeline.stages import model_fit
from critasser.pipeline.stages.placed_model import PlacedModel, remarks
from critasser.structure import ModelFile, Symmetry, read_chains

DATA = Path(__file__).parents[2] / "data"
MAP = DATA / "emd_6555_piece.mrc.gz"
PIECE = DATA / "emd_6555_piece.pdb"


@pytest.fixture(scope="module")
def looked_at(first_stages, tmp_path_factory) -> Path:
    """A fit whose map the network has seen."""
    folder = tmp_path_factory.mktemp("looked") / "job"
    first_stages("network", "fit", PIECE, MAP, "-o", folder, "--resolution", 2.9)
    return folder


@pytest.fixture
def other(looked_at, tmp_path) -> Path:
    """The same, to go on with."""
    return Path(shutil.copytree(looked_at, tmp_path / "other"))


def test_a_mask_is_what_is_looked_at_and_can_be_taken_away(
    looked_at, other, first_stages, tmp_path
):
    grid = read_map(MAP)
    mask = np.ones(grid.shape)
    mask[: grid.shape[0] // 4] = 0
    write_map(tmp_path / "mask.mrc", grid.with_values(mask))
    first_stages("density", "fit", "--resume", other, "--mask", tmp_path / "mask.mrc")
    assert (other / DENSITY).read_bytes() != (looked_at / DENSITY).read_bytes()
    first_stages("density", "fit", "--resume", other, "--no-mask")
    described = json.loads((other / "job.json").read_text())
    assert set(described["inputs"]) == {"map", "model"}
    assert (other / DENSITY).read_bytes() == (looked_at / DENSITY).read_bytes()


def test_the_resolution_given_is_the_one_that_is_used(looked_at, other, first_stages):
    def resolution(folder):
        return json.loads((folder / "stages/density.json").read_text())["summary"]["resolution"]

    first_stages("density", "fit", "--resume", other, "--resolution", 5.0)
    assert (resolution(looked_at), resolution(other)) == (2.9, 5.0)
    warnings = first_stages("density", "fit", "--resume", other, "--no-resolution")
    assert "no resolution given" in " ".join(warnings)


def test_weights_are_the_network_that_sees_the_map(looked_at, other, first_stages, blind_network):
    first_stages("network", "fit", "--resume", other, "--weights", blind_network)
    assert (other / FEATURES).read_bytes() != (looked_at / FEATURES).read_bytes()
    first_stages("network", "fit", "--resume", other, "--no-weights")
    assert (other / FEATURES).read_bytes() == (looked_at / FEATURES).read_bytes()


def test_the_device_asked_for_is_the_one_taken(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)

    def device(*arguments):
        args = _parsed(["fit", str(PIECE), str(MAP), "-o", str(tmp_path / "job"), *arguments])
        return FIT.check(*fit._resolve(args)).checked.device

    assert device() == device("--device", "auto") == "cuda"
    assert device("--device", "cpu") == "cpu"


@pytest.mark.slow
def test_what_is_given_anew_takes_the_place_of_what_the_job_had(other, first_stages, tmp_path):
    """Halves that the predicted error tells apart are found apart, unless that is taken away."""
    halves = np.where(np.arange(60)[:, None] // 30 == np.arange(60) // 30, 1.0, 25.0)
    (tmp_path / "pae.json").write_text(json.dumps({"pae": halves.tolist()}))

    def fitted(*arguments):
        first_stages("fit", "fit", "--resume", other, *arguments)
        (place,) = json.loads((other / PLACES).read_text())["places"]
        return [one["residues"] for one in place["domains"]]

    apart, whole = ["A:102-131", "A:132-161"], ["A:102-161"]
    assert fitted("--pae", tmp_path / "pae.json", "--rigid") == whole
    assert fitted("--domains") == apart
    assert fitted("--no-pae") == whole


@pytest.fixture(scope="module")
def two_units(tmp_path_factory) -> Path:
    """A map of two copies of the piece, about an axis along z."""
    (chain,) = read_chains(PIECE)
    own = chain.positions + [18.0, 0.0, 0.0] - chain.positions.mean(axis=0)
    both = np.concatenate([own, own * [-1.0, -1.0, 1.0]])
    path = tmp_path_factory.mktemp("two") / "map.mrc"
    write_map(path, simulate(both, 6.0, 3.0, padding=6.0))
    return path


@pytest.mark.slow
def test_of_a_symmetric_map_the_model_is_placed_once_and_the_other_units_are_its_copies(
    two_units, critasser, first_stages, tmp_path, capsys
):
    job = tmp_path / "job"

    def places():
        return json.loads((job / "results.json").read_text())["models"]

    critasser("fit", PIECE, two_units, "-o", job, "--resolution", 3.0, "--symmetry", "C2")
    assert "units    C2, 2 in the map, all of them assembly 1" in capsys.readouterr().out
    (place,) = places()
    (domain,) = place["domains"]
    assert (place["units"], domain["verdict"], domain["equal_places"]) == (2, "unique", 1)
    found = read_fit(job)
    assert found.symmetry["name"] == "C2" and found.symmetry["correlation"] > 0.8
    assert found.places[0].units == found.symmetry["units"] == 2
    structure = gemmi.read_structure(str(job / "5_models/model_1.cif"))
    naming = gemmi.HowToNameCopiedChain.Dup
    whole = gemmi.make_assembly(structure.assemblies[0], structure[0], naming)
    made = np.array([atom.pos.tolist() for chain in whole for one in chain for atom in one])
    (chain,) = read_chains(PIECE)
    own = chain.positions + [18.0, 0.0, 0.0] - chain.positions.mean(axis=0)
    both = np.concatenate([own, own * [-1.0, -1.0, 1.0]])
    assert made.shape == both.shape
    assert np.sqrt(np.mean(cKDTree(both).query(made)[0] ** 2)) < 1.0
    critasser("fit", "--resume", job, "--symmetry", "none")
    assert [one["domains"][0]["verdict"] for one in places()] == ["equal", "equal"]
    assert [one["units"] for one in places()] == [1, 1]
    assert read_fit(job).symmetry is None
    warnings = first_stages("symmetry", "fit", "--resume", job, "--symmetry", "C5")
    assert any("the map does not have the symmetry C5" in one for one in warnings)


@pytest.mark.parametrize(("away", "told"), [(2.0, True), (40.0, False)])
def test_copies_that_lie_in_each_other_are_told(away, told):
    """A half turn about an axis so many Å from the middle of the model."""
    chains = ModelChains.of(ModelFile.read(PIECE))
    turn, axis = np.diag([-1.0, -1.0, 1.0]), chains.calpha.mean(axis=0) + [away, 0.0, 0.0]
    units = Symmetry(np.stack([np.eye(3), turn]), np.stack([np.zeros(3), axis - turn @ axis]))
    place = PlacedModel(
        (), [(np.eye(3), np.zeros(3))], np.zeros(60, int), chains.calpha, np.zeros(60), 1.0, units
    )
    lines = remarks([place], chains)
    assert any("lie in a copy of the model in another unit" in line for line in lines) == told


def test_a_symmetry_is_not_looked_for_and_older_jobs_have_none(looked_at, refused):
    assert "a fit looks for none" in refused("fit", "--resume", looked_at, "--symmetry", "auto")
    assert FitOptions.from_json({"symmetry": "auto"}).symmetry == FitOptions().symmetry == "none"
    assert FitOptions.from_json({"symmetry": "D2"}).symmetry == "D2"


def test_another_seed_is_other_random_moves(other, first_stages, monkeypatch):
    """They move nothing where a place cannot be better, so that here only they are looked at."""

    def moves(*arguments):
        drawn = []

        def place(*_, rng, **__):
            drawn.append(rng.random(4).tolist())
            raise InputError("far enough")

        monkeypatch.setattr(model_fit, "fit_structure", place)
        with pytest.raises(InputError, match="far enough"):
            first_stages("fit", "fit", "--resume", other, *arguments)
        return drawn

    first = moves()
    assert moves("--seed", "2") != first == moves("--seed", "1")
