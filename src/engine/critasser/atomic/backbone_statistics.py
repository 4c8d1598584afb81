"""Learns backbone statistics from structures: peptide planes over Cα geometry, phi and psi.

A trans peptide is nearly rigid, so given two neighbouring Cα the peptide between them has one
freedom left: its turn about the line that joins them. What is learnt is how that turn is
distributed for every geometry of four successive Cα, besides the distribution of phi and psi for
kinds of residues, and the shapes of peptides themselves.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from critasser.atomic.chemistry import CA, CB, OXT, C, N, O
from critasser.atomic.internal_coordinates import angle, torsion, unit, wrapped
from critasser.atomic.residue_atoms import ResidueAtoms, atoms_of_chain
from critasser.structure import AMINO_ACIDS, ProteinChain
from critasser.structure.geometry import CIS_LIMIT, LONGEST_WHOLE_BOND, SHORTEST_BOND

__all__ = [
    "BEND_EDGES",
    "RAMACHANDRAN_CLASSES",
    "TURN_BINS",
    "learn",
    "learn_from_atoms",
    "peptide_frames",
    "phi_psi",
    "ramachandran_class",
]

BEND_EDGES = np.radians(np.array([0, 85, 92, 99, 108, 118, 128, 138, 180.0]))
"""Bins of the Cα bend angle: narrow about the helix (91°), wide in strands."""

TORSION_BINS, TURN_BINS, PHI_PSI_BINS = 24, 72, 72
"""Of full turns."""

PLANAR = 0.5
"""Radians off cis or trans up to which a peptide counts as it."""

SHORTEST_TRANS = 3.6
"""Å between the Cα of a trans peptide, at least."""

FEWEST_RESIDUES = 5
"""Of a chain that is learnt from."""

SPREAD_OF_MEDIAN = 1.4826
"""Standard deviation over median absolute deviation of a normal distribution."""

STRAIGHT = 1e-3
"""Å across a line below which a chain does not tell a side of it."""

HALF_COUNT = 0.5
"""Added to either side of a share, so that it is never 0 or 1."""

GENERAL, GLYCINE, PROLINE, BEFORE_PROLINE, BETA_BRANCHED = range(5)
RAMACHANDRAN_CLASSES = ("general", "glycine", "proline", "before proline", "beta-branched")


def peptide_frames(calpha: NDArray[np.float64]) -> NDArray[np.float64]:
    """Frames (n - 1, 3, 3) on the lines between successive Cα (n, 3).

    Rows are x along the line from i to i + 1, y towards where the chain came from (the part of
    Cα i - 1 → i across the line), z = x × y. The first frame takes its y from where the chain
    goes on.
    """
    step = np.diff(calpha, axis=0)
    x = unit(step)
    came = np.vstack([step[1:2], step[:-1]]) if len(step) > 1 else np.array([[1.0, 0.0, 0.0]])
    y = came - np.sum(came * x, axis=1, keepdims=True) * x
    straight = np.linalg.norm(y, axis=1) < STRAIGHT
    if straight.any():
        other = np.eye(3)[np.argmin(np.abs(x[straight]), axis=1)]
        y[straight] = other - np.sum(other * x[straight], axis=1, keepdims=True) * x[straight]
    y = unit(y)
    return np.stack([x, y, np.cross(x, y)], axis=1)


def phi_psi(positions: NDArray[np.float64], bonded: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Backbone torsions (n, 2) in radians of atoms (n, slots, 3); NaN at ends and breaks."""
    n = len(positions)
    result = np.full((n, 2), np.nan)
    before, after = positions[:-1], positions[1:]
    result[1:, 0] = torsion(before[:, C], after[:, N], after[:, CA], after[:, C])
    result[:-1, 1] = torsion(before[:, N], before[:, CA], before[:, C], after[:, N])
    result[1:, 0][~bonded] = np.nan
    result[:-1, 1][~bonded] = np.nan
    return result


def ramachandran_class(codes: NDArray[np.int8], bonded: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Index (n,) into `RAMACHANDRAN_CLASSES` of each residue."""
    letters = np.array(list(AMINO_ACIDS))[codes]
    kind = np.full(len(codes), GENERAL, dtype=np.int64)
    kind[np.isin(letters, ["I", "V"])] = BETA_BRANCHED
    before = np.append((letters[1:] == "P") & bonded, False)
    kind[before] = BEFORE_PROLINE
    kind[letters == "G"] = GLYCINE
    kind[letters == "P"] = PROLINE
    return kind


def learn(chains: Iterable[ProteinChain]) -> dict[str, NDArray]:
    """Backbone tables from protein chains; see `learn_from_atoms` for what is in them."""
    return learn_from_atoms(atoms_of_chain(chain) for chain in chains)


def learn_from_atoms(chains: Iterable[ResidueAtoms]) -> dict[str, NDArray]:
    """Backbone tables from chains of complete residues.

    Returns
    -------
    dict of ndarray
        turn_counts : (bend, bend, torsion, TURN_BINS) float32, how often a peptide plane had a
        turn, for the bends at both Cα and the torsion of the four about them.
        phi_psi_counts : (classes, PHI_PSI_BINS, PHI_PSI_BINS) float32.
        trans, cis : (3, 2) Å, C, O, N in a peptide's plane: along and across the Cα line, from the
        middle, on the side of O. cbeta : (3,) Å in the frame of N, CA, C. angle_mean, angle_sd :
        (2,) radians, the angle N-CA-C. oxt : (3,) bond length, angle with CA, torsion with O.
        cis_fraction : (2,) of bonds before other residues and before proline.
    """
    bends = len(BEND_EDGES) - 1
    turn_counts = np.zeros((bends, bends, TORSION_BINS, TURN_BINS))
    ramachandran = np.zeros((len(RAMACHANDRAN_CLASSES), PHI_PSI_BINS, PHI_PSI_BINS))
    planes: dict[bool, list[NDArray]] = {False: [], True: []}
    cbetas, angles, ends, proline_next = [], [], [], []
    for atoms in chains:
        if len(atoms) < FEWEST_RESIDUES:
            continue
        xyz, bonded = atoms.positions, atoms.bonded
        calpha = xyz[:, CA]
        frames = peptide_frames(calpha)
        across = xyz[:-1, O] - 0.5 * (calpha[:-1] + calpha[1:])
        local = np.einsum("nij,nj->ni", frames, across)
        turn = np.arctan2(local[:, 2], local[:, 1])
        length = np.linalg.norm(np.diff(calpha, axis=0), axis=1)
        omega = torsion(calpha[:-1], xyz[:-1, C], xyz[1:, N], calpha[1:])
        whole = bonded & np.isfinite(turn) & np.isfinite(omega)
        whole &= (length > SHORTEST_BOND) & (length < LONGEST_WHOLE_BOND)
        cis = np.abs(omega) < PLANAR
        trans = (np.abs(omega) > np.pi - PLANAR) & (length > SHORTEST_TRANS)
        for is_cis, chosen in ((False, whole & trans), (True, whole & cis & (length < CIS_LIMIT))):
            planes[is_cis].append(_in_plane(xyz, frames, np.flatnonzero(chosen)))
        proline_next.append(
            np.stack([atoms.codes[1:] == AMINO_ACIDS.index("P"), cis])[:, whole & (cis | trans)]
        )
        place = np.flatnonzero(whole[1:-1] & trans[1:-1] & whole[:-2] & whole[2:]) + 1
        first, second, about = quad_bins(calpha, place)
        slot = (wrapped(turn[place]) + np.pi) / (2 * np.pi) * TURN_BINS
        np.add.at(turn_counts, (first, second, about, slot.astype(int) % TURN_BINS), 1)
        torsions = phi_psi(xyz, bonded)
        good = np.isfinite(torsions).all(axis=1)
        bins = ((wrapped(torsions[good]) + np.pi) / (2 * np.pi) * PHI_PSI_BINS).astype(int)
        bins %= PHI_PSI_BINS
        kind = ramachandran_class(atoms.codes, bonded)[good]
        np.add.at(ramachandran, (kind, bins[:, 0], bins[:, 1]), 1)
        angles.append(angle(xyz[:, N], xyz[:, CA], xyz[:, C]))
        cbetas.append(_in_residue(xyz[:, N], xyz[:, CA], xyz[:, C], xyz[:, CB]))
        ends.append(_chain_ends(xyz[np.isfinite(xyz[:, OXT, 0])]))
    if not any(len(part) for part in planes[True]):
        raise ValueError("no cis peptide in these chains: learn from more of them")
    spread = np.concatenate(angles)
    middle = np.nanmedian(spread)
    flags = np.concatenate(proline_next, axis=1)
    return {
        "turn_counts": turn_counts.astype(np.float32),
        "phi_psi_counts": ramachandran.astype(np.float32),
        "trans": np.nanmedian(np.concatenate(planes[False]), axis=0),
        "cis": np.nanmedian(np.concatenate(planes[True]), axis=0),
        "cbeta": np.nanmedian(np.concatenate(cbetas), axis=0),
        "angle_mean": np.array(middle),
        "angle_sd": np.array(SPREAD_OF_MEDIAN * np.nanmedian(np.abs(spread - middle))),
        "oxt": np.nanmedian(np.concatenate(ends), axis=0),
        "cis_fraction": np.array([_share(flags[1, ~flags[0]]), _share(flags[1, flags[0]])]),
    }


def quad_bins(
    calpha: NDArray[np.float64], place: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Bins of bend at i, bend at i + 1 and torsion for the lines i → i + 1 named in `place`."""
    a, b, c, d = (calpha[place + shift] for shift in (-1, 0, 1, 2))
    bends = len(BEND_EDGES) - 2
    first = np.clip(np.searchsorted(BEND_EDGES, angle(a, b, c)) - 1, 0, bends)
    second = np.clip(np.searchsorted(BEND_EDGES, angle(b, c, d)) - 1, 0, bends)
    about = ((wrapped(torsion(a, b, c, d)) + np.pi) / (2 * np.pi) * TORSION_BINS).astype(int)
    return first, second, about % TORSION_BINS


def _share(flags: NDArray[np.bool_]) -> float:
    """Share of flags that are set, half a count on either side so that it is never 0 or 1."""
    return (float(flags.sum()) + HALF_COUNT) / (len(flags) + 2 * HALF_COUNT)


def _in_plane(
    xyz: NDArray[np.float64], frames: NDArray[np.float64], place: NDArray[np.int64]
) -> NDArray[np.float64]:
    """C, O, N (m, 3, 2) of peptides: along the line from its middle, and across towards O."""
    middle = 0.5 * (xyz[place, CA] + xyz[place + 1, CA])
    x = frames[place, 0]
    towards = xyz[place, O] - middle
    y = unit(towards - np.sum(towards * x, axis=1, keepdims=True) * x)
    atoms = np.stack([xyz[place, C], xyz[place, O], xyz[place + 1, N]], axis=1) - middle[:, None]
    return np.stack([np.einsum("nki,ni->nk", atoms, axis) for axis in (x, y)], axis=2)


def _chain_ends(xyz: NDArray[np.float64]) -> NDArray[np.float64]:
    """OXT (m, 3) of chain ends (m, SLOTS, 3): length C–OXT, angle with CA, torsion with O."""
    return np.stack(
        [
            np.linalg.norm(xyz[:, OXT] - xyz[:, C], axis=1),
            angle(xyz[:, OXT], xyz[:, C], xyz[:, CA]),
            torsion(xyz[:, OXT], xyz[:, C], xyz[:, CA], xyz[:, O]) % (2 * np.pi),
        ],
        axis=1,
    )


def _in_residue(n: NDArray, ca: NDArray, c: NDArray, atom: NDArray) -> NDArray[np.float64]:
    """Atoms (m, 3) in the frame of N, CA, C: x between N and C, z their normal."""
    frame = residue_frames(n, ca, c)
    return np.einsum("nij,nj->ni", frame, atom - ca)


def residue_frames(
    n: NDArray[np.float64], ca: NDArray[np.float64], c: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Right-handed frames (m, 3, 3) of residues: x bisects N-CA-C, z is normal to it."""
    to_n, to_c = unit(n - ca), unit(c - ca)
    x = unit(to_n + to_c)
    z = unit(np.cross(to_n, to_c))
    return np.stack([x, np.cross(z, x), z], axis=1)
