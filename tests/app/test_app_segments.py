"""Regions of maps in a real ChimeraX: they are what is said of them, and are built in exactly."""

import gzip
import shutil
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples/emd_5925/map.mrc.gz"

START = """
import numpy as np
def models(name):
    return [m for m in session.models.list() if m.name == name]
def opened(path):
    before = set(session.models.list())
    run(session, f"open {path}")
    return [m for m in session.models.list() if m not in before][0]
"""


@pytest.fixture
def lumps(chimerax) -> Path:
    """A map of two domains of two lumps each, with an origin of its own and half a turn about z
    that leads the domains onto each other."""
    import mrcfile
    import numpy as np

    path = chimerax.home / "lumps.mrc"
    zyx = np.moveaxis(np.indices((24, 40, 40)), 0, -1)
    values = np.zeros((24, 40, 40), dtype=np.float32)
    for center in ((10, 12, 10), (14, 12, 17), (10, 27, 29), (14, 27, 22)):
        values += np.exp(-((zyx - center) ** 2).sum(axis=-1) / 18.0).astype(np.float32)
    with mrcfile.new(path, overwrite=True) as file:
        file.set_data(values)
        file.voxel_size = 1.5
        file.header.origin = (40.0, -25.0, 7.5)
    (chimerax.home / "helix.fasta").write_text(">helix\nAALEKAALEKAALEKAALEKA\n")
    return path


def test_basins_are_those_of_chimeraxs_own_watershed(chimerax):
    path = chimerax.home / "emd_5925.mrc"
    path.write_bytes(gzip.decompress(EXAMPLE.read_bytes()))
    chimerax.script(
        START
        + f"""
from chimerax.critasser.engine.critasser.segmentation.basins import watershed
from chimerax.segment import watershed_regions
volume = opened("{path}")
values = volume.full_matrix()
level = float(np.float32(volume.minimum_surface_level))
theirs = np.zeros(values.shape, dtype=np.uint32)
count = watershed_regions(values, level, theirs)
ours = watershed(values, level)
whole = np.zeros(values.shape, dtype=np.uint32)
whole[ours.box] = ours.labels
assert count == len(ours.maxima) > 10
assert np.array_equal(whole, theirs)
"""
    )


def test_regions_are_found_merged_split_undone_and_closed(chimerax, lumps):
    chimerax.script(
        START
        + f"""
from chimerax.critasser.models.segments.segmentation import Segmentation
volume = opened("{lumps}")
made = run(session, "critasser segment #1 level 0.4 smoothing 7")
start = made.index_map
assert np.array_equal(start > 0, volume.full_matrix() >= 0.4)
assert [m.id_string for m in made.child_models()] == ["2.1", "2.2"]
assert volume.surfaces[0].color[3] < 255
run(session, "name frozen both #2.1,2")
run(session, "critasser segment split #2.1")
assert sorted(made.segments) == [1, 2, 3]
assert [m.id_string for m in session.selection.models() if m.id[1:] ] == ["2.1", "2.3"]
run(session, "critasser segment merge #2.1,2")
run(session, "critasser segment delete #2.3")
run(session, "color #2.1 red; rename #2.1 mine")
run(session, "undo")
run(session, "undo")
run(session, "critasser segment undo")
run(session, "critasser segment undo #2")
assert np.array_equal(made.index_map, start)
run(session, "close #2.2")
assert np.array_equal(made.index_map == 1, start == 1) and sorted(made.segments) == [1]
run(session, "critasser segment undo")
assert np.array_equal(made.index_map, start)
run(session, "volume #1 symmetry c2 centerIndex 19.5,19.5,11.5")
run(session, "critasser segment mates #2.1")
assert all(segment.selected and segment.mates == 1 for segment in made.segments.values())
run(session, "close #1")
run(session, "critasser segment merge #2.1,2")
run(session, "close #2")
assert not [action for action in session.undo.undo_stack if "segment" in action.name]
"""
    )


@pytest.mark.parametrize(
    "place",
    [
        "",
        "move x 30 models #1; turn y 50 models #1,2; turn z 20 models #2.1",
        "volume #1 originIndex 5,6,7",
        "volume #1 step 2 region 2,2,2,9,9,9",
        "rotated",
    ],
    ids=["as opened", "moved", "origin changed", "narrowed", "grid rotated"],
)
@pytest.mark.parametrize("chosen", ["sel", "#2.1,3", "#2"])
def test_the_mask_is_the_chosen_regions_voxel_for_voxel(chimerax, lumps, place, chosen):
    chimerax.script(
        START
        + f"""
volume = opened("{lumps}")
made = run(session, "critasser segment #1 level 0.4 smoothing 7")
run(session, "critasser segment split #2.1")
for command in {place!r}.split(";"):
    if command == "rotated":
        from chimerax.geometry import rotation
        volume.data.set_rotation(rotation((1, 2, 3), 70).matrix[:, :3])
    elif command.strip():
        run(session, command)
assert np.allclose(made.scene_position.matrix, volume.scene_position.matrix)
run(session, "select #2.1,3")
job = run(session, "critasser build #1 helix.fasta segments {chosen}")
mask = opened(job.folder / "inputs/mask.mrc").full_matrix()
wanted = np.isin(made.index_map, list(made.segments) if "{chosen}" == "#2" else [1, 3])
assert np.array_equal(mask, wanted.astype(np.float32))
"""
    )


def test_surfaces_and_index_maps_of_others_are_taken_voxel_for_voxel(chimerax, lumps):
    chimerax.script(
        START
        + f"""
volume = opened("{lumps}")
made = run(session, "critasser segment #1 level 0.4 smoothing 7")
run(session, "critasser segment save #2 index.mrc")
index = opened("index.mrc")
assert np.array_equal(index.full_matrix(), made.index_map)
again = run(session, "critasser segment #1 from #3")
assert np.array_equal(again.index_map, made.index_map)
data = index.full_matrix().astype(np.int32)
from chimerax.map_data import ArrayGridData
from chimerax.map import volume_from_grid_data
grid = ArrayGridData(data, origin=index.data.origin, step=index.data.step, name="numbers")
numbers = volume_from_grid_data(grid, session)
run(session, f"segmentation surfaces #{{numbers.id_string}} each segment")
surfaces = [m for m in session.models.list() if "segment 2" in m.name and m.triangles is not None]
assert len(surfaces) == 1, [m.name for m in session.models.list()]
run(session, f"turn y 30 models #1; select #{{surfaces[0].id_string}}")
run(session, f"turn y 30 models #{{surfaces[0].id_string.split('.')[0]}} center #1")
surfaces[0].scene_position = volume.scene_position
job = run(session, "critasser build #1 helix.fasta segments sel")
mask = opened(job.folder / "inputs/mask.mrc").full_matrix() > 0.5
assert np.array_equal(mask, made.index_map == 2), (mask.sum(), (made.index_map == 2).sum())
theirs = run(session, f"critasser segment #1 from #{{surfaces[0].id_string}}")
assert np.array_equal(theirs.index_map == 1, made.index_map == 2)
run(session, "select clear")
run(session, "marker #30 position 60,0,25")
run(session, "select #30")
job = run(session, "critasser build #1 helix.fasta segments sel range 5")
"""
    )


def test_sessions_keep_regions(chimerax, lumps):
    chimerax.script(
        START
        + f"""
volume = opened("{lumps}")
run(session, "turn y 30 models #1")
made = run(session, "critasser segment #1 level 0.4 smoothing 7")
run(session, "critasser segment split #2.1")
run(session, "color #2.3 red; rename #2.3 mine; hide #2.2 models; select #2.1")
run(session, "save regions.cxs")
before = made.index_map
corner = made.segments[3].bounds().xyz_min
run(session, "close session")
run(session, "open regions.cxs")
from chimerax.critasser.models.segments.segmentation import Segmentation
again, = session.models.list(type=Segmentation)
assert np.array_equal(again.index_map, before)
assert again.volume is session.models.list(model_id=(1,))[0]
assert again.segments[3].name == "mine" and tuple(again.segments[3].color) == (255, 0, 0, 255)
assert not again.segments[2].display and again.segments[1].selected
assert np.allclose(again.segments[3].bounds().xyz_min, corner, atol=1e-3)
run(session, "turn y 30 models #1")
assert np.allclose(again.scene_position.matrix, again.volume.scene_position.matrix)
run(session, "critasser segment merge #2.1,3")
run(session, "critasser segment undo")
assert again.segments[3].name == "mine"
"""
    )


def test_every_region_command_has_usage_and_help(chimerax):
    output = chimerax.script(
        """
for name in ("", "delete", "mates", "merge", "save", "split", "undo"):
    run(session, f"usage critasser segment {name}")
"""
    )
    assert "Find regions of a map" in output and "Merge regions" in output


@pytest.mark.skipif(shutil.which("xvfb-run") is None, reason="no xvfb-run to give the GUI a screen")
def test_rows_and_regions_select_each_other_and_clicks_reach_regions(chimerax, lumps):
    chimerax.script(
        f"""
import os, sys, time, traceback
keep = session._critasser_keep = []

def steps(generator):
    '''Let the GUI live between one step and the next.'''
    def go():
        try:
            next(generator)
            keep.append(session.ui.timer(300, go))
        except StopIteration:
            os._exit(0)
        except BaseException:
            traceback.print_exc(file=sys.__stderr__)
            os._exit(1)
    keep.append(session.ui.timer(1000, go))

def regions():
    return [m for m in session.models.list() if type(m).__name__ == "Segment"]

def check():
    run(session, "open {lumps}")
    run(session, 'ui tool show "Critasser Segments"')
    tool, = [t for t in session.tools.list() if type(t).__name__ == "SegmentsTool"]
    began = time.monotonic()
    run(session, "critasser segment #1 level 0.4 smoothing 7 wait false")
    assert not regions()
    while not regions():
        assert time.monotonic() - began < 60
        yield
    yield
    assert [s.name for s in tool.table.data] == ["region 1", "region 2"]
    tool.sequence = "AALEK"
    assert "the sequence has 5" in tool.total.text(), tool.total.text()
    tool.table.selected = [tool.table.data[1]]
    yield
    assert [s.selected for s in tool.table.data] == [False, True]
    run(session, "select #2.1,2")
    yield
    assert len(tool.table.selected) == 2 and "2 selected" in tool.total.text()
    tool.merge_button.click()
    yield
    assert [s.name for s in tool.table.data] == ["region 1"]
    tool.undo_button.click()
    yield
    assert [s.name for s in tool.table.data] == ["region 1", "region 2"]
    tool.table.selected = [tool.table.data[0]]
    yield
    tool.split_button.click()
    yield
    assert [s.id_string for s in tool.table.data] == ["2.1", "2.2", "2.3"]
    run(session, "select clear")
    view = session.main_view
    width, height = view.window_size
    spots = [(x, y) for x in range(0, width, 10) for y in range(0, height, 10)]
    picks = [pick for pick in (view.picked_object(*spot) for spot in spots) if pick]
    assert picks and {{type(p.drawing()).__name__ for p in picks}} == {{"Segment"}}
    from chimerax.mouse_modes.std_modes import select_pick
    select_pick(session, picks[0])
    yield
    assert [s.selected for s in tool.table.data].count(True) == 1 == len(tool.table.selected)

steps(check())
""",
        gui=True,
    )
