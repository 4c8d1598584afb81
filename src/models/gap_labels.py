"""Open traces without the labels that ChimeraX looks for at the gaps of every chain."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from chimerax.atomic import settings as atomic_settings

__all__ = ["without_gap_labels"]

_NO_CHAINS = -1
"""Of structures with as many chains or fewer gaps are labelled."""


@contextlib.contextmanager
def without_gap_labels() -> Iterator[None]:
    """What is opened meanwhile gets no labels at its gaps.

    A trace of Cα has a gap between any two residues, and none is a residue that lacks. To find that
    out takes ChimeraX the square of the chain's length: seconds for a thousand residues. The
    person's setting stays as it is: it is only hidden, so that nobody is told of a change.
    """
    name = getattr(atomic_settings, "label_missing_attr", None)
    kept = getattr(atomic_settings, "settings", None)
    if name is None or kept is None:  # a ChimeraX without such labels
        yield
        return
    hidden = vars(kept)
    hidden[name] = _NO_CHAINS
    try:
        yield
    finally:
        hidden.pop(name, None)
