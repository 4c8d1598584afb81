"""Estimate how large the region of a sequence is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from chimerax.core.errors import UserError

from ...jobs.sequences import read_sequences

__all__ = ["chain_lengths"]


def chain_lengths(sequences: Path | Sequence) -> list[int]:
    """Residues of each chain.

    Parameters
    ----------
    sequences : Path or sequence of chimerax.atomic.Sequence
        A FASTA file, or sequences.

    Raises
    ------
    UserError
        There are none.
    """
    if isinstance(sequences, Path):
        try:
            entries = read_sequences(sequences)
        except ValueError as error:
            raise UserError(str(error)) from None
        lengths = [len(one.letters) for one in entries for _ in range(one.copies)]
    else:
        lengths = [len(one.ungapped()) for one in sequences]
    lengths = [length for length in lengths if length]
    if not lengths:
        raise UserError("there is no sequence in what was given")
    return lengths
