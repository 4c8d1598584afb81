"""Cα geometry of protein chains: one place for the distances that the stages share.

All lengths are in Å. The ideal values follow Engh & Huber, Acta Cryst. A47 (1991) 392: a planar
trans peptide puts neighbouring Cα 3.80 Å apart, a planar cis peptide 2.94 Å.
"""

__all__ = ["CALPHA_BOND", "CIS_LIMIT", "CONTACT"]

CALPHA_BOND = 3.8
"""Å between neighbouring Cα of a trans peptide."""

CIS_LIMIT = 3.3
"""Å; neighbouring Cα that are nearer belong to a cis peptide, halfway between 2.94 and 3.80 Å
within their spread in crystal structures."""

CONTACT = 8.0
"""Å between Cα (or Cβ) of two residues in contact, as CASP and the paper define it."""
