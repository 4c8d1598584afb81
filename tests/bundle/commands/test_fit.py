"""A known model is placed in a map by the engine, and shown where it belongs."""

import json
import shlex
import sys

import numpy as np
import pytest
from chimerax.atomic import AtomicStructure, Residue
from chimerax.core.commands import RUN
from chimerax.core.errors import UserError
from chimerax.critasser.views.fitted import places_told

PAE = "AF-P00533-F1-predicted_aligned_error_v4.json"
MODEL = "AF-P00533-F1-model_v4.cif"


class Residues(list):
    """As ChimeraX's collection of residues, for what is asked of it."""

    names = property(lambda self: [one.name for one in self])
    numbers = property(lambda self: [one.number for one in self])
    chain_ids = property(lambda self: [one.chain_id for one in self])
    insertion_codes = property(lambda self: [" "] * len(self))
    polymer_types = property(lambda self: [1] * len(self))


class Atoms:
    """One Cα of each residue."""

    def __init__(self, residues):
        n = len(residues)
        self.residues = residues
        self.coords = np.arange(3.0 * n).reshape(n, 3)
        self.element_names, self.names = ["C"] * n, ["CA"] * n
        self.occupancies, self.bfactors = np.ones(n), np.full(n, 20.0)

    def __len__(self):
        return len(self.residues)


class Opened(AtomicStructure):
    atoms = None


@pytest.fixture
def located(session, fake_engine):
    from chimerax.critasser.commands import location

    location.command(session, sys.executable)
    return fake_engine


@pytest.fixture
def model(session):
    structure = Opened("mine.pdb", session)
    structure.residues = Residues(
        Residue("A", number, 20.0, structure=structure) for number in range(1, 25)
    )
    for one in structure.residues:
        one.polymer_type = 1
    structure.atoms = Atoms(structure.residues)
    session.models.add([structure])
    return structure


def fit(session, *arguments, **keywords):
    from chimerax.critasser.commands import fit as module

    return module.command(session, *arguments, **keywords)


def words(job):
    return shlex.split((job.folder / "command").read_text())


def test_a_model_is_shown_in_each_of_its_places_and_the_old_one_hidden(
    session, open_volume, model, located
):
    volume = open_volume(session)
    job = fit(session, model, in_map=volume, resolution=6.0, device="cpu")
    assert job.outcome == "finished"
    assert words(job)[1] == "fit"
    assert words(job)[-4:] == ["--resolution", "6.0", "--device", "cpu"]
    first, second = job.view.group.parts("models")
    assert (first.name, second.name) == ("place 1, 90% within 3 Å", "place 2, 90% within 3 Å")
    assert first.display and not second.display and not model.display
    half = [getattr(one, "critasser_domain", "?") for one in first.residues]
    assert half[0] == 1.0 and half[-1] is None
    assert any(text.startswith("color byattribute r:critasser_domain") for text in RUN)
    told = session.logger.text("info")
    assert "place 1: 90% of Cα within 3 Å of a position, correlation 0.60" in told
    assert "z-score 12.3, place equal, one of 2, runner-up 11.9" in told
    assert "none of its own: goes along with its neighbour" in told
    lines = places_told(job.folder).splitlines()
    assert lines[0].startswith("place 1, domain 1 (") and lines[-1].startswith("place 2, domain ")
    assert "z-score 12.3, place equal, one of 2, runner-up 11.9" in lines[0]
    results = json.loads((job.folder / "results.json").read_text())
    results["models"] *= 20
    (job.folder / "results.json").write_text(json.dumps(results))
    more = places_told(job.folder).splitlines()[12:]
    assert more == [f"and {20 * len(lines) - 12} more, in the log"]
    assert "it fits 2 places" in session.logger.text("warning")


def test_b_factors_of_a_placed_model_are_not_taken_for_confidences(
    session, open_volume, model, located
):
    job = fit(session, model, in_map=open_volume(session))
    first = job.view.group.parts("models")[0]
    assert not any(getattr(one, "critasser_confidence", None) for one in first.residues)


def test_a_model_that_does_not_belong_is_told_and_stays(session, open_volume, model, located):
    located("refused")
    with pytest.raises(UserError):
        fit(session, model, in_map=open_volume(session))
    assert model.display
    told = session.logger.text("error")
    assert "has no place in map.mrc that is better than chance" in told
    assert "near, mask or segments" in told


def test_a_part_of_the_map_and_a_rigid_body_are_handed_on(session, open_volume, model, located):
    volume = open_volume(session)
    mask = open_volume(session, values=np.ones((6, 5, 4), dtype=np.float32))
    job = fit(session, model, in_map=volume, mask=mask, rigid=True)
    assert "--rigid" in words(job)
    path = words(job)[words(job).index("--mask") + 1]
    assert path == str(job.folder / "inputs" / "mask.mrc")
    assert (job.folder / "inputs" / "mask.mrc").is_file()
    with pytest.raises(UserError, match="not several"):
        fit(session, model, in_map=volume, mask=mask, near=model.residues)
    with pytest.raises(UserError, match="give near too"):
        fit(session, model, in_map=volume, range=5.0)


def test_a_symmetry_is_handed_on_unless_it_is_to_be_looked_for(
    session, open_volume, model, located, tmp_path
):
    volume = open_volume(session)
    with pytest.raises(UserError, match="a fit looks for no symmetry"):
        fit(session, model, in_map=volume, symmetry="Auto")
    assert not (tmp_path / "home" / "critasser").exists()
    given = words(fit(session, model, in_map=volume, symmetry="D2"))
    assert given[given.index("--symmetry") + 1] == "D2"


def write_error(path, count):
    path.write_text(json.dumps([{"predicted_aligned_error": [[1] * count] * count}]))


def test_the_error_beside_a_model_of_the_alphafold_database_goes_along(
    session, open_volume, model, located, tmp_path
):
    write_error(tmp_path / PAE, 24)
    model.filename = str(tmp_path / MODEL)
    job = fit(session, model, in_map=open_volume(session))
    path = words(job)[words(job).index("--pae") + 1]
    assert path == str(job.folder / "inputs" / "pae.json")
    assert len(json.loads((job.folder / "inputs/pae.json").read_text())[0][
        "predicted_aligned_error"]) == 24  # fmt: skip


@pytest.mark.parametrize("count", [23, 0])
def test_an_error_of_another_length_beside_it_is_left_alone(
    session, open_volume, model, located, tmp_path, count
):
    write_error(tmp_path / PAE, count)
    model.filename = str(tmp_path / MODEL)
    job = fit(session, model, in_map=open_volume(session))
    assert "--pae" not in words(job)


def test_an_error_that_is_given_is_handed_on_whatever_it_is_called(
    session, open_volume, model, located, tmp_path
):
    (tmp_path / "x.NPZ").write_bytes(b"PK")
    job = fit(session, model, in_map=open_volume(session), pae=str(tmp_path / "x.NPZ"))
    assert words(job)[words(job).index("--pae") + 1].endswith("inputs/pae.npz")
    with pytest.raises(UserError, match="cannot be read"):
        fit(session, model, in_map=open_volume(session), pae=str(tmp_path / "none.json"))


def test_a_few_residues_are_refused_before_anything_is_made(
    session, open_volume, model, located, tmp_path
):
    model.residues = Residues(model.residues[:5])
    with pytest.raises(UserError, match="5 residues of protein"):
        fit(session, model, in_map=open_volume(session))
    assert not (tmp_path / "home" / "critasser").exists()


def test_a_fit_is_opened_again_as_a_fit(session, open_volume, model, located):
    from chimerax.critasser.views.fitted import FittedResults
    from chimerax.critasser.views.follow import view_of

    job = fit(session, model, in_map=open_volume(session))
    job.view.group.delete()
    view = view_of(session, job.folder)
    assert isinstance(view, FittedResults)


def test_a_fit_can_be_deleted_as_a_whole(session, open_volume, model, located, tmp_path):
    from chimerax.critasser.jobs.deletion import delete_job

    write_error(tmp_path / PAE, 24)
    model.filename = str(tmp_path / MODEL)
    job = fit(session, model, in_map=open_volume(session))
    (job.folder / "5_models" / "places.json").write_text("{}")
    delete_job(job.folder)
    assert not job.folder.exists()
