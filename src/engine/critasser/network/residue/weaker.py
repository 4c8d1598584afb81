"""Read weaker peaks beside the Cα positions of a map, for whatever chooses among positions.

Where a map is poor a search for as many positions as there are residues puts some where no Cα is,
and weaker peaks are Cα. A trace, which weighs positions by their probability, chooses better among
more of them. Positions that are read already stay as they are: false ones beside them would make
the network read them worse.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import torch
from scipy.spatial import cKDTree

from critasser.density import Grid
from critasser.network.residue.reading import judge_residues, probabilities
from critasser.structure import CalphaSet, CalphaTriples

__all__ = ["EXCESS", "with_weaker"]

EXCESS = 1.5
"""Times the residues expected in a map up to which there are positions. In 12 lifelike maps of
validation chains, at 3.8–4.8 Å, 0.83 of the Cα lie within 2 Å of one with as many positions as
residues, 0.87 with 1.25 times and 0.90 with 1.5 times as many."""

APART, SAME = 2.2, 1.8
"""Å from all positions at which a peak is another one, and within which it is none once the network
has moved it."""


def with_weaker(
    density: Grid,
    read: CalphaSet,
    peaks: CalphaSet,
    weights: Path,
    length: int,
    *,
    device: str | torch.device = "auto",
) -> CalphaSet:
    """Positions that are read, then weaker ones beside them.

    Parameters
    ----------
    density : Grid
        Normalised map at 1 Å.
    read : CalphaSet
        From `read_residues`.
    peaks : CalphaSet
        From a search for `EXCESS` times as many.
    weights : Path
        Of a residue network.
    length : int
        Residues expected in the map.
    device : str or torch.device
        As in `predict`.

    Returns
    -------
    CalphaSet
        `read` as it is, followed by the likeliest others, most probable first: of all no more than
        `EXCESS` times the length. The latter have the secondary structure that networks see.
    """
    count, room = len(read), round(EXCESS * length) - len(read)
    if room <= 0 or not count:
        return read
    peaks = peaks.select(cKDTree(read.positions).query(peaks.positions)[0] > APART)
    if not len(peaks):
        return read
    every, evidence = judge_residues(density, _joined(read, peaks), weights, device=device)
    every = dataclasses.replace(every, probability=probabilities(evidence))
    other = np.arange(len(every)) >= count
    other &= cKDTree(read.positions).query(every.positions)[0] > SAME
    chosen = np.flatnonzero(other)
    chosen = chosen[np.argsort(-every.probability[chosen], kind="stable")][:room]
    joined = _joined(read, every.select(chosen))
    return dataclasses.replace(joined, triples=_triples(read, every, chosen))


def _joined(first: CalphaSet, second: CalphaSet) -> CalphaSet:
    """Positions of both, without triples."""
    names = ("positions", "probability", "amino_acid", "secondary_structure")
    return CalphaSet(*(np.concatenate([getattr(a, n) for a in (first, second)]) for n in names))


def _triples(read: CalphaSet, every: CalphaSet, chosen: np.ndarray) -> CalphaTriples:
    """Those of the positions that were read before, and of others those with one that was not."""
    count = len(read)
    kept = np.concatenate([np.arange(count), chosen])
    nothing = CalphaTriples(np.empty((0, 3), np.int64), np.empty(0))
    before, found = read.triples or nothing, (every.triples or nothing).select(kept, len(every))
    new = (found.triple >= count).any(axis=1)
    triple = np.concatenate([before.triple, found.triple[new]])
    log_odds = np.concatenate([before.log_odds, found.log_odds[new]])
    order = np.argsort(triple[:, 1], kind="stable")
    return CalphaTriples(triple[order], log_odds[order])
