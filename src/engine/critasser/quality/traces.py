"""What the first trace says of a model's residues."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from critasser.quality.calibration import NOWHERE, accuracy
from critasser.structure import Trace

__all__ = ["first_trace"]


def first_trace(
    trace: NDArray[np.float64], traces: Sequence[Trace]
) -> NDArray[np.float64]:
    """How sure the first trace is of residues, as far as a model has them where it does.

    Parameters
    ----------
    trace : ndarray (L, 3)
        Cα of the model in Å; NaN where it lacks a residue.
    traces : sequence of Trace
        Of the sequence in the map, best first.

    Returns
    -------
    ndarray (L,)
        Confidence of the trace times the accuracy that the model's residue has by it, 0 … 1; 0
        where it does not place the residue, NaN where there are no traces.
    """
    if not traces:
        return np.full(len(trace), np.nan)
    away = np.linalg.norm(trace - traces[0].positions, axis=1)
    return traces[0].confidence * accuracy(np.nan_to_num(away, nan=NOWHERE))
