"""What the map says of templates that are placed in it: bent into its density, and contradicted."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from critasser.fitting import FEWEST_RESIDUES, Fields, flexible_fit, values_in_place
from critasser.structure import CalphaSet, Target, Template, cr_score
from critasser.templates import released
from critasser.trace import shifted_significance

__all__ = ["judged_by_map"]


def judged_by_map(
    templates: Sequence[Template],
    calpha: CalphaSet,
    target: Target,
    *,
    trusted: bool = True,
    fields: Fields | None = None,
    resolution: float | None = None,
    tell: Callable[[str], None] | None = None,
) -> tuple[Template, ...]:
    """Templates bent into the map's density, without what it contradicts, and what it says of them.

    Parameters
    ----------
    templates : sequence of Template
    calpha : CalphaSet
    target : Target
    trusted : bool
        Whether Cα positions and side chains may contradict.
    fields : Fields, optional
        The density as `DensityFit.fine` has it, which may contradict too.
    resolution : float, optional
        Of the map, Å: with it templates are bent into the density where that clearly gains.
    tell : callable, optional
        Given a line for each kind of contradiction, and for a template that is bent.

    Returns
    -------
    tuple of Template
        With `z_score`, how far the register that each one has stands out in the map, where this has
        positions, and with `values` by `fields`, where they are given.
    """
    judged = []
    for number, template in enumerate(templates):
        values, moved = None, 0.0
        if fields is not None:
            if resolution is not None:
                template, moved = _bent(template, calpha, target, fields, resolution)
            values = np.concatenate(
                [values_in_place(template.positions[one], fields) for one in target.chain_slices]
            )
        kept, *contradicted = released(
            template, target, calpha, values, trusted=trusted
        )
        z_score = 0.0
        if len(calpha):
            z_score = shifted_significance(kept.positions, calpha, target).z_score
        judged.append(dataclasses.replace(kept, z_score=z_score, values=values))
        if moved and tell is not None:
            tell(
                f"template {number + 1} is bent into the map's density: its residues move by "
                f"{moved:.1f} Å (root mean square)"
            )
        for by, which in zip(("Cα positions", "side chains", "density"), contradicted):
            if which.any() and tell is not None:
                verb = "contradicts" if by == "density" else "contradict"
                tell(
                    f"template {number + 1}: the map's {by} {verb} {int(which.sum())} of "
                    f"{int(template.placed.sum())} residues, which are built without it"
                )
    return tuple(judged)


def _bent(
    template: Template, calpha: CalphaSet, target: Target, fields: Fields, resolution: float
) -> tuple[Template, float]:
    """A template bent into the density chain by chain, and by how many Å root mean square."""
    if not template.placed.any():
        return template, 0.0
    positions = template.positions.copy()
    for one in target.chain_slices:
        if template.placed[one].sum() >= FEWEST_RESIDUES:
            positions[one], _ = flexible_fit(positions[one], fields, resolution)
    squared = np.sum((positions - template.positions)[template.placed] ** 2, axis=1)
    moved = float(np.sqrt(np.mean(squared)))
    score = cr_score(positions, calpha.positions, len(target))
    return dataclasses.replace(template, positions=positions, score=score), moved
