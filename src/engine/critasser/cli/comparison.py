"""Scores of a model against a native structure in the same frame, and against a map."""

from __future__ import annotations

from collections.abc import Sequence

import gemmi
import numpy as np
from numpy.typing import NDArray

from critasser.density import Grid, model_mask, pcc, simulate
from critasser.errors import InputError
from critasser.options import check_resolution
from critasser.structure import ProteinChain, cr_score, match_one_to_one, rmsd, tm_score

__all__ = ["compare", "correlate", "pair_residues"]

_SAME_CHAIN = 0.7
"""Least share of identical residues, of the shorter chain, for chains to be the same protein."""

COVERED = 3.0
"""Å between Cα within which a native residue is covered by one of the model."""

CLOSE = 2.0
"""Å between Cα within which a residue counts for precision and recall."""

MASK_RADIUS = 3.0
"""Å around a model's atoms in which its density is compared with the map."""


def compare(
    model: Sequence[ProteinChain], native: Sequence[ProteinChain]
) -> dict[str, float | int]:
    """Scores of a model against a native structure in the same frame.

    Parameters
    ----------
    model, native : sequence of ProteinChain

    Returns
    -------
    dict
        By the names of the printed table; distances in Å. Where no chain of the model is one of the
        native structure by its sequence, as of a backbone without side chains, those that need
        pairs are not there.

    Raises
    ------
    InputError
        Nor does the model lie where the native structure does.
    """
    truth, built = pair_residues(model, native)
    paired = np.isfinite(built).all(axis=1)
    everything = np.concatenate([chain.calpha for chain in model])
    letters = "".join(chain.letters for chain in model)
    native_letters = "".join(chain.letters for chain in native)
    near = match_one_to_one(everything, truth, COVERED)
    close = match_one_to_one(everything, truth, CLOSE)
    if not paired.any() and not len(near):
        raise InputError(
            "model and native structure have no chain in common: less than "
            f"{_SAME_CHAIN:.0%} of residues agree in every pair of chains, and none lies within "
            f"{COVERED:g} Å of another"
        )
    right = sum(letters[i] == native_letters[j] for i, j in near)
    of_pairs = {
        "tm_score": tm_score(built, truth),
        "rmsd": rmsd(built, truth),
        "rmsd_in_place": rmsd(built, truth, superpose=False),
    } if paired.any() else {}
    return {
        **of_pairs,
        "cr_score": cr_score(everything, truth, len(truth)),
        "coverage": len(near) / len(truth),
        "sequence_match": right / max(len(near), 1),
        "precision": len(close) / len(everything),
        "recall": len(close) / len(truth),
        "native_residues": len(truth),
        "model_residues": len(everything),
        "paired_residues": int(paired.sum()),
    }


def correlate(model: Sequence[ProteinChain], density: Grid, resolution: float) -> dict[str, float]:
    """Correlation of a model's simulated density with a map, over the box and near the model."""
    check_resolution(resolution)
    positions = np.concatenate([chain.positions for chain in model])
    amplitudes = np.concatenate([chain.amplitudes for chain in model])
    simulated = simulate(positions, amplitudes, resolution, like=density)
    mask = model_mask(density, positions, MASK_RADIUS)
    return {"pcc_box": pcc(density, simulated), "pcc_mask": pcc(density, simulated, mask)}


def pair_residues(
    model: Sequence[ProteinChain], native: Sequence[ProteinChain]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cα of the native structure and of the model residues that are the same by sequence.

    Chains are paired by identity; of equal chains, those nearest to each other in place.

    Returns
    -------
    native : ndarray (n, 3)
        All residues of all native chains in order.
    model : ndarray (n, 3)
        Their partners; NaN where the model has none.
    """
    candidates = []
    for j, truth in enumerate(native):
        for i, chain in enumerate(model):
            pairs, identity = _align(chain.letters, truth.letters)
            if identity >= _SAME_CHAIN:
                apart = rmsd(chain.calpha[pairs[:, 0]], truth.calpha[pairs[:, 1]], superpose=False)
                candidates.append((-round(identity, 2), apart, i, j, pairs))
    positions = [np.full((len(truth), 3), np.nan) for truth in native]
    free_model, free_native = set(range(len(model))), set(range(len(native)))
    for _, _, i, j, pairs in sorted(candidates, key=lambda entry: entry[:4]):
        if i in free_model and j in free_native:
            free_model.remove(i)
            free_native.remove(j)
            positions[j][pairs[:, 1]] = model[i].calpha[pairs[:, 0]]
    return np.concatenate([chain.calpha for chain in native]), np.concatenate(positions)


def _align(query: str, target: str) -> tuple[NDArray[np.int64], float]:
    """Pairs (n, 2) of aligned residues, and identical ones over the shorter length."""
    if query == target:
        return np.repeat(np.arange(len(query))[:, None], 2, axis=1), 1.0
    alignment = gemmi.align_string_sequences(list(query), list(target), [])
    i = j = number = 0
    pairs = []
    for symbol in alignment.cigar_str():
        if symbol.isdigit():
            number = 10 * number + int(symbol)
            continue
        if symbol == "M":
            pairs.extend((i + k, j + k) for k in range(number) if query[i + k] == target[j + k])
        i += number if symbol in "MI" else 0
        j += number if symbol in "MD" else 0
        number = 0
    identity = len(pairs) / max(min(len(query), len(target)), 1)
    return np.array(pairs, dtype=np.int64).reshape(-1, 2), identity
