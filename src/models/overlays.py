"""Show Cα positions as markers and probability maps as surfaces."""

from __future__ import annotations

import numpy as np

from ..session.quoting import command_text

__all__ = ["markers_of", "see_through", "style_map"]

_RADIUS = 0.8
"""Å, of a marker."""

_LEVEL = 0.3
"""Probability at which maps of it are contoured."""

_MAP_COLOR = (255, 165, 0, 140)

_NUCLEIC_LEVEL, _NUCLEIC_COLOR = 0.3, (128, 0, 170, 160)
"""Of the map's own scale, on which protein is 1: where regions end; violet, as no confidence is."""

_TRANSPARENCY = 0.6


def markers_of(session, structure):
    """Cα positions as markers, coloured from grey to orange by their probability.

    Parameters
    ----------
    session : chimerax.core.session.Session
    structure : chimerax.atomic.Structure
        One atom a position, probability of 0 to 100 as its B-factor.
    """
    from chimerax.core.colors import Colormap
    from chimerax.markers import MarkerSet

    markers = MarkerSet(session, "Cα positions")
    palette = Colormap((0.0, 100.0), ((0.7, 0.7, 0.7, 1.0), (1.0, 0.5, 0.0, 1.0)))
    probability = np.asarray(structure.atoms.bfactors, dtype=np.float64)
    colors = palette.interpolated_rgba8(probability)
    for position, color, value in zip(structure.atoms.coords, colors, probability):
        markers.create_marker(position, color, _RADIUS).bfactor = value
    return markers


def style_map(volume, *, nucleic_acid: bool = False) -> None:
    """Show a map of probabilities, or of nucleic acid, as a transparent surface."""
    level, color = (_NUCLEIC_LEVEL, _NUCLEIC_COLOR) if nucleic_acid else (_LEVEL, _MAP_COLOR)
    color = tuple(component / 255 for component in color)
    volume.set_parameters(surface_levels=[level], surface_colors=[color])
    volume.set_display_style("surface")


def see_through(volume) -> None:
    """Make an opaque surface of a map transparent: what is built in it would not be seen."""
    from chimerax.core.commands import run

    opaque = [s for s in volume.surfaces if s.display and s.style == "surface" and s.rgba[3] >= 1]
    if volume.display and opaque:
        run(volume.session, command_text("volume", volume, "transparency", _TRANSPARENCY))
