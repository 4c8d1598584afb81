"""Bins of the learnt tables: where distances along the chain and contacts begin, end and are cut.

They are part of the tables' format (``weights/assembly.npz``): whoever changes one learns the
tables again (``critasser train statistics``).
"""

from __future__ import annotations

from critasser.structure.geometry import CONTACT

__all__ = [
    "BINS13", "BINS14", "BINS15", "BURIAL_BINS", "CONTACT_BIN", "CONTACT_BINS", "CONTACT_REACH",
    "FACING", "RAMP", "SEPARATION",
]  # fmt: skip

BINS13 = (4.0, 0.2, 20)
"""First value and width in Å, and number of bins, of distances from Cα(i) to i+2."""

BINS14 = (-12.0, 0.5, 48)
"""The same to i+3; the distance has the sign of the chain's turn."""

BINS15 = (3.0, 0.5, 24)
"""The same to i+4."""

CONTACT_BIN, CONTACT_BINS = 0.5, 16
"""Å a bin, and bins, of distances between side-chain centres."""

CONTACT_REACH = CONTACT
"""Å to which side chains are in contact: the last bin's end."""

BURIAL_BINS = 32
"""Numbers of neighbours that are told apart."""

SEPARATION = 4
"""Side chains nearer than this along the chain do not count as in contact."""

RAMP = 1.0
"""Å below the reach over which a neighbour fades out of the burial count."""

FACING = 0.5
"""Cosine (60°) from which two side chains point the same way, and below whose negative they point
opposite ways; a quarter of random pairs each."""
