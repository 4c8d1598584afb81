"""Name each residue of a model so that the engine, its tables and its stretches mean one residue.

A file may have chains without a name, and one number twice in a chain: two chains of one name that
stand one after another. Chains are then given other names for the engine, as the engine itself does
for such files: ``_`` for none, ``A-2`` for what comes after the first ``A``.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["NO_NAME", "ResidueName", "names_of"]

NO_NAME = "_"
"""The engine's word for a chain that has no name."""

ResidueName = tuple[str, int, str]
"""Chain, number and insertion code."""


def names_of(residues: Iterable) -> dict[object, ResidueName]:
    """The engine's name of each residue of a structure, which tells it from all others.

    Parameters
    ----------
    residues : iterable of chimerax.atomic.Residue
        All of one structure, in its order.

    Returns
    -------
    dict
        By residue. What is no polymer keeps its chain, also where its number is a residue's.
    """
    residues = list(residues)
    taken = {one.chain_id.strip() or NO_NAME for one in residues}
    chains: dict[str, list[str]] = {}
    current: dict[str, str] = {}
    used: set[ResidueName] = set()
    found: dict[object, ResidueName] = {}
    for residue in residues:
        chain = residue.chain_id.strip() or NO_NAME
        name = chain, int(residue.number), residue.insertion_code.strip()
        if residue.polymer_type:
            same = chains.setdefault(chain, [chain])
            first = current.get(chain, chain)
            # What goes on with the residues before it stays with them.
            for part in (first, *same):
                if (part, *name[1:]) not in used:
                    break
            else:
                number = 2
                while f"{chain}-{number}" in taken:
                    number += 1
                part = f"{chain}-{number}"
                same.append(part)
                taken.add(part)
            current[chain] = part
            name = (part, *name[1:])
            used.add(name)
        found[residue] = name
    return found
