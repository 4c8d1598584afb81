"""Learns the tables of the energy from structures, by counting.

Rare cases lean on more general ones. There are no random numbers: the same chains give the same
tables.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from critasser.assembly.bins import (
    BINS13,
    BINS14,
    BINS15,
    BURIAL_BINS,
    CONTACT_BIN,
    CONTACT_BINS,
    CONTACT_REACH,
    FACING,
    RAMP,
    SEPARATION,
)
from critasser.assembly.frame_kernels import COMPACT_BELOW, EXTENDED_ABOVE, all_frames
from critasser.assembly.statistics import SHAPES
from critasser.assembly.terms import ALONG, BEAD, CALPHA, NORMAL, POINTING, SIDECHAIN
from critasser.errors import InputError
from critasser.structure import ATOMIC_NUMBER, ProteinChain, assign_secondary_structure

__all__ = ["learn"]

LONGEST_BOND = 4.2
"""Å between neighbouring Cα beyond which a chain is broken."""

FEWEST_RESIDUES = 5
"""Of a chain that is counted: the widest window is five residues."""

GYRATION_EXPONENT = 0.38
"""Of the radius of gyration by chain length, from the literature (2.2 L^0.38 Å)."""

UNSEEN_CLOSEST = 3.7
"""Å; closest approach of a residue type that was never seen near a Cα."""

CLOSEST_REACH, CLOSEST_SEPARATION, CLOSEST_PERCENTILE = 6.0, 3, 2
"""Of side chains and Cα within 6 Å and three or more apart along the chain, 2 % are nearer than
the closest approach."""

BACKBONE = frozenset(("N", "CA", "C", "O", "OXT"))

RANDOM_ORIENTATION = np.array([0.25, 0.25, 0.5])
"""Share of random pairs of side chains that are parallel, antiparallel, across."""

GENERAL_COUNT, RARE_COUNT, PAIR_COUNT = 5.0, 50.0, 25.0
"""Observations that a more general case counts as: all residues among uniform bins, single residues
or pairs among more general ones, contacts of two types among random mixing."""

UNSEEN_SHARE = 1e-3
"""Of the pairs expected at a distance, added where none were seen: no energy is infinite."""

SHELLS_OF_REFERENCE = 2
"""Outermost bins (1 Å) in which pairs are taken to be as dense as without any energy."""

CONTACT_RANGE = (-2.0, 4.0)
"""Least and largest energy of a contact."""

SMOOTHING = (0.25, 0.5, 0.25)
"""Of burial counts over neighbouring numbers."""

BURIAL_COUNT, BURIAL_FLOOR, BURIAL_RANGE = 20, 1e-5, (-1.5, 2.5)
"""Observations of all types that a type's burial leans on; added to shares; least and largest
energy."""

BURIAL_COVERED = 0.995
"""Share of a type's residues beyond whose burial there is no evidence: the energy stays."""


def burial_share(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much (0 … 1) a side chain at a distance in Å counts as a neighbour."""
    return np.clip((CONTACT_REACH - distance) / RAMP, 0.0, 1.0)


def learn(chains: Iterable[ProteinChain]) -> dict[str, NDArray]:
    """Count everything.

    Parameters
    ----------
    chains : iterable of ProteinChain
        Of the split train only. Residues without a Cα, of unknown type or beside a break are left
        out of what needs them.

    Returns
    -------
    dict of ndarray
        The tables of `Statistics`, float32.
    """
    whole = [piece for chain in chains for piece in [_Beads.of(chain)] if piece is not None]
    if not whole:
        raise InputError("no chain to learn from has a residue with a Cα")
    centre, electrons = _sidechains(whole)
    for beads in whole:
        beads.place(centre)
    tables = {"sidechain_centre": centre, "sidechain_electrons": electrons}
    tables.update(_local(whole))
    tables.update(_contacts(whole))
    codes = np.concatenate([beads.codes for beads in whole])
    tables["background"] = np.bincount(codes, minlength=20) / len(codes)
    length = np.log([len(beads.codes) for beads in whole])
    radius = np.log([np.sqrt(beads.calpha.var(axis=0).sum()) for beads in whole])
    factor = np.exp(np.median(radius - GYRATION_EXPONENT * length))
    tables["gyration"] = np.array([factor, GYRATION_EXPONENT])
    return {name: tables[name].astype(np.float32) for name in SHAPES}


class _Beads:
    """A chain's residues with a Cα and a known type, and where it breaks."""

    def __init__(self, chain: ProteinChain, usable: NDArray[np.bool_]) -> None:
        self.calpha = np.ascontiguousarray(chain.calpha[usable])
        self.codes = chain.codes[usable].astype(np.int64)
        step = np.linalg.norm(np.diff(self.calpha, axis=0), axis=1)
        broken = np.concatenate([[True], step > LONGEST_BOND, [True]])
        edges = np.flatnonzero(broken)
        size = np.diff(edges)
        self.first = np.repeat(edges[:-1], size)
        self.last = np.repeat(edges[1:] - 1, size)
        self.structure = assign_secondary_structure(self.calpha)
        number = np.full(len(usable), -1)
        number[usable] = np.arange(usable.sum())
        side = np.array([name not in BACKBONE for name in chain.atom_names], dtype=bool)
        residue = number[chain.residue[side]]
        kept = residue >= 0
        electrons = np.array([ATOMIC_NUMBER[e.upper()] for e in chain.elements])[side][kept]
        residue, positions = residue[kept], chain.positions[side][kept]
        n = len(self.codes)
        self.atoms = np.bincount(residue, minlength=n)
        self.electrons = np.bincount(residue, electrons, minlength=n)
        with np.errstate(invalid="ignore", divide="ignore"):
            self.true_centre = (
                np.stack(
                    [np.bincount(residue, positions[:, k], minlength=n) for k in range(3)], axis=1
                )
                / self.atoms[:, None]
            )
        self.sidechain = np.empty((n, 3))
        self.pointing = np.empty((n, 3))

    @classmethod
    def of(cls, chain: ProteinChain) -> _Beads | None:
        """Beads of a chain; None where it has too few residues that are whole."""
        usable = np.isfinite(chain.calpha).all(axis=1) & (chain.codes >= 0)
        return cls(chain, usable) if usable.sum() >= FEWEST_RESIDUES else None

    def place(self, centre: NDArray[np.float64]) -> None:
        """Side-chain centres as the sampling will put them, so that energies fit what it sees."""
        rows = _framed(self, centre)
        self.sidechain = rows[:, SIDECHAIN : SIDECHAIN + 3]
        self.pointing = rows[:, POINTING : POINTING + 3]

    def windows(self, size: int) -> NDArray[np.int64]:
        """First residues of unbroken windows."""
        start = np.arange(len(self.codes))
        return start[start + size - 1 <= self.last]


def _framed(beads: _Beads, centre: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows (n, BEAD) as in `terms.State`, of side-chain centres (20, 2, 3) in residues' frames."""
    rows = np.zeros((len(beads.codes), BEAD))
    rows[:, CALPHA : CALPHA + 3] = beads.calpha
    all_frames(rows, beads.first, beads.last, np.ascontiguousarray(centre[beads.codes]))
    return rows


def _sidechains(whole: list[_Beads]) -> tuple[NDArray, NDArray]:
    """Mean side-chain centre (20, 2, 3) in the residue's frame and electrons (20,)."""
    full = np.zeros(20)
    for beads in whole:
        np.maximum.at(full, beads.codes, beads.atoms)
    # The largest count can come from a deviant residue: the most common complete one is wanted.
    counts = np.zeros((20, int(full.max()) + 1))
    for beads in whole:
        np.add.at(counts, (beads.codes, beads.atoms), 1)
    full = counts.argmax(axis=1)
    total, number, electrons = np.zeros((20, 2, 3)), np.zeros((20, 2)), np.zeros(20)
    unit = np.zeros((20, 2, 3))
    boundary = 0.5 * (COMPACT_BELOW + EXTENDED_ABOVE)
    for beads in whole:
        n = len(beads.codes)
        rows = _framed(beads, unit)
        along, normal = rows[:, ALONG : ALONG + 3], rows[:, NORMAL : NORMAL + 3]
        outward = np.cross(normal, along)
        inside = (np.arange(n) > beads.first) & (np.arange(n) < beads.last)
        chosen = np.flatnonzero(inside & (beads.atoms == full[beads.codes]) & (beads.atoms > 0))
        offset = beads.true_centre[chosen] - beads.calpha[chosen]
        local = np.stack(
            [np.sum(offset * axis[chosen], axis=1) for axis in (along, outward, normal)], axis=1
        )
        span = np.linalg.norm(beads.calpha[chosen + 1] - beads.calpha[chosen - 1], axis=1)
        state = (span > boundary).astype(np.int64)
        np.add.at(total, (beads.codes[chosen], state), local)
        np.add.at(number, (beads.codes[chosen], state), 1)
        electrons[beads.codes[chosen]] = beads.electrons[chosen]
    return total / np.maximum(number, 1)[:, :, None], electrons


def _bin(values: NDArray, bins: tuple[float, float, int]) -> NDArray[np.int64]:
    first, width, count = bins
    return np.clip(np.floor((values - first) / width), 0, count - 1).astype(np.int64)


def _local(whole: list[_Beads]) -> dict[str, NDArray]:
    """Probabilities of distances along the chain."""
    count13, count14, count15 = (
        np.zeros(SHAPES[name]) for name in ("distance13", "distance14", "distance15")
    )
    for beads in whole:
        x, codes, ss = beads.calpha, beads.codes, beads.structure.astype(np.int64)
        i = beads.windows(3)
        d = np.linalg.norm(x[i + 2] - x[i], axis=1)
        np.add.at(count13, (ss[i + 1], codes[i + 1], _bin(d, BINS13)), 1)
        i = beads.windows(4)
        d = np.linalg.norm(x[i + 3] - x[i], axis=1)
        normal = np.cross(x[i + 1] - x[i], x[i + 2] - x[i + 1])
        signed = np.where(np.sum(normal * (x[i + 3] - x[i + 2]), axis=1) < 0, -d, d)
        kind = np.where(ss[i + 1] == ss[i + 2], ss[i + 1], 2)
        np.add.at(count14, (kind, codes[i + 1], codes[i + 2], _bin(signed, BINS14)), 1)
        i = beads.windows(5)
        d = np.linalg.norm(x[i + 4] - x[i], axis=1)
        kind = np.where((ss[i + 1] == ss[i + 2]) & (ss[i + 2] == ss[i + 3]), ss[i + 2], 2)
        np.add.at(count15, (kind, codes[i + 1], codes[i + 3], _bin(d, BINS15)), 1)
    bins = BINS13[2]
    general = _shares(count13.sum(axis=1), np.full(bins, 1 / bins), GENERAL_COUNT)
    table13 = _shares(count13, general[:, None], RARE_COUNT)
    return {
        "distance13": table13,
        "distance14": _pair_shares(count14),
        "distance15": _pair_shares(count15),
    }


def _shares(counts: NDArray, prior: NDArray, strength: float) -> NDArray:
    """Frequencies along the last axis; rare cases lean on the prior."""
    return (counts + strength * prior) / (counts.sum(axis=-1, keepdims=True) + strength)


def _pair_shares(counts: NDArray) -> NDArray:
    """Frequencies by residue pair, leaning on those of either residue, these on all."""
    bins = counts.shape[-1]
    general = _shares(counts.sum(axis=(1, 2)), np.full(bins, 1 / bins), GENERAL_COUNT)
    left = _shares(counts.sum(axis=2), general[:, None], RARE_COUNT)
    right = _shares(counts.sum(axis=1), general[:, None], RARE_COUNT)
    return _shares(counts, 0.5 * (left[:, :, None] + right[:, None]), RARE_COUNT)


def _contacts(whole: list[_Beads]) -> dict[str, NDArray]:
    """Contact energies, burial energies, closest approach."""
    seen = np.zeros((20, 20, 3, CONTACT_BINS))
    buried = np.zeros((20, BURIAL_BINS))
    near: list[list[NDArray]] = [[] for _ in range(20)]
    for beads in whole:
        codes = beads.codes
        tree = cKDTree(beads.sidechain)
        pairs = tree.query_pairs(CONTACT_REACH, output_type="ndarray").reshape(-1, 2)
        pairs = pairs[np.abs(pairs[:, 0] - pairs[:, 1]) >= SEPARATION]
        i, j = pairs[:, 0], pairs[:, 1]
        d = np.linalg.norm(beads.sidechain[i] - beads.sidechain[j], axis=1)
        cosine = np.sum(beads.pointing[i] * beads.pointing[j], axis=1)
        facing = np.where(cosine > FACING, 0, np.where(cosine < -FACING, 1, 2))
        shell = np.minimum((d / CONTACT_BIN).astype(np.int64), CONTACT_BINS - 1)
        np.add.at(seen, (codes[i], codes[j], facing, shell), 1)
        np.add.at(seen, (codes[j], codes[i], facing, shell), 1)
        share = burial_share(d)
        number = np.bincount(i, share, len(codes)) + np.bincount(j, share, len(codes))
        np.add.at(buried, (codes, np.minimum(number + 0.5, BURIAL_BINS - 1).astype(int)), 1)
        across = cKDTree(beads.calpha).sparse_distance_matrix(
            tree, CLOSEST_REACH, output_type="ndarray"
        )
        across = across[np.abs(across["i"] - across["j"]) >= CLOSEST_SEPARATION]
        for a in range(20):
            near[a].append(across["v"][codes[across["j"]] == a])
    values = [np.concatenate(v) for v in near]
    closest = np.array(
        [np.percentile(v, CLOSEST_PERCENTILE) if v.size else UNSEEN_CLOSEST for v in values]
    )
    return {
        "contact": _contact_energy(seen),
        "burial": _burial_energy(buried),
        "closest": closest,
    }


def _contact_energy(seen: NDArray[np.float64]) -> NDArray[np.float64]:
    """Energy of two side chains from how often they were seen, both (a, a, 3, 16)."""
    # Energy of any two side chains: density of pairs against that of the outermost 1 Å.
    edge = np.arange(CONTACT_BINS + 1) * CONTACT_BIN
    volume = edge[1:] ** 3 - edge[:-1] ** 3
    every = seen.sum(axis=(0, 1))
    outer = slice(-SHELLS_OF_REFERENCE, None)
    density = every[:, outer].sum() / volume[outer].sum()
    expected = density * volume * RANDOM_ORIENTATION[:, None]
    general = -np.log((every + UNSEEN_SHARE * expected) / expected)
    # What tells pairs apart: shares of residue types among the pairs at any distance.
    share = seen.sum(axis=(1, 2, 3)) / seen.sum()
    mixed = share[:, None, None, None] * share[None, :, None, None] * every
    special = -np.log((seen + PAIR_COUNT) / (mixed + PAIR_COUNT))
    return np.clip(general + special, *CONTACT_RANGE)


def _burial_energy(buried: NDArray[np.float64]) -> NDArray[np.float64]:
    """Energy of a residue type by its neighbours from how often it had so many, both (a, 32)."""
    padded = np.pad(buried, ((0, 0), (1, 1)), mode="edge")
    before, here, after = SMOOTHING
    smooth = before * padded[:, :-2] + here * padded[:, 1:-1] + after * padded[:, 2:]
    total = smooth.sum(axis=0)
    preference = (smooth + BURIAL_COUNT * total / total.sum()) / (
        smooth.sum(axis=1, keepdims=True) + BURIAL_COUNT
    )
    burial = np.clip(
        -np.log((preference + BURIAL_FLOOR) / (total / total.sum() + BURIAL_FLOOR)), *BURIAL_RANGE
    )
    reached = np.cumsum(smooth, axis=1) / np.maximum(smooth.sum(axis=1, keepdims=True), 1.0)
    for a in range(len(burial)):
        top = min(int(np.searchsorted(reached[a], BURIAL_COVERED)), BURIAL_BINS - 1)
        burial[a, top:] = burial[a, top]
    return burial
