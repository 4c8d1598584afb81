"""A stand-in, not ChimeraX: see ../../README.md. Surfaces run along the faces of voxels."""

import numpy as np


def segmentation_surfaces(region_map, groups=None):
    """Closed surfaces (number, vertices x y z, triangles) around each number's voxels."""
    numbers = region_map if groups is None else np.asarray(groups)[region_map]
    padded = np.pad(numbers.astype(np.int64), 1)
    surfaces = []
    for number in np.unique(numbers[numbers > 0]):
        corners, inside = [], padded == number
        for axis in range(3):
            change = np.diff(inside.astype(np.int8), axis=axis)
            for sign in (1, -1):
                faces = np.argwhere(change == sign) - 0.5
                faces[:, [other for other in range(3) if other != axis]] -= 0.5
                square = np.zeros((4, 3))
                across = [other for other in range(3) if other != axis]
                square[:, across] = [(0, 0), (1, 0), (1, 1), (0, 1)][::sign]
                corners.append(faces[:, None, :] + square)
        quads = np.concatenate(corners)
        vertices = quads.reshape(-1, 3)[:, ::-1].astype(np.float32)
        first = 4 * np.arange(len(quads))[:, None]
        triangles = np.concatenate([first + (0, 1, 2), first + (0, 2, 3)]).astype(np.int32)
        surfaces.append((int(number), vertices, triangles))
    return tuple(surfaces)
