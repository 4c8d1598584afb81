"""What a report shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from critasser.density import Grid
from critasser.structure import Target

__all__ = ["ReportContent"]


@dataclass(frozen=True, eq=False)
class ReportContent:
    """What the report shows.

    Attributes
    ----------
    job : mapping
        `job.json`.
    results : mapping
        `results.json`.
    target : Target
    density : Grid
    calpha : sequence of ndarray (L, 3)
        Of each model, best first; Å.
    confidence : sequence of ndarray (L,)
        0 … 100.
    sources : ndarray (L,), optional
        Where the first model's residues come from: 0 neither, 1 map, 2 template, 3 both.
    others : ndarray (k, L, 3), optional
        The first model as the other units of a symmetric molecule.
    cycle, lowest_energy, mean_energy : ndarray (n,), optional
        Over the replicas, along the assembly.
    decoy_cycle, decoy_tm : ndarray (m,), optional
        TM-score of decoys to the first model.
    local_resolution : ndarray (L,), optional
        Å around each residue of the first model, by half maps.
    folder : str
        Name of the job folder.
    """

    job: Mapping[str, Any]
    results: Mapping[str, Any]
    target: Target
    density: Grid
    calpha: Sequence[NDArray[np.float64]]
    confidence: Sequence[NDArray[np.float64]]
    sources: NDArray[np.int8] | None = None
    others: NDArray[np.float64] | None = None
    cycle: NDArray[np.float64] | None = None
    lowest_energy: NDArray[np.float64] | None = None
    mean_energy: NDArray[np.float64] | None = None
    decoy_cycle: NDArray[np.float64] | None = None
    decoy_tm: NDArray[np.float64] | None = None
    local_resolution: NDArray[np.float64] | None = None
    folder: str = ""
