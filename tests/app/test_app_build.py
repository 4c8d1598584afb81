"""Builds in a real ChimeraX without a GUI, with the stand-in engine: it puts a helix into the
middle of the map, with confidences from 0 at its beginning to 100 at its end."""

import pytest

CENTERED = """
import numpy as np
def apart(volume, model):
    '''How far the helix is from the middle of the map, in the scene.'''
    data = volume.data
    middle = volume.scene_position * data.ijk_to_xyz((np.array(data.size) - 1) / 2)
    return np.linalg.norm(model.atoms.filter(model.atoms.names == "CA").scene_coords.mean(0)
                          - middle)
def models(session, name):
    return [m for m in session.models.list() if m.name.startswith(name)]
"""


@pytest.mark.parametrize(
    "place",
    [
        "",
        "move x 30; turn y 50 models #1; turn z 20 center 3,4,5 models #1",
        "volume #1 originIndex 5,6,7",
        "volume #1 step 2 region 2,2,2,9,9,9",
    ],
    ids=["as opened", "moved and turned", "origin changed", "narrowed"],
)
def test_results_lie_in_the_map(chimerax, blob, place):
    chimerax.script(
        CENTERED
        + f"""
run(session, "open {blob}")
for command in {place!r}.split(";"):
    if command.strip(): run(session, command)
job = run(session, "critasser build #1 helix.fasta resolution 4")
assert job.outcome == "finished", job.outcome
volume, = models(session, "blob")
first = models(session, "model 1")[0]
assert apart(volume, first) < 1.0, apart(volume, first)
assert first.scene_position == volume.scene_position
"""
    )


def test_results_lie_in_a_map_whose_grid_is_rotated(chimerax, blob):
    chimerax.script(
        CENTERED
        + f"""
from chimerax.geometry import rotation
volume, = run(session, "open {blob}")
volume.data.set_rotation(rotation((1, 2, 3), 70).matrix[:, :3])
run(session, "critasser build #1 helix.fasta")
assert apart(volume, models(session, "model 1")[0]) < 1.0
"""
    )


def test_colors_go_from_red_to_blue_with_one_key_and_the_attribute_can_be_selected(chimerax, blob):
    chimerax.script(
        CENTERED
        + f"""
run(session, "open {blob}")
run(session, "critasser build #1 helix.fasta")
model = models(session, "model 1")[0]
ribbon = model.residues.ribbon_colors[:, :3].tolist()
assert ribbon[0] == [255, 0, 0] and ribbon[-1] == [0, 0, 255], ribbon
assert model.residues[10].critasser_confidence == 50.0
run(session, "select #2.3.1::critasser_confidence<50")
chosen = {{a.residue.number for a in model.atoms if a.selected}}
assert chosen == set(range(1, 11)), chosen
keys = [m for m in session.models.list() if type(m).__name__ == "ColorKeyModel"]
assert len(keys) == 1
assert [label for _, label in keys[0].rgbas_and_labels] == ["0", "50", "70", "90", "100"]
names = {{m.id_string: m.name for m in session.models.list()}}
assert names["2"].startswith("critasser blob")
assert [names[f"2.{{n}}"] for n in (1, 2, 3)] == ["Cα traces", "templates", "models"]
shown = [m for m in session.models.list() if m.visible and len(m.id) == 3]
assert [m.name for m in shown] == ["model 1, eTM 0.80"], shown
run(session, "save all.cxs")
run(session, "close session")
run(session, "open all.cxs")
again = models(session, "model 1")[0]
assert again.residues[10].critasser_confidence == 50.0
assert again.residues.ribbon_colors[:, :3].tolist() == ribbon
"""
    )


def test_a_chain_after_the_map_is_a_sequence_only_by_its_keyword(chimerax, blob, peptide):
    chimerax.script(
        f"""
from chimerax.core.errors import UserError
run(session, "open {blob}")
run(session, "open {peptide}")
try:
    run(session, "critasser build #1 #2/A")
except UserError as error:
    assert "critasser build #1 sequence #2/A" in str(error), error
else:
    raise AssertionError("the chain was swallowed")
job = run(session, "critasser build #1 sequence #2/A,A folder job_chain")
text = (job.folder / "inputs/sequence.fasta").read_text()
assert text.count("AALEKAALEK") == 1, text
job = run(session, "critasser build #1 AALEKAALEK folder job_letters")
assert "\\nAALEKAALEK\\n" in (job.folder / "inputs/sequence.fasta").read_text()
"""
    )


def test_masks_zones_and_templates_reach_the_engine(chimerax, blob, peptide):
    chimerax.script(
        f"""
run(session, "open {blob}")
run(session, "open {peptide}")
run(session, "move x 20 models #2; move x 40 models #1")
run(session, "volume copy #1")
run(session, "volume threshold #3 minimum 0.5 set 0 maximum 0.5 setMaximum 1 modelId #4")
job = run(session, "critasser build #1 helix.fasta mask #4 templates #2 folder job_mask")
words = (job.folder / "command").read_text()
assert "--mask" in words and "--templates" in words, words
(template,) = (job.folder / "inputs").glob("template_01_*.cif")
assert "_atom_site" in template.read_text()
run(session, f"open {{job.folder / 'inputs/mask.mrc'}}")
mask = [m for m in session.models.list() if m.name == "mask.mrc"][0]
volume = [m for m in session.models.list() if m.name == "blob.mrc"][0]
same = (mask.full_matrix() > 0.5) == (volume.full_matrix() >= 0.5)
assert same.all() and mask.full_matrix().any()
assert mask.data.origin == volume.data.origin
run(session, "marker #20 position 92,-10,25.5")
job = run(session, "critasser build #1 helix.fasta near #20 range 4 folder job_near")
run(session, f"open {{job.folder / 'inputs/mask.mrc'}}")
near = [m for m in session.models.list() if m.name == "mask.mrc"][-1]
k, j, i = (near.full_matrix() > 0.5).nonzero()
center = near.data.ijk_to_xyz((i.mean(), j.mean(), k.mean()))
assert abs(center - (52.0, -10.0, 25.5)).max() < 0.8, center
"""
    )


@pytest.mark.parametrize(
    ("mode", "said"), [("fail", "out of memory"), ("bad", "5 residues"), ("half", "signal 9")]
)
def test_failures_are_told_and_the_command_fails(chimerax, blob, mode, said):
    output = chimerax.script(
        f"""
from chimerax.core.errors import UserError
from chimerax.core.tasks import TaskState
run(session, "open {blob}")
try:
    run(session, "critasser build #1 helix.fasta")
except UserError:
    task, = [t for t in session.tasks.values() if hasattr(t, "folder")]
    assert task.state == TaskState.FAILED, task.state
    assert task.runtime.total_seconds() > 0
else:
    raise AssertionError("no error")
""",
        FAKE_ENGINE=mode,
    )
    assert said in output


@pytest.mark.parametrize("mode", ["hang", "deaf"])
def test_stop_ends_the_engine(chimerax, blob, mode):
    chimerax.script(
        f"""
import time, psutil
run(session, "open {blob}")
job = run(session, "critasser build #1 helix.fasta wait false")
time.sleep(2)
pid = job._process.pid
assert psutil.pid_exists(pid)
run(session, "critasser stop")
for _ in range(200):
    if job.outcome != "running": break
    time.sleep(0.1)
assert job.outcome == "cancelled", job.outcome
assert not [p for p in psutil.process_iter() if p.pid == pid and p.status() != "zombie"]
run(session, "critasser jobs")
""",
        FAKE_ENGINE=mode,
    )


def test_a_folder_is_opened_in_the_next_chimerax_and_laid_in_a_moved_map(chimerax, blob):
    folder = chimerax.home / "elsewhere"
    chimerax.script(
        f"""
run(session, "open {blob}")
run(session, "critasser build #1 helix.fasta folder {folder}")
"""
    )
    chimerax.script(
        CENTERED
        + f"""
run(session, "critasser open {folder}")
assert models(session, "critasser ")[0].position.is_identity()
run(session, "close")
volume, = run(session, "open {blob}")
run(session, "turn x 40 models #1")
run(session, "critasser open {folder} inMap #1")
assert apart(volume, models(session, "model 1")[0]) < 1.0
run(session, "critasser jobs")
"""
    )


def test_models_written_by_the_engine_have_its_numbering_and_confidence(chimerax):
    import numpy as np

    from critasser.structure import Sequence, Target, write_calpha

    target = Target((Sequence("a", "ACDEFGHIKL"), Sequence("b", "MNPQR")))
    positions = np.cumsum(np.full((15, 3), 2.2), axis=0)
    positions[3:5] = np.nan
    path = chimerax.home / "written.cif"
    write_calpha(path, positions, target, np.linspace(0, 100, 15))
    chimerax.script(
        f"""
run(session, "open {path}")
model, = session.models.list()[:1]
assert [c.chain_id for c in model.chains] == ["A", "B"]
assert [r.number for r in model.residues] == [1, 2, 3, 6, 7, 8, 9, 10, 1, 2, 3, 4, 5]
assert model.chains[0].characters == "ACDEFGHIKL"
run(session, "critasser confidence")
values = [round(r.critasser_confidence) for r in model.residues]
assert values[0] == 0 and values[-1] == 100, values
assert model.residues.ribbon_colors[-1].tolist()[:3] == [0, 0, 255]
"""
    )


def test_every_command_has_usage_and_a_help_page(chimerax):
    output = chimerax.script(
        """
from chimerax.core.commands.cli import _get_help_url
from chimerax.critasser.commands import COMMANDS
for command in COMMANDS:
    run(session, f"usage {command}")
    name = command.split()[1]
    assert _get_help_url(["critasser", name]) == f"help:user/commands/critasser.html#{name}"
"""
    )
    assert "Build atomic models into a map" in output
