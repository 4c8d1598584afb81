"""A model is judged, marked and gone through in a real ChimeraX, with the stand-in engine."""

import shutil

import pytest


@pytest.fixture
def built(chimerax, blob):
    folder = chimerax.home / "judged"
    shutil.rmtree(folder, ignore_errors=True)
    return (
        f'run(session, "open {blob}")\n'
        f'job = run(session, "critasser build #1 helix.fasta resolution 4 folder {folder}")\n'
        "model = next(m for m in session.models.list() if m.name.startswith('model 1'))\n"
    )


def test_a_model_is_judged_marked_and_gone_through(chimerax, built):
    output = chimerax.script(
        built
        + """
import numpy as np
look = [model.atoms.colors.tolist(), model.residues.ribbon_colors.tolist()]
a, b = (model.residues[n].find_atom("CA") for n in (3, 12))
b.coord = a.coord + (1.2, 0.0, 0.0)
places = run(session, f"critasser validate {model.atomspec}")
assert places and any("clashes with" in str(one) for one in places), list(map(str, places))
assert [model.atoms.colors.tolist(), model.residues.ribbon_colors.tolist()] == look
values = [r.critasser_ramachandran for r in model.residues]
assert values[0] is None and all(0 <= one <= 100 for one in values[1:-1]), values
assert model.residues[3].critasser_clashes >= 1
marks, = [m for m in model.child_models() if m.name == "critasser validation"]
assert marks.num_bonds >= 1
before = (session.main_view.camera.position.matrix.tolist(), model.atoms.displays.tolist())
first = run(session, "critasser validate place 1 checked true")
assert str(first) == str(places[0])
run(session, "critasser validate next")
run(session, "save judged.cxs")
run(session, "critasser validate end")
assert before == (session.main_view.camera.position.matrix.tolist(),
                  model.atoms.displays.tolist())
run(session, "open judged.cxs")
model = next(m for m in session.models.list() if m.name.startswith("model 1"))
assert [m.name for m in model.child_models() if "validation" in m.name]
assert any(getattr(r, "critasser_checked", None) for r in model.residues)
assert model.residues[3].critasser_clashes >= 1
run(session, "critasser validate end")
run(session, f"critasser validate {model.atomspec} markup false")
"""
    )
    assert "Ramachandran" in output and "clashes" in output


def test_residues_of_chains_without_names_are_told_to_the_engine_and_found_again(chimerax, blob):
    lines = []
    for part in range(2):
        for n in range(1, 6):
            x = 40.0 + 2.0 * n + 5 * part
            lines.append(
                f"ATOM  {len(lines) + 1:5d}  CA  ALA  {n:4d}    {x:8.3f}{-10.0:8.3f}{20.0:8.3f}"
                "  1.00 20.00           C"
            )
        lines.append("TER")
    (chimerax.home / "blank.pdb").write_text("\n".join(lines) + "\nEND\n")
    chimerax.script(
        f"""
run(session, "open {blob}")
model, = run(session, "open blank.pdb")
from chimerax.critasser.jobs.residue_names import names_of
from chimerax.critasser.jobs.model_file import write_structure, stretches_of
names = list(names_of(model.residues).values())
assert len(set(names)) == len(names) == 10, names
assert {{name[0] for name in names}} == {{"_", "_-2"}}, names
from pathlib import Path
write_structure(Path("blank.cif"), model, session.models.list()[0])
assert stretches_of(list(model.residues[3:7])) == "_:4-5,_-2:1-2", stretches_of(model.residues[3:7])
"""
    )
    from critasser.structure import ModelFile

    found = ModelFile.read(chimerax.home / "blank.cif").residues()
    assert [(one.chain, one.number) for one in found] == [
        (chain, n) for chain in ("_", "_-2") for n in range(1, 6)
    ]


def test_contacts_go_to_the_engine(chimerax, blob):
    (chimerax.home / "some.rr").write_text("1 9 0 8 0.9\n")
    chimerax.script(
        f"""
run(session, "open {blob}")
job = run(session, "critasser build #1 helix.fasta contacts some.rr")
assert "--contacts" in (job.folder / "command").read_text()
"""
    )
