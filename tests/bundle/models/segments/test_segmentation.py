"""Regions of an open map: chosen, changed, taken back, kept, and built in."""

import threading
import time

import mrcfile
import numpy as np
import pytest
from chimerax.atomic import Sequence
from chimerax.core.commands import RUN, AnnotationError
from chimerax.core.errors import UserError
from chimerax.core.objects import Objects
from chimerax.geometry import Place

from critasser.density import read_map

TURNED = Place([[0, -1, 0, 20.0], [1, 0, 0, -7.0], [0, 0, 1, 4.0]])


def test_regions_are_models_with_names_numbers_and_colors(session, volume, regions):
    assert regions.name == "emd_1.map regions" and regions.volume is volume
    first, second = (regions.segments[number] for number in (1, 2))
    assert [first.atomspec, second.atomspec] == ["#2.1", "#2.2"]
    assert first.name == "region 1" and tuple(first.color) != tuple(second.color)
    assert first.region_volume == pytest.approx(4.5 * (regions.index_map == 1).sum())
    # The molecule reaches further than the level.
    assert 1.2 < first.expected_residues * 133.1 / first.region_volume < 1.9
    assert np.array_equal(regions.index_map > 0, volume.data._values >= 0.4)
    assert "volume #1 transparency 0.8 pickable false" in RUN
    assert "transparent" in session.logger.text("info")


def test_new_regions_of_a_map_hide_the_earlier_ones(command, session, volume, regions):
    command("segment", session, volume, level=0.5)
    assert "hide #2 models" in RUN


def test_regions_make_way_when_something_is_built_in_their_map(
    session, volume, regions, open_volume
):
    from chimerax.critasser.jobs.triggers import triggers

    RUN.clear()
    triggers(session).activate_trigger("results begin", open_volume(session, "another"))
    assert "hide #2 models" not in RUN
    triggers(session).activate_trigger("results begin", volume)
    assert "hide #2 models" in RUN and "would hide what is built" in session.logger.text("info")
    regions.display = False
    RUN.clear()
    triggers(session).activate_trigger("results begin", volume)
    assert RUN == []


def test_the_level_is_the_displayed_surfaces_unless_given(command, session, volume):
    volume.minimum_surface_level = 0.7
    made = command("segment", session, volume)
    assert np.array_equal(made.index_map > 0, volume.data._values >= 0.7)


def test_a_sequence_tells_how_large_regions_are(command, session, volume, tmp_path):
    fasta = tmp_path / "chains.fasta"
    fasta.write_text(">a\n" + "ACDEF" * 8 + "\n>b\n" + "ACDEF" * 9 + "GG\n")
    assert len(command("segment", session, volume, level=0.3, sequence=fasta).segments) == 2
    small = [Sequence("x", "ACDEFGHI")]
    assert len(command("segment", session, volume, level=0.3, sequence=small).segments) == 4


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"level": 99.0}, "lower"),
        ({"level": -1.0}, "no molecule fills"),
        ({"steps": 3}, "give that too"),
        ({"smoothing": 3.0, "sequence": [Sequence("x", "A")]}, "either"),
        ({"level": 0.4, "from_": Objects()}, "no other option"),
        ({"from_": Objects()}, "nothing chosen"),
    ],
)
def test_mistakes_are_told(command, session, volume, options, why):
    with pytest.raises(UserError, match=why):
        command("segment", session, volume, **options)
    assert session.models.list() == [volume]


def test_regions_that_hold_too_few_residues_for_the_sequence_are_told(
    command, session, volume, tmp_path
):
    fasta = tmp_path / "s.fasta"
    fasta.write_text(">x\n" + "AALEK" * 100 + "\n")
    made = command("segment", session, volume, level=0.4, sequence=fasta)
    held = sum(segment.expected_residues for segment in made.segments.values())
    assert 0 < held < 300
    assert f"hold about {held} residues, the sequence has 500" in session.logger.text("warning")
    fasta.write_text(">x\n" + "A" * held + "\n")
    before = session.logger.text("warning")
    command("segment", session, volume, level=0.4, sequence=fasta)
    assert session.logger.text("warning") == before
    assert f"of about {held} residues" in session.logger.text("info")


def test_with_a_gui_regions_appear_when_they_are_ready(
    command, gui_session, open_volume, four_lumps
):
    session, volume = gui_session, open_volume(gui_session, values=four_lumps)
    assert command("segment", session, volume, level=0.4, smoothing=7.0) is None
    end = time.monotonic() + 30
    while len(session.models.list()) == 1 and time.monotonic() < end:
        time.sleep(0.02)
        session.ui.turn()
    assert [model.atomspec for model in session.models.list()] == ["#1", "#2", "#2.1", "#2.2"]


def test_regions_that_are_asked_for_twice_appear_once_as_asked_last(
    command, gui_session, open_volume, four_lumps
):
    session, volume = gui_session, open_volume(gui_session, values=four_lumps)
    for level in (0.4, 0.5):
        command("segment", session, volume, level=level, smoothing=7.0)
    end = time.monotonic() + 30
    while any(t.name == "critasser segment" for t in threading.enumerate()):
        assert time.monotonic() < end
        time.sleep(0.02)
    session.ui.turn()
    (made,) = (model for model in session.models.list() if model.name.endswith("regions"))
    assert np.array_equal(made.index_map > 0, volume.data._values >= 0.5)
    assert not session.logger.text("error")


def test_merged_regions_are_one_and_undo_brings_all_back(command, session, regions):
    before = regions.index_map
    names = [segment.name for segment in regions.segments.values()]
    regions.segments[2].name = "my domain"
    for segment in regions.segments.values():
        segment.selected = True
    merged = command("segment_merge", session)
    assert merged.number == 1 and list(regions.segments) == [1]
    assert np.array_equal(regions.index_map, (before > 0).astype(np.uint32))
    assert merged.selected
    command("segment_undo", session)
    assert np.array_equal(regions.index_map, before)
    assert [names[0], "my domain"] == [segment.name for segment in regions.segments.values()]
    assert not session.undo.undo_stack
    with pytest.raises(UserError, match="nothing to undo"):
        command("segment_undo", session)


def test_a_region_is_split_into_its_lumps_with_its_own_voxels(command, session, regions):
    before = regions.index_map
    parts = command("segment_split", session, [regions.segments[1]])
    assert [part.number for part in parts] == [1, 3]
    assert np.array_equal(np.isin(regions.index_map, (1, 3)), before == 1)
    assert np.array_equal(regions.index_map == 2, before == 2)
    with pytest.raises(UserError, match="cannot be split"):
        command("segment_split", session, [parts[1]])


def test_many_changes_are_undone_one_after_the_other_by_either_undo(command, session, regions):
    start = regions.index_map
    command("segment_split", session, [regions.segments[1]])
    split = regions.index_map
    command("segment_delete", session, [regions.segments[2]])
    gone = regions.index_map
    command("segment_merge", session, [regions.segments[1], regions.segments[3]])
    session.undo.undo()
    assert np.array_equal(regions.index_map, gone)
    session.undo.redo()
    session.undo.undo()
    command("segment_undo", session)
    assert np.array_equal(regions.index_map, split)
    session.undo.undo()
    assert np.array_equal(regions.index_map, start)
    assert sorted(regions.segments) == [1, 2]
    session.undo.redo()
    assert np.array_equal(regions.index_map, split)


def test_a_region_that_was_closed_is_left_out_and_can_be_brought_back(command, session, regions):
    before = regions.index_map
    session.models.close([regions.segments[2]])
    assert np.array_equal(regions.index_map, np.where(before == 2, 0, before))
    command("segment_undo", session)
    assert np.array_equal(regions.index_map, before) and regions.segments[2].atomspec == "#2.2"


def test_regions_follow_their_map_and_its_grid(session, volume, regions):
    volume.scene_position = TURNED
    assert regions.scene_position == TURNED
    regions.position = Place()
    assert regions.scene_position == TURNED
    before = regions.segments[1].vertices.copy()
    volume.data.set_origin((11.0, -3.0, 6.0))
    assert regions.segments[1].vertices - before == pytest.approx(
        np.broadcast_to((1.0, 2.0, 3.0), before.shape), abs=1e-4
    )


def test_regions_follow_a_map_that_is_moved_with_what_holds_it(session, volume, regions):
    from chimerax.core.models import Model

    outer, inner = Model("outer", session), Model("inner", session)
    session.models.add([outer])
    session.models.add([inner], parent=outer)
    volume.parent = inner
    outer.position = TURNED
    assert np.allclose(regions.scene_position.matrix, volume.scene_position.matrix)
    assert regions.scene_position == TURNED


def test_symmetry_mates_are_grouped_and_selected_together(command, session, volume, regions):
    with pytest.raises(UserError, match="measure symmetry #1"):
        command("segment_mates", session, [regions.segments[1]])
    center = volume.data.ijk_to_xyz((19.5, 19.5, 0.0))
    turn = np.array([[-1.0, 0, 0, 2 * center[0]], [0, -1, 0, 2 * center[1]], [0, 0, 1, 0]])
    volume.data.symmetries = [Place(), Place(turn)]
    chosen = command("segment_mates", session, [regions.segments[1]])
    assert [segment.number for segment in chosen] == [1, 2]
    assert regions.segments[1].mates == regions.segments[2].mates == 1
    assert RUN[-1] == "select #2.1 #2.2"


def test_a_map_is_clicked_through_as_long_as_it_has_regions(session, volume, regions):
    assert not volume.pickable
    session.models.close([regions])
    assert volume.pickable


def test_a_map_is_clicked_through_until_the_last_of_its_segmentations_is_closed(
    command, session, volume, regions
):
    other = command("segment", session, volume, level=0.5)
    session.models.close([other])
    assert not volume.pickable
    session.models.close([regions])
    assert volume.pickable


def test_a_map_that_the_person_made_unpickable_stays_so_also_after_a_session(
    command, session, volume
):
    from chimerax.critasser.models.segments.segmentation import Segmentation

    volume.pickable = False
    made = command("segment", session, volume, level=0.5)
    data = made.take_snapshot(session, 2)
    session.models.close([made])
    assert not volume.pickable
    again = Segmentation.restore_snapshot(session, {**data, "volume": volume})
    volume.pickable = True  # whatever the session brings back
    session.models.add([again])
    session.models.close([again])
    assert not volume.pickable


def test_the_numbers_are_saved_as_a_map_and_taken_back_from_it(
    command, session, volume, regions, open_volume, tmp_path
):
    path = command("segment_save", session, regions, str(tmp_path / "index.mrc"))
    grid = read_map(path)
    assert np.array_equal(grid.values, regions.index_map)
    assert mrcfile.validate(path)
    index = open_volume(session, "index", grid.values)
    again = command("segment", session, volume, from_=Objects(models=[index]))
    assert np.array_equal(again.index_map, regions.index_map)
    assert len(command("segment_split", session, [again.segments[1]])) == 2
    with pytest.raises(UserError, match=r"saved as \.mrc"):
        command("segment_save", session, regions, "index.txt")
    with pytest.raises(UserError, match="not numbers of regions"):
        command("segment", session, index, from_=Objects(models=[volume]))


def test_surfaces_become_regions_of_the_voxels_in_them(command, session, volume, regions, bare):
    surfaces = list(regions.segments.values())
    plain = [bare(segment) for segment in surfaces]
    made = command("segment", session, volume, from_=Objects(models=plain))
    assert np.array_equal(made.index_map, regions.index_map)


def test_what_a_session_keeps_brings_all_back(command, session, volume, regions, new_session):
    from chimerax.critasser import bundle_api
    from chimerax.critasser.models.segments.segment import Segment
    from chimerax.critasser.models.segments.segmentation import Segmentation

    assert bundle_api.get_class("Segmentation") is Segmentation
    assert bundle_api.get_class("Segment") is Segment
    command("segment_split", session, [regions.segments[1]])
    regions.segments[3].name = "kept"
    regions.segments[2].selected = True
    whole = regions.take_snapshot(session, 2)
    parts = [segment.take_snapshot(session, 2) for segment in regions.segments.values()]

    again = Segmentation.restore_snapshot(session, whole)
    for part in parts:
        part["model"]["parent"] = again
        Segment.restore_snapshot(session, part)
    assert np.array_equal(again.index_map, regions.index_map)
    assert again.volume is volume
    for number, segment in regions.segments.items():
        other = again.segments[number]
        assert (other.name, other.id) == (segment.name, segment.id)
        assert np.array_equal(other.color, segment.color)
        assert np.array_equal(other.vertices, segment.vertices)
    assert again.segments[2].highlighted
    with pytest.raises(ValueError, match="do not fit"):
        Segmentation.restore_snapshot(session, {**whole, "group": whole["group"][:2]})


def test_specifiers_mean_regions(session, volume, regions):
    from chimerax.critasser.commands.arguments import SegmentationArg, SegmentsArg

    assert [s.number for s in SegmentsArg.parse("#2", session)[0]] == [1, 2]
    assert [s.number for s in SegmentsArg.parse("#2.2 x", session)[0]] == [2]
    regions.segments[1].selected = True
    assert SegmentsArg.parse("sel", session)[0] == [regions.segments[1]]
    assert SegmentationArg.parse("#2.1 f.mrc", session) == (regions, "#2.1", " f.mrc")
    for annotation in (SegmentsArg, SegmentationArg):
        with pytest.raises(AnnotationError):
            annotation.parse("#1", session)
