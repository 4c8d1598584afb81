"""Prepares what the Monte Carlo minimises for one target, map and set of starts.

``E = E_inherent + W_temp E_temp + W_EM E_EM + W_CNN E_CNN`` (paper eq. 5–7). Maps are convolved
with a bead's Gaussian once, so that E_EM and E_CNN are look-ups. Beyond the paper stand two terms:
`PLACE`, each residue to where the starts agree that it is, and `IDENTITY`, each residue to
predicted Cα of its own amino acid.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from critasser.assembly.cis import CIS_BEFORE_PROLINE
from critasser.assembly.complete import Start, before_proline, chain_ends
from critasser.assembly.energy_kernels import fill_state
from critasser.assembly.field_kernels import mark_nearest
from critasser.assembly.neighbour_kernels import MOST_LISTED
from critasser.assembly.restraints import BASE_TRUST, pairs_of, places_of, start_shares
from critasser.assembly.statistics import Statistics, statistics
from critasser.assembly.terms import (
    BEAD,
    CALPHA,
    FIELD,
    IDENTITY,
    NOW,
    PLACE,
    TERMS,
    TRIAL,
    Model,
    Neighbours,
    State,
)
from critasser.assembly.weights import WEIGHTS, Weights
from critasser.density import Grid, kernel_width, simulate
from critasser.structure import AMINO_ACIDS, CalphaSet, Target

__all__ = ["build_model", "calpha_of", "least_own_energy", "new_state", "total_energy"]


UNKNOWN = len(AMINO_ACIDS)
"""Index of an unknown residue in tables of the amino acids."""

PROTEIN = 0.3
"""Smoothed normalised density from which a voxel is protein."""

TOP_PERCENTILE, LEAST_TOP = 95, 1e-3
"""Percentile of the protein's density that counts as 1, and the least it may be."""

EM_RANGE = (-0.3, 1.5)
"""Least and largest value of the smoothed density."""

CNN_WIDTH_RANGE = (1.0, 1.8)
"""Å; a predicted Cα is as wide as a bead seen twice at the resolution, within these."""

MOST_CALPHA = 1.2
"""Value that Gaussians of neighbouring Cα do not exceed together: where they add up there is no
better Cα than at one of them."""

BACKBONE_ELECTRONS = 26.0
"""Of N, Cα, C and O, the backbone's bead; side-chain beads count by their electrons over these."""

PRIOR_STRUCTURE = np.array([0.38, 0.22, 0.40])
"""Share of residues in helix, strand and coil."""

PRIOR_TRUST = 0.25
"""What the prior counts beside a start that is believed wholly."""

SAME_CALPHA = 2.5
"""Å within which a start's residue has the secondary structure of a predicted Cα."""

NEAR_CALPHA = 3.0
"""Å around predicted Cα within which a residue's identity counts; beyond
`place_kernels.IDENTITY_NONE`."""

UNSEEN_SHARE = 2e-4
"""Added to probabilities of distances: no energy is infinite."""

AMINO_ACID_FLOOR, ODDS_RANGE = 0.02, (-2.0, 2.5)
"""Added to probabilities of amino acids; least and largest log-odds in nats."""

HELIX_WINDOW, HELIX_BASE = 5, 0.3
"""Residues of a helical window, and what it counts where no helix is predicted."""

STRAND_BASE, STRAND_SLOPE = 0.2, 1.2
"""What a residue counts in a sheet where no strand is predicted, and what a sure strand adds (up to
1 in all)."""

GYRATION_SLACK = 1.15
"""Radius of gyration, over the usual one of its length, from which a chain is too wide."""


def build_model(
    target: Target,
    starts: Sequence[Start],
    calpha: CalphaSet,
    density: Grid,
    resolution: float,
    *,
    use_cnn: bool,
    contacts: NDArray | None = None,
    weights: Weights = WEIGHTS,
    tables: Statistics | None = None,
    mobile: NDArray[np.bool_] | None = None,
    share: NDArray[np.float64] | None = None,
) -> Model:
    """Arrays for the kernels.

    Parameters
    ----------
    target : Target
    starts : sequence of Start
        At least one.
    calpha : CalphaSet
        Predicted Cα; without any, the terms that need them are 0.
    density : Grid
        Normalised.
    resolution : float
        Å.
    use_cnn : bool
        Whether the predicted Cα are trusted: E_CNN and identities.
    contacts, weights
        As in `exchange.assemble`.
    tables : Statistics, optional
        The shipped ones without it.
    mobile : ndarray (L,), optional
        Which residues may move; all without it.
    share : ndarray (S,), optional
        How far each start is to be believed, sum 1; by `start_shares` without it.
    """
    tables = statistics() if tables is None else tables
    codes = target.codes.astype(np.int64)
    first, last = chain_ends(target)
    trusted = calpha if use_cnn else calpha.select(np.zeros(0, dtype=np.int64))
    em, cnn = _fields(density, resolution, trusted)
    if share is None:
        share = start_shares(starts, density.with_values(weights.em * em + weights.cnn * cnn))
    structure = _secondary_structure(starts, share, calpha)
    places, place_weight = places_of(starts, share)
    nearest = np.full(density.shape, -1, dtype=np.int32)
    mark_nearest(nearest, density.origin, density.voxel_size, trusted.positions, NEAR_CALPHA)
    centres = np.ascontiguousarray(tables.sidechain_centre[codes], dtype=np.float64)
    field = (weights.em * em + weights.cnn * cnn).astype(np.float32)
    identity = _identity(trusted, tables)
    contact = np.pad(tables.contact, [(0, 0)] * 3 + [(0, 1)]).astype(np.float32)
    kinds = np.where(target.unknown, UNKNOWN, codes)
    return Model(
        codes=kinds,
        chain=target.chain_index.astype(np.int64),
        first=first,
        last=last,
        **_runs(first, last, mobile),
        cis_cost=np.where(before_proline(target), _cis_cost(weights), np.inf),
        centres=centres,
        **_local_tables(tables, codes, structure),
        contact=_with_unknown(_with_unknown(contact, 0), 1),
        burial=_with_unknown(tables.burial.astype(np.float32), 0),
        closest=_with_unknown(tables.closest, 0),
        reach=np.linalg.norm(centres, axis=2).max(axis=1),
        helix=_helix_weight(structure),
        strand=np.clip(STRAND_BASE + STRAND_SLOPE * structure[:, 1], 0.0, 1.0),
        calpha_field=field,
        sidechain_field=(weights.em * em).astype(np.float32),
        sidechain_weight=tables.sidechain_electrons[codes] / BACKBONE_ELECTRONS,
        origin=density.origin,
        voxel=density.voxel_size,
        predicted=trusted.positions,
        nearest=nearest,
        identity=identity,
        places=places,
        place_weight=place_weight,
        **pairs_of(target, starts, share, contacts, weights),
        gyration=_largest_gyration(target, tables),
        own_least=least_own_energy(field, identity, kinds, place_weight, weights.vector()),
        weights=weights.vector(),
    )


def least_own_energy(
    field: NDArray[np.float32],
    identity: NDArray[np.float32],
    codes: NDArray[np.int64],
    place_weight: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> NDArray[np.float64]:
    """A bound (L,) of what a Cα can have from the field, predicted Cα and starts, weighted."""
    best = np.zeros(len(codes))
    if len(identity):
        best = np.minimum(identity.min(axis=0)[codes], 0.0)
    return (
        -weights[FIELD] * max(float(field.max()), 0.0)
        + weights[IDENTITY] * best
        - weights[PLACE] * place_weight.max(axis=1)
    )


def _cis_cost(weights: Weights) -> float:
    """What a cis peptide before proline costs, in Å² of the bond term: minus its log-odds."""
    odds = (1.0 - CIS_BEFORE_PROLINE) / CIS_BEFORE_PROLINE
    return float(np.log(odds)) / weights.bond


def _helix_weight(structure: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much (L,) a helical window from each residue on counts."""
    window = np.zeros(len(structure))
    even = np.full(HELIX_WINDOW, 1.0 / HELIX_WINDOW)
    window[: max(0, len(window) - HELIX_WINDOW + 1)] = np.convolve(structure[:, 0], even, "valid")
    return HELIX_BASE + window


def _with_unknown(table: NDArray, axis: int) -> NDArray:
    """A table of the amino acids along an axis, with an unknown one after them: alanine's atoms."""
    alanine = table.take([AMINO_ACIDS.index("A")], axis)
    return np.ascontiguousarray(np.concatenate([table, alanine], axis))


def _identity(calpha: CalphaSet, tables: Statistics) -> NDArray[np.float32]:
    """Energy (n, 21) of each amino acid at each predicted Cα; 0 of an unknown one anywhere."""
    odds = np.log((calpha.amino_acid + AMINO_ACID_FLOOR) / (tables.background + AMINO_ACID_FLOOR))
    energy = -np.clip(odds, *ODDS_RANGE) * calpha.probability[:, None]
    return np.pad(energy, [(0, 0), (0, 1)]).astype(np.float32)


def _largest_gyration(target: Target, tables: Statistics) -> NDArray[np.float64]:
    """Radius of gyration (C,) in Å from which each chain is too wide."""
    factor, exponent = tables.gyration
    return np.array([GYRATION_SLACK * factor * len(s) ** exponent for s in target.sequences])


def new_state(model: Model, positions: NDArray[np.float64]) -> State:
    """A replica at positions (L, 3), filled."""
    n, chains, restraints = len(model.codes), len(model.gyration), len(model.pair_other)
    beads = np.zeros((2, n, BEAD), dtype=np.float32)
    beads[NOW, :, CALPHA : CALPHA + 3] = positions
    state = State(
        beads=beads,
        now=beads[NOW],
        trial=beads[TRIAL],
        count=np.zeros(n),
        change=np.zeros(n),
        touched=np.zeros(n + 1, dtype=np.int64),
        moments=np.zeros((2, chains, 5)),
        own=np.zeros((2, n)),
        window=np.zeros((2, n)),
        side=np.zeros((2, n)),
        pair=np.zeros((2, restraints)),
        parts=np.zeros(TERMS),
        near=Neighbours(
            listed=np.zeros((n, MOST_LISTED), dtype=np.uint32),
            number=np.zeros((n, 2), dtype=np.int64),
            where=np.zeros((n, 3), dtype=np.float32),
            strayed=np.zeros(n, dtype=np.bool_),
            strays=np.zeros(n + 1, dtype=np.int64),
            found=np.zeros(2 * n + 1, dtype=np.uint32),
            corner=np.zeros(3, dtype=np.float32),
            side=np.zeros(1, dtype=np.float32),
            widest=np.full(1, model.reach.max(), dtype=np.float32),
            cells=np.zeros(3, dtype=np.int64),
            first=np.zeros(2 * n + 9, dtype=np.int64),
            members=np.zeros(n, dtype=np.uint32),
        ),
    )
    fill_state(model, state)
    return state


def calpha_of(state: State) -> NDArray[np.float64]:
    """Cα (L, 3) of a replica."""
    return state.now[:, CALPHA : CALPHA + 3].astype(np.float64)


def total_energy(model: Model, positions: NDArray[np.float64]) -> float:
    """Energy of Cα (L, 3)."""
    return float(new_state(model, positions).parts @ model.weights)


def _runs(
    first: NDArray[np.int64], last: NDArray[np.int64], mobile: NDArray[np.bool_] | None
) -> dict[str, NDArray[np.int64]]:
    """Which residues move together, and where moves begin: also at the one before a run, since
    bends leave the residue where they begin in its place."""
    if mobile is None:
        return {"runs": np.stack([first, last], axis=1), "moving": np.arange(len(first))}
    n = len(mobile)
    runs = np.tile(np.arange(n)[:, None], (1, 2))
    for i in range(1, n):
        if mobile[i] and mobile[i - 1] and first[i] == first[i - 1]:
            runs[i, 0] = runs[i - 1, 0]
    for i in range(n - 2, -1, -1):
        if mobile[i] and mobile[i + 1] and first[i] == first[i + 1]:
            runs[i, 1] = runs[i + 1, 1]
    begins = np.flatnonzero(mobile & (runs[:, 0] == np.arange(n)) & (first < np.arange(n)))
    runs[begins - 1] = runs[begins]
    return {"runs": runs, "moving": np.union1d(np.flatnonzero(mobile), begins - 1)}


def _fields(
    density: Grid, resolution: float, calpha: CalphaSet
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Density and predicted Cα, both convolved with a bead's Gaussian, about 1 at their best."""
    width = kernel_width(resolution)
    em = gaussian_filter(density.values.astype(np.float64), width / density.voxel_size[::-1])
    inside = em[em > PROTEIN]
    em /= max(float(np.percentile(inside, TOP_PERCENTILE)) if inside.size else 1.0, LEAST_TOP)
    em = np.clip(em, *EM_RANGE)
    if len(calpha) == 0:
        return em, np.zeros_like(em)
    sigma = float(np.clip(np.sqrt(2.0) * width, *CNN_WIDTH_RANGE))
    cnn = simulate(
        calpha.positions,
        calpha.probability * np.sqrt(2.0 * np.pi * sigma**2),
        sigma * np.sqrt(2.0) * np.pi,
        like=density,
    ).values.astype(np.float64)
    return em, np.minimum(cnn, MOST_CALPHA)


def _secondary_structure(
    starts: Sequence[Start], share: NDArray, calpha: CalphaSet
) -> NDArray[np.float64]:
    """Probabilities (L, 3) of each residue, from the predicted Cα where starts put it."""
    n = len(starts[0].positions)
    total = PRIOR_TRUST * np.tile(PRIOR_STRUCTURE, (n, 1))
    if len(calpha):
        tree = cKDTree(calpha.positions)
        for start, weight in zip(starts, share):
            distance, index = tree.query(start.positions)
            trust = (BASE_TRUST + start.confidence) * start.given
            seen = weight * (distance < SAME_CALPHA) * trust
            total += seen[:, None] * calpha.secondary_structure[index]
    return total / np.maximum(total.sum(axis=1, keepdims=True), 1e-9)


def _local_tables(
    tables: Statistics, codes: NDArray[np.int64], structure: NDArray
) -> dict[str, NDArray[np.float32]]:
    """Energies of distances along the chain, for each window by its first residue."""
    n = len(codes)
    result = {}
    for name, table, size in (
        ("distance13", tables.distance13, 3),
        ("distance14", tables.distance14, 4),
        ("distance15", tables.distance15, 5),
    ):
        bins = table.shape[-1]
        energy = np.zeros((n, bins))
        i = np.arange(max(0, n - size + 1))
        if size == 3:
            rows, ss = table[:, codes[i + 1]], structure[i + 1]
        else:
            rows = table[:, codes[i + 1], codes[i + size - 2]]
            ss = structure[i[:, None] + np.arange(1, size - 1)].mean(axis=1)
        mixed = np.einsum("is,sib->ib", ss, rows)
        energy[i] = -np.log((mixed + UNSEEN_SHARE) * bins)
        result[name] = energy.astype(np.float32)
    return result
