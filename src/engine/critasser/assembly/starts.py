"""Makes whole chains of traces and templates for replicas to start from."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from critasser.assembly.complete import Guide, Start, complete
from critasser.density import Grid
from critasser.structure import CalphaSet, Target, Template, Trace

__all__ = ["COMPLETING", "completed"]

COMPLETING = 0.05
"""Share of a round's progress that completing starts is."""


def completed(
    target: Target,
    starts: Sequence[Trace | Template],
    density: Grid,
    calpha: CalphaSet | None,
    wanted: int,
    rng: np.random.Generator,
    report: Callable[[float, str], None],
    mobile: NDArray[np.bool_] | None,
) -> list[Start]:
    """Whole chains; few starts are completed several times, their gaps differently.

    Parameters
    ----------
    target, starts, density, calpha, rng, mobile
        As in `exchange.assemble`; without `calpha` chains grow along the density alone.
    wanted : int
        Chains that can be used; not fewer than starts are made.
    report : callable
        Told the fraction done and a message.
    """
    guide = Guide.of(density, calpha)
    chains = []
    total = len(starts) * max(1, wanted // len(starts))
    for k in range(total):
        report(COMPLETING * k / total, f"closing gaps of start {k + 1} of {total}")
        chains.append(complete(target, starts[k % len(starts)], guide, rng=rng, mobile=mobile))
    return chains
