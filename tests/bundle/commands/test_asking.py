"""What was hardly meant so is asked about first, where there is somebody to be asked."""

import sys

import pytest
from chimerax.atomic import AtomicStructure, Residue, Sequence
from chimerax.core.objects import Objects
from chimerax.ui.ask import ANSWERS, ASKED

LONG = [Sequence("x", "AALEKAALEKAALEKAALEK")]


@pytest.fixture
def build(gui_session, fake_engine, open_volume):
    from chimerax.critasser.commands import build as module
    from chimerax.critasser.commands import location

    location.command(gui_session, sys.executable)
    volume = open_volume(gui_session)
    return lambda sequence, **keywords: module.command(gui_session, volume, sequence, wait=True,
                                                       **keywords)  # fmt: skip


@pytest.fixture
def atoms(gui_session):
    structure = AtomicStructure("m", gui_session)
    structure.residues = type(AtomicStructure("", None).atoms.residues)(
        Residue("A", n, 0.0, "ALA", (11.5, -0.5, 7.0), structure) for n in (1, 2)
    )
    gui_session.models.add([structure])
    return structure.atoms


def test_a_peptide_is_asked_about(build, gui_session):
    ANSWERS.append("cancel")
    assert build([Sequence("x", "AALEK")]) is None
    assert ASKED == ["The sequence has 5 residues in all, fewer than 20. Build it?"]
    from chimerax.critasser.jobs.engine_job import jobs_of

    assert not jobs_of(gui_session)
    assert build([Sequence("x", "AALEK")]).outcome == "finished"
    assert len(ASKED) == 2


def test_several_chains_count_together(build):
    assert build([Sequence("x", "AALEKAALEK")] * 2).outcome == "finished"
    assert not ASKED


def test_dna_beside_a_peptide_does_not_count_unless_it_is_protein(build, tmp_path):
    ANSWERS.append("cancel")
    path = tmp_path / "both.fasta"
    path.write_text(">peptide\nAALEKAAL\n>operator\n" + "ACGT" * 10 + "\n")
    assert build(path) is None
    assert ASKED == ["The sequence has 8 residues in all, fewer than 20. Build it?"]
    assert build(path, protein=True).outcome == "finished" and len(ASKED) == 1


def test_one_residue_as_a_place_is_asked_about(build, atoms):
    one = atoms.filter([True, False])
    ANSWERS.extend(["cancel", "cancel"])
    assert build(LONG, near=one) is None
    whole = Objects(atoms=one, models=[one.residues[0].structure])
    assert build(LONG, segments=whole) is None
    assert all("build near that one residue?" in question for question in ASKED)
    assert build(LONG, near=atoms).outcome == "finished" and len(ASKED) == 2


def test_in_scripts_nobody_is_asked_and_it_is_told(build, gui_session):
    gui_session.in_script = True
    assert build([Sequence("x", "AALEK")]).outcome == "finished"
    assert not ASKED and "fewer than 20" in gui_session.logger.text("info")
