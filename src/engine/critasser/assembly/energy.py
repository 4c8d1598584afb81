"""What the Monte Carlo minimises for one target, map and set of starts.

``E = E_inherent + W_temp E_temp + W_EM E_EM + W_CNN E_CNN`` (paper eq. 5–7). Maps are convolved
with a bead's Gaussian once, so that E_EM and E_CNN are look-ups. Beyond the paper stand two terms:
`PLACE`, each residue to where the starts agree that it is, and `IDENTITY`, each residue to
predicted Cα of its own amino acid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from critasser.assembly import energy_kernels as terms
from critasser.assembly.complete import Start, chain_ends
from critasser.assembly.energy_kernels import Model, State, fill_state
from critasser.assembly.field_kernels import mark_nearest
from critasser.assembly.statistics import Statistics, statistics
from critasser.density import Grid, kernel_width, simulate
from critasser.structure import CalphaSet, Target

__all__ = ["WEIGHTS", "Weights", "build_model", "new_state"]


@dataclass(frozen=True)
class Weights:
    """Weights of the terms at temperature 1; chosen on chains of the split val."""

    bond: float = 12.0
    local: float = 0.35
    helix: float = 1.0
    excluded: float = 8.0
    overlap: float = 4.0
    contact: float = 0.15
    sheet: float = 1.5
    burial: float = 0.3
    gyration: float = 0.2
    em: float = 2.0
    cnn: float = 4.0
    identity: float = 1.0
    place: float = 6.0
    pair: float = 1.5
    predicted: float = 1.0

    def vector(self) -> NDArray[np.float64]:
        """In the order of the kernels; `em` and `cnn` are in the fields already."""
        result = np.zeros(terms.TERMS)
        for name in (
            "bond", "local", "helix", "excluded", "overlap", "contact", "sheet", "burial",
            "gyration", "identity", "place", "pair",
        ):  # fmt: skip
            result[getattr(terms, name.upper())] = getattr(self, name)
        result[terms.FIELD] = 1.0
        return result


WEIGHTS = Weights()

PLACES = 4
SAME_PLACE = 2.0
BACKBONE_ELECTRONS = 26.0
PRIOR_STRUCTURE = np.array([0.38, 0.22, 0.40])
NEAR_CALPHA = 3.0
PARTNERS = 14
TOP_STARTS = 5
CONTACT = 8.0
SPREAD_ALLOWED = 2.0


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
    contacts : ndarray (L, L), optional
        Predicted probabilities of contacts.
    weights : Weights
    tables : Statistics, optional
        The shipped ones without it.
    """
    tables = statistics() if tables is None else tables
    codes = target.codes.astype(np.int64)
    first, last = chain_ends(target)
    trusted = calpha if use_cnn else calpha.select(np.zeros(0, dtype=np.int64))
    em, cnn = _fields(density, resolution, trusted)
    share = _start_shares(starts, em, cnn, density, weights)
    structure = _secondary_structure(starts, share, calpha)
    places, place_weight = _places(starts, share)
    nearest = np.full(density.shape, -1, dtype=np.int32)
    mark_nearest(nearest, density.origin, density.voxel_size, trusted.positions, NEAR_CALPHA)
    helix = np.zeros(len(target))
    helix[: max(0, len(helix) - 4)] = np.convolve(structure[:, 0], np.full(5, 0.2), "valid")
    every = np.concatenate([s.positions for s in starts])
    cell_origin, cell_count = _cells(every, density)
    odds = np.log((trusted.amino_acid + 0.02) / (tables.background + 0.02))
    return Model(
        codes=codes,
        chain=target.chain_index.astype(np.int64),
        first=first,
        last=last,
        centres=np.ascontiguousarray(tables.sidechain_centre[codes]),
        **_local_tables(tables, codes, structure),
        contact=tables.contact.astype(np.float32),
        burial=tables.burial.astype(np.float32),
        closest=tables.closest,
        helix=0.3 + helix,
        strand=np.clip(0.2 + 1.2 * structure[:, 1], 0.0, 1.0),
        calpha_field=(weights.em * em + weights.cnn * cnn).astype(np.float32),
        sidechain_field=(weights.em * em).astype(np.float32),
        sidechain_weight=tables.sidechain_electrons[codes] / BACKBONE_ELECTRONS,
        origin=density.origin,
        voxel=density.voxel_size,
        found=trusted.positions,
        nearest=nearest,
        identity=(-np.clip(odds, -2.0, 2.5) * trusted.probability[:, None]).astype(np.float32),
        places=places,
        place_weight=place_weight,
        **_pairs(target, starts, share, contacts, weights),
        gyration=np.array(
            [
                1.15 * tables.gyration[0] * len(s) ** tables.gyration[1]
                for s in target.sequences
            ]
        ),
        cell_origin=cell_origin,
        cell_count=cell_count,
        weights=weights.vector(),
    )


def new_state(model: Model, positions: NDArray[np.float64]) -> State:
    """A replica at positions (L, 3), its lists filled."""
    n, chains = len(model.codes), len(model.gyration)
    cells = int(model.cell_count.prod(axis=1).max())
    state = State(
        calpha=np.array(positions, dtype=np.float64),
        sidechain=np.zeros((n, 3)),
        along=np.zeros((n, 3)),
        normal=np.zeros((n, 3)),
        pointing=np.zeros((n, 3)),
        count=np.zeros(n),
        change=np.zeros(n),
        touched=np.zeros(n + 1, dtype=np.int64),
        moments=np.zeros((chains, 5)),
        head=np.full((2, cells), -1, dtype=np.int32),
        next=np.zeros((2, n), dtype=np.int32),
        previous=np.zeros((2, n), dtype=np.int32),
        cell=np.zeros((2, n), dtype=np.int32),
    )
    fill_state(model, state)
    return state


def _fields(
    density: Grid, resolution: float, calpha: CalphaSet
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Density and predicted Cα, both convolved with a bead's Gaussian, about 1 at their best."""
    width = kernel_width(resolution)
    em = gaussian_filter(density.values.astype(np.float64), width / density.voxel_size[::-1])
    inside = em[em > 0.3]
    em /= max(float(np.percentile(inside, 95)) if inside.size else 1.0, 1e-3)
    em = np.clip(em, -0.3, 1.5)
    if len(calpha) == 0:
        return em, np.zeros_like(em)
    # A bead seen at the resolution, twice; wider than that only helps to find the way.
    sigma = float(np.clip(np.sqrt(2.0) * width, 1.0, 1.8))
    cnn = simulate(
        calpha.positions,
        calpha.probability * np.sqrt(2.0 * np.pi * sigma**2),
        sigma * np.sqrt(2.0) * np.pi,
        like=density,
    ).values.astype(np.float64)
    # Where Gaussians of neighbours add up there is no better Cα than at one of them.
    return em, np.minimum(cnn, 1.2)


def _start_shares(
    starts: Sequence[Start], em: NDArray, cnn: NDArray, density: Grid, weights: Weights
) -> NDArray[np.float64]:
    """How far each start is to be believed, (S,), sum 1: by what its residues gain in the maps."""
    gain = []
    both = density.with_values(weights.em * em + weights.cnn * cnn)
    for start in starts:
        index = np.rint(both.to_index(start.positions)).astype(np.int64)
        inside = np.all((index >= 0) & (index < both.shape), axis=1)
        at = np.clip(index, 0, np.array(both.shape) - 1)
        value = np.where(inside, both.values[at[:, 0], at[:, 1], at[:, 2]], 0.0)
        trusted = np.where(start.given, 0.2 + start.confidence, 0.0)
        gain.append(np.sum(value * trusted) / len(value))
    gain = np.array(gain)
    share = np.exp(-(gain.max() - gain) / max(0.1 * abs(gain.max()), 1e-3))
    return share / share.sum()


def _secondary_structure(
    starts: Sequence[Start], share: NDArray, calpha: CalphaSet
) -> NDArray[np.float64]:
    """Probabilities (L, 3) of each residue, from the predicted Cα where starts put it."""
    n = len(starts[0].positions)
    total = 0.25 * np.tile(PRIOR_STRUCTURE, (n, 1))
    if len(calpha):
        tree = cKDTree(calpha.positions)
        for start, weight in zip(starts, share):
            distance, index = tree.query(start.positions)
            seen = weight * (distance < 2.5) * (0.2 + start.confidence) * start.given
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
            known, ss = table[:, codes[i + 1]], structure[i + 1]
        else:
            known = table[:, codes[i + 1], codes[i + size - 2]]
            ss = structure[i[:, None] + np.arange(1, size - 1)].mean(axis=1)
        mixed = np.einsum("is,sib->ib", ss, known)
        energy[i] = -np.log((mixed + 2e-4) * bins)
        result[name] = energy.astype(np.float32)
    return result


def _places(
    starts: Sequence[Start], share: NDArray
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where starts put each residue (L, K, 3) and the share that does so (L, K), most first."""
    positions = np.array([s.positions for s in starts])
    trust = np.array([s.confidence * s.given for s in starts]) * share[:, None]
    n = positions.shape[1]
    places, weight = np.zeros((n, PLACES, 3)), np.zeros((n, PLACES))
    left = trust.copy()
    for k in range(PLACES):
        top = left.argmax(axis=0)
        centre = positions[top, np.arange(n)]
        near = np.linalg.norm(positions - centre, axis=2) < SAME_PLACE
        part = np.where(near, left, 0.0)
        total = part.sum(axis=0)
        mean = np.einsum("si,sik->ik", part, positions) / np.maximum(total, 1e-12)[:, None]
        places[:, k] = np.where(total[:, None] > 0, mean, 0.0)
        weight[:, k] = total
        left[near] = 0.0
    return places, weight


def _pairs(
    target: Target,
    starts: Sequence[Start],
    share: NDArray,
    contacts: NDArray | None,
    weights: Weights,
) -> dict[str, NDArray]:
    """Distances that the best starts agree on, and predicted contacts, as rows by residue."""
    n = len(target)
    best = np.argsort(-share, kind="stable")[:TOP_STARTS]
    believed = share[best] / share[best].sum()
    positions = np.array([starts[s].positions for s in best])
    trust = np.array([starts[s].confidence * starts[s].given for s in best])
    i, j = _candidate_pairs(target, positions[0], trust[0])
    distance = np.linalg.norm(positions[:, j] - positions[:, i], axis=2)
    both = np.minimum(trust[:, i], trust[:, j]) * believed[:, None]
    agree = (np.abs(distance - distance[0]) < SPREAD_ALLOWED) * both
    support = agree.sum(axis=0)
    mean = (agree * distance).sum(axis=0) / np.maximum(support, 1e-12)
    spread = np.sqrt((agree * (distance - mean) ** 2).sum(axis=0) / np.maximum(support, 1e-12))
    strength = support / (PARTNERS / 4)
    rows = [np.stack([i, j, mean, np.maximum(spread, 0.3), strength], axis=1)[support > 0.02]]
    if contacts is not None:
        a, b = np.nonzero(np.triu(contacts, 6) > 0.3)
        every = np.ones(len(a))
        strength = contacts[a, b] * weights.predicted / max(weights.pair, 1e-9)
        # No penalty from 4 Å to where a contact ends.
        middle, half = 0.5 * (CONTACT + 4.0), 0.5 * (CONTACT - 4.0)
        rows.append(np.stack([a, b, middle * every, half * every, strength], axis=1))
    table = np.concatenate(rows)
    table = np.concatenate([table, table[:, [1, 0, 2, 3, 4]]])
    table = table[np.lexsort((table[:, 1], table[:, 0]))]
    counts = np.bincount(table[:, 0].astype(np.int64), minlength=n)
    return {
        "pair_start": np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        "pair_other": table[:, 1].astype(np.int64),
        "pair_distance": table[:, 2].copy(),
        "pair_spread": table[:, 3].copy(),
        "pair_weight": table[:, 4].copy(),
    }


def _candidate_pairs(
    target: Target, positions: NDArray, trust: NDArray
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs 2 … 6 apart along a chain, contacts, and a few long distances, of trusted residues."""
    n = len(target)
    chain = target.chain_index
    chosen = []
    for step in (2, 3, 4, 5, 6, 12, 24):
        a = np.arange(max(0, n - step))
        chosen.append(np.stack([a, a + step], axis=1)[chain[a] == chain[a + step]])
    tree = cKDTree(positions)
    near = tree.query_pairs(CONTACT, output_type="ndarray").reshape(-1, 2)
    near = near[np.abs(near[:, 1] - near[:, 0]) > 6]
    near = near[np.lexsort((near[:, 1], near[:, 0]))]
    apart = np.linalg.norm(positions[near[:, 0]] - positions[near[:, 1]], axis=1)
    order = np.argsort(apart, kind="stable")
    count = np.zeros(n, dtype=np.int64)
    kept = []
    for row in near[order]:
        if count[row[0]] < PARTNERS // 2 and count[row[1]] < PARTNERS // 2:
            kept.append(row)
            count[row] += 1
    pairs = np.concatenate([*chosen, np.array(kept, dtype=np.int64).reshape(-1, 2)])
    pairs = np.unique(pairs.astype(np.int64), axis=0)
    pairs = pairs[(trust[pairs] > 0).all(axis=1)]
    return pairs[:, 0], pairs[:, 1]


def _cells(positions: NDArray, density: Grid) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Corner and numbers (2, 3) of neighbour cells around where the chains can be."""
    low = np.maximum(positions.min(axis=0) - 12.0, density.origin - 30.0)
    high = np.minimum(positions.max(axis=0) + 12.0, density.upper + 30.0)
    size = np.maximum(high - low, 1.0)
    edges = np.array([terms.CALPHA_REACH, terms.SIDECHAIN_REACH])
    return low, np.maximum(1, np.ceil(size / edges[:, None])).astype(np.int64)
