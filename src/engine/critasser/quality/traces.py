"""What the first trace says of a model's residues."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from critasser.quality.calibration import NOWHERE, accuracy
from critasser.structure import Target, Template, Trace

__all__ = ["first_trace"]


def first_trace(
    trace: NDArray[np.float64],
    traces: Sequence[Trace],
    target: Target,
    templates: Sequence[Template] = (),
) -> NDArray[np.float64]:
    """How sure the first trace is of residues, as far as a model has them where it does.

    Which of several equal chains is which does not matter.

    Parameters
    ----------
    trace : ndarray (L, 3)
        Cα of the model in Å; NaN where it lacks a residue.
    traces : sequence of Trace
        Of the sequence in the map, best first.
    target : Target
        Of the L residues.
    templates : sequence of Template
        That led models and traces: of the chains that they have, traces are no second witness.

    Returns
    -------
    ndarray (L,)
        Confidence of the trace times the accuracy that the model's residue has by it, 0 … 1; 0
        where it does not place the residue, NaN where there are no traces, and in chains that
        templates have.
    """
    told = np.full(len(trace), np.nan)
    if not traces:
        return told
    led = np.any([one.placed for one in templates], axis=0) if templates else np.zeros(len(trace))
    for letters in {one.letters for one in target.sequences}:
        equal = [
            part
            for part, one in zip(target.chain_slices, target.sequences)
            if one.letters == letters
        ]
        for part in equal:
            if not led[part].any():
                told[part] = np.max(
                    [_surety(trace[part], traces[0], other) for other in equal], axis=0
                )
    return told


def _surety(
    positions: NDArray[np.float64], traced: Trace, part: slice
) -> NDArray[np.float64]:
    """The same of residues of one chain (n,) by those of a part of the trace."""
    away = np.linalg.norm(positions - traced.positions[part], axis=1)
    return traced.confidence[part] * accuracy(np.nan_to_num(away, nan=NOWHERE))
