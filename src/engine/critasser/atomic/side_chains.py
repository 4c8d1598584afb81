"""Places side chains on a backbone: rotamers by contacts, density and their own frequency."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from critasser.atomic.backbone_statistics import phi_psi
from critasser.atomic.chemistry import (
    ATOMS,
    BEYOND_CB,
    CA,
    CB,
    CHI,
    OXT,
    SLOTS,
    C,
    N,
    O,
    side_chain_order,
)
from critasser.atomic.internal_coordinates import place, wrapped
from critasser.atomic.packing_kernels import (
    AROMATIC,
    CARBON,
    NITROGEN,
    OXYGEN,
    SULPHUR,
    TOUCH,
    FixedAtoms,
    Rotamers,
    fixed_energies,
    pack,
    total_energy,
)
from critasser.atomic.rotamer_statistics import PHI_PSI_BINS
from critasser.density import Grid, sample
from critasser.shipped import shipped
from critasser.structure import AMINO_ACIDS, ATOMIC_NUMBER

__all__ = ["RotamerTables", "grow_side_chain", "load_rotamer_tables", "pack_side_chains"]

RADII = np.array([1.75, 1.55, 1.45, 1.75, 1.68])
"""Contact radii (Å) of C, N, O, S and planar C with their hydrogens, on the small side."""

KIND_OF_ELEMENT = {"C": CARBON, "N": NITROGEN, "O": OXYGEN, "S": SULPHUR}

PLANAR_CARBONS = {
    ("F", "CG"), ("F", "CD1"), ("F", "CD2"), ("F", "CE1"), ("F", "CE2"), ("F", "CZ"),
    ("Y", "CG"), ("Y", "CD1"), ("Y", "CD2"), ("Y", "CE1"), ("Y", "CE2"), ("Y", "CZ"),
    ("W", "CG"), ("W", "CD1"), ("W", "CD2"), ("W", "CE2"), ("W", "CE3"), ("W", "CZ2"),
    ("W", "CZ3"), ("W", "CH2"), ("H", "CG"), ("H", "CD2"), ("H", "CE1"),
    ("D", "CG"), ("N", "CG"), ("E", "CD"), ("Q", "CD"), ("R", "CZ"),
}  # fmt: skip

PRIOR_COUNT = 10.0
"""Residues that a rotamer's frequency at all phi and psi counts as, at some phi and psi."""

SMOOTHING = 0.7
"""Bins of phi and psi (20°) by which counts are smoothed."""

UNKNOWN_TORSION = np.radians(-65.0)
"""Phi or psi where there is none: a helix's, the commonest."""

REACH = {
    "R": 6.4, "K": 5.4, "W": 6.2, "Y": 5.6, "F": 4.4, "M": 4.3, "H": 3.7, "Q": 3.8, "E": 3.8,
}  # fmt: skip
"""Å to which a side chain can extend from its CB."""

SHORT_REACH = 2.8
"""Å, of all others."""

HOTTEST, COLDEST_SHARE, DESCENTS = 3.0, 0.03, 4
"""Temperature of the first sweep (−log probabilities), the last one's share of it, and sweeps in
which every residue takes its best rotamer."""

SWEEPS_A_SLICE = 4
"""Sweeps between looks at the total energy, the best of which counts."""

CARBON_NUMBER = ATOMIC_NUMBER["C"]
"""Density counts by atomic number over carbon's."""


@dataclass(frozen=True, eq=False)
class RotamerTables:
    """What `rotamer_statistics.learn` made, ready for use."""

    tables: dict[str, NDArray]

    def shape(self, letter: str) -> NDArray[np.float64]:
        """Internal coordinates (atoms, 3) of a side chain; torsions that are chi are zero."""
        return self.tables[f"{letter}_shape"]

    def chi(self, letter: str) -> NDArray[np.float64]:
        """Mean chi angles (K, chis) of the rotamers in radians."""
        return self.tables[f"{letter}_chi"]

    @lru_cache(maxsize=64)  # noqa: B019 - tables live as long as the program
    def cost(self, letter: str) -> NDArray[np.float64]:
        """−log probability (K, phi, psi) of each rotamer, backed off to all phi and psi."""
        counts = self.tables[f"{letter}_counts"].astype(np.float64)
        overall = counts.sum(axis=(1, 2))
        overall = (overall + 1.0) / (overall + 1.0).sum()
        local = gaussian_filter(counts, (0.0, SMOOTHING, SMOOTHING), mode="wrap")
        share = (local + PRIOR_COUNT * overall[:, None, None]) / (local.sum(axis=0) + PRIOR_COUNT)
        return -np.log(share)


def load_rotamer_tables(path: Path | None = None) -> RotamerTables:
    """The shipped tables, or those of another file."""
    with np.load(path or shipped("rotamers.npz"), allow_pickle=False) as data:
        return RotamerTables({name: data[name] for name in data.files})


def grow_side_chain(
    letter: str,
    n: NDArray[np.float64],
    calpha: NDArray[np.float64],
    c: NDArray[np.float64],
    cbeta: NDArray[np.float64],
    chi: NDArray[np.float64],
    tables: RotamerTables,
) -> NDArray[np.float64]:
    """Atoms (K, atoms beyond CB, 3) of K rotamers of one residue.

    Parameters
    ----------
    letter : str
    n, calpha, c, cbeta : (3,) Å
    chi : (K, chis) radians
    tables : RotamerTables
    """
    count = len(chi)
    done = {
        name: np.broadcast_to(position, (count, 3))
        for name, position in (("N", n), ("CA", calpha), ("C", c), ("CB", cbeta))
    }
    index_of = {names[3]: index for index, names in enumerate(CHI[letter])}
    shape = tables.shape(letter)
    for names, (length, bend, turn) in zip(side_chain_order(letter)[1:], shape[1:], strict=True):
        atom, bonded, angle_with, torsion_with = names
        is_chi = atom in index_of and CHI[letter][index_of[atom]] == names[::-1]
        turns = chi[:, index_of[atom]] if is_chi else np.full(count, turn)
        done[atom] = place(done[bonded], done[angle_with], done[torsion_with], length, bend, turns)
    beyond = ATOMS[letter][BEYOND_CB:]
    return np.stack([done[atom] for atom in beyond], axis=1)


@dataclass(frozen=True, eq=False)
class _Candidates:
    """All rotamers of all residues, flat; see `packing_kernels` for the layout."""

    rows: NDArray[np.int64]
    owner: NDArray[np.int64]
    starts: NDArray[np.int64]
    sizes: NDArray[np.int64]
    atoms: NDArray[np.float64]
    cost: NDArray[np.float64]
    kinds: NDArray[np.int64]
    kind_starts: NDArray[np.int64]
    weights: NDArray[np.float64]


def pack_side_chains(
    backbone: NDArray[np.float64],
    codes: NDArray[np.int8],
    bonded: NDArray[np.bool_],
    tables: RotamerTables,
    *,
    rng: np.random.Generator,
    density: Grid | None = None,
    density_weight: float = 0.0,
    sweeps: int = 40,
    contact_weight: float = 1.0,
    frequency_weight: float = 1.0,
    only: NDArray[np.bool_] | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> NDArray[np.float64]:
    """Choose a rotamer for every residue.

    Parameters
    ----------
    backbone : (L, SLOTS, 3) Å
        With N, CA, C, O and CB; side-chain atoms count only for residues outside `only`.
    codes : (L,) int8
    bonded : (L - 1,) bool
    tables : RotamerTables
    rng : Generator
    density : Grid, optional
        Normalised map; `density_weight` is what one unit of it is worth at a carbon atom.
    sweeps : int
        Heat-bath visits of every residue, cooling; descent follows.
    only : (L,) bool, optional
        Residues to place anew; the others stay as they are and are contacts.

    Returns
    -------
    (L, SLOTS, 3) Å
    """
    positions = backbone.copy()
    moving = np.ones(len(codes), dtype=bool) if only is None else only
    candidates = _candidates(positions, codes, bonded, tables, moving)
    fixed, fixed_kind, fixed_residue = _fixed_atoms(positions, codes, moving)
    reach = np.array([REACH.get(AMINO_ACIDS[code], SHORT_REACH) for code in codes])
    centre = np.where(np.isfinite(positions[:, CB]), positions[:, CB], positions[:, CA])
    near_fixed = cKDTree(fixed).query_ball_point(centre, reach + TOUCH, return_sorted=True)
    near, near_starts = _neighbours(centre, reach)
    rotamers = Rotamers(
        np.zeros(len(candidates.owner)), candidates.atoms, candidates.starts, candidates.sizes,
        candidates.kinds, candidates.kind_starts, candidates.rows, near, near_starts, RADII,
    )  # fmt: skip
    still = FixedAtoms(fixed, fixed_kind, fixed_residue, *_compressed(near_fixed))
    proline = (codes == AMINO_ACIDS.index("P"))[candidates.owner]
    own = contact_weight * fixed_energies(rotamers, candidates.owner, still, proline)
    own += frequency_weight * candidates.cost
    if density is not None and density_weight > 0:
        gain = density_weight * candidates.weights * sample(density, candidates.atoms)
        own -= np.add.reduceat(np.append(gain, 0.0), candidates.starts) * (candidates.sizes > 0)
    # Energies in units of a contact, so that temperatures mean the same at every weight.
    best = _searched(rotamers._replace(own=own / contact_weight), len(codes), sweeps, rng, progress)
    for i in np.flatnonzero(best >= 0):
        k = candidates.rows[i] + best[i]
        start, size = candidates.starts[k], candidates.sizes[k]
        positions[i, BEYOND_CB : BEYOND_CB + size] = candidates.atoms[start : start + size]
    return positions


def _searched(
    rotamers: Rotamers,
    length: int,
    sweeps: int,
    rng: np.random.Generator,
    progress: Callable[[float, str], None] | None,
) -> NDArray[np.int64]:
    """The best choice (L,) of rotamers that cooling finds; −1 where there is none to choose."""
    choice = np.full(length, -1, dtype=np.int64)
    rows = rotamers.rows
    for i in range(length):
        if rows[i + 1] > rows[i]:
            choice[i] = np.argmin(rotamers.own[rows[i] : rows[i + 1]])
    best, best_energy = choice.copy(), np.inf
    cooling = HOTTEST * COLDEST_SHARE ** np.linspace(0, 1, max(sweeps, 1))
    temperatures = np.concatenate([cooling, np.zeros(DESCENTS)])
    for begin in range(0, len(temperatures), SWEEPS_A_SLICE):
        if progress is not None:
            progress(begin / len(temperatures), "placing side chains")
        part = temperatures[begin : begin + SWEEPS_A_SLICE]
        order = rng.permuted(np.tile(np.arange(length), (len(part), 1)), axis=1)
        pack(choice, rotamers, order, rng.random((len(part), length)), part)
        energy = total_energy(choice, rotamers)
        if energy < best_energy:
            best, best_energy = choice.copy(), energy
    return best


def _kind(letter: str, name: str) -> int:
    """Contact class of an atom."""
    if (letter, name) in PLANAR_CARBONS or name == "C":
        return AROMATIC
    return KIND_OF_ELEMENT[name[0]]


def _candidates(
    positions: NDArray[np.float64],
    codes: NDArray[np.int8],
    bonded: NDArray[np.bool_],
    tables: RotamerTables,
    moving: NDArray[np.bool_],
) -> _Candidates:
    torsions = np.nan_to_num(phi_psi(positions, bonded), nan=UNKNOWN_TORSION)
    bins = ((wrapped(torsions) + np.pi) / (2 * np.pi) * PHI_PSI_BINS).astype(int) % PHI_PSI_BINS
    rows, kind_starts = [0], [0]
    owner, sizes, kinds = [], [], []
    atoms, cost, weights = [], [], []
    for i, code in enumerate(codes):
        letter = AMINO_ACIDS[code]
        beyond = ATOMS[letter][BEYOND_CB:]
        kinds += [_kind(letter, name) for name in beyond]
        kind_starts.append(len(kinds))
        if not beyond or not moving[i]:
            rows.append(rows[-1])
            continue
        chi = tables.chi(letter)
        grown = grow_side_chain(
            letter, *(positions[i, slot] for slot in (N, CA, C, CB)), chi, tables
        )
        rows.append(rows[-1] + len(chi))
        owner += [i] * len(chi)
        sizes += [len(beyond)] * len(chi)
        atoms.append(grown.reshape(-1, 3))
        cost.append(tables.cost(letter)[:, bins[i, 0], bins[i, 1]])
        heavy = [ATOMIC_NUMBER[name[0]] / CARBON_NUMBER for name in beyond]
        weights.append(np.tile(heavy, len(chi)))
    return _Candidates(
        np.array(rows),
        np.array(owner, dtype=np.int64),
        np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
        if sizes
        else np.empty(0, np.int64),
        np.array(sizes, dtype=np.int64),
        np.concatenate(atoms) if atoms else np.empty((0, 3)),
        np.concatenate(cost) if cost else np.empty(0),
        np.array(kinds, dtype=np.int64),
        np.array(kind_starts, dtype=np.int64),
        np.concatenate(weights) if weights else np.empty(0),
    )


def _fixed_atoms(
    positions: NDArray[np.float64], codes: NDArray[np.int8], moving: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Atoms that packing does not move: backbones with CB, OXT, and side chains that are kept."""
    still = np.isfinite(positions[..., 0])
    still[np.ix_(moving, np.arange(BEYOND_CB, OXT))] = False
    residue, slot = np.nonzero(still)
    kind_of_slot = np.full(SLOTS, CARBON)
    kind_of_slot[N], kind_of_slot[C] = NITROGEN, AROMATIC
    kind_of_slot[[O, OXT]] = OXYGEN
    kind = kind_of_slot[slot]
    for k in np.flatnonzero((slot >= BEYOND_CB) & (slot < OXT)):
        letter = AMINO_ACIDS[codes[residue[k]]]
        kind[k] = _kind(letter, ATOMS[letter][slot[k]])
    return positions[residue, slot], kind.astype(np.int64), residue.astype(np.int64)


def _neighbours(
    centre: NDArray[np.float64], reach: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Residues whose side chains could touch, as compressed rows."""
    pairs = cKDTree(centre).query_pairs(2 * reach.max(initial=0.0) + TOUCH, output_type="ndarray")
    distance = np.linalg.norm(centre[pairs[:, 0]] - centre[pairs[:, 1]], axis=1)
    pairs = pairs[distance < reach[pairs[:, 0]] + reach[pairs[:, 1]] + TOUCH]
    lists: list[list[int]] = [[] for _ in centre]
    for a, b in pairs.tolist():
        lists[a].append(b)
        lists[b].append(a)
    return _compressed([sorted(row) for row in lists])


def _compressed(lists: list[list[int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    starts = np.concatenate([[0], np.cumsum([len(row) for row in lists])])
    flat = (
        np.concatenate([np.asarray(row, dtype=np.int64) for row in lists])
        if len(lists)
        else np.empty(0)
    )
    return flat.astype(np.int64), starts.astype(np.int64)
