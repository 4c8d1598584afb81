"""Open models whose sequence is alike to one that is looked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..jobs.predicted_error import error_beside
from ..models.job_group import group_of
from .alignment import LEAST_COVERAGE, LEAST_IDENTITY, likeness
from .found import Found, Wanted

__all__ = ["among_open"]


def among_open(session, wanted: Sequence[Wanted]) -> list[Found]:
    """Open models, but no results of ours; in the main thread.

    A predicted model whose file has its predicted aligned error beside it is taken as that file,
    while it still is of as many residues.

    Parameters
    ----------
    session : chimerax.core.session.Session
    wanted : sequence of Wanted
    """
    from chimerax.atomic import AtomicStructure

    known: dict[tuple[str, str], tuple[float, float]] = {}
    found = []
    for model in session.models.list():
        if not isinstance(model, AtomicStructure) or group_of(model) is not None:
            continue
        best: Found | None = None
        for chain in model.chains:
            letters = chain.characters.replace("-", "")
            for one in wanted:
                pair = one.letters, letters
                if pair not in known:
                    known[pair] = likeness(*pair)
                identity, coverage = known[pair]
                if identity < LEAST_IDENTITY or coverage < LEAST_COVERAGE:
                    continue
                if best is None or identity * coverage > best.identity * best.coverage:
                    name = f"{model.atomspec} {model.name}"
                    best = Found(name, "open", one.name, identity, coverage, model=model)
        if best is not None:
            found.append(_as_file(best))
    return found


def _as_file(one: Found) -> Found:
    """The model's own file, where an error belongs to it that needs all its residues."""
    error = error_beside(one.model)
    if error is None:
        return one
    path = Path(one.model.filename)
    return Found(
        one.name, one.source, one.sequence, one.identity, one.coverage, path, error,
        model=one.model,
    )  # fmt: skip
