"""What a job shows, in a real ChimeraX without a GUI, with the stand-in engine: a helix of 21
residues with confidences from 0 to 100, models of it 0.5 Å apart."""

import shutil

import pytest

SETUP = """
import numpy as np
def models(session, name):
    return [m for m in session.models.list() if m.name.startswith(name)]
def key(session):
    return [m for m in session.models.list() if type(m).__name__ == "ColorKeyModel"]
def shown(session):
    return {m.name for m in session.models.list() if m.visible and len(m.id) == 3}
"""


@pytest.fixture
def built(chimerax, blob):
    """A script's beginning: the map is open and a job has been shown; `group` is its group."""
    folder = chimerax.home / "built"
    shutil.rmtree(folder, ignore_errors=True)
    return SETUP + (
        f'run(session, "open {blob}")\n'
        f'job = run(session, "critasser build #1 helix.fasta resolution 4 folder {folder}")\n'
        "group = job.view.group\n"
    )


def test_classes_of_results_are_shown_and_hidden(chimerax, built):
    import mrcfile
    import numpy as np

    path = chimerax.home / "probability.mrc"
    with mrcfile.new(path, overwrite=True) as file:
        file.set_data(np.random.default_rng(0).random((8, 8, 8)).astype(np.float32))
        file.voxel_size = 1.0
    chimerax.script(
        built
        + f"""
import shutil
assert shown(session) == {{"model 1, eTM 0.80"}}, shown(session)
run(session, "critasser show unassigned,traces")
assert shown(session) == {{"model 1, eTM 0.80", "unassigned positions", "trace 1"}}
run(session, "critasser hide #2 models")
run(session, "critasser show #2 traces every true only true")
assert shown(session) == {{"trace 1", "trace 2"}}, shown(session)
shutil.copy("{path}", job.folder / "1_calpha/calpha_probability.mrc")
run(session, "critasser show probability")
volume, = models(session, "Cα probability")
assert volume.id == (2, 4, 1) and volume.visible and volume.surface_shown
assert volume.scene_position == models(session, "trace 1")[0].scene_position
assert len(volume.surfaces) == 1 and volume.surfaces[0].level == 0.3
run(session, "critasser hide probability")
assert not volume.visible
markers, = models(session, "unassigned positions")
assert markers.atoms.bfactors[0] == 0 and markers.atoms.bfactors[-1] == 100
assert markers.atoms.colors[-1].tolist()[:3] == [255, 127, 0]
"""
    )


def test_colours_and_their_key_change_together(chimerax, built):
    chimerax.script(
        built
        + """
def labels():
    k, = key(session)
    return k.name, [label for _, label in k.rgbas_and_labels]
run(session, "critasser confidence #2.3 show localPCC")
assert labels() == ("Critasser local PCC", ["0", "0.4", "0.8"]), labels()
run(session, "critasser confidence show register")
assert labels() == ("Critasser register", ["0", "50", "70", "90", "100"]), labels()
run(session, "critasser confidence show agreement")
assert labels() == ("Critasser agreement", ["0", "2", "4", "6", "8"]), labels()
first = models(session, "model 1")[0]
assert abs(first.residues[3].critasser_spread - 0.408) < 0.01
run(session, "critasser confidence #2.3 transparency 40")
assert labels()[0] == "Critasser confidence"
assert first.residues.ribbon_colors[-1].tolist() == [0, 0, 255, 153], first.residues.ribbon_colors
run(session, "critasser confidence show chain")
assert not key(session)  # one chain has no key
run(session, "critasser confidence below 31 select true")
chosen = {r.number for r in first.residues if r.atoms.selecteds.any()}
assert chosen == set(range(1, 8)), chosen
run(session, "select #2.3.1 & critasser-low")
"""
    )


def test_a_key_of_chains_has_a_label_a_chain(chimerax):
    import numpy as np

    from critasser.structure import Sequence, Target, write_calpha

    target = Target((Sequence("a", "ACDEFGHIKL"), Sequence("b", "MNPQRMNPQR")))
    path = chimerax.home / "two.cif"
    write_calpha(path, np.cumsum(np.full((20, 3), 2.2), axis=0), target, np.linspace(0, 100, 20))
    chimerax.script(
        SETUP
        + f"""
run(session, "open {path}")
run(session, "critasser confidence show chain")
k, = key(session)
assert [label for _, label in k.rgbas_and_labels] == ["A", "B"], k.rgbas_and_labels
"""
    )


def test_places_are_seen_from_near_and_the_whole_view_comes_back(chimerax, built):
    chimerax.script(
        built
        + """
volume, = models(session, "blob")
def meshes():
    return models(session, "density at the place")
def state():
    m = models(session, "model 1")[0]
    return (volume.display, session.main_view.camera.position.matrix.tolist(),
            m.atoms.displays.tolist(), m.atoms.draw_modes.tolist(),
            m.residues.ribbon_displays.tolist())
run(session, "view")
before = state()
run(session, "critasser confidence below 31")
place = run(session, "critasser confidence next #2.3.1")
assert str(place) == "A 1–7, confidence 15", place
first = models(session, "model 1")[0]
assert {r.number for r in first.residues if r.atoms.selecteds.any()} == set(range(1, 8))
assert not volume.display and len(meshes()) == 1
assert meshes()[0].display_style == meshes()[0].Mesh and meshes()[0].scene_position \\
    == volume.scene_position
from chimerax.geometry import Bounds
points = meshes()[0].vertices
shown = [r for r in first.residues if r.number <= 13]
near = np.min([np.linalg.norm(points - a.scene_coord, axis=1) for r in shown for a in r.atoms],
              axis=0)
assert near.max() < 7.2, near.max()
assert first.atoms.displays.any() and not first.residues[3].ribbon_display
run(session, "save places.cxs")
run(session, "critasser confidence end")
assert state() == before and not meshes()
run(session, "close session")
run(session, "open places.cxs")
volume, = models(session, "blob")
tour = session.get_state_manager("critasser places")
assert tour.at == ((2, 3, 1), "A", 1, ""), tour.at
assert len(meshes()) == 1 and not volume.display
run(session, "critasser confidence next #2.3.1")
run(session, "critasser confidence previous #2.3.1")
run(session, "critasser confidence end")
assert volume.display and not meshes()
assert state()[2:] == before[2:]
run(session, "critasser confidence next #2.3.1")
run(session, "close #2.3.1")
assert volume.display and not meshes() and tour.at is None
assert not session.main_view.clip_planes.planes()
"""
    )


def test_two_models_are_compared(chimerax, built):
    output = chimerax.script(
        built
        + """
first, second = (models(session, f"model {n}")[0] for n in (1, 2))
before = first.atoms.bfactors.copy()
result = run(session, "critasser compare #2.3.1 #2.3.2")
assert abs(result.rmsd - 0.5) < 0.01 and result.matched_by == "number"
assert abs(first.residues[4].critasser_distance - 0.5) < 0.01
assert (first.atoms.bfactors == before).all()
run(session, "select ::critasser_distance>0.4")
result = run(session, "critasser compare #2.3.1 withModel #2.3.3 matchBy sequence above 0.5")
assert result.matched_by == "sequence" and abs(result.rmsd - 1.0) < 0.01
result = run(session, "critasser compare #2.3.1 #2.3.2 superpose true")
assert result.rmsd < 0.01, result
"""
    )
    assert "TM-score" in output and "A 1-21 / A 1-21: 1.0 Å" in output


def test_a_session_keeps_all_that_is_shown(chimerax, built):
    chimerax.script(
        built
        + """
run(session, "critasser show unassigned")
run(session, "critasser compare #2.3.1 #2.3.2")
run(session, "critasser confidence show agreement")
before = {m.id_string: (m.name, m.display) for m in session.models.list()}
colors = models(session, "model 1")[0].residues.ribbon_colors.tolist()
folder = job.folder
run(session, "save all.cxs")
run(session, "close session")
run(session, "open all.cxs")
after = {m.id_string: (m.name, m.display) for m in session.models.list()}
assert after == before, (before, after)
group, = models(session, "critasser ")
assert type(group).__name__ == "JobGroup" and group.job_folder == folder
assert group.volume is models(session, "blob")[0]
first = models(session, "model 1")[0]
assert first.residues.ribbon_colors.tolist() == colors
for name in ("confidence", "local_pcc", "spread", "distance"):
    assert getattr(first.residues[3], "critasser_" + name) is not None, name
assert models(session, "trace 1")[0].residues[3].critasser_register == 50
assert models(session, "unassigned")[0].atoms.bfactors[-1] == 100
assert [k.name for k in key(session)] == ["Critasser agreement"]
count = len(session.models.list())
run(session, f"critasser open {folder}")
assert len(session.models.list()) == count, session.models.list()
run(session, "critasser show #2 traces only true")
assert shown(session) == {"trace 1"}, shown(session)
"""
    )


def test_a_session_whose_folder_is_gone_says_so_once(chimerax, built):
    output = chimerax.script(
        built
        + """
import shutil
run(session, "save gone.cxs")
run(session, "close session")
shutil.rmtree(job.folder)
run(session, "open gone.cxs")
assert models(session, "model 1")
"""
    )
    assert output.count("is not there any more") == 1


def test_a_job_that_runs_is_followed_again_when_its_session_is_opened(chimerax, blob):
    folder = chimerax.home / "running"
    shutil.rmtree(folder, ignore_errors=True)
    chimerax.script(
        SETUP
        + f"""
import time
run(session, "open {blob}")
job = run(session, "critasser build #1 helix.fasta wait false folder {folder}")
while not models(session, "Cα positions"):
    time.sleep(0.2)
    job.deliver()
run(session, "save running.cxs")
""",
        FAKE_ENGINE="hang",
    )
    chimerax.script(
        SETUP
        + """
import time
run(session, "open running.cxs")
job, = [task for task in session.tasks.values() if hasattr(task, "folder")]
assert job.outcome == "running" and job.view.group is models(session, "critasser ")[0]
run(session, "save running.cxs")
run(session, "critasser stop")
while job.outcome == "running":
    time.sleep(0.1)
assert job.outcome == "cancelled"
"""
    )
    output = chimerax.script('run(session, "open running.cxs")')
    assert "which ran when the session was saved: stopped" in output


def test_builds_wait_for_each_other_and_jobs_are_listed_and_deleted(chimerax, blob):
    for name in ("one", "two"):
        shutil.rmtree(chimerax.home / name, ignore_errors=True)
    output = chimerax.script(
        SETUP
        + f"""
import os, time
from chimerax.core.errors import UserError
os.cpu_count = lambda: 2
run(session, "open {blob}")
one, two = (run(session, f"critasser build #1 helix.fasta wait false folder {{n}}")
            for n in ("one", "two"))
assert (one.outcome, two.outcome) == ("running", "queued")
run(session, "critasser jobs")
one.wait()
two.wait()
assert one.outcome == two.outcome == "finished"
run(session, "critasser jobs")
try:
    run(session, f"critasser jobs delete {{two.id}}")
except UserError as error:
    assert "confirm true" in str(error)
else:
    raise AssertionError
run(session, f"critasser jobs delete {{two.id}} confirm true")
run(session, "critasser jobs delete one confirm true")
assert not two.folder.exists() and not one.folder.exists()
""",
        FAKE_PAUSE="0.2",
    )
    assert "queued" in output and "eTM 0.80" in output


def test_the_preset_for_publication_keeps_the_colours_of_models(chimerax, built):
    chimerax.script(
        built
        + """
colors = models(session, "model 1")[0].residues.ribbon_colors.tolist()
run(session, "preset critasser publication")
assert models(session, "model 1")[0].residues.ribbon_colors.tolist() == colors
assert (np.array(session.main_view.background_color)[:3] == 1).all()
volume, = models(session, "blob")
assert 0 < volume.surfaces[0].color[3] < 255, volume.surfaces[0].color
"""
    )


def test_traces_are_opened_without_labels_at_their_gaps(chimerax):
    chimerax.script(
        """
from chimerax.atomic import settings as module
from chimerax.critasser.models.gap_labels import without_gap_labels
name = module.label_missing_attr
before = getattr(module.settings, name)
assert before > 0
changed = []
module.settings.triggers.add_handler("setting changed", lambda *data: changed.append(data))
with without_gap_labels():
    assert getattr(module.settings, name) < 1
assert getattr(module.settings, name) == before and not changed
"""
    )
