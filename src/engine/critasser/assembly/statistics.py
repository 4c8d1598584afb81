"""What protein chains look like as Cα and side-chain centres, learnt from structures.

`learn` counts; `load` gives the energies that follow from the counts: ``-ln`` of a frequency over
what is expected, in units of the sampling temperature 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from critasser.assembly.geometry_kernels import (
    COMPACT_BELOW,
    EXTENDED_ABOVE,
    all_frames,
)
from critasser.errors import InputError
from critasser.shipped import shipped
from critasser.structure import ATOMIC_NUMBER, ProteinChain, assign_secondary_structure

__all__ = [
    "BURIAL_BINS",
    "CONTACT_BIN",
    "CONTACT_BINS",
    "CONTACT_REACH",
    "SEPARATION",
    "Statistics",
    "burial_share",
    "learn",
    "load",
    "statistics",
]

SHAPES = {
    "sidechain_centre": (20, 2, 3),
    "sidechain_electrons": (20,),
    "closest": (20,),
    "distance13": (3, 20, 20),
    "distance14": (3, 20, 20, 48),
    "distance15": (3, 20, 20, 24),
    "contact": (20, 20, 3, 16),
    "burial": (20, 32),
    "background": (20,),
    "gyration": (2,),
}

# First value and bin width in Å; distances to i+3 have the sign of the chain's turn.
BINS13 = (4.0, 0.2, 20)
BINS14 = (-12.0, 0.5, 48)
BINS15 = (3.0, 0.5, 24)
CONTACT_BIN, CONTACT_BINS = 0.5, 16
CONTACT_REACH = CONTACT_BIN * CONTACT_BINS
BURIAL_BINS = 32
SEPARATION = 4
"""Side chains nearer than this along the chain do not count as in contact."""

RAMP = 1.0
"""Å below the reach over which a neighbour fades out of the burial count."""

LONGEST_BOND = 4.2
UNSEEN_CLOSEST = 3.7
BACKBONE = frozenset(("N", "CA", "C", "O", "OXT"))
# Cosine classes of two side chains: parallel, antiparallel, across; share of random pairs in each.
RANDOM_ORIENTATION = np.array([0.25, 0.25, 0.5])


@dataclass(frozen=True, eq=False)
class Statistics:
    """Learnt tables; a = amino acids in the order of `AMINO_ACIDS`, s = helix, strand, coil.

    Attributes
    ----------
    sidechain_centre : ndarray (20, 2, 3)
        In the residue's frame, compact and extended, Å; the Cα itself for glycine.
    sidechain_electrons : ndarray (20,)
        Of the heavy atoms beyond the Cα.
    closest : ndarray (20,)
        What 2 % of the Cα–side-chain distances fall below, Å.
    distance13 : ndarray (s, a, 20)
        Probability of Cα(i)–Cα(i+2) distances, by the middle residue; bins `BINS13`.
    distance14 : ndarray (s, a, a, 48)
        Of Cα(i)–Cα(i+3), negative where the turn is left-handed, by residues i+1 and i+2.
    distance15 : ndarray (s, a, a, 24)
        Of Cα(i)–Cα(i+4), by residues i+1 and i+3.
    contact : ndarray (a, a, 3, 16)
        Energy of two side chains by orientation class and distance.
    burial : ndarray (a, 32)
        Energy by number of side chains within 8 Å.
    background : ndarray (20,)
        Frequencies.
    gyration : ndarray (2,)
        Radius of gyration in Å of n residues: ``gyration[0] * n ** gyration[1]``.
    """

    sidechain_centre: NDArray[np.float64]
    sidechain_electrons: NDArray[np.float64]
    closest: NDArray[np.float64]
    distance13: NDArray[np.float64]
    distance14: NDArray[np.float64]
    distance15: NDArray[np.float64]
    contact: NDArray[np.float64]
    burial: NDArray[np.float64]
    background: NDArray[np.float64]
    gyration: NDArray[np.float64]


@cache
def statistics() -> Statistics:
    """The tables that ship with Critasser."""
    return load(shipped("assembly.npz"))


def load(path: Path) -> Statistics:
    """Read tables that `learn` made.

    Raises
    ------
    InputError
        The file is damaged or of another version.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            tables = {name: stored[name].astype(np.float64) for name in SHAPES}
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise InputError(
            f"{path}: not a whole table of chain statistics ({error}); learn it again with "
            "`critasser train statistics`"
        ) from None
    for name, shape in SHAPES.items():
        if tables[name].shape != shape or not np.isfinite(tables[name]).all():
            raise InputError(
                f"{path}: table {name} has shape {tables[name].shape} instead of {shape} or is "
                "not finite; learn it again with `critasser train statistics`"
            )
    return Statistics(**tables)


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
    # The exponent of the literature; the median over chains for the rest.
    exponent = 0.38
    tables["gyration"] = np.array([np.exp(np.median(radius - exponent * length)), exponent])
    return {name: tables[name].astype(np.float32) for name in SHAPES}


class _Beads:
    """A chain's residues with a Cα and a known type, and where it breaks."""

    def __init__(self, chain: ProteinChain, known: NDArray[np.bool_]) -> None:
        self.calpha = np.ascontiguousarray(chain.calpha[known])
        self.codes = chain.codes[known].astype(np.int64)
        step = np.linalg.norm(np.diff(self.calpha, axis=0), axis=1)
        broken = np.concatenate([[True], step > LONGEST_BOND, [True]])
        edges = np.flatnonzero(broken)
        size = np.diff(edges)
        self.first = np.repeat(edges[:-1], size)
        self.last = np.repeat(edges[1:] - 1, size)
        self.structure = assign_secondary_structure(self.calpha)
        number = np.full(len(known), -1)
        number[known] = np.arange(known.sum())
        side = np.array([name not in BACKBONE for name in chain.atom_names], dtype=bool)
        residue = number[chain.residue[side]]
        kept = residue >= 0
        electrons = np.array([ATOMIC_NUMBER[e.upper()] for e in chain.elements])[side][kept]
        residue, positions = residue[kept], chain.positions[side][kept]
        n = len(self.codes)
        self.atoms = np.bincount(residue, minlength=n)
        self.electrons = np.bincount(residue, electrons, minlength=n)
        with np.errstate(invalid="ignore", divide="ignore"):
            self.true_centre = np.stack(
                [np.bincount(residue, positions[:, k], minlength=n) for k in range(3)], axis=1
            ) / self.atoms[:, None]
        self.sidechain = np.empty((n, 3))
        self.pointing = np.empty((n, 3))

    @classmethod
    def of(cls, chain: ProteinChain) -> _Beads | None:
        known = np.isfinite(chain.calpha).all(axis=1) & (chain.codes >= 0)
        return cls(chain, known) if known.sum() >= 5 else None

    def place(self, centre: NDArray[np.float64]) -> None:
        """Side-chain centres as the sampling will put them, so that energies fit what it sees."""
        spare = np.empty((2, len(self.codes), 3))
        all_frames(self.calpha, self.first, self.last, centre[self.codes],
                   spare[0], spare[1], self.pointing, self.sidechain)  # fmt: skip

    def windows(self, size: int) -> NDArray[np.int64]:
        """First residues of unbroken windows."""
        start = np.arange(len(self.codes))
        return start[start + size - 1 <= self.last]


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
        frames = np.empty((4, n, 3))
        all_frames(beads.calpha, beads.first, beads.last, unit[beads.codes], *frames)
        along, normal = frames[0], frames[1]
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
    general = _shares(count13.sum(axis=1), np.full(20, 1 / 20), 5.0)
    table13 = _shares(count13, general[:, None], 50.0)
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
    general = _shares(counts.sum(axis=(1, 2)), np.full(bins, 1 / bins), 5.0)
    left = _shares(counts.sum(axis=2), general[:, None], 50.0)
    right = _shares(counts.sum(axis=1), general[:, None], 50.0)
    return _shares(counts, 0.5 * (left[:, :, None] + right[:, None]), 50.0)


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
        facing = np.where(cosine > 0.5, 0, np.where(cosine < -0.5, 1, 2))
        shell = np.minimum((d / CONTACT_BIN).astype(np.int64), CONTACT_BINS - 1)
        np.add.at(seen, (codes[i], codes[j], facing, shell), 1)
        np.add.at(seen, (codes[j], codes[i], facing, shell), 1)
        share = burial_share(d)
        number = np.bincount(i, share, len(codes)) + np.bincount(j, share, len(codes))
        np.add.at(buried, (codes, np.minimum(number + 0.5, BURIAL_BINS - 1).astype(int)), 1)
        found = cKDTree(beads.calpha).sparse_distance_matrix(tree, 6.0, output_type="ndarray")
        found = found[np.abs(found["i"] - found["j"]) >= 3]
        for a in range(20):
            near[a].append(found["v"][codes[found["j"]] == a])
    # Energy of any two side chains: density of pairs against that of the outermost 1 Å.
    edge = np.arange(CONTACT_BINS + 1) * CONTACT_BIN
    volume = edge[1:] ** 3 - edge[:-1] ** 3
    every = seen.sum(axis=(0, 1))
    density = every[:, -2:].sum() / volume[-2:].sum()
    expected = density * volume * RANDOM_ORIENTATION[:, None]
    general = -np.log((every + 1e-3 * expected) / expected)
    # What tells pairs apart: shares of residue types among the pairs at any distance.
    share = seen.sum(axis=(1, 2, 3)) / seen.sum()
    mixed = share[:, None, None, None] * share[None, :, None, None] * every
    special = -np.log((seen + 25.0) / (mixed + 25.0))
    contact = np.clip(general + special, -2.0, 4.0)
    # Burial: the count of a residue type against that of all.
    padded = np.pad(buried, ((0, 0), (1, 1)), mode="edge")
    smooth = 0.25 * padded[:, :-2] + 0.5 * padded[:, 1:-1] + 0.25 * padded[:, 2:]
    total = smooth.sum(axis=0)
    preference = (smooth + 20 * total / total.sum()) / (smooth.sum(axis=1, keepdims=True) + 20)
    burial = np.clip(-np.log((preference + 1e-5) / (total / total.sum() + 1e-5)), -1.5, 2.5)
    # Beyond what 99.5 % of a type's residues have there is no evidence: the energy stays.
    reached = np.cumsum(smooth, axis=1) / np.maximum(smooth.sum(axis=1, keepdims=True), 1.0)
    for a in range(20):
        top = min(int(np.searchsorted(reached[a], 0.995)), BURIAL_BINS - 1)
        burial[a, top:] = burial[a, top]
    found = [np.concatenate(values) for values in near]
    closest = np.array([np.percentile(v, 2) if v.size else UNSEEN_CLOSEST for v in found])
    return {"contact": contact, "burial": burial, "closest": closest}
