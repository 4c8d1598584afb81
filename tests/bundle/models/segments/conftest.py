"""A map of four lumps, and its two regions."""

import importlib

import numpy as np
import pytest


def run_command(name, *arguments, **keywords):
    module = importlib.import_module(f"chimerax.critasser.commands.{name}")
    return module.command(*arguments, **keywords)


@pytest.fixture
def four_lumps():
    """Two pairs of lumps; the pairs are led onto each other by half a turn about z."""
    zyx = np.moveaxis(np.indices((24, 40, 40)), 0, -1)
    values = np.zeros((24, 40, 40), dtype=np.float32)
    for center in ((10, 12, 10), (14, 12, 17), (10, 27, 29), (14, 27, 22)):
        values += np.exp(-((zyx - center) ** 2).sum(axis=-1) / 18.0).astype(np.float32)
    return values


@pytest.fixture
def volume(session, open_volume, four_lumps):
    return open_volume(session, values=four_lumps)


@pytest.fixture
def regions(session, volume):
    """Two regions, each of two lumps."""
    return run_command("segment", session, volume, level=0.4, smoothing=7.0, steps=3)


@pytest.fixture
def command():
    """Call the function of a command by its module."""
    return run_command


def bare_surface(segment):
    """A surface of somebody else's that looks like a region."""
    from chimerax.core.models import Surface

    surface = Surface("theirs", segment.session)
    surface.set_geometry(segment.vertices, None, segment.triangles)
    surface.scene_position = segment.scene_position
    return surface


@pytest.fixture
def bare():
    """Make a surface of somebody else's of a region."""
    return bare_surface
