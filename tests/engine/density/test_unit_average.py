"""What a network saw of one unit, and of another, is averaged over both."""

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from critasser.density import FeatureMaps, averaged_over_units, unit_average


def test_each_voxel_becomes_the_mean_of_its_images_in_the_map():
    shape = (9, 11, 11)
    calpha = np.zeros(shape, np.float32)
    calpha[4, 5, 8] = 0.8  # its image, at x = 2, is 0
    calpha[2, 5, 5] = 0.6  # on the axis
    backbone = np.full(shape, 0.5, np.float32)
    structure = np.stack([calpha, calpha / 2, np.zeros(shape, np.float32)])
    features = FeatureMaps(
        np.array([10.0, 20.0, 30.0]), 1.0, calpha, backbone, structure,
        np.zeros((20, *shape), np.float16),
    )  # fmt: skip
    turn = np.diag([-1.0, -1.0, 1.0])
    axis = np.array([15.0, 25.0, 0.0])
    out = np.array([0.0, 0.0, 100.0])  # an operation that leads out of the map says nothing
    rotation = np.stack([np.eye(3), turn, np.eye(3)])
    shift = np.stack([np.zeros(3), axis - turn @ axis, out])
    found = averaged_over_units(features, rotation, shift)
    np.testing.assert_allclose(found.calpha[4, 5, [2, 8]], 0.4, atol=1e-6)
    np.testing.assert_allclose(found.calpha[2, 5, 5], 0.6, atol=1e-6)
    structure = [found.structure_grid(kind).values[4, 5, 2] for kind in (0, 1, 2)]
    np.testing.assert_allclose(structure, [0.4, 0.2, 0.0], atol=1e-6)
    np.testing.assert_allclose(found.backbone, 0.5, atol=1e-6)


def dense_mean(values, features, rotation, shift):
    """Each voxel of a channel as the mean over its images in the map, all at once."""
    index = np.indices(features.shape).reshape(3, -1)
    positions = index[::-1].T * features.voxel_size + features.origin
    last = np.array(features.shape)[:, None] - 1
    total, count = np.zeros(index.shape[1]), np.zeros(index.shape[1])
    for turn, move in zip(rotation, shift):
        there = ((positions @ turn.T + move - features.origin) / features.voxel_size)[:, ::-1].T
        count += ((there >= 0) & (there <= last)).all(axis=0)
        total += ndimage.map_coordinates(values, there, order=1)
    return (total / np.maximum(count, 1)).reshape(features.shape)


def test_blocks_have_the_values_that_the_whole_map_would_have(monkeypatch):
    rng = np.random.default_rng(0)
    shape = (21, 18, 27)  # no multiples of a block
    filled = np.zeros(shape, bool)
    filled[9:, 3:15, 12:] = True
    channels = np.where(filled, rng.uniform(0.05, 1.0, (5, *shape)), 0).astype(np.float32)
    features = FeatureMaps(
        np.array([-3.0, 2.0, 8.0]), 1.0, channels[0], channels[1], channels[2:],
        np.zeros((20, *shape), np.float16),
    )  # fmt: skip
    turn = Rotation.from_rotvec([0.1, 0.2, 2 * np.pi / 3]).as_matrix()
    centre = features.origin + [13.0, 9.0, 12.0]
    rotation = np.stack([np.eye(3), turn, turn.T])
    shift = np.stack([np.zeros(3), centre - turn @ centre, centre - turn.T @ centre])
    monkeypatch.setattr(unit_average, "BLOCKS_AT_ONCE", 2)
    found = averaged_over_units(features, rotation, shift)
    seen = ndimage.binary_dilation(filled)
    made = [found.calpha, found.backbone, *(found.structure_grid(k).values for k in range(3))]
    for values, own in zip(channels, made):
        wanted = np.where(seen, dense_mean(values, features, rotation, shift), 0)
        np.testing.assert_allclose(own, wanted, atol=1e-6)
