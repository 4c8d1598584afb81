"""Read the predicted aligned error (PAE) of a predicted structure."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from critasser.errors import InputError
from critasser.input_files import opened
from critasser.structure import ProteinChain

__all__ = ["LARGEST_FILE", "PredictedErrorFile", "read_error_file", "read_predicted_error"]

LARGEST_FILE = 500_000_000
"""Bytes, unpacked; 5,000 residues in the wordiest of the formats."""

KEYS = ("predicted_aligned_error", "pae", "token_pair_pae")
"""Names of the matrix: AlphaFold Database; ColabFold, AlphaFold 3, RoseTTAFold 3 and Boltz;
Protenix."""

ZIP = b"PK"
"""First bytes of an ``.npz`` file."""

Token = tuple[str, int]
"""Chain and number of the residue that a row is of, or is an atom of."""


@dataclass(frozen=True, eq=False)
class PredictedErrorFile:
    """What is in a file of predicted aligned errors.

    Attributes
    ----------
    error : ndarray (n, n) float64
        Å; row i: the error of every residue of the structure when i is aligned.
    notes : tuple of str
        What was left out, each in a line.
    """

    error: NDArray[np.float64]
    notes: tuple[str, ...] = ()


def read_predicted_error(path: Path, chains: Sequence[ProteinChain]) -> NDArray[np.float64]:
    """The errors of a file; parameters and errors as `read_error_file`."""
    return read_error_file(path, chains).error


def read_error_file(path: Path, chains: Sequence[ProteinChain]) -> PredictedErrorFile:
    """The error in Å expected of each residue when another one is aligned.

    Where the file says of which residue each row is (AlphaFold 3), rows are found by chain and
    number, and those of the atoms of one modified residue are averaged. Else there is a row for
    each residue, or, of a single chain that is no longer whole, for each number from 1.

    Parameters
    ----------
    path : Path
        JSON of the AlphaFold Database (both layouts), ColabFold, AlphaFold 3 or Protenix, or
        ``.npz`` of Boltz; JSON may be compressed by gzip.
    chains : sequence of ProteinChain
        All protein of the structure that it belongs to, n residues.

    Returns
    -------
    PredictedErrorFile

    Raises
    ------
    InputError
        Not such a file, too large, or of other residues.
    """
    try:
        with opened(path, archive=True) as file:
            packed = file.read(len(ZIP)) == ZIP
            file.seek(0)
            matrix, tokens = _read_npz(file) if packed else _read_json(file)
    except (
        EOFError, ValueError, TypeError, LookupError, OverflowError, RecursionError, MemoryError,
        AttributeError, NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error,
    ) as error:  # fmt: skip
        raise InputError(
            f"{path}: no predicted aligned error in it ({error}); give the JSON or npz file that "
            "came with the predicted structure"
        ) from None
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not np.isfinite(matrix).all():
        raise InputError(f"{path}: its predicted aligned error is not a square table of numbers")
    count = sum(map(len, chains))
    if tokens is not None and len(tokens) == len(matrix):
        rows = _rows_of(tokens)
        wanted = [(one.name, int(number)) for one in chains for number in one.residue_number]
        if len({*wanted}) == count and rows.keys() >= {*wanted}:
            return PredictedErrorFile(_averaged(matrix, [rows[one] for one in wanted]))
        matrix = _averaged(matrix, [rows[one] for one in _residues(rows)])
    if len(matrix) == count:
        return PredictedErrorFile(matrix)
    places = _numbered(chains, len(matrix))
    if places is not None:
        note = (
            f"{path.name}: predicted aligned error of {len(matrix)} residues for a structure of "
            f"{count}; those of the numbers in the structure are taken"
        )
        return PredictedErrorFile(matrix[np.ix_(places, places)], (note,))
    raise InputError(
        f"{path}: predicted aligned error of {len(matrix)} residues for a structure of {count}; "
        "give the file that belongs to it"
    )


def _read_npz(file: BinaryIO) -> tuple[NDArray[np.float64], None]:
    with np.load(file, allow_pickle=False) as content:
        sizes = [] if content.zip is None else [i.file_size for i in content.zip.infolist()]
        if sum(sizes) > LARGEST_FILE:
            raise ValueError("larger than 500 MB")
        return np.asarray(content["pae"], dtype=np.float64), None


def _read_json(file: BinaryIO) -> tuple[NDArray[np.float64], list[Token] | None]:
    text = file.read(LARGEST_FILE + 1)
    if len(text) > LARGEST_FILE:
        raise ValueError("larger than 500 MB")
    content = json.loads(text)
    if isinstance(content, list):
        content = content[0]
    if not isinstance(content, dict):
        raise ValueError("no table named predicted_aligned_error or pae")
    if "distance" in content:  # the AlphaFold Database's first layout: three lists
        return _of_lists(*(content[key] for key in ("residue1", "residue2", "distance"))), None
    for key in KEYS:
        if key in content:
            matrix = np.asarray(content[key], dtype=np.float64)
            numbers = content.get("token_res_ids")
            chains = content.get("token_chain_ids")
            if numbers is None or chains is None:
                return matrix, None
            return matrix, [(str(chain), int(number)) for chain, number in zip(chains, numbers)]
    raise ValueError("no table named predicted_aligned_error or pae")


def _of_lists(first: Sequence, second: Sequence, errors: Sequence) -> NDArray[np.float64]:
    pairs = np.array([first, second], dtype=np.int64) - 1
    count = int(pairs.max()) + 1
    if count**2 != len(errors) or pairs.min() < 0:
        raise ValueError("its lists do not make a square")
    matrix = np.full((count, count), np.nan)
    matrix[tuple(pairs)] = errors
    return matrix


def _rows_of(tokens: Sequence[Token]) -> dict[Token, list[int]]:
    """Rows of each residue, in order."""
    rows: dict[Token, list[int]] = defaultdict(list)
    for row, token in enumerate(tokens):
        rows[token].append(row)
    return dict(rows)


def _residues(rows: dict[Token, list[int]]) -> list[Token]:
    """Residues of chains that have several; a ligand or an ion is a chain of its own."""
    members: dict[str, int] = defaultdict(int)
    for chain, _ in rows:
        members[chain] += 1
    return [one for one in rows if members[one[0]] > 1]


def _averaged(matrix: NDArray[np.float64], groups: Sequence[list[int]]) -> NDArray[np.float64]:
    """A row and column for each group of rows."""
    if not groups:
        return np.zeros((0, 0))
    order = np.concatenate([np.asarray(group) for group in groups])
    first = np.cumsum([0, *map(len, groups)])[:-1]
    sizes = np.array([len(group) for group in groups])
    total = np.add.reduceat(matrix[np.ix_(order, order)], first, axis=0)
    return np.add.reduceat(total, first, axis=1) / np.outer(sizes, sizes)


def _numbered(chains: Sequence[ProteinChain], length: int) -> NDArray[np.int64] | None:
    """Rows of a single chain by its numbers; None where they cannot tell."""
    if len(chains) != 1 or any(chains[0].insertion):
        return None
    places = chains[0].residue_number - 1
    fits = len(places) < length and len(np.unique(places)) == len(places)
    return places if fits and places.min() >= 0 and places.max() < length else None
