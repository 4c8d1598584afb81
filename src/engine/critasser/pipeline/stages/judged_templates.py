"""Lay templates in the density, bend them into it, and release what of them the map contradicts."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from critasser.density import FeatureMaps
from critasser.fitting import (
    FEWEST_RESIDUES,
    Fields,
    far_fields,
    flexible_fit,
    settled,
    values_in_place,
)
from critasser.structure import CalphaSet, Target, Template, cr_score
from critasser.templates import released
from critasser.text import printable
from critasser.trace import found_elsewhere, shifted_significance

__all__ = ["Seen", "judged_by_map"]


@dataclass(frozen=True, eq=False)
class Seen:
    """What the networks saw where templates lie.

    Attributes
    ----------
    fields : Fields
        The density as `DensityFit.fine` has it.
    features : FeatureMaps or None
        With them the way of the chain through the positions may contradict, also where these are
        not trusted: it weighs how sure they are.
    resolution : float, optional
        Of the map, Å; without it nothing is bent.
    """

    fields: Fields
    features: FeatureMaps | None
    resolution: float | None = None


def judged_by_map(
    templates: Sequence[Template],
    calpha: CalphaSet,
    target: Target,
    *,
    trusted: bool = True,
    seen: Seen | None = None,
    tell: Callable[[int, str], None] | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> tuple[Template, ...]:
    """Templates bent into the map's density, without what it contradicts, and what it says of them.

    Parameters
    ----------
    templates : sequence of Template
    calpha : CalphaSet
    target : Target
    trusted : bool
        Whether Cα positions and side chains by themselves may contradict.
    seen : Seen, optional
        With it the density may contradict, and templates are bent into it where that clearly gains.
    tell : callable, optional
        Given a template's number among these and a line, for each kind of contradiction and where
        it is bent.
    progress : callable, optional
        Told fraction and message as each template is bent; may raise.

    Returns
    -------
    tuple of Template
        With `z_score`, how far the register that each one has stands out in the map, where this has
        positions, and with `values` by the fields, where they are given.
    """
    judged = []
    bend = None
    if seen is not None and seen.resolution is not None and templates:
        bend = partial(
            _bent, calpha=calpha, target=target, fields=seen.fields, far=far_fields(seen.fields),
            resolution=seen.resolution,
        )  # fmt: skip
    for number, template in enumerate(templates):
        values, moved, name = None, 0.0, printable(template.source)
        if progress is not None:
            progress(number / len(templates), f"bending into the density: {name}")
        if seen is not None:
            if bend is not None:
                template, moved = bend(template)
            positions = [template.positions[one] for one in target.chain_slices]
            values = np.concatenate([values_in_place(one, seen.fields) for one in positions])
        kept, *contradicted = released(
            template, target, calpha, values, trusted=trusted,
            resolution=None if seen is None else seen.resolution,
        )  # fmt: skip
        if seen is not None and seen.features is not None and len(calpha):
            by_trace = found_elsewhere(template.positions, calpha, seen.features, target)
            left = np.where(by_trace[:, None], np.nan, kept.positions)
            kept = dataclasses.replace(kept, positions=left)
            contradicted.append(by_trace)
        z_score = 0.0
        if len(calpha):
            z_score = shifted_significance(kept.positions, calpha, target).z_score
        judged.append(dataclasses.replace(kept, z_score=z_score, values=values))
        if moved and tell is not None:
            tell(
                number,
                f"bent into the map's density by {moved:.1f} Å (root mean square): {name}",
            )
        by_what = ("Cα positions", "side chains", "density", "chain trace")
        for by, which in zip(by_what, contradicted):
            if which.any() and tell is not None:
                verb = "contradicts" if by in ("density", "chain trace") else "contradict"
                tell(
                    number,
                    f"the map's {by} {verb} {int(which.sum())} of {int(template.placed.sum())} "
                    f"residues of a template, which are built without it: {name}",
                )
    return tuple(judged)


def _bent(
    template: Template,
    calpha: CalphaSet,
    target: Target,
    fields: Fields,
    far: tuple[Fields, ...],
    resolution: float,
) -> tuple[Template, float]:
    """A template laid by what of it lies in the density, and bent into that, chain by chain; and
    by how many Å, root mean square, it is bent."""
    if not template.placed.any():
        return template, 0.0
    laid = template.positions.copy()
    positions = laid.copy()
    for one in target.chain_slices:
        if template.placed[one].sum() >= FEWEST_RESIDUES:
            laid[one] = settled(laid[one], fields)
            positions[one], _ = flexible_fit(laid[one], fields, resolution, far)
    squared = np.sum((positions - laid)[template.placed] ** 2, axis=1)
    moved = float(np.sqrt(np.mean(squared)))
    score = cr_score(positions, calpha.positions, len(target))
    return dataclasses.replace(template, positions=positions, score=score), moved
