"""Let clicks go through a map to its regions, which lie in its surface."""

from __future__ import annotations

__all__ = ["give_clicks_back", "let_clicks_through", "was_pickable"]

_BEFORE = "_critasser_pickable"
"""Of a map with regions: whether it could be clicked at before it had any."""


def was_pickable(volume) -> bool:
    """Whether a map can be clicked at, or could be before it had regions."""
    return bool(getattr(volume, _BEFORE, volume.pickable))


def let_clicks_through(volume, before: bool) -> None:
    """Let clicks through: a transparent map still catches those that regions in it just miss.

    Parameters
    ----------
    volume : chimerax.map.Volume
    before : bool
        Whether it could be clicked at before it had regions, unless that is known already.
    """
    if not hasattr(volume, _BEFORE):
        setattr(volume, _BEFORE, before)
    volume.pickable = False


def give_clicks_back(segmentation) -> None:
    """Let a map be clicked at as before, when these are the last of its regions."""
    volume = segmentation.volume
    for model in segmentation.session.models.list():
        if model is segmentation or not isinstance(model, type(segmentation)):
            continue
        if model.volume is volume:
            return
    if hasattr(volume, _BEFORE):
        volume.pickable = getattr(volume, _BEFORE)
        delattr(volume, _BEFORE)
