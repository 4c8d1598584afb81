"""Presets: the look of a model in its map for a publication."""

from __future__ import annotations

from ..session.quoting import command_text

__all__ = ["run_preset"]

_MAP_COLOR = "#b8c4d0"

_MAP_TRANSPARENCY = 65


def run_preset(session, name: str) -> None:
    """White background, outlines, soft light, thick ribbons, maps as transparent surfaces.

    Colours of models and the key are left as they are, so that the key stays true.
    """
    from chimerax.map import Volume

    lines = [
        "set bgColor white",
        "graphics silhouettes true width 1.5",
        "lighting soft",
        "material dull",
        "cartoon style width 2.2 thickness 0.5",
    ]
    shown = [m for m in session.models.list() if isinstance(m, Volume) and m.visible]
    if shown:
        lines += [
            command_text("volume", *shown, "style surface step 1"),
            command_text("color", *shown, _MAP_COLOR, "transparency", _MAP_TRANSPARENCY),
        ]
    session.presets.execute("\n".join(lines))
