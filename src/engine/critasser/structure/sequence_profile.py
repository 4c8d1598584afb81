"""Read secondary structure and burial of residues from the sequence alone: `weights/sequence.md`.

A small convolutional network along the chain, evaluated with NumPy: a sequence takes milliseconds.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from scipy.special import softmax

from critasser.errors import InputError
from critasser.shipped import SEQUENCE_NETWORK, shipped
from critasser.structure.fold_classes import SequenceProfile

__all__ = [
    "SequenceNetwork",
    "agreement",
    "load_sequence_network",
    "sequence_profile",
]

AMINO_ACID_COUNT = 20

OUTPUTS = {"structure": 3, "side": 8, "back": 8}
"""Rows of the network's output, in order: helix, strand, coil; bins of the half-sphere exposure on
the side chain's side, and on the other."""

LARGEST_FILE = 1 << 25
"""Bytes; a network of this kind is far smaller."""


@dataclass(frozen=True, eq=False)
class SequenceNetwork:
    """Weights, and the logarithms of how frequent each output is in the training chains.

    Attributes
    ----------
    tensors : dict of ndarray
        As `critasser.network.training.sequence_network` names them.
    dilations : tuple of int
        Of the first convolution of each block.
    """

    tensors: dict[str, NDArray[np.float32]]
    dilations: tuple[int, ...]

    def logits(self, codes: NDArray[np.int8]) -> NDArray[np.float32]:
        """Output (19, L) of one chain's amino acids (L,), −1 where one is not known."""
        L = len(codes)
        x = np.zeros((AMINO_ACID_COUNT + 2, L), dtype=np.float32)
        known = np.flatnonzero(np.asarray(codes) >= 0)
        x[np.asarray(codes)[known], known] = 1.0
        x[AMINO_ACID_COUNT, np.setdiff1d(np.arange(L), known)] = 1.0
        x[-1] = 1.0
        hidden = self._convolve("first", x)
        for k, dilation in enumerate(self.dilations):
            inner = self._convolve(f"blocks.{k}.0", np.maximum(hidden, 0), dilation)
            hidden = hidden + self._convolve(f"blocks.{k}.1", np.maximum(inner, 0))
        return self._convolve("last", np.maximum(hidden, 0))

    def _convolve(
        self, name: str, x: NDArray[np.float32], dilation: int = 1
    ) -> NDArray[np.float32]:
        weight, bias = self.tensors[f"{name}.weight"], self.tensors[f"{name}.bias"]
        size, L = weight.shape[2], x.shape[1]
        reach = dilation * (size // 2)
        padded = np.pad(x, ((0, 0), (reach, reach)))
        total = np.repeat(bias[:, None], L, axis=1)
        for k in range(size):
            total += weight[:, :, k] @ padded[:, k * dilation : k * dilation + L]
        return total


def load_sequence_network(path: Path) -> SequenceNetwork:
    """Read the network; no code of the file is run.

    Raises
    ------
    InputError
        The file is missing, damaged or of another kind.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise InputError(f"{path}: too large for a network of sequences; get it again")
        with safe_open(path, framework="np") as file:
            about = file.metadata() or {}
            tensors = {n: file.get_tensor(n).astype(np.float32) for n in file.keys()}  # noqa: SIM118
        dilations = tuple(int(d) for d in json.loads(about["config"])["dilations"])
        network = SequenceNetwork(tensors, dilations)
        shape = network.logits(np.arange(AMINO_ACID_COUNT, dtype=np.int8)).shape
    except (OSError, SafetensorError, LookupError, TypeError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise InputError(f"{path}: no network of sequences ({reason}); get it again") from error
    rows = sum(OUTPUTS.values())
    background = tensors.get("background", np.empty(0))
    if shape != (rows, AMINO_ACID_COUNT) or background.shape != (rows,):
        raise InputError(f"{path}: no network of sequences (other outputs); get it again")
    return network


@cache
def _shipped_network() -> SequenceNetwork:
    return load_sequence_network(shipped(SEQUENCE_NETWORK))


def sequence_profile(
    codes: NDArray[np.int8],
    chain_index: NDArray[np.int64],
    network: SequenceNetwork | None = None,
) -> SequenceProfile:
    """What sequences say of their residues.

    Parameters
    ----------
    codes, chain_index : ndarray (L,)
        As in `Target`; code −1 for residues that nobody knows.
    network : SequenceNetwork, optional
        The shipped one without.

    Returns
    -------
    SequenceProfile
    """
    network = network or _shipped_network()
    parts = {name: np.zeros((len(codes), size)) for name, size in OUTPUTS.items()}
    for chain in np.unique(chain_index):
        chosen = chain_index == chain
        logits = network.logits(codes[chosen]).T.astype(np.float64)
        row = 0
        for name, size in OUTPUTS.items():
            columns = slice(row, row + size)
            share = np.log(softmax(logits[:, columns], axis=1))
            parts[name][chosen] = share - network.tensors["background"][columns]
            row += size
    return SequenceProfile(**parts)


def agreement(told: NDArray[np.float64], seen: NDArray[np.float64]) -> NDArray[np.float32]:
    """Log-odds that a residue is at a position by what is told of one and seen of the other.

    Parameters
    ----------
    told : ndarray (L, k)
        Of residues: logarithms of probability over background of each class.
    seen : ndarray (n, k)
        Of positions: probabilities of the classes.

    Returns
    -------
    ndarray (L, n) float32
    """
    odds = np.exp(told).astype(np.float32) @ seen.astype(np.float32).T
    return np.log(odds, out=odds)
