"""Secondary structure from Cα positions alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from critasser.structure.chain import ProteinChain

__all__ = ["COIL", "HELIX", "STRAND", "assign_secondary_structure"]

HELIX, STRAND, COIL = 0, 1, 2


def assign_secondary_structure(chain: ArrayLike | ProteinChain) -> NDArray[np.int8]:
    """Helix 0, strand 1 or coil 2 for every residue."""
    calpha = chain.calpha if isinstance(chain, ProteinChain) else np.asarray(chain, np.float64)
    return np.full(len(calpha), COIL, dtype=np.int8)
