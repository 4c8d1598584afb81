"""Cα geometry of protein chains: one place for the distances that the stages share.

All lengths are in Å. Ideal values follow Engh & Huber (1991), Acta Cryst. A47, 392: a planar trans
peptide puts neighbouring Cα 3.80 Å apart, a planar cis peptide 2.94 Å. *Measured* means: in 726
chains of the training split (X-ray, 2.0 Å or better; 154,000 peptides between residues whose C and
N are bonded). Where stages use different values for one distance, each has a name here, and its
docstring says what differs.

Compiled kernels take these values in when they are compiled, and Numba's cache does not look at
this file: after a change, delete the ``__pycache__`` folders.
"""

__all__ = [
    "ASSEMBLED_CONTACT",
    "ASSEMBLED_SECOND_NEIGHBOURS",
    "BOND_RANGE",
    "CALPHA_BOND",
    "CIS_BOND",
    "CIS_LIMIT",
    "CIS_RANGE",
    "CIS_SECOND_NEIGHBOURS_NEARER",
    "CLASH",
    "CONTACT",
    "DEPOSITED_LONGEST_BOND",
    "GROWN_NEAREST",
    "GROWN_REACH",
    "GROWN_SECOND_NEIGHBOURS",
    "LONGEST_BOND",
    "LONGEST_WHOLE_BOND",
    "LOOSE_REACH",
    "MODEL_LONGEST_BOND",
    "MODEL_SHORTEST_BOND",
    "NEAREST",
    "PREFERRED_NEAREST",
    "REACH",
    "SECOND_NEIGHBOURS",
    "SETTLED_NEAREST",
    "SHORTEST_BOND",
]

# Neighbours in the chain.

CALPHA_BOND = 3.8
"""Between neighbouring Cα of a trans peptide (Engh & Huber; measured 3.81 ± 0.03)."""

CIS_BOND = 2.95
"""Between neighbouring Cα of a cis peptide (Engh & Huber 2.94; measured 2.95 ± 0.08). Measured
share of cis: 4.7 % before proline, 0.05 % before other residues."""

CIS_LIMIT = 3.3
"""Neighbouring Cα that are nearer belong to a cis peptide. Measured: 1 in 1,000 trans peptides is
shorter than 3.69, 1 in 100 cis peptides longer than 3.18."""

BOND_RANGE = (3.65, 3.95)
"""Bonds of trans peptides that are left as they are (measured: 99.9 % of them)."""

CIS_RANGE = (2.80, 3.15)
"""Bonds of cis peptides that are left as they are (measured: 97 % of them)."""

SHORTEST_BOND, LONGEST_WHOLE_BOND = 2.6, 4.1
"""A peptide with all its atoms in place lies between (measured: all, 2.71 to 4.10)."""

LONGEST_BOND = 4.3
"""In a deposited Cα chain; farther apart the chain is broken (longest measured bond: 4.10)."""

DEPOSITED_LONGEST_BOND = 4.5
"""As `LONGEST_BOND`, for models of any origin, which may be strained: built into low-resolution
maps, predicted, or half finished. Farther apart a residue is missing between them."""

MODEL_SHORTEST_BOND, MODEL_LONGEST_BOND = 2.7, 4.2
"""In the chains that the assembly samples: what it mends bonds to, and what it counts on."""

# Second neighbours.

SECOND_NEIGHBOURS = (4.9, 7.35)
"""From residue i to i + 2 (measured: 4.8 to 7.4 in 99.8 %; helix 5.5, strand 6.7)."""

ASSEMBLED_SECOND_NEIGHBOURS = (4.9, 7.25)
"""As `SECOND_NEIGHBOURS`, where a chain is settled before sampling."""

GROWN_SECOND_NEIGHBOURS = (5.0, 7.2)
"""As `SECOND_NEIGHBOURS`, where missing residues are grown: they start inside the range."""

CIS_SECOND_NEIGHBOURS_NEARER = 0.6
"""How much nearer second neighbours may be beside a cis peptide."""

# How far a chain reaches.

REACH = 3.55
"""Per bond, the farthest that a stretch of several bonds bridges. Measured (99.9 %): 3.68, 3.61,
3.55, 3.51 and 3.47 a bond for 2 to 6 bonds, and less for more."""

GROWN_REACH = 3.6
"""As `REACH`, where missing residues are grown: beyond it a step away from the goal is a loss."""

LOOSE_REACH = 3.9
"""As `REACH`, where the ends are predicted positions with errors of their own: nothing that could
be meant is left out."""

# Residues that are not neighbours (three or more apart along the chain).

NEAREST = 3.8
"""What is nearer is moved apart in a finished chain (measured: 0.0015 pairs a residue nearer)."""

SETTLED_NEAREST = 3.9
"""As `NEAREST`, where a chain is settled before sampling (measured: 0.003 pairs a residue)."""

GROWN_NEAREST = 4.0
"""As `NEAREST`, between the residues of a stretch that is grown (measured: 0.006 pairs a
residue)."""

PREFERRED_NEAREST = 4.2
"""What is nearer costs energy in sampling (measured: 0.02 pairs a residue)."""

CLASH = 3.0
"""Two positions nearer than this that are not bonded cannot both be right, whatever their errors
(measured: none)."""

# Contacts.

CONTACT = 8.0
"""Between Cα (or Cβ) of two residues in contact, as CASP and the paper define it."""

ASSEMBLED_CONTACT = (4.0, 8.0)
"""Between Cα of a predicted contact: no penalty within it."""
