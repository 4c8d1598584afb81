"""A stand-in, not ChimeraX: see ../../README.md."""

import numpy as np

from chimerax.core.commands import ModelsArg
from chimerax.core.models import Model


class GridData:
    """Values [z, y, x] in a box."""

    def __init__(self, values, origin=(0, 0, 0), step=(1, 1, 1), rotation=None):
        self._values = np.asarray(values, dtype=np.float32)
        self.size = self._values.shape[::-1]
        self.origin = tuple(origin)
        self.step = tuple(step)
        self.rotation = ((1, 0, 0), (0, 1, 0), (0, 0, 1)) if rotation is None else rotation
        self.cell_angles = (90, 90, 90)

    def matrix(self, ijk_origin, ijk_size):
        (i, j, k), (ni, nj, nk) = ijk_origin, ijk_size
        return self._values[k : k + nk, j : j + nj, i : i + ni]

    def ijk_to_xyz(self, ijk):
        return (np.asarray(ijk) * self.step) @ np.array(self.rotation).T + self.origin

    def xyz_to_ijk(self, xyz):
        return ((np.asarray(xyz) - self.origin) @ np.array(self.rotation)) / self.step


class Volume(Model):
    def __init__(self, name, session, data):
        super().__init__(name, session)
        self.data = data
        self.surfaces = []
        self.levels = ()

    def set_parameters(self, surface_levels, surface_colors):
        self.levels = tuple(surface_levels)

    def set_display_style(self, style):
        pass

    def interpolated_values(self, points, method="linear"):
        if method != "nearest":
            raise NotImplementedError
        index = np.rint(self.data.xyz_to_ijk(points)).astype(int)
        inside = ((index >= 0) & (index < self.data.size)).all(axis=1)
        i, j, k = np.where(inside[:, None], index, 0).T
        return np.where(inside, self.data._values[k, j, i], 0.0)


class MapArg(ModelsArg):
    pass
