"""Completes starts: a trace or template with missing residues becomes a whole Cα chain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from critasser.assembly.completion_kernels import Gap, Surroundings, grow, mark_taken, settle
from critasser.density import Grid, simulate
from critasser.structure import AMINO_ACIDS, CalphaSet, Target, Template, Trace
from critasser.structure.geometry import (
    CALPHA_BOND,
    MODEL_LONGEST_BOND,
    MODEL_SHORTEST_BOND,
    REACH,
)
from critasser.structure.peptides import short_enough

__all__ = ["Guide", "Start", "complete", "mended", "template_confidence"]

BOND_REACH = 6.0
"""Å between neighbours from which a bond can still be pulled right."""

TAKEN_RADIUS = 3.6
"""Å around a residue that are taken: a little less than a bond."""

STEPS = 30_000
"""Tries of a gap times the square of its length: long gaps get fewer, since each costs more."""

FEWEST_TRIES, MOST_TRIES = 8, 300

OWN_CALPHA = 2.2
"""Å; a predicted Cα this near to a placed residue is that residue."""

# The guide's field.
BLUR = 1.0
"""Å, standard deviation by which the map is smoothed."""

DENSE, TOP_PERCENTILE = 0.3, 90
"""Normalised density from which a voxel is protein; of these, the percentile that counts as 1."""

FIELD_RANGE = (-0.5, 1.2)
"""Least and largest value of the smoothed density."""

CALPHA_WIDTH = 1.2
"""Å, standard deviation of a predicted Cα's Gaussian."""

MOST_CALPHA = 1.2
"""Value that Gaussians of neighbouring Cα do not exceed together."""

DENSITY_SHARE = 0.4
"""What density counts beside predicted Cα."""

# Trust.
LEAST_SCORE = 0.05
"""Confidence of a template of the lowest score: more than none."""

SIZE_TRUST, MOST_SIZE = 1e-3, 50
"""Confidence that each residue of a piece adds, up to 50 of them, when one side of a break must
go."""

FIRMNESS = 0.9
"""How much less a residue of confidence 1 gives way than one of confidence 0."""

LEAST_MOBILITY = 0.05
"""Of any residue that may move at all."""

# Mending.
ROUNDS, SETTLING_PASSES, LAST_PASSES = 4, 60, 2000
"""Times close pairs are looked for; passes of settling after each; passes for bonds that are still
wrong."""

CLOSE = 6.0
"""Å within which pairs are watched: they may come too near while the chain settles."""

WATCHED_SEPARATION = 3
"""Residues along the chain from which a pair is watched."""

MARGIN = 0.1
"""Å inside the range of bonds that mending aims at."""

NO_LENGTH = 1e-6
"""Å; a bond shorter than this has no direction."""

FREE_PLACE_BLUR, TAKEN = 2.0, -9.0
"""Å by which the field is smoothed to find a place for a chain that has none; value of voxels that
are taken, less than any."""


@dataclass(frozen=True, eq=False)
class Guide:
    """Where missing residues are likely to be; made once for all starts.

    Attributes
    ----------
    field : Grid
        About 1 where a Cα would be well.
    calpha : ndarray (n, 3) float64
        Predicted Cα, Å.
    """

    field: Grid
    calpha: NDArray[np.float64]

    @classmethod
    def of(cls, density: Grid, calpha: CalphaSet | None = None) -> Guide:
        """From a normalised map, and predicted Cα where they are trusted."""
        blurred = gaussian_filter(density.values, BLUR / density.voxel_size[::-1])
        dense = blurred[blurred > DENSE]
        top = float(np.percentile(dense, TOP_PERCENTILE)) if dense.size else 1.0
        field = np.clip(blurred / top, *FIELD_RANGE)
        if calpha is None or len(calpha) == 0:
            return cls(density.with_values(field), np.zeros((0, 3)))
        bumps = simulate(
            calpha.positions,
            calpha.probability * np.sqrt(2.0 * np.pi) * CALPHA_WIDTH,
            CALPHA_WIDTH * np.sqrt(2.0) * np.pi,
            like=density,
        )
        both = DENSITY_SHARE * field + np.minimum(bumps.values, MOST_CALPHA)
        return cls(density.with_values(both), calpha.positions)


@dataclass(frozen=True, eq=False)
class Start:
    """A whole chain to begin with.

    Attributes
    ----------
    positions : ndarray (L, 3) float64
        Å; no NaN; bonds of 2.7 … 4.2 Å, below 3.3 Å of cis peptides before proline only.
    confidence : ndarray (L,) float64
        Of the trace; 0 for residues that had to be invented.
    given : ndarray (L,) bool
        Residues that stand about where the trace had them.
    source : str
    score : float
    """

    positions: NDArray[np.float64]
    confidence: NDArray[np.float64]
    given: NDArray[np.bool_]
    source: str
    score: float


def template_confidence(template: Template) -> NDArray[np.float64]:
    """Confidence (L,) of a template's residues: its CRscore, for all that it covers."""
    return np.where(template.placed, float(np.clip(template.score, LEAST_SCORE, 1.0)), 0.0)


def complete(
    target: Target,
    start: Trace | Template,
    guide: Guide,
    *,
    rng: np.random.Generator,
    mobile: NDArray[np.bool_] | None = None,
) -> Start:
    """Close gaps and grow ends through density that is not taken yet.

    Residues beside a gap that its missing residues cannot bridge are given up, the less trusted
    side first. Each gap is closed by the best of many random stretches, gaps before ends. A chain
    without any residue grows from the densest free place.

    Parameters
    ----------
    target : Target
    start : Trace or Template
    guide : Guide
        Where there is something to grow along.
    rng : numpy.random.Generator
    mobile : ndarray (L,), optional
        Which residues may be moved or given up; all without it. The others need a position, and a
        confidence of 1 or more.

    Returns
    -------
    Start
    """
    if len(start.positions) != len(target):
        raise ValueError(f"a start of {len(start.positions)} residues for {len(target)}")
    confidence = template_confidence(start) if isinstance(start, Template) else start.confidence
    positions = start.positions.copy()
    placed = start.placed.copy()
    for chain in target.chain_slices:
        _give_up_unbridgeable(positions, placed, confidence, chain)
    positions[~placed] = np.nan
    growth = _Growth(guide, positions[placed], rng)
    for chain in target.chain_slices:
        for low, high in _missing(placed, chain):
            if low > chain.start and high < chain.stop:
                positions[low:high] = growth.between(positions, low, high, chain)
    for chain in target.chain_slices:
        if not placed[chain].any():
            middle = (chain.start + chain.stop) // 2
            positions[middle] = growth.free_place()
    for chain in target.chain_slices:
        there = np.flatnonzero(np.isfinite(positions[chain, 0])) + chain.start
        for low, high in ((chain.start, int(there[0])), (int(there[-1]) + 1, chain.stop)):
            if low < high:
                positions[low:high] = growth.end(positions, low, high, chain)
    mobility = np.where(placed, 1.0 - FIRMNESS * np.clip(confidence, 0.0, 1.0), 1.0)
    positions = mended(positions, target, mobility, mobile)
    return Start(positions, np.where(placed, confidence, 0.0), placed, start.source, start.score)


def mended(
    positions: NDArray[np.float64],
    target: Target,
    mobility: NDArray[np.float64] | None = None,
    mobile: NDArray[np.bool_] | None = None,
    cis: NDArray[np.bool_] | None = None,
) -> NDArray[np.float64]:
    """The nearest chain found whose bonds are those of peptides, with few clashes.

    Unless it is said which are cis, bonds before proline that are no longer than a cis peptide's
    stay so; all others are trans.

    Parameters
    ----------
    positions : ndarray (L, 3)
        Å, without NaN.
    target : Target
    mobility : ndarray (L,), optional
        Which residues give way, 0 … 1; all alike without it.
    mobile : ndarray (L,), optional
        Which may move at all; bonds between others stay as they are.
    cis : ndarray (L,), optional
        Residues whose bond to the next is to be that of a cis peptide.

    Returns
    -------
    ndarray (L, 3)
    """
    result = np.array(positions, dtype=np.float64)
    n = len(result)
    free = np.ones(n) if mobile is None else mobile.astype(np.float64)
    mobility = free * (np.ones(n) if mobility is None else np.maximum(mobility, LEAST_MOBILITY))
    first, last = chain_ends(target)
    cis = short_before_proline(result, target) if cis is None else cis
    for _ in range(ROUNDS):
        pairs = cKDTree(result).query_pairs(CLOSE, output_type="ndarray").reshape(-1, 2)
        apart = pairs[:, 1] - pairs[:, 0] >= WATCHED_SEPARATION
        pairs = pairs[apart | (first[pairs[:, 0]] != first[pairs[:, 1]])]
        pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))].astype(np.int64)
        settle(result, first, last, cis, mobility, pairs, SETTLING_PASSES)
    length = np.linalg.norm(np.diff(result, axis=0), axis=1)
    movable = (free[1:] + free[:-1]) > 0
    wrong = (length < MODEL_SHORTEST_BOND + MARGIN) | (length > MODEL_LONGEST_BOND - MARGIN)
    wrong &= target.bonded & movable
    if wrong.any():
        settle(result, first, last, cis, free, np.zeros((0, 2), dtype=np.int64), LAST_PASSES)
    for i in np.flatnonzero(target.bonded):
        # What even that did not bring right follows its neighbour.
        step = result[i + 1] - result[i]
        size = float(np.linalg.norm(step))
        if free[i + 1] and not MODEL_SHORTEST_BOND < size < MODEL_LONGEST_BOND:
            step = step / size if size > NO_LENGTH else np.array([1.0, 0.0, 0.0])
            result[i + 1] = result[i] + CALPHA_BOND * step
    return result


def before_proline(target: Target) -> NDArray[np.bool_]:
    """Which residues (L,) are bonded to a proline after them: there, 1 peptide in 20 is cis."""
    proline = target.codes == AMINO_ACIDS.index("P")
    return np.append(proline[1:] & target.bonded, False)


def short_before_proline(positions: NDArray[np.float64], target: Target) -> NDArray[np.bool_]:
    """Which residues (L,) have a bond to a proline that only a cis peptide has."""
    length = np.append(np.linalg.norm(np.diff(positions, axis=0), axis=1), np.inf)
    return before_proline(target) & short_enough(length)


def chain_ends(target: Target) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last residue (L,) of each residue's chain."""
    first, last = np.zeros(len(target), dtype=np.int64), np.zeros(len(target), dtype=np.int64)
    for chain in target.chain_slices:
        first[chain], last[chain] = chain.start, chain.stop - 1
    return first, last


def _missing(placed: NDArray[np.bool_], chain: slice) -> list[tuple[int, int]]:
    """Half-open ranges of residues that are not placed."""
    flags = np.concatenate([[False], ~placed[chain], [False]]).astype(np.int8)
    edges = np.flatnonzero(np.diff(flags)) + chain.start
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2])]


def _give_up_unbridgeable(
    positions: NDArray, placed: NDArray[np.bool_], confidence: NDArray, chain: slice
) -> None:
    """Take residues away beside breaks until each can be bridged; in place."""
    while True:
        there = np.flatnonzero(placed[chain]) + chain.start
        if len(there) < 2:
            return
        left, right = there[:-1], there[1:]
        distance = np.linalg.norm(positions[right] - positions[left], axis=1)
        bonds = right - left
        broken = np.flatnonzero(distance > np.where(bonds == 1, BOND_REACH, REACH * bonds))
        if len(broken) == 0:
            return
        # How far each side of a break runs before the next: short pieces go before long ones.
        apart = bonds > 1
        apart[broken] = True
        edges = np.concatenate([[0], np.flatnonzero(apart) + 1, [len(there)]])
        piece = np.searchsorted(edges, np.arange(len(there)), side="right") - 1
        size = np.diff(edges)
        for k in broken:
            a, b = int(left[k]), int(right[k])
            trust_a = confidence[a] + SIZE_TRUST * min(size[piece[k]], MOST_SIZE)
            trust_b = confidence[b] + SIZE_TRUST * min(size[piece[k + 1]], MOST_SIZE)
            placed[b if trust_b < trust_a else a] = False


class _Growth:
    """Grows stretches through density that is not taken, and keeps account of what is."""

    def __init__(self, guide: Guide, placed: NDArray, rng: np.random.Generator) -> None:
        self.grid = guide.field
        self.free = guide.calpha
        self.taken = np.zeros(self.grid.shape, dtype=np.int16)
        self.rng = rng
        self._take(placed, 1)

    def _take(self, positions: NDArray, amount: int) -> None:
        if amount > 0 and len(self.free) and len(positions):
            distance, _ = cKDTree(positions).query(self.free)
            self.free = self.free[distance > OWN_CALPHA]
        mark_taken(self.taken, self.grid.origin, self.grid.voxel_size,
                   np.ascontiguousarray(positions), TAKEN_RADIUS, amount)  # fmt: skip

    def _grow(self, gap: Gap) -> NDArray:
        """The best stretch that was found for a gap; from now on its place is taken."""
        # The residues at either side do not stand in their own neighbour's way.
        near = np.stack([gap.start, gap.goal]) if gap.closed else gap.start[None]
        self._take(near, -1)
        around = Surroundings(
            self.grid.values, self.taken, np.ascontiguousarray(self.free), self.grid.origin,
            self.grid.voxel_size,
        )  # fmt: skip
        tries = int(np.clip(STEPS // (gap.count * gap.count), FEWEST_TRIES, MOST_TRIES))
        made, _ = grow(around, gap, tries, int(self.rng.integers(2**31)))
        self._take(near, 1)
        self._take(made, 1)
        return made

    def between(self, positions: NDArray, low: int, high: int, chain: slice) -> NDArray:
        """Residues low … high − 1 between their placed neighbours."""
        nowhere = np.full(3, np.nan)
        before = positions[low - 2] if low - 2 >= chain.start else nowhere
        after = positions[high + 1] if high + 1 < chain.stop else nowhere
        return self._grow(
            Gap(before, positions[low - 1], positions[high], after, high - low, True)
        )

    def end(self, positions: NDArray, low: int, high: int, chain: slice) -> NDArray:
        """Residues low … high − 1 at an end of a chain."""
        nowhere = np.full(3, np.nan)
        if low == chain.start:
            before = positions[high + 1] if high + 1 < chain.stop else nowhere
            gap = Gap(before, positions[high], nowhere, nowhere, high - low, False)
            return self._grow(gap)[::-1]
        before = positions[low - 2] if low - 2 >= chain.start else nowhere
        return self._grow(Gap(before, positions[low - 1], nowhere, nowhere, high - low, False))

    def free_place(self) -> NDArray:
        """The densest place that is not taken."""
        blurred = gaussian_filter(self.grid.values, FREE_PLACE_BLUR / self.grid.voxel_size[::-1])
        free = np.where(self.taken > 0, TAKEN, blurred)
        at = np.array(np.unravel_index(int(np.argmax(free)), free.shape), dtype=np.float64)
        return self.grid.to_position(at[None])[0]
