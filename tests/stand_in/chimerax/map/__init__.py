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
        self.levels = ()
        self.image_shown = False
        self.minimum_surface_level = None

    def set_parameters(self, surface_levels, surface_colors):
        self.levels = tuple(surface_levels)

    def set_display_style(self, style):
        pass

    def full_matrix(self):
        return self.data._values

    def initial_surface_levels(self):
        """The level that a hundredth of the voxels reach."""
        return [float(np.quantile(self.data._values, 0.99))], [(1, 1, 1, 1)]


class VolumeSurface(Surface):
    def __init__(self, volume):
        super().__init__("surface", volume.session)
        self.volume = volume


class MapArg(ModelsArg):
    pass


class MapsArg(ModelsArg):
    pass
