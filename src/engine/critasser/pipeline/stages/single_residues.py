"""What a job says of single residues: those without density, cis peptides, disulfides."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from critasser.pipeline.stage import Context
from critasser.structure import Bonds, Target, chain_names

__all__ = [
    "BOND_FACTS",
    "DIGITS",
    "PERCENT",
    "in_stretches",
    "names_of",
    "note_bonds",
    "tell_unseen",
]

BOND_FACTS = {"cis_peptides": "quality", "disulfides": "quality"}
"""What `note_bonds` notes."""

PERCENT = 100.0
"""Confidences in tables are percentages, all of them."""

DIGITS = {"confidence": 1, "local_confidence": 1, "local_pcc": 3, "local_resolution": 2}
"""Behind the point, of columns of the tables of models; more would not mean anything."""


def names_of(target: Target) -> list[tuple[str, str]]:
    """Chain and number (L) of residues, as the files of a build's models name them."""
    chains = chain_names(len(target.sequences))
    return [(chains[c], str(n)) for c, n in zip(target.chain_index, target.residue_number)]


def in_stretches(chosen: NDArray[np.bool_], names: Sequence[tuple[str, str]]) -> list[str]:
    """Chosen residues (L,) as stretches such as ``A:1-34``, by their chains and numbers."""
    stretches: list[list[int]] = []
    for i in np.flatnonzero(chosen).tolist():
        last = stretches[-1] if stretches else None
        if last and last[-1] == i - 1 and names[i - 1][0] == names[i][0]:
            last.append(i)
        else:
            stretches.append([i])
    return [
        f"{names[one[0]][0]}:{names[one[0]][1]}"
        + (f"-{names[one[-1]][1]}" if len(one) > 1 else "")
        for one in stretches
    ]


def tell_unseen(
    context: Context, unseen: NDArray[np.bool_], names: Sequence[tuple[str, str]]
) -> None:
    """Note and say which residues (L,) have no density, and what becomes of them."""
    trim = context.settings["trim"]
    stretches = in_stretches(unseen, names)
    context.note(unseen=stretches, trimmed=bool(trim and stretches))
    if stretches:
        what = "judged" if context.task.kind == "score" else "built and judged"
        becomes = "they are left out of the models" if trim else "leave them out by --trim"
        context.warn(
            f"residues {', '.join(stretches)} ({int(unseen.sum())} of {len(unseen)}) have no "
            f"density: the rest is {what} without them; {becomes}"
        )


def note_bonds(context: Context, bonds: Sequence[Bonds], names: Sequence[str]) -> None:
    """Note the cis peptides and disulfides of each model, by the names (L) of residues."""
    named = [one.named(names) for one in bonds]
    context.note(**{kind: [one[kind] for one in named] for kind in BOND_FACTS})
