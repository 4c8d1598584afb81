"""What the engine is given is what is open in ChimeraX, where it is."""

import mrcfile
import numpy as np
import pytest
from chimerax.core.errors import UserError
from chimerax.geometry import Place

from critasser.density import read_map


@pytest.fixture
def turned():
    """A quarter turn about z and a shift."""
    return Place([[0, -1, 0, 20.0], [1, 0, 0, -7.0], [0, 0, 1, 4.0]])


def test_a_map_is_written_whole_with_its_origin_and_voxel_size(session, open_volume, tmp_path):
    from chimerax.critasser.jobs.inputs import PlacedMap, write_map

    volume = open_volume(session)
    write_map(tmp_path / "map.mrc", PlacedMap.of(volume))

    assert mrcfile.validate(tmp_path / "map.mrc")
    grid = read_map(tmp_path / "map.mrc")
    spot = grid.to_position(np.argwhere(grid.values > 1).astype(float))[0]
    assert spot == pytest.approx(volume.data.ijk_to_xyz((1, 3, 2)))
    assert grid.shape == (6, 5, 4)


def test_a_rotated_grid_is_written_unrotated_and_the_frame_turns_results_back(
    session, open_volume, tmp_path, turned
):
    from chimerax.critasser.jobs.inputs import PlacedMap, frame, write_map

    volume = open_volume(session, rotation=turned.matrix[:, :3].tolist())
    write_map(tmp_path / "map.mrc", PlacedMap.of(volume))

    grid = read_map(tmp_path / "map.mrc")
    in_engine = grid.to_position(np.argwhere(grid.values > 1).astype(float))[0]
    in_map = Place(frame(volume.data)) * in_engine
    assert in_map == pytest.approx(volume.data.ijk_to_xyz((1, 3, 2)))
    assert in_engine != pytest.approx(in_map)


def test_results_lie_in_the_map_where_it_is_now_unless_they_were_moved(
    session, open_volume, tmp_path, turned
):
    from chimerax.critasser.jobs.folder import Event, write_placement
    from chimerax.critasser.views.results import Results

    volume = open_volume(session)
    volume.scene_position = turned
    (tmp_path / "inputs").mkdir()
    frame = [[1, 0, 0, 1.0], [0, 1, 0, 2.0], [0, 0, 1, 3.0]]
    write_placement(tmp_path, "x", frame)
    view = Results(session, "x", tmp_path, volume)

    def appear(number):
        name = f"model_{number}.cif"
        (tmp_path / name).write_text("ATOM 1 C CA . ALA A 1 1 0 0 0 1.0 50.0 1 A 1\n")
        view.show(Event("running", "atomic", name, 1.0, None, name, "models"))

    appear(1)
    assert view.group.position == turned * Place(frame)
    volume.scene_position = Place()
    appear(2)
    assert view.group.position == Place(frame)
    view.group.position = turned
    appear(3)
    assert view.group.position == turned


@pytest.mark.parametrize(
    ("values", "why"),
    [(np.zeros((3, 3, 3)), "same value"), (np.full((3, 3, 3), np.nan), "not numbers")],
)
def test_a_map_without_density_is_refused(session, open_volume, tmp_path, values, why):
    from chimerax.critasser.jobs.inputs import PlacedMap, write_map

    with pytest.raises(UserError, match=why):
        write_map(tmp_path / "map.mrc", PlacedMap.of(open_volume(session, values=values)))


def test_a_skewed_or_huge_map_is_refused_before_anything_is_written(session, open_volume):
    from chimerax.critasser.jobs.inputs import check_grid

    volume = open_volume(session)
    volume.data.cell_angles = (90, 90, 120)
    with pytest.raises(UserError, match="skewed"):
        check_grid(volume)
    volume.data.cell_angles = (90, 90, 90)
    volume.data.size = (1000, 1000, 1000)
    with pytest.raises(UserError, match=r"3\.7 GiB"):
        check_grid(volume)


def test_a_mask_of_another_grid_that_was_moved_with_the_map_marks_the_same_density(
    session, open_volume, tmp_path, turned
):
    from chimerax.critasser.jobs.inputs import PlacedMap, mask_planes, write_map, write_mask

    volume = open_volume(session)
    regions = np.zeros((12, 10, 8), dtype=np.float32)
    regions[4:6, 6:8, 2:4] = 7
    mask = open_volume(session, "mask", regions, origin=(9.625, -5.375, 2.5), step=(0.75, 0.75, 1))
    volume.scene_position = mask.scene_position = turned
    write_map(tmp_path / "map.mrc", PlacedMap.of(volume))
    placed = PlacedMap.of(volume)
    planes = mask_planes(placed, PlacedMap.of(mask))
    write_mask(tmp_path / "mask.mrc", placed, planes, "it")

    grid, inside = read_map(tmp_path / "map.mrc"), read_map(tmp_path / "mask.mrc")
    assert inside.same_frame(grid)
    assert np.array_equal(inside.values > 0.5, grid.values > 1)


def test_near_marks_voxels_within_the_range_of_atoms(session, open_volume, turned):
    from chimerax.critasser.jobs.inputs import PlacedMap, zone_planes

    volume = open_volume(session)
    volume.scene_position = turned
    atom = turned * volume.data.ijk_to_xyz([(1, 3, 2)])
    near = np.array(list(zone_planes(PlacedMap.of(volume), atom, 1.6)))

    assert sorted(map(tuple, np.argwhere(near).tolist())) == sorted(
        [(2, 3, 1), (2, 2, 1), (2, 4, 1), (2, 3, 0), (2, 3, 2)]
    )


def test_a_region_without_a_voxel_is_refused(session, open_volume, tmp_path):
    from chimerax.critasser.jobs.inputs import PlacedMap, write_mask, zone_planes

    volume = open_volume(session)
    planes = zone_planes(PlacedMap.of(volume), np.full((1, 3), 1000.0), 8.0)
    with pytest.raises(UserError, match="inside 8 Å"):
        write_mask(tmp_path / "mask.mrc", PlacedMap.of(volume), planes, "8 Å")


def test_chains_become_records_without_gaps_and_equal_ones_stay_two(tmp_path):
    from chimerax.atomic import Sequence
    from chimerax.critasser.jobs.inputs import write_sequences

    from critasser.structure import read_fasta

    chain = Sequence("chain A", "ACD-EF")
    target = read_fasta(write_sequences(tmp_path, [chain, chain, Sequence("", "GHI")]))
    assert [one.letters for one in target.sequences] == ["ACDEF", "ACDEF", "GHI"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("emd_6555.map", "emd_6555"),
        ("emd_6555.map.gz", "emd_6555"),
        ("my map (sharp).mrc", "my_map_sharp"),
        ("../..", "map"),
        ("a/b", "a_b"),
        ("run1.5 Å", "run1.5_Å"),
    ],
)
def test_folders_are_named_after_maps(name, expected):
    from chimerax.critasser.jobs.inputs import job_name

    assert job_name(name) == expected
