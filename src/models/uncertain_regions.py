"""Stretches of low confidence, the least certain first."""

from __future__ import annotations

from collections.abc import Sequence

from chimerax.core.errors import UserError

from ..session.settings import settings
from .attributes import ATTRIBUTE, adopt_confidence
from .places import Place

__all__ = ["select_low", "uncertain_places"]

_BRIDGED = 2
"""Surer residues in between over which two stretches are one place to look at."""


def uncertain_places(session, structures: Sequence | None, below: float) -> list[Place]:
    """Runs of residues of less than some confidence, but for one or two in between.

    Parameters
    ----------
    session : chimerax.core.session.Session
    structures : sequence of chimerax.atomic.AtomicStructure or None
        None for those that are displayed.
    below : float
        0 to 100.

    Raises
    ------
    UserError
        There is no such stretch, or no model with confidences.
    """
    found = []
    for structure in _wanted(session, structures):
        runs: list[list[tuple[int, object, float]]] = []
        for place, residue in enumerate(structure.residues):
            value = getattr(residue, ATTRIBUTE, None)
            if value is None or value >= below:
                continue
            before = runs[-1][-1] if runs else None
            if before and _go_on(before, place, residue):
                runs[-1].append((place, residue, value))
            else:
                runs.append([(place, residue, value)])
        found += [(sum(v for *_, v in run) / len(run), structure, run) for run in runs]
    if not found:
        raise UserError(f"no residue of these models has a confidence below {below:g}")
    found.sort(key=lambda one: (one[0], one[1].id, one[2][0][0]))
    return [
        Place(
            tuple(list(structure.residues)[run[0][0] : run[-1][0] + 1]), f"confidence {mean:.0f}"
        )
        for mean, structure, run in found
    ]


def _go_on(before: tuple, place: int, residue) -> bool:
    """Whether a residue belongs to the stretch that ends with the one before."""
    last, other, _ = before
    near = place - last <= _BRIDGED + 1 and 0 <= residue.number - other.number <= _BRIDGED + 1
    return near and other.chain_id == residue.chain_id


def _wanted(session, structures) -> list:
    from chimerax.atomic import AtomicStructure, all_atomic_structures

    if structures is not None:
        wanted = [one for one in structures if adopt_confidence(one)]
    else:
        wanted = [
            one
            for one in all_atomic_structures(session)
            if one.visible and isinstance(one, AtomicStructure) and adopt_confidence(one)
        ]
    if not wanted:
        raise UserError("no displayed model has a confidence of Critasser")
    return wanted


def select_low(session, models, results) -> None:
    """The selector ``critasser-low``: residues of less confidence than the setting says."""
    from chimerax.atomic import AtomicStructure, Residues

    below = settings(session).low_confidence
    for model in models:
        if not isinstance(model, AtomicStructure) or not adopt_confidence(model):
            continue
        low = [r for r in model.residues if (v := getattr(r, ATTRIBUTE)) is not None and v < below]
        if low:
            results.add_model(model)
            results.add_atoms(Residues(low).atoms)
