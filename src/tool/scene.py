"""Ask about the open models, and make the commands that show and select them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from chimerax.core.commands import run

from ..models.attributes import ATTRIBUTE, LOCAL_PCC
from ..models.job_group import file_of
from ..models.residue_selection import log_selection, select_residues
from ..session.quoting import Command, Quoted, command_text
from .curves import Track

__all__ = [
    "chains_of",
    "has_confidence",
    "less_sure_command",
    "models_of_files",
    "only_commands",
    "select_stretch",
    "selected_mask",
    "selected_structures",
    "track_of",
]

_AROUND = 8.0
"""Å around residues that are brought into view with them."""

_LOOKS = 50
"""Residues of a structure that are asked whether there are confidences."""


def has_confidence(structure) -> bool:
    """Whether residues of a structure have confidences; asks some of them, evenly spread."""
    residues = structure.residues
    step = max(len(residues) // _LOOKS, 1)
    return any(
        getattr(residues[i], ATTRIBUTE, None) is not None for i in range(0, len(residues), step)
    )


def models_of_files(session, paths: Iterable[Path | None]) -> dict[Path, object]:
    """Which open model has been read from each file; files that are not open are left out."""
    wanted = {path for path in paths if path is not None}
    found: dict[Path, object] = {}
    for model in session.models.list():
        path = file_of(model)
        if path is None:
            continue
        if path not in wanted:
            path = path.resolve() if path.name in {one.name for one in wanted} else path
        if path in wanted:
            found.setdefault(path, model)
    return found


def chains_of(structure) -> list:
    """Chains whose residues can have confidences, in order."""
    return [chain for chain in structure.chains if chain.num_existing_residues]


def track_of(chain) -> Track:
    """Confidence along a chain; only residues that are in the model."""
    residues = chain.existing_residues
    return Track(
        chain_id=chain.chain_id,
        numbers=np.array(residues.numbers, dtype=np.int64),
        names=list(residues.names),
        confidence=_values(residues, ATTRIBUTE),
        local_pcc=_values(residues, LOCAL_PCC),
    )


def _values(residues, name: str) -> np.ndarray:
    found = (getattr(residue, name, None) for residue in residues)
    return np.array([np.nan if one is None else one for one in found], dtype=np.float64)


def selected_mask(chain) -> np.ndarray:
    """Whether (n,) each residue of a chain has a selected atom."""
    atoms = chain.structure.atoms
    chosen = atoms[atoms.selecteds].unique_residues
    return chain.existing_residues.mask(chosen)


def selected_structures(session) -> set:
    """Structures of which something is selected."""
    from chimerax.atomic import selected_atoms

    return set(selected_atoms(session).unique_structures)


def only_commands(shown: Sequence, others: Sequence) -> list[str]:
    """Commands that show some models, hide others, and bring the shown ones into view."""
    commands = []
    hide = [model for model in others if model.display and model not in shown]
    if hide:
        commands.append(command_text("hide", *hide, "models"))
    return [*commands, command_text("show", *shown, "models"), command_text("view", *shown)]


def select_stretch(session, chain, first: int, last: int, *, add: bool = False) -> None:
    """Select residues of a chain by their places in it; a single one is brought into view with
    some of what is around it."""
    residues = list(chain.existing_residues)[first : last + 1]
    select_residues(session, residues, add=add)
    log_selection(session, chain, residues[0].number, residues[-1].number, add=add)
    if first == last:
        run(session, f"view sel :<{_AROUND:g}")


def less_sure_command(structure, limit: float) -> Command:
    """Select residues that are less sure than a limit."""
    low = Quoted(f"{command_text(structure)}::{ATTRIBUTE}<{float(limit):g}")
    return command_text("select", low)
