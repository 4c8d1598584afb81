"""Sequences from FASTA files."""

from __future__ import annotations

import os
from pathlib import Path

from critasser.errors import InputError
from critasser.structure.sequence import Sequence, Target

__all__ = ["read_fasta"]


def read_fasta(path: str | os.PathLike) -> Target:
    """Read the sequences to be built; one chain each."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}.") from None
    sequences = []
    for record in text.split(">")[1:]:
        head, _, body = record.partition("\n")
        sequences.append(Sequence(head.split()[0] if head.split() else "", "".join(body.split())))
    return Target(tuple(sequences))
