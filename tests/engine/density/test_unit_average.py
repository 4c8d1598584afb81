"""What a network saw of one unit, and of another, is averaged over both."""

import numpy as np

from critasser.density import FeatureMaps, averaged_over_units


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
    np.testing.assert_allclose(found.secondary_structure[:2, 4, 5, 2], [0.4, 0.2], atol=1e-6)
    np.testing.assert_allclose(found.backbone, 0.5, atol=1e-6)
