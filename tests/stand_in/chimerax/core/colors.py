"""A stand-in, not ChimeraX: see ../../README.md."""

import numpy as np


class Colormap:
    def __init__(self, data_values, colors):
        self.data_values = data_values
        self.colors = colors

    def interpolated_rgba8(self, values):
        return np.zeros((len(values), 4), dtype=np.uint8)


BuiltinColormaps = {"alphafold": Colormap((0, 50, 70, 90, 100), ())}


class Color:
    """Red, green, blue, opacity, each from 0 to 1."""

    def __init__(self, rgba):
        self.rgba = tuple(rgba)
