"""A stand-in, not ChimeraX: see ../../README.md."""

import numpy as np

from chimerax.core.commands import ModelsArg
from chimerax.core.models import Model, Surface
from chimerax.geometry import Place


class GridData:
    """Values [z, y, x] in a box."""

    def __init__(self, values, origin=(0, 0, 0), step=(1, 1, 1), rotation=None):
        self._values = np.asarray(values, dtype=np.float32)
        self.size = self._values.shape[::-1]
        self.origin = tuple(origin)
        self.step = tuple(step)
        self.rotation = ((1, 0, 0), (0, 1, 0), (0, 0, 1)) if rotation is None else rotation
        self.cell_angles = (90, 90, 90)
        self.symmetries = None
        self.change_callbacks = []

    def add_change_callback(self, function):
        self.change_callbacks.append(function)

    def remove_change_callback(self, function):
        self.change_callbacks.remove(function)

    def set_origin(self, origin):
        self.origin = tuple(origin)
        for function in self.change_callbacks:
            function("coordinates changed")

    @property
    def ijk_to_xyz_transform(self):
        """A place in name only: its axes are as long as voxels."""
        scaled = np.array(self.rotation, dtype=float) * self.step
        return Place(np.column_stack([scaled, self.origin]))

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
        self.levels, self.colors = (), ()
        self.image_shown = False
        self.minimum_surface_level = None

    def set_parameters(self, surface_levels, surface_colors):
        self.levels, self.colors = tuple(surface_levels), tuple(surface_colors)

    def set_display_style(self, style):
        pass

    def interpolated_values(self, points):
        """Of the nearest voxels."""
        index = np.rint(self.data.xyz_to_ijk(self.scene_position.inverse() * points)).astype(int)
        i, j, k = np.clip(index, 0, np.array(self.data.size) - 1).T
        return self.data._values[k, j, i]

    def full_matrix(self):
        return self.data._values

    def initial_surface_levels(self):
        """The level that a hundredth of the voxels reach."""
        return [float(np.quantile(self.data._values, 0.99))], [(1, 1, 1, 1)]


class VolumeSurface(Surface):
    def __init__(self, volume):
        super().__init__("surface", volume.session)
        self.volume = volume


def contour_surface(values, level, cap_faces, calculate_normals):
    """The voxels at the level or above as corners, each three of them a triangle."""
    corners = np.argwhere(values >= level)[:, ::-1].astype(np.float32)
    triangles = np.arange(len(corners) // 3 * 3).reshape(-1, 3)
    return corners, triangles, np.tile(np.float32([0, 0, 1]), (len(corners), 1))


class MapArg(ModelsArg):
    pass


class MapsArg(ModelsArg):
    pass
