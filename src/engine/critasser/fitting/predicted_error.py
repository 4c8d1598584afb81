"""Read the predicted aligned error (PAE) of a predicted structure."""

from __future__ import annotations

import gzip
import json
import zipfile
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from critasser.errors import InputError

__all__ = ["LARGEST_FILE", "read_predicted_error"]

LARGEST_FILE = 500_000_000
"""Bytes, unpacked; 5,000 residues in the wordiest of the formats."""

KEYS = ("predicted_aligned_error", "pae")
"""Names of the matrix: AlphaFold Database; ColabFold, AlphaFold 3 and Boltz."""


def read_predicted_error(path: Path, residues: int) -> NDArray[np.float64]:
    """The error in Å expected of each residue when another one is aligned.

    Parameters
    ----------
    path : Path
        JSON of the AlphaFold Database (both layouts), ColabFold or AlphaFold 3, or ``.npz`` of
        Boltz; JSON may be compressed by gzip.
    residues : int
        Of the structure that it belongs to. Tokens beyond them (ligands of AlphaFold 3) are left
        out where the file says which they are.

    Returns
    -------
    ndarray (residues, residues)
        Row i: the error of every residue when i is aligned.

    Raises
    ------
    InputError
        Not such a file, too large, or of another length.
    """
    try:
        matrix = _read_npz(path) if path.suffix == ".npz" else _read_json(path)
        matrix = np.asarray(matrix, dtype=np.float64)
    except (
        OSError, EOFError, ValueError, TypeError, LookupError, OverflowError, RecursionError,
        zipfile.BadZipFile, zlib.error,
    ) as error:  # fmt: skip
        raise InputError(
            f"{path}: no predicted aligned error in it ({error}); give the JSON or npz file that "
            "came with the predicted structure"
        ) from None
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not np.isfinite(matrix).all():
        raise InputError(f"{path}: its predicted aligned error is not a square table of numbers")
    if len(matrix) != residues:
        raise InputError(
            f"{path}: predicted aligned error of {len(matrix)} residues for a structure of "
            f"{residues}; give the file that belongs to it"
        )
    return matrix


def _read_npz(path: Path) -> NDArray:
    with np.load(path, allow_pickle=False) as file:
        if file.zip is not None and sum(i.file_size for i in file.zip.infolist()) > LARGEST_FILE:
            raise ValueError("larger than 500 MB")
        return file["pae"]


def _read_json(path: Path) -> object:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rb") as file:
        text = file.read(LARGEST_FILE + 1)
    if len(text) > LARGEST_FILE:
        raise ValueError("larger than 500 MB")
    content = json.loads(text)
    if isinstance(content, list):
        content = content[0]
    if not isinstance(content, dict):
        raise ValueError("no table named predicted_aligned_error or pae")
    if "distance" in content:  # the AlphaFold Database's first layout: three lists
        count = int(max(content["residue1"]))
        if count**2 != len(content["distance"]):
            raise ValueError("its lists do not make a square")
        matrix = np.empty((count, count))
        first = np.asarray(content["residue1"], dtype=np.int64) - 1
        second = np.asarray(content["residue2"], dtype=np.int64) - 1
        matrix[first, second] = content["distance"]
        return matrix
    for key in KEYS:
        if key in content:
            matrix = np.asarray(content[key], dtype=np.float64)
            numbers = content.get("token_res_ids")
            chains = content.get("token_chain_ids")
            if numbers is not None and chains is not None and len(numbers) == len(matrix):
                matrix = _of_residues(matrix, list(zip(chains, numbers)))
            return matrix
    raise ValueError("no table named predicted_aligned_error or pae")


def _of_residues(matrix: NDArray, tokens: list) -> NDArray:
    """Tokens that are residues: those of ligands and modifications repeat one residue."""
    count = Counter(tokens)
    single = np.array([count[token] == 1 for token in tokens])
    return matrix[np.ix_(single, single)]
