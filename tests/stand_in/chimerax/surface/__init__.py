"""A stand-in, not ChimeraX: see ../../README.md. Surfaces stay as they are, unsmoothed."""

import numpy as np


def smooth_vertex_positions(vertices, triangles, factor, iterations):
    pass


def calculate_vertex_normals(vertices, triangles):
    return np.zeros_like(vertices)
