"""Models of the person in a real ChimeraX, with the stand-in engine: the k-th residue with a Cα
gets the confidence 10 k."""

import gemmi
import numpy as np
import pytest

LETTERS = "AALEKAALEK"
NUMBERS = ("1", "2", "2A", "3", "4", "5", "11", "12", "13", "14")


@pytest.fixture
def person(chimerax):
    """Ten residues of chain B: numbers with a gap and an insertion code; a ligand, and DNA."""
    from critasser.structure import Sequence, Target, write_calpha

    path = chimerax.home / "person.cif"
    positions = np.array([46.0, -17.0, 14.0]) + np.cumsum(np.full((10, 3), 2.2), axis=0) - 12.0
    write_calpha(path, positions, Target((Sequence("x", LETTERS),)), np.full(10, 50.0))
    structure = gemmi.read_structure(str(path))
    structure[0][0].name = "B"
    for residue, name in zip(
        structure[0][0], ["1", "2", "2A", "3", "4", "5", "11", "12", "13", "14"]
    ):
        residue.seqid = gemmi.SeqId(name)
    for chain, kind, atom in (("B", "HEM", "FE"), ("N", "DA", "P")):
        residue = gemmi.Residue()
        residue.name, residue.seqid = kind, gemmi.SeqId("900")
        added = gemmi.Atom()
        added.name, added.element = atom, gemmi.Element(atom.title())
        added.pos = gemmi.Position(50.0, -20.0, 10.0)
        residue.add_atom(added)
        if chain == "N":
            structure[0].add_chain(gemmi.Chain("N"))
        structure[0][chain].add_residue(residue)
    structure.write_pdb(str(path.with_suffix(".pdb")))
    return path.with_suffix(".pdb")


@pytest.mark.parametrize(
    "typed", ["critasser score #2 inMap #1", "critasser score #2 in #1 resolution 3.2 key false"]
)
def test_a_score_colors_the_persons_own_model_and_nothing_else(chimerax, blob, person, typed):
    chimerax.script(
        f"""
import numpy as np
run(session, "open {blob}")
run(session, "open {person}")
run(session, "move x 4 models #1; turn y 10 models #2; turn z 5 models #1")
volume, model = session.models.list()[0], [m for m in session.models.list() if m.id == (2,)][0]
run(session, "color #2 tan; show #2 atoms")
before = model.atoms.scene_coords.copy(), model.atoms.bfactors.copy(), len(session.models.list())
job = run(session, {typed!r})
assert job.outcome == "finished"
after = model.atoms.scene_coords, model.atoms.bfactors
assert np.array_equal(before[0], after[0]) and np.array_equal(before[1], after[1])
keys = 0 if "key false" in {typed!r} else 1
assert len(session.models.list()) == before[2] + keys, session.models.list()
values = [r.critasser_confidence for r in model.residues]
assert values == [10.0 * k for k in range(10)] + [None, None], values
colors = model.residues.ribbon_colors[:, :3].tolist()
assert colors[0] == [255, 0, 0] and colors[-1] == colors[-2] == [210, 180, 140], colors
assert model.residues[0].atoms.colors[0][:3].tolist() == [255, 0, 0]
assert model.residues[-2].atoms.colors[0][:3].tolist() == [210, 180, 140]
run(session, "select #2::critasser_local_pcc>0.45")
chosen = {{r.number for r in model.residues if r.atoms.selecteds.any()}}
assert chosen == {{5, 11, 12, 13, 14}}, chosen

# What the engine was given lies in the written map where the model lies in the scene.
(density,) = run(session, f"open {{job.folder / 'inputs/map.mrc'}}")
(again,) = run(session, f"open {{job.folder / 'inputs/model.cif'}}")
place = volume.scene_position * density.scene_position.inverse()
assert np.abs(place * again.atoms.scene_coords - model.atoms.scene_coords).max() < 2e-3
named = lambda m: [(r.chain_id, r.number, r.insertion_code, r.name) for r in m.residues]
assert sorted(named(again)) == sorted(named(model))
"""
    )


def test_a_stretch_of_the_persons_model_is_rebuilt_beside_it(chimerax, blob, person):
    chimerax.script(
        f"""
run(session, "open {blob}")
run(session, "open {person}")
run(session, "turn y 10 models #1")
from chimerax.core.errors import UserError
run(session, "hide #1 models")
for typed in ("critasser rebuild #2/B:2-5", "critasser score #2"):
    try:
        run(session, typed)
    except UserError as error:
        assert "inMap" in str(error)
    else:
        raise AssertionError("no map was asked for")
run(session, "show #1 models")
run(session, "critasser score #2 seed 3 folder scored")
try:
    run(session, "critasser rebuild #2:HEM inMap #1")
except UserError as error:
    assert "protein" in str(error)
else:
    raise AssertionError("a ligand was taken")
job = run(session, "critasser rebuild #2/B:2-4,11-12 inMap #1 quality draft models 2 folder one")
words = (job.folder / "command").read_text()
assert "--stretch B:2-4,B:11-12" in words, words
job = run(session, "critasser rebuild #2/B:5,11 inMap #1 sequence AALEKAGGGGGALEK folder two")
words = (job.folder / "command").read_text()
assert "--stretch B:5-11" in words and "--sequence" in words, words
volume = session.models.list()[0]
groups = [m for m in session.models.list() if m.name.startswith("critasser ")]
assert len(groups) == 2 and all(g.scene_position == volume.scene_position for g in groups)
"""
    )


def test_a_stretch_of_a_jobs_model_is_rebuilt_where_that_lies(chimerax, blob):
    chimerax.script(
        f"""
run(session, "open {blob}")
run(session, "move x 12 models #1")
first = run(session, "critasser build #1 helix.fasta folder first")
run(session, "turn y 40 models #2")
again = run(session, "critasser rebuild #2.3.1/A:5-9 folder second")
words = (again.folder / "command").read_text()
assert f"rebuild {{first.folder / '5_models/model_1.cif'}}" in words, words
assert "--map" not in words and "--stretch A:5-9" in words
old, new = [m for m in session.models.list() if m.name.startswith("critasser ")]
assert old.scene_position == new.scene_position and not new.scene_position.is_identity()
third = run(session, f"critasser rebuild {{new.atomspec}}.3.1/A:2-3 folder third")
assert "second/5_models" in (third.folder / "command").read_text()
run(session, "critasser resume third")
"""
    )


def test_the_commands_have_usage_and_a_help_page(chimerax):
    output = chimerax.script(
        """
from chimerax.core.commands.cli import _get_help_url
for name in ("rebuild", "score"):
    run(session, f"usage critasser {name}")
    assert _get_help_url(["critasser", name]) == f"help:user/commands/critasser.html#{name}"
"""
    )
    assert "Estimate the confidence of a model in a map" in output
