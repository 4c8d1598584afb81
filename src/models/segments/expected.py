"""Estimate how large the region of a sequence is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from chimerax.core.errors import UserError

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
            text = sequences.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise UserError(f"{sequences} cannot be read: {error.strerror}") from None
        records = [record.partition("\n")[2] for record in ("\n" + text).split("\n>")[1:]]
        lengths = [sum(letter.isalpha() for letter in record) for record in records]
    else:
        lengths = [len(one.ungapped()) for one in sequences]
    lengths = [length for length in lengths if length]
    if not lengths:
        raise UserError("there is no sequence in what was given")
    return lengths
