"""All chains of a person's model one after another, as a fit takes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from critasser.fitting import trusted_residues
from critasser.structure import NO_NAME, ModelFile
from critasser.text import printable

__all__ = ["ModelChains"]

BETWEEN_CHAINS = 10_000
"""Residue numbers between two chains, so that no linker holds them together."""


@dataclass(frozen=True, eq=False)
class ModelChains:
    """Residues of protein of a file, in its order.

    Attributes
    ----------
    calpha : ndarray (n, 3)
        Å; NaN where missing.
    numbers : ndarray (n,) int64
        Along the chains, far apart between them.
    trusted : ndarray (n,) of bool
        Residues that take part in the fit.
    codes : ndarray (n,) int8
        Amino acids as indices; -1 where not known.
    names : tuple of (str, int, str, str)
        Chain, number, insertion code and letter of each residue.
    atoms : ndarray (m, 3)
        Å.
    residue : ndarray (m,) int64
        Of each atom.
    amplitudes : ndarray (m,)
        Atomic numbers.
    """

    calpha: NDArray[np.float64]
    numbers: NDArray[np.int64]
    trusted: NDArray[np.bool_]
    codes: NDArray[np.int8]
    names: tuple[tuple[str, int, str, str], ...]
    atoms: NDArray[np.float64]
    residue: NDArray[np.int64]
    amplitudes: NDArray[np.float64]

    @classmethod
    def of(cls, model: ModelFile) -> ModelChains:
        """Of a file."""
        chains = model.chains
        first = np.cumsum([0, *map(len, chains)])
        numbers = [k * BETWEEN_CHAINS + np.arange(len(one)) for k, one in enumerate(chains)]
        return cls(
            np.concatenate([one.calpha for one in chains]),
            np.concatenate(numbers),
            np.concatenate([trusted_residues(one) for one in chains]),
            np.concatenate([one.codes for one in chains]),
            tuple(
                (one.name, int(one.residue_number[i]), one.insertion[i], one.letters[i])
                for one in chains
                for i in range(len(one))
            ),
            np.concatenate([one.positions for one in chains]),
            np.concatenate([at + one.residue for at, one in zip(first, chains)]),
            np.concatenate([one.amplitudes for one in chains]),
        )

    @property
    def kinds(self) -> NDArray[np.int64]:
        """Of each residue (n,): the same for those that have number and letter in common, as equal
        chains of a symmetric molecule do."""
        known: dict[tuple[int, str, str], int] = {}
        return np.array([known.setdefault(name[1:], len(known)) for name in self.names])

    def __len__(self) -> int:
        return len(self.names)

    def ranges(self, rows: NDArray[np.int64]) -> str:
        """Residues in words, such as ``A:1-120,150-180,B:3-90``."""
        parts: list[str] = []
        before = ""
        for run in np.split(rows, np.flatnonzero(np.diff(self.numbers[rows]) != 1) + 1):
            chain, first, first_code, _ = self.names[run[0]]
            _, last, last_code, _ = self.names[run[-1]]
            name = "" if chain == before and parts else f"{printable(chain) or NO_NAME}:"
            one = f"{first}{first_code}" == f"{last}{last_code}"
            to = "" if one else f"-{last}{last_code}"
            parts.append(f"{name}{first}{first_code}{to}")
            before = chain
        return ",".join(parts)
