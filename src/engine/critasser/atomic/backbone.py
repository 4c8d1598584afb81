"""Draws backbones on Cα positions: the best turn of every peptide plane along the chain."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from critasser.atomic.backbone_kernels import best_turns
from critasser.atomic.backbone_statistics import (
    TURN_BINS,
    peptide_frames,
    quad_bins,
    ramachandran_class,
    residue_frames,
)
from critasser.atomic.chemistry import CA, CB, OXT, SLOTS, C, N, O
from critasser.atomic.internal_coordinates import angle, place, torsion
from critasser.density import Grid, sample
from critasser.shipped import shipped
from critasser.structure import AMINO_ACIDS
from critasser.structure.geometry import CALPHA_BOND

__all__ = ["BackboneTables", "build_backbone", "load_backbone_tables"]

FINE_STEP, FINE_STATES = np.radians(1.0), 9
"""Turns that are tried about the best one of the coarse round, in steps of radians."""

LIMIT = 14.0
"""−log probability above a peptide's best beyond which a turn is not tried."""

DENSITY_WEIGHTS = np.array([0.6, 1.0, 0.7])
"""What density counts at C, O and N: O stands out of the chain."""

# Smoothing of the counts, in bins.
BEND_SMOOTHING, TORSION_SMOOTHING, TURN_SMOOTHING, PHI_PSI_SMOOTHING = 0.6, 0.8, 1.5, 1.2

ANYWHERE_COUNT = 5.0
"""Peptides that the turns at all bends count as, at some bend."""

UNIFORM_SHARE, UNIFORM_PHI_PSI = 0.01, 0.001
"""Shares of a uniform distribution that are mixed in: nothing is impossible."""

LEVER = 1.6
"""Å from a Cα line to the next Cα: how an error of positions becomes one of turns."""

SPREAD_FACTOR, SPREAD_OF_NOISE = 1.5, 0.15
"""Factor on the spread of the angle N–CA–C in deposited structures; radians that it widens by for
each Å of error."""

SHARPEST_BEND, WIDEST_BEND, USUAL_BEND = np.radians(88), np.radians(130), np.radians(110.0)
"""Cα bends within which a chain goes on beyond its ends, and the bend of one that has none."""

USUAL_TORSION = np.radians(50.0)
"""Cα torsion of a chain that has none: a helix's."""


@dataclass(frozen=True, eq=False)
class BackboneTables:
    """What `backbone_statistics.learn` made, ready for use."""

    counts: dict[str, NDArray]

    @cached_property
    def turn_cost(self) -> NDArray[np.float64]:
        """−log probability of a peptide's turn, (bend, bend, torsion, turn); smoothed."""
        counts = self.counts["turn_counts"].astype(np.float64)
        for axis, width, mode in (
            (0, BEND_SMOOTHING, "nearest"),
            (1, BEND_SMOOTHING, "nearest"),
            (2, TORSION_SMOOTHING, "wrap"),
            (3, TURN_SMOOTHING, "wrap"),
        ):
            counts = gaussian_filter1d(counts, width, axis=axis, mode=mode)
        anywhere = counts.sum(axis=(0, 1), keepdims=True)
        anywhere = anywhere / anywhere.sum(axis=-1, keepdims=True)
        uniform = 1.0 / TURN_BINS
        total = counts.sum(axis=-1, keepdims=True)
        mixed = (counts + ANYWHERE_COUNT * anywhere) / (total + ANYWHERE_COUNT)
        return -np.log((1.0 - UNIFORM_SHARE) * mixed + UNIFORM_SHARE * uniform)

    @cached_property
    def phi_psi_cost(self) -> NDArray[np.float64]:
        """−log of density over uniform density, (class, phi, psi); smoothed."""
        return -np.log(self.phi_psi_density)

    @cached_property
    def phi_psi_density(self) -> NDArray[np.float64]:
        """Density over uniform density, (class, phi, psi); smoothed."""
        counts = self.counts["phi_psi_counts"].astype(np.float64)
        for axis in (1, 2):
            counts = gaussian_filter1d(counts, PHI_PSI_SMOOTHING, axis=axis, mode="wrap")
        share = counts / counts.sum(axis=(1, 2), keepdims=True)
        _, rows, columns = share.shape
        return (1.0 - UNIFORM_PHI_PSI) * share * rows * columns + UNIFORM_PHI_PSI


def load_backbone_tables(path: Path | None = None) -> BackboneTables:
    """The shipped tables, or those of another file."""
    with np.load(path or shipped("backbone.npz"), allow_pickle=False) as data:
        return BackboneTables({name: data[name] for name in data.files})


def build_backbone(
    calpha: NDArray[np.float64],
    codes: NDArray[np.int8],
    bonded: NDArray[np.bool_],
    cis: NDArray[np.bool_],
    tables: BackboneTables,
    *,
    density: Grid | None = None,
    density_weight: float = 0.0,
    phi_psi_weight: float = 0.75,
    noise: float = 0.0,
) -> NDArray[np.float64]:
    """N, CA, C, O, CB and OXT of every residue.

    Parameters
    ----------
    calpha : (L, 3) Å
    codes : (L,) int8
    bonded : (L - 1,) bool
    cis : (L - 1,) bool
    tables : BackboneTables
    density : Grid, optional
        Normalised map, 1 unit of which is worth `density_weight` at an O atom.
    phi_psi_weight : float
        Of −log p(phi, psi) beside −log p(turn given Cα); below 1 as the two overlap.
    noise : float
        Error of the Cα in Å, by which angles between atoms are let off.

    Returns
    -------
    (L, SLOTS, 3) Å
        Side chains beyond CB are NaN; Cα are those given.
    """
    positions = np.full((len(calpha), SLOTS, 3), np.nan)
    kinds = ramachandran_class(codes, bonded)
    breaks = [0, *(np.flatnonzero(~bonded) + 1).tolist(), len(calpha)]
    for begin, end in pairwise(breaks):
        part = slice(begin, end)
        positions[part] = _build_segment(
            calpha[part],
            kinds[part],
            cis[begin : end - 1],
            tables,
            density,
            density_weight,
            phi_psi_weight,
            noise,
        )
    frames = residue_frames(positions[:, N], positions[:, CA], positions[:, C])
    cbeta = positions[:, CA] + np.einsum("nij,i->nj", frames, tables.counts["cbeta"])
    positions[:, CB] = np.where((codes == AMINO_ACIDS.index("G"))[:, None], np.nan, cbeta)
    return positions


def _build_segment(
    calpha: NDArray[np.float64],
    kinds: NDArray[np.int64],
    cis: NDArray[np.bool_],
    tables: BackboneTables,
    density: Grid | None,
    density_weight: float,
    phi_psi_weight: float,
    noise: float,
) -> NDArray[np.float64]:
    count = len(calpha)
    extended = _extended(calpha)
    frames = peptide_frames(extended)[1:-1]
    line = extended[1:-1]
    middle = 0.5 * (line[:-1] + line[1:])
    is_cis = np.concatenate([[False], cis, [False]])
    plane = np.where(is_cis[:, None, None], tables.counts["cis"], tables.counts["trans"])
    prior = tables.turn_cost[quad_bins(extended, np.arange(1, count + 2))]
    if noise > 0:
        # A turn is as uncertain as the frame it is measured in.
        blur = noise / LEVER / (2 * np.pi) * TURN_BINS
        prior = -np.log(gaussian_filter1d(np.exp(-prior), blur, axis=-1, mode="wrap"))
    prior[is_cis] = np.log(TURN_BINS)
    kind = kinds.copy()
    kind[[0, -1]] = -1
    spread = float(np.hypot(tables.counts["angle_sd"] * SPREAD_FACTOR, SPREAD_OF_NOISE * noise))
    centres = (np.arange(TURN_BINS) + 0.5) / TURN_BINS * 2 * np.pi - np.pi
    turns = np.broadcast_to(centres, (count + 1, TURN_BINS))
    states = np.zeros(count + 1, dtype=np.int64)
    for fine in (False, True):
        if fine:
            best = turns[np.arange(count + 1), states]
            steps = (np.arange(FINE_STATES) - FINE_STATES // 2) * FINE_STEP
            turns = best[:, None] + steps
        atoms = _peptide_atoms(middle, frames, plane, turns)
        cost = _interpolated(prior, turns)
        if density is not None and density_weight > 0:
            values = sample(density, atoms.reshape(-1, 3)).reshape(atoms.shape[:-1])
            share = np.tile(DENSITY_WEIGHTS, (count + 1, 1))
            share[0, :2] = 0.0
            cost = cost - density_weight * np.einsum("ntk,nk->nt", values, share)
        states, _ = best_turns(
            cost,
            atoms,
            calpha,
            phi_psi_weight * tables.phi_psi_cost,
            kind,
            float(tables.counts["angle_mean"]),
            spread,
            LIMIT,
        )
    chosen = atoms[np.arange(count + 1), states]
    positions = np.full((count, SLOTS, 3), np.nan)
    positions[:, N] = chosen[:-1, 2]
    positions[:, CA] = calpha
    positions[:, C] = chosen[1:, 0]
    positions[:, O] = chosen[1:, 1]
    end = positions[-1]
    positions[-1, OXT] = place(end[C], end[CA], end[O], *tables.counts["oxt"])
    return positions


def _interpolated(prior: NDArray[np.float64], turns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Costs (n, S) at turns (n, S) in radians from costs (n, TURN_BINS) at the bins' centres."""
    where = (turns + np.pi) / (2 * np.pi) * TURN_BINS - 0.5
    low = np.floor(where).astype(int)
    part = where - low
    rows = np.arange(len(prior))[:, None]
    return (1 - part) * prior[rows, low % TURN_BINS] + part * prior[rows, (low + 1) % TURN_BINS]


def _peptide_atoms(
    middle: NDArray[np.float64],
    frames: NDArray[np.float64],
    plane: NDArray[np.float64],
    turns: NDArray[np.float64],
) -> NDArray[np.float64]:
    """C, O, N (n, T, 3, 3) of peptides turned by (n, T) about their Cα lines."""
    across = (
        np.cos(turns)[..., None] * frames[:, None, 1]
        + np.sin(turns)[..., None] * frames[:, None, 2]
    )
    return (
        middle[:, None, None]
        + plane[:, None, :, 0, None] * frames[:, None, None, 0]
        + plane[:, None, :, 1, None] * across[:, :, None]
    )


def _extended(calpha: NDArray[np.float64]) -> NDArray[np.float64]:
    """A chain with two more Cα on either end, as the chain's own last bend and torsion go on."""
    if len(calpha) == 1:
        calpha = np.vstack([calpha, calpha + [[CALPHA_BOND, 0.0, 0.0]]])
        return np.vstack([_grown(calpha[::-1], 2)[::-1], _grown(calpha, 1)[2:]])
    return np.vstack([_grown(calpha[::-1], 2)[: len(calpha) - 1 : -1], _grown(calpha, 2)])


def _grown(calpha: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """The chain with `count` Cα more at its end."""
    chain = [*calpha]
    for _ in range(count):
        if len(chain) >= 3:
            bend = float(np.clip(angle(*chain[-3:]), SHARPEST_BEND, WIDEST_BEND))
        else:
            bend = USUAL_BEND
        turn = float(torsion(*chain[-4:])) if len(chain) >= 4 else USUAL_TORSION
        if len(chain) >= 3:
            before = chain[-3]
        else:
            step = chain[-1] - chain[-2]
            before = chain[-2] + np.cross(step, np.eye(3)[np.argmin(np.abs(step))])
        chain.append(place(chain[-1], chain[-2], before, CALPHA_BOND, bend, turn))
    return np.array(chain)
