"""Where to build: regions, surfaces, maps and atoms become the mask that the engine gets."""

import shlex
import sys

import numpy as np
import pytest
from chimerax.atomic import Sequence
from chimerax.core.errors import UserError
from chimerax.core.objects import Objects
from chimerax.geometry import Place

from critasser.density import read_map

TURNED = Place([[0, -1, 0, 20.0], [1, 0, 0, -7.0], [0, 0, 1, 4.0]])


@pytest.fixture
def built_in(command, session, volume, fake_engine):
    """Build in something; the mask that the engine gets."""
    command("location", session, sys.executable)

    def build(where, **keywords):
        job = command("build", session, keywords.pop("volume", volume), [Sequence("x", "AALEK")],
                      segments=where, **keywords)  # fmt: skip
        words = shlex.split((job.folder / "command").read_text())
        path = words[words.index("--mask") + 1]
        grid = read_map(path)
        assert grid.same_frame(read_map(words[2]))
        assert set(np.unique(grid.values)) <= {0.0, 1.0}
        return grid.values > 0.5

    return build


@pytest.mark.parametrize("numbers", [(1,), (2,), (1, 3), (1, 2, 3)])
def test_the_mask_is_the_selected_regions_voxel_for_voxel(
    command, session, regions, built_in, numbers
):
    command("segment_split", session, [regions.segments[1]])
    chosen = [regions.segments[number] for number in numbers]
    mask = built_in(Objects(models=[regions, *chosen]))
    assert np.array_equal(mask, np.isin(regions.index_map, numbers))


@pytest.mark.parametrize("place", ["moved", "turned grid", "other origin", "parent moved apart"])
def test_the_mask_stays_the_same_wherever_map_and_regions_are(
    session, volume, regions, built_in, place
):
    if place == "moved":
        volume.scene_position = TURNED
    elif place == "turned grid":
        volume.data.rotation = TURNED.matrix[:, :3].tolist()
        volume.data.set_origin(volume.data.origin)
    elif place == "other origin":
        volume.data.set_origin((100.0, 0.0, -20.0))
    else:
        regions.segments[1].position = TURNED
    mask = built_in(Objects(models=[regions.segments[1]]))
    assert np.array_equal(mask, regions.index_map == 1)


def test_a_whole_segmentation_is_all_of_its_regions(session, regions, built_in):
    assert np.array_equal(built_in(Objects(models=[regions])), regions.index_map > 0)


@pytest.mark.parametrize("turned", [False, True])
def test_the_mask_of_a_surface_is_what_it_encloses(
    session, volume, regions, built_in, bare, turned
):
    if turned:
        volume.data.rotation = TURNED.matrix[:, :3].tolist()
        volume.data.set_origin(volume.data.origin)
        volume.scene_position = TURNED
    mask = built_in(Objects(models=[bare(regions.segments[2])]))
    assert np.array_equal(mask, regions.index_map == 2)


def test_regions_of_another_map_count_where_they_lie_now(
    session, volume, regions, built_in, open_volume, four_lumps
):
    half = open_volume(session, "half", four_lumps[:, :, ::2], step=(3.0, 1.5, 2.0))
    half.scene_position = volume.scene_position = TURNED
    mask = built_in(Objects(models=[regions.segments[1]]), volume=half)
    assert np.array_equal(mask, regions.index_map[:, :, ::2] == 1)


def test_masks_atoms_and_regions_add_up_and_the_map_itself_says_nothing(
    session, volume, regions, built_in, open_volume
):
    from types import SimpleNamespace

    spot = np.zeros((24, 40, 40), dtype=np.float32)
    spot[1, 1, 1] = 4
    mask = open_volume(session, "mask", spot)

    class Atoms(SimpleNamespace):
        def __len__(self):
            return 1

    atoms = Atoms(scene_coords=volume.data.ijk_to_xyz(np.array([[35, 5, 20]])))
    inside = built_in(Objects(atoms=atoms, models=[volume, regions.segments[1], mask]), range=1.6)
    expected = regions.index_map == 1
    expected[1, 1, 1] = True
    expected[20, 5, 34:37] = expected[20, 4:7, 35] = True
    assert np.array_equal(inside, expected)
    with pytest.raises(UserError, match="nothing chosen"):
        built_in(Objects(models=[volume]))


def test_a_surface_that_encloses_nothing_is_refused(session, volume, regions, built_in, bare):
    sheet = bare(regions.segments[1])
    sheet.set_geometry(
        np.array([(-99, -99, -30.0), (999, -99, 500.0), (0, 999, 40.0)], dtype=np.float32),
        None,
        np.array([(0, 1, 2)]),
    )
    with pytest.raises(UserError, match="encloses nothing"):
        built_in(Objects(models=[sheet]))
