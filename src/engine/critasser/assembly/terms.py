"""What the kernels of the Monte Carlo pass on: the terms of the energy, its model, a replica.

A move changes the Cα of residues a … b and so the frames and side chains of a − 1 … b + 1. `Model`
holds what never changes, `State` one replica twice: as it is (`NOW`), and as a move would have it
(`TRIAL`). Both are alike but for the move that is being tried, so that a refused move costs no more
than to copy its stretch back. Energies of what depends on one residue, one window or one restraint
are kept; a move only asks for the new ones.

Kernels read arrays of the two where they stand, not by names of their own: each name would be
counted as a reference.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = [
    "ALONG", "BEAD", "BOND", "BURIAL", "CALPHA", "CONTACT", "EXCLUDED", "FIELD", "GYRATION",
    "HELIX", "IDENTITY", "LOCAL", "NORMAL", "NOW", "OVERLAP", "PAIR", "PLACE", "POINTING", "SHEET",
    "SIDECHAIN", "TERMS", "TRIAL", "Model", "Neighbours", "State",
]  # fmt: skip

# Terms in the order of `Model.weights` and of the vectors of components.
BOND, LOCAL, HELIX, EXCLUDED, OVERLAP, CONTACT, SHEET, BURIAL, GYRATION = range(9)
FIELD, IDENTITY, PLACE, PAIR = range(9, 13)
TERMS = 13

# First columns of what a row of `State.beads` holds: positions in Å and unit vectors.
CALPHA, SIDECHAIN, POINTING, ALONG, NORMAL = 0, 3, 6, 9, 12
BEAD = 16
"""Columns of a row, the last one unused: 64 bytes, a line of the processor's cache."""

NOW, TRIAL = 0, 1
"""The replica as it is, and as the move that is being tried would have it."""


class Model(NamedTuple):
    """All that the energy knows; L residues, C chains. Lengths in Å, energies at weight 1."""

    codes: np.ndarray  # (L,) int64
    chain: np.ndarray  # (L,) int64
    first: np.ndarray  # (L,) int64, first residue of the residue's chain
    last: np.ndarray  # (L,) int64, its last
    runs: np.ndarray  # (L, 2) int64, first and last residue around it that may move with it
    moving: np.ndarray  # (m,) int64, residues at which moves begin
    cis_cost: np.ndarray  # (L,) Å² that a cis peptide to the next residue costs; inf: never cis
    centres: np.ndarray  # (L, 2, 3) side-chain centres in the residue's frame
    distance13: np.ndarray  # (L, 20) float32, by first residue of the window
    distance14: np.ndarray  # (L, 48) float32
    distance15: np.ndarray  # (L, 24) float32
    contact: np.ndarray  # (21, 21, 3, 17) float32, 0 in the last bin; the last type is unknown
    burial: np.ndarray  # (21, 32) float32
    closest: np.ndarray  # (21,)
    reach: np.ndarray  # (L,) farthest that a side chain's centre can be from its Cα
    helix: np.ndarray  # (L,) how much a helical window from here counts
    strand: np.ndarray  # (L,) how much a residue counts in a sheet
    calpha_field: np.ndarray  # (nz, ny, nx) float32
    sidechain_field: np.ndarray  # (nz, ny, nx) float32
    sidechain_weight: np.ndarray  # (L,)
    origin: np.ndarray  # (3,) x, y, z
    voxel: np.ndarray  # (3,)
    predicted: np.ndarray  # (n, 3) predicted Cα
    nearest: np.ndarray  # (nz, ny, nx) int32, index into predicted, −1 where none is near
    identity: np.ndarray  # (n, 21) float32 energy of a residue type at a predicted Cα
    places: np.ndarray  # (L, K, 3) where starts have put the residue
    place_weight: np.ndarray  # (L, K)
    pair_start: np.ndarray  # (L + 1,) int64, rows of the restraints of each residue
    pair_other: np.ndarray  # (m,) int64
    pair_mirror: np.ndarray  # (m,) int64, the same restraint's row of the other residue
    pair_distance: np.ndarray  # (m,) float32
    pair_spread: np.ndarray  # (m,) float32
    pair_weight: np.ndarray  # (m,) float32
    own_least: np.ndarray  # (L,) least weighted energy that a Cα can have from maps and starts
    gyration: np.ndarray  # (C,) largest radius without penalty
    weights: np.ndarray  # (TERMS,)


class Neighbours(NamedTuple):
    """Which residues may be near which; of L residues, see `neighbour_kernels`."""

    listed: np.ndarray  # (L, k) uint32, those near enough for terms of Cα first
    number: np.ndarray  # (L, 2) int64, of these, and of all; −1 where there were too many
    where: np.ndarray  # (L, 3) float32, Cα when the lists were made
    strayed: np.ndarray  # (L,) bool, moved too far since for the lists of others
    strays: np.ndarray  # (L + 1,) int64, how many did, and which
    found: np.ndarray  # (2 L + 1,) uint32, scratch: who is near
    corner: np.ndarray  # (3,) float32, of the grid of cells
    side: np.ndarray  # (1,) float32, of a cell
    widest: np.ndarray  # (1,) float32, from a Cα to a side chain at most
    cells: np.ndarray  # (3,) int64, their number along each axis
    first: np.ndarray  # (2 L + 9,) int64, members first[c]:first[c + 1] are in cell c
    members: np.ndarray  # (L,) uint32, residues by cell


class State(NamedTuple):
    """One replica; the energies kept are weighted, but those of restraints."""

    beads: np.ndarray  # (2, L, BEAD) float32
    now: np.ndarray  # (L, BEAD) beads[NOW]
    trial: np.ndarray  # (L, BEAD) beads[TRIAL]
    count: np.ndarray  # (L,) side chains around each side chain
    change: np.ndarray  # (L,) scratch: change of count
    touched: np.ndarray  # (L + 1,) int64 scratch: number of changed counts, then which
    moments: np.ndarray  # (2, C, 5) number, sum of x, y, z, of squares
    own: np.ndarray  # (2, L) of a Cα against maps and starts
    window: np.ndarray  # (2, L) of the chain from a residue to the fourth after it
    side: np.ndarray  # (2, L) of a side chain against the map
    pair: np.ndarray  # (2, m) of each row of restraints, at weight 1
    parts: np.ndarray  # (TERMS,) terms at weight 1 when the state was filled
    near: Neighbours
