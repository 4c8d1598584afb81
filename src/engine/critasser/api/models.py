"""Sequences and models for users of the package: read and write."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from critasser import structure
from critasser.errors import InputError
from critasser.structure import AtomicModel, ModelFile, Sequence, Target

__all__ = ["Sequences", "as_target", "read_model", "read_sequences", "write_fasta", "write_model"]

Sequences: TypeAlias = str | os.PathLike[str] | Target | Iterable[str]
"""A FASTA file, what `read_sequences` returned, or the letters of each chain."""


def read_sequences(path: str | os.PathLike[str]) -> Target:
    """Read the sequences of a FASTA file, one record for each chain in the map.

    Parameters
    ----------
    path : path

    Returns
    -------
    Target
        All chains; ``letters`` of them joined, ``sequences`` one by one.

    Raises
    ------
    InputError
        Not FASTA, nucleic acid, or a letter that is none of the twenty amino acids.

    Examples
    --------
    >>> target = critasser.read_sequences("sequence.fasta")
    >>> len(target), [one.name for one in target.sequences]
    (36, ['barnase'])
    """
    return structure.read_fasta(path)


def read_model(path: str | os.PathLike[str]) -> AtomicModel:
    """Read the protein of a PDB or mmCIF file, gzipped or not.

    Parameters
    ----------
    path : path

    Returns
    -------
    AtomicModel
        Residues that are one of the twenty amino acids and have a Cα, in the order of the file.
        Where residues are missing, a new chain begins.

    Raises
    ------
    InputError
        Not a model, or no protein in it.

    Examples
    --------
    >>> model = critasser.read_model("model.pdb")
    >>> model.calpha.shape
    (36, 3)
    """
    return ModelFile.read(path).model()


def write_model(
    path: str | os.PathLike[str],
    model: AtomicModel,
    confidence: ArrayLike | None = None,
    *,
    title: str = "Critasser model",
) -> None:
    """Write a model as mmCIF; the file appears whole, by atomic rename.

    Parameters
    ----------
    path : path
    model : AtomicModel
    confidence : array_like (L,), optional
        0 … 100 for each residue, for the B-factor column; 0 without it.
    title : str

    Raises
    ------
    ValueError
        Confidence is not one number from 0 to 100 for each residue.

    Examples
    --------
    >>> model = critasser.read_model("model.pdb")
    >>> critasser.write_model("copy.cif", model)
    >>> critasser.read_model("copy.cif").target.letters == model.target.letters
    True
    """
    if confidence is None:
        confidence = np.zeros(len(model.target))
    structure.write_model(path, model, confidence, title=title)


def as_target(sequences: Sequences) -> Target:
    """What is to be built, however it was given.

    Raises
    ------
    InputError
        As `read_sequences`.
    """
    if isinstance(sequences, Target):
        return sequences
    if isinstance(sequences, (str, os.PathLike)):
        return read_sequences(sequences)
    chains = []
    for number, letters in enumerate(sequences, 1):
        try:
            chains.append(Sequence(f"chain_{number}", str(letters)))
        except ValueError as error:
            raise InputError(
                f"sequence {number}: {error}; give the one-letter codes of the twenty amino acids"
            ) from None
    if not chains:
        raise InputError("no sequence given; give a FASTA file or the letters of each chain")
    return Target(tuple(chains))


def write_fasta(path: Path, target: Target) -> None:
    """Write sequences as `read_sequences` reads them."""
    records = (f">{one.name}\n{one.letters}\n" for one in target.sequences)
    path.write_text("".join(records), encoding="utf-8")
