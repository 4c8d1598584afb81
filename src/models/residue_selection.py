"""Select residues and bring them into view without a command that would have to name them.

Chain identifiers of a file may be anything; a specifier made of them could be another command.
"""

from __future__ import annotations

from collections.abc import Iterable

from chimerax.core.commands import log_equivalent_command
from chimerax.core.errors import UserError

from ..session.quoting import command_text, residues_spec

__all__ = ["log_selection", "select_residues", "view_residues"]


def select_residues(session, residues: Iterable, *, add: bool = False) -> None:
    """Select residues with the bonds between them, as ``select`` does; can be undone.

    Parameters
    ----------
    session : chimerax.core.session.Session
    residues : iterable of chimerax.atomic.Residue
    add : bool
        What is selected stays so.
    """
    from chimerax.std_commands.select import select, select_add

    (select_add if add else select)(session, _objects(residues))


def view_residues(session, residues: Iterable, *, room: float = 0.05) -> None:
    """Bring residues into view, as ``view`` does, and clip nothing.

    Parameters
    ----------
    session : chimerax.core.session.Session
    residues : iterable of chimerax.atomic.Residue
    room : float
        Part of the window that is left free beside them.
    """
    from chimerax.std_commands.view import view

    view(session, _objects(residues), clip=False, pad=room)


def log_selection(session, chain, first: int, last: int, *, add: bool = False) -> None:
    """Show in the log the command that selects residues of a chain, if one can name them."""
    try:
        spec = residues_spec(chain.structure, chain.chain_id, first, last)
    except UserError:
        return
    log_equivalent_command(session, command_text("select add" if add else "select", spec))


def _objects(residues: Iterable):
    from chimerax.atomic import Residues
    from chimerax.core.objects import Objects

    atoms = Residues(list(residues)).atoms
    return Objects(atoms=atoms, bonds=atoms.intra_bonds)
