"""Nucleotides of double helices as X-ray diffraction of fibres shows them.

Radius (Å), angle (degrees) and height (Å) of each atom about the helix axis, which goes through the
origin; the dyad of the base pair lies along x. The next residue towards the 5' end is turned by the
twist and raised by the rise; the other strand of a pair has angle and height negated. Residues
start with their phosphate and take the O3' of the residue before along.

B-DNA: S. Arnott, D. W. L. Hukins, Biochem. Biophys. Res. Commun. 47, 1504 (1972), table 5; A-DNA:
the same, table 4. A-RNA: S. Arnott, D. W. L. Hukins, S. D. Dover, W. Fuller, A. R. Hodgson, J. Mol.
Biol. 81, 107 (1973).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["A_DNA", "A_RNA", "B_DNA", "FORMS", "PAIRED", "Form", "Nucleotide"]

ATOMIC_NUMBERS = {"C": 6, "N": 7, "O": 8, "P": 15}
"""By the first letter of an atom's name."""

PAIRED = {"A": "TU", "T": "A", "U": "A", "G": "C", "C": "G"}
"""Bases that pair as Watson and Crick have it."""


@dataclass(frozen=True, eq=False)
class Nucleotide:
    """One residue of a strand that runs down the helix axis from its 5' end.

    Attributes
    ----------
    names : tuple of str
        Of its heavy atoms, the phosphorus first.
    positions : ndarray (n, 3)
        x y z in Å; the helix axis is z, and x the pair's dyad.
    numbers : ndarray (n,)
        Atomic numbers.
    """

    names: tuple[str, ...]
    positions: NDArray[np.float64]
    numbers: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Form:
    """A double helix.

    Attributes
    ----------
    rise, twist : float
        Å and degrees from a base pair to the next.
    nucleotides : mapping of str to Nucleotide
        By the letters of their bases.
    """

    rise: float
    twist: float
    nucleotides: dict[str, Nucleotide]


def _atoms(text: str) -> dict[str, tuple[float, float, float]]:
    """Name, radius, angle and height of atoms, one after the other."""
    words = text.split()
    return {
        name: (float(radius), float(angle), float(height))
        for name, radius, angle, height in zip(*(words[k::4] for k in range(4)))
    }


def _form(rise: float, twist: float, backbone: str, **bases: str) -> Form:
    nucleotides = {}
    for letter, base in bases.items():
        atoms = _atoms(backbone) | _atoms(base)
        radius, angle, height = np.array(list(atoms.values())).T
        angle = np.radians(angle)
        nucleotides[letter] = Nucleotide(
            tuple(atoms),
            np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=1),
            np.array([ATOMIC_NUMBERS[name[0]] for name in atoms]),
        )
    return Form(rise, twist, nucleotides)


B_DNA = _form(
    3.38,
    36.0,
    """
    P   8.91  95.2  2.08   O3' 8.75  97.4  3.63   OP1 10.20 91.1  1.86   OP2 8.82 103.3  1.29
    O5' 7.73  88.0  1.83   C5' 7.70  79.8  2.77   O4'  6.22 66.0  1.83   C4' 7.59  69.9  2.04
    C3' 8.20  69.9  0.64   C2' 7.04  73.2 -0.24   C1'  5.86 67.4  0.47
    """,
    A="""
    N9  4.63  76.6  0.42   C8  4.84  93.0  0.50   N7   3.95 105.4 0.43   C5  2.74  94.0  0.28
    N6  1.83 154.0  0.14   C6  1.41 107.2  0.15   N1   0.86 40.1  0.03   C2  2.17  30.6  0.04
    N3  3.24  47.0  0.16   C4  3.33  70.5  0.28
    """,
    G="""
    N9  4.63  76.6  0.42   C8  4.82  93.2  0.50   N7   3.92 105.7 0.42   C5  2.70  94.0  0.28
    O6  1.71 154.6  0.13   C6  1.39 109.3  0.15   N1   0.92 37.9  0.03   N2  3.01   4.2 -0.10
    C2  2.28  28.7  0.03   N3  3.29  46.7  0.16   C4   3.33 70.3  0.28
    """,
    C="""
    N1  4.63  76.6  0.42   C6  4.99  92.2  0.52   C5   4.35 107.0 0.47   N4  2.76 136.6  0.27
    C4  2.94 110.0  0.32   N3  2.31  83.9  0.22   O2   3.69 47.9  0.18   C2  3.40  67.4  0.27
    """,
    T="""
    N1  4.63  76.6  0.42   C6  5.01  92.3  0.52   C7   5.40 119.8 0.58   C5  4.38 106.9  0.47
    O4  2.82 136.3  0.27   C4  2.98 111.9  0.32   N3   2.36 85.2  0.23   O2  3.64  47.8  0.18
    C2  3.42  67.3  0.27
    """,
)

A_DNA = _form(
    2.56,
    32.7,
    """
    P   8.92  69.2 -4.06   O3' 9.58  74.4 -2.87   OP1 9.96 67.9 -5.10   OP2 7.69 73.9 -4.53
    O5' 8.70  60.1 -3.33   C5' 9.91  55.4 -3.19   O4' 9.22 44.0 -1.86   C4' 9.77 46.6 -3.13
    C3' 8.91  42.2 -4.17   C2' 8.81  33.4 -3.50   C1' 8.59 35.9 -2.04
    """,
    A="""
    N9  7.16  36.1 -1.62   C8  6.40  45.7 -1.61   N7  5.18 44.8 -1.19   C5  5.22 29.8 -0.91
    N6  3.19  14.8 -0.13   C6  4.49  16.7 -0.43   N1  5.40  5.3 -0.26   C2  6.65  8.4 -0.56
    N3  7.25  17.3 -1.02   C4  6.52  26.7 -1.17
    """,
    G="""
    N9  7.16  36.1 -1.62   C8  6.38  45.7 -1.60   N7  5.14 44.6 -1.17   C5  5.20 29.4 -0.90
    O6  3.27  13.2 -0.11   C6  4.44  16.4 -0.41   N1  5.46  5.3 -0.27   N2  7.71  0.7 -0.37
    C2  6.78   8.1 -0.57   N3  7.30  17.4 -1.03   C4  6.52 26.6 -1.17
    """,
    C="""
    N1  7.16  36.1 -1.62   C6  6.55  46.3 -1.66   C5  5.28 49.1 -1.29   N4  3.30 34.5 -0.46
    C4  4.57  35.5 -0.84   N3  5.41  23.5 -0.80   O2  7.61 19.2 -1.17   C2  6.69 25.9 -1.19
    """,
    T="""
    N1  7.16  36.1 -1.62   C6  6.55  46.4 -1.67   C7  4.98 65.7 -1.33   C5  5.30 49.3 -1.30
    O4  3.30  35.5 -0.47   C4  4.48  36.4 -0.83   N3  5.39 24.3 -0.82   O2  7.56 19.0 -1.15
    C2  6.71  26.0 -1.20
    """,
)

A_RNA = _form(
    2.81,
    32.7,
    """
    P   8.71  70.5 -3.75   O3' 9.54  72.8 -2.44   OP1 9.59  71.2 -4.94   OP2 7.50 76.6 -3.80
    O5' 8.49  60.1 -3.48   C5' 9.75  55.8 -3.35   O4' 9.15  45.3 -1.77   C4' 9.68 46.9 -3.10
    C3' 8.86  41.4 -4.02   O2' 10.15 30.2 -3.14   C2' 8.82  33.2 -3.17   C1' 8.55 36.9 -1.77
    """,
    A="""
    N9  7.12  37.2 -1.39   C8  6.39  47.0 -1.33   N7  5.15 46.2 -0.95   C5  5.14 30.9 -0.75
    N6  3.08  15.6 -0.05   C6  4.39  17.4 -0.34   N1  5.28  5.5 -0.24   C2  6.54  8.7 -0.54
    N3  7.15  18.0 -0.93   C4  6.44  27.6 -1.01
    """,
    G="""
    N9  7.12  37.2 -1.39   C8  6.36  47.0 -1.32   N7  5.11 46.0 -0.94   C5  5.13 30.5 -0.74
    O6  3.16  13.9 -0.04   C6  4.34  17.1 -0.33   N1  5.35  5.5 -0.26   N2  7.58  0.7 -0.42
    C2  6.67   8.5 -0.55   N3  7.20  18.0 -0.94   C4  6.44 27.5 -1.01
    """,
    C="""
    N1  7.12  37.2 -1.39   C6  6.53  47.6 -1.38   C5  5.26 50.6 -1.03   N4  3.23 36.1 -0.31
    C4  4.50  36.8 -0.67   N3  5.32  24.4 -0.68   O2  7.51 19.9 -1.06   C2  6.61 26.8 -1.04
    """,
    U="""
    N1  7.12  37.2 -1.39   C6  6.54  47.7 -1.38   C5  5.28 50.8 -1.04   O4  3.24 37.1 -0.32
    C4  4.42  37.8 -0.66   N3  5.31  25.2 -0.69   O2  7.46 19.6 -1.04   C2  6.63 26.9 -1.04
    """,
)

FORMS = {"B-DNA": B_DNA, "A-DNA": A_DNA, "A-RNA": A_RNA}
