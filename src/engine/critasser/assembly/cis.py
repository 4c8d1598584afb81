"""Which peptides are cis, as the Cα of traces and templates tell it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from critasser.assembly.complete import before_proline
from critasser.structure import Target, Template, Trace
from critasser.structure.peptides import cis_log_odds, estimated_noise

__all__ = ["CIS_BEFORE_PROLINE", "cis_by_starts"]

CIS_BEFORE_PROLINE = 0.047
"""Share of peptides before proline that are cis (see `structure.geometry.CIS_BOND`); elsewhere it
is 0.0005, and they are taken for trans."""

SAME_PLACE = 2.0
"""Å within which a start has a residue where a chain has it, and so tells of its peptides."""


def cis_by_starts(
    chain: NDArray[np.float64], target: Target, starts: Sequence[Trace | Template]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Peptides of a chain that are cis by the starts that run where it does.

    Sampling goes on and off a cis peptide by chance, at any temperature. The Cα from which a chain
    began know better, as far as they are accurate.

    Parameters
    ----------
    chain : ndarray (L, 3)
        Å.
    target : Target
    starts : sequence of Trace or Template

    Returns
    -------
    cis : ndarray (L,) bool
        Residues whose peptide to the next, a proline, is cis; by the mean over starts.
    told : ndarray (L,) bool
        Those before proline of which a start tells.
    """
    total, count = np.zeros(len(target)), np.zeros(len(target))
    for start in starts:
        near = np.linalg.norm(start.positions - chain, axis=1) < SAME_PLACE
        both = np.append(near[:-1] & near[1:] & target.bonded, False)
        length = np.append(np.linalg.norm(np.diff(start.positions, axis=0), axis=1), np.nan)
        noise = estimated_noise(start.positions, target.bonded)
        odds = cis_log_odds(length, noise, CIS_BEFORE_PROLINE)
        total[both] += odds[both]
        count += both
    told = before_proline(target) & (count > 0)
    return told & (total > 0), told
