"""A model is handed over to ISOLDE or Phenix where they are, and a line says how where not."""

import os
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from chimerax.atomic import AtomicStructure, Residue
from chimerax.core.commands import RUN
from chimerax.core.errors import UserError
from chimerax.critasser.jobs import model_file, model_inputs
from chimerax.critasser.jobs.refinement import find_phenix
from chimerax.geometry import Place

PROGRAM = """#!{python}
import sys, time
from pathlib import Path
model, density, *words = sys.argv[1:]
print(words)
assert Path(density).stat().st_size > 1024
while "{how}" == "hang":
    time.sleep(0.1)
if "{how}" == "fail":
    print("Sorry: no such thing")
    sys.exit(1)
Path("refined_real_space_refined_000.cif").write_text(Path(model).read_text())
"""


@pytest.fixture
def phenix(tmp_path, monkeypatch):
    """Put a program of that name where the variable PHENIX says."""

    def put(how):
        path = tmp_path / "phenix/build/bin/phenix.real_space_refine"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(PROGRAM.format(python=sys.executable, how=how))
        path.chmod(0o755)
        monkeypatch.setenv("PHENIX", str(tmp_path / "phenix"))
        return path

    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return put


@pytest.fixture
def model(session, open_volume, monkeypatch):
    volume = open_volume(session)
    volume.scene_position = Place([[0, -1, 0, 5], [1, 0, 0, -2], [0, 0, 1, 7]])
    structure = AtomicStructure("mine.cif", session)
    structure.residues = [Residue("A", 1, 0.0, "ALA", (12.0, -2.0, 7.0), structure)]
    structure.scene_position = volume.scene_position
    session.models.add([structure])
    row = "ATOM 1 C CA . ALA A 1 1 12 -2 7 1.0 0.0 1 A 1\n"
    monkeypatch.setattr(model_inputs, "write_structure", lambda path, *_: path.write_text(row))
    return structure


def refine(session, *arguments, **keywords):
    from chimerax.critasser.commands import refine as module

    return module.command(session, *arguments, **keywords)


def test_phenix_is_found_by_its_variable_the_search_path_or_chimerax(
    session, phenix, tmp_path, monkeypatch
):
    program = phenix("succeed")
    assert find_phenix(session) == program
    assert find_phenix(session, {"PATH": str(program.parent)}) == program
    nowhere = {"PATH": str(tmp_path), "PHENIX": str(tmp_path)}
    assert find_phenix(session, nowhere) is None

    def find_phenix_command(session, name):
        if not told:
            raise UserError("Could not find Phenix installation")
        return f"{told[0]}/{name}"

    told = []
    locate = ModuleType("chimerax.phenix_ui.locate")
    locate.find_phenix_command = find_phenix_command
    monkeypatch.setitem(sys.modules, "chimerax.phenix_ui", ModuleType("chimerax.phenix_ui"))
    monkeypatch.setitem(sys.modules, "chimerax.phenix_ui.locate", locate)
    assert find_phenix(session, nowhere) is None
    told.append(program.parent)
    assert find_phenix(session, nowhere) == program


def test_a_model_that_phenix_has_refined_lies_in_its_map(session, model, phenix):
    phenix("succeed")
    work = refine(session, model, with_="phenix", resolution=3.2)
    assert work.outcome == "finished" and work.folder.name == "mine_phenix"
    assert "resolution=3.2" in (work.folder / "log.txt").read_text()
    (refined,) = [m for m in session.models.list() if "refined by Phenix" in m.name]
    (volume,) = [m for m in session.models.list() if m.name == "emd_1.map"]
    # Phenix takes no notice of the map's origin, which is (10, -5, 3) here.
    density = np.fromfile(work.folder / "inputs/map.mrc", dtype="<f4", count=256)
    assert density[49:52].tolist() == [0.0, 0.0, 0.0]
    first = (refined.position * np.zeros((1, 3)))[0]
    assert first == pytest.approx((volume.scene_position * np.array([[10.0, -5.0, 3.0]]))[0])


def test_a_model_goes_where_it_lies_in_a_map_that_begins_at_zero(session, open_volume):
    volume = open_volume(session)
    volume.scene_position = Place([[0, -1, 0, 5], [1, 0, 0, -2], [0, 0, 1, 7]])
    atoms = [(11.0, -3.0, 4.0), (12.5, -5.0, 3.0)]
    place = model_file.engine_place(volume, (0.0, 0.0, 0.0)).inverse() * volume.scene_position
    assert place * np.array(atoms) == pytest.approx(np.array([[1, 2, 1], [2.5, 0, 0]]))


def test_a_refined_model_may_be_a_pdb_file(session, model, phenix):
    program = phenix("succeed")
    program.write_text(program.read_text().replace("refined_000.cif", "refined_000.pdb"))
    work = refine(session, model, with_="phenix", resolution=3.2)
    assert work.outcome == "finished"
    assert session.open_command.opened[-1].suffix == ".pdb"


def test_what_phenix_says_when_it_fails_is_told(session, model, phenix):
    phenix("fail")
    with pytest.raises(UserError, match="failed"):
        refine(session, model, with_="phenix", resolution=3.2)
    assert "status 1: Sorry: no such thing" in session.logger.text("error")


def test_a_refinement_is_stopped_like_any_job(gui_session, session, model, phenix, until):
    from chimerax.critasser.commands import stop

    phenix("hang")
    work = refine(session, model, with_="phenix", resolution=3.2, wait=False)
    until(lambda: (work.folder / "log.txt").exists())
    assert stop.command(session) == [work.id]
    until(lambda: work.outcome == "cancelled")


def test_where_a_program_lacks_a_line_says_how(session, model, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("PHENIX", raising=False)
    with pytest.raises(UserError, match="install it from phenix"):
        refine(session, model, with_="phenix", resolution=3.2)
    session.toolshed = SimpleNamespace(find_bundle=lambda *_: None)
    with pytest.raises(UserError, match="toolshed install ISOLDE"):
        refine(session, model)
    assert not (tmp_path / "home").exists() or not os.listdir(tmp_path / "home")


def test_phenix_needs_a_resolution_and_every_program_a_map(session, model, phenix):
    phenix("succeed")
    with pytest.raises(UserError, match="give it, such as resolution"):
        refine(session, model, with_="phenix")
    for other in [m for m in session.models.list() if m.name == "emd_1.map"]:
        other.display = False
    with pytest.raises(UserError, match=r"critasser refine #2 inMap #1"):
        refine(session, model)


def test_isolde_opens_with_model_and_map(gui_session, open_volume):
    volume = open_volume(gui_session)
    structure = AtomicStructure("mine", gui_session)
    structure.residues = [Residue("A", 1, 0.0, "ALA", np.zeros(3), structure)]
    gui_session.models.add([structure])
    gui_session.toolshed = SimpleNamespace(
        find_bundle=lambda name, _: SimpleNamespace(installed=name == "ChimeraX-ISOLDE")
    )
    refine(gui_session, structure, in_map=volume)
    assert RUN == ["isolde start", "addh #2", "clipper associate #1 toModel #2",
                   "isolde select #2"]  # fmt: skip
