"""Nucleic acids to learn from, put together of the nucleotides of fibre models.

Double helices straight and bent, strands that are not paired, and several helices packed at random
angles with strands between them, as large RNA is; alone, or with proteins in contact. Nothing of
them is a known structure: what they have in common with these is local geometry, widths of
grooves, bending and contacts.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from critasser.network.training.nucleic_geometry import A_DNA, A_RNA, B_DNA, PAIRED, Form
from critasser.network.training.packing import Atoms
from critasser.network.training.simulation import NUCLEIC, random_rotation
from critasser.network.training.surroundings import first_contact

__all__ = [
    "beside",
    "complexed",
    "double_helix",
    "folded",
    "joined",
    "random_nucleic_acid",
    "single_strand",
]

PAIRS, LONG_PAIRS, LONG_SHARE = (6, 40), (40, 110), 0.3
"""Base pairs of a double helix, of a long one, upper ends excluded; share of long ones."""

BENT, MOST_CURVATURE, LEAST_PITCH = 0.5, 1 / 38, 24.0
"""Share of helices that are bent evenly; 1/Å of them at most, DNA on histones has 1/42; Å from turn
to turn of such a superhelix at least."""

STEP_TURN, STEP_TWIST, STEP_RISE = 4.5, 4.0, 0.25
"""Standard deviation of roll and tilt in degrees, which bends over 500 Å as much as DNA in water
does, of twist in degrees, and of rise in Å, from a base pair to the next."""

HELIX_TWIST, HELIX_RISE = 1.5, 0.1
"""The same of whole helices."""

NUCLEOTIDE_TURN, NUCLEOTIDE_SHIFT = 7.0, 0.35
"""Degrees and Å (standard deviations) by which a nucleotide is out of its place."""

SELF_DISTANCE, SELF_STEPS, MOST_TRIES = 20.0, 12, 20
"""Å that the axis of a helix keeps from itself, so many pairs apart and more; tries to do so."""

STRAND, STRAND_STEP, STRAND_TURN, STRAND_GAP = (4, 40), (5.6, 6.9), 35.0, 8.0
"""Nucleotides of a single strand; Å from one to the next; degrees by which it turns; Å that it
keeps from itself."""

STACKED_TURN, STACKED_SPREAD = 33.0, 35.0
"""Degrees about a strand from one of its bases to the next: mean and standard deviation."""

HELICES, HELIX_PAIRS = (2, 8), (4, 16)
"""Of a folded RNA: its helices and their base pairs, upper ends excluded."""

LOOP, LOOP_HEIGHT = (4, 9), (6.0, 12.0)
"""Nucleotides of a loop that closes a helix, and Å that it reaches beyond."""

BETWEEN, JOINED_SHARE = (20.0, 70.0), 0.7
"""Å between ends of helices that a strand joins, and how often one does."""

GAP, CLASH = (2.8, 3.8), 2.2
"""Å between heavy atoms of molecules in contact; nearer than that a loop's nucleotide is left
out."""

POSES, NEAR, POSE_ATOMS, PLACED_ATOMS = 8, 8.0, 150, 1200
"""Random poses of which that with the most contacts is taken; Å between a sample of the atoms,
where they stop; atoms of each molecule in it, and in that by which the best pose is placed."""

PARTNERS, LARGEST_PARTNER = (1, 5), 400
"""Proteins in contact with a nucleic acid, upper end excluded, and residues of each."""

LEVEL = (0.75, 1.35)
"""Amplitude of nucleic acid over what its electrons make: phosphates are heavy, and charged."""

KINDS = {"helix": 0.5, "folded": 0.35, "strand": 0.15}
"""Share of each kind."""

FORM_SHARES, FOLDED_RNA = (0.5, 0.4, 0.1), 0.8
"""Share of B-DNA, A-RNA and A-DNA among helices and strands; of RNA among what is folded."""

_COIL = 2
_DYAD, _Z = np.array([1.0, -1.0, -1.0]), np.array([0.0, 0.0, 1.0])


def _rotation(axis: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    """Matrix that turns by degrees about an axis (3,)."""
    return Rotation.from_rotvec(angle * axis / np.linalg.norm(axis), degrees=True).as_matrix()


def _packed(parts: Sequence[tuple[NDArray, NDArray]]) -> Atoms:
    """Nucleotides, each its positions, the phosphorus first, and atomic numbers, as atoms."""
    sizes = [len(positions) for positions, _ in parts]
    count, total = len(parts), sum(sizes)
    return Atoms(
        np.concatenate([positions for positions, _ in parts]).astype(np.float32),
        np.concatenate([numbers for _, numbers in parts]).astype(np.float32),
        np.full(total, NUCLEIC, np.uint8),
        np.repeat(np.arange(count), sizes).astype(np.int32),
        np.zeros(total, bool),
        np.zeros(count, np.uint8),
        np.full(count, _COIL, np.uint8),
        np.cumsum([0, *sizes[:-1]]).astype(np.int32),
    )


def joined(first: Atoms, second: Atoms) -> Atoms:
    """The atoms of two molecules as one."""
    second = replace(
        second,
        residue=second.residue + np.int32(len(first.calpha)),
        calpha=second.calpha + np.int32(len(first.positions)),
    )
    both = zip(vars(first).values(), vars(second).values())
    return Atoms(*(np.concatenate(one) for one in both))


def _moved(
    atoms: Atoms, turn: NDArray[np.float64], shift: NDArray[np.float64] | float = 0.0
) -> Atoms:
    """Turned about its middle, which comes to `shift`."""
    middle = atoms.positions.mean(axis=0)
    return replace(atoms, positions=((atoms.positions - middle) @ turn.T + shift).astype("f4"))


def _axis(
    form: Form, pairs: int, bent: bool, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Frames (pairs, 3, 3), z along the helix, and origins (pairs, 3) of base pairs.

    Bent evenly and thermally; the frames do not turn with the twist.
    """
    curvature = rng.uniform(0, MOST_CURVATURE) if bent else 0.0
    # Curvature and torsion of the superhelix of that curvature and a random pitch.
    rise_per_radian = rng.choice([-1, 1]) * rng.uniform(1, 4) * LEAST_PITCH / (2 * np.pi)
    torsion = curvature * rise_per_radian * curvature
    towards = rng.uniform(0, 2 * np.pi)
    rise = form.rise + rng.normal(scale=HELIX_RISE)
    turn, origin, frames, origins = np.eye(3), np.zeros(3), [], []
    for _ in range(pairs):
        frames.append(turn)
        origins.append(origin)
        step = rise + rng.normal(scale=STEP_RISE)
        origin = origin + turn[:, 2] * step
        towards += torsion * step
        even = np.degrees(curvature * step) * np.array([np.cos(towards), np.sin(towards), 0])
        bend = even + np.append(rng.normal(scale=STEP_TURN, size=2), 0)
        turn = turn @ Rotation.from_rotvec(bend, degrees=True).as_matrix()
    return np.array(frames), np.array(origins)


def _meets_itself(origins: NDArray[np.float64]) -> bool:
    apart = np.linalg.norm(origins[:, None] - origins, axis=2)
    far = np.abs(np.subtract.outer(*(np.arange(len(origins)),) * 2)) >= SELF_STEPS
    return bool((apart[far] < SELF_DISTANCE).any())


def double_helix(
    form: Form, pairs: int, rng: np.random.Generator, *, bent: bool = False
) -> Atoms:
    """A double helix of random sequence; residues 2k and 2k + 1 are its pair k.

    Parameters
    ----------
    form : Form
        Whose nucleotides it is made of.
    pairs : int
        Base pairs.
    rng : numpy.random.Generator
    bent : bool
        Evenly, as around a protein, up to a radius of 38 Å; thermal bends it has anyway.
    """
    for _ in range(MOST_TRIES):
        frames, origins = _axis(form, pairs, bent, rng)
        if not _meets_itself(origins):
            break
    letters, angle = list(form.nucleotides), rng.uniform(0, 360)
    twist, parts = form.twist + rng.normal(scale=HELIX_TWIST), []
    for turn, origin in zip(frames, origins):
        letter = letters[rng.integers(len(letters))]
        partner = next(one for one in PAIRED[letter] if one in form.nucleotides)
        turn = turn @ _rotation(_Z, angle)
        for base, side in ((letter, 1.0), (partner, _DYAD)):
            nucleotide = form.nucleotides[base]
            own = _loosened(nucleotide.positions * side, rng)
            parts.append((own @ turn.T + origin, nucleotide.numbers))
        angle += twist + rng.normal(scale=STEP_TWIST)
    return _packed(parts)


def _loosened(positions: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """A nucleotide somewhat out of its place."""
    middle = positions.mean(axis=0)
    turn = _rotation(rng.normal(size=3), rng.normal(scale=NUCLEOTIDE_TURN))
    return (positions - middle) @ turn.T + middle + rng.normal(scale=NUCLEOTIDE_SHIFT, size=3)


def _along(points: NDArray[np.float64], form: Form, rng: np.random.Generator) -> Atoms:
    """A strand with a nucleotide at each of some points (n, 3), its bases to random sides."""
    letters = list(form.nucleotides)
    tangents, side, parts = np.gradient(points, axis=0), rng.normal(size=3), []
    for point, tangent in zip(points, tangents):
        nucleotide = form.nucleotides[letters[rng.integers(len(letters))]]
        own = nucleotide.positions
        # Its strand goes from the phosphorus to the sugar; its base is off to one side of that.
        sugar = own[nucleotide.names.index("C3'")]
        base = own[list(map(_of_base, nucleotide.names))].mean(axis=0)
        frame = _frame(sugar - own[0], base - sugar)
        side = _rotation(tangent, rng.normal(STACKED_TURN, STACKED_SPREAD)) @ side
        placed = (own - own.mean(axis=0)) @ frame @ _frame(tangent, side).T
        parts.append((placed + point, nucleotide.numbers))
    return _packed(parts)


def _of_base(name: str) -> bool:
    return not name.endswith("'") and "P" not in name


def _frame(along: NDArray[np.float64], aside: NDArray[np.float64]) -> NDArray[np.float64]:
    """Axes in columns, the first along a vector and the second as near another as it goes."""
    first = along / np.linalg.norm(along)
    second = aside - (aside @ first) * first
    second = second / np.linalg.norm(second)
    return np.stack([first, second, np.cross(first, second)], axis=1)


def single_strand(form: Form, count: int, rng: np.random.Generator) -> Atoms:
    """A strand of `count` nucleotides that wanders and keeps from itself where it can."""
    points, way = [np.zeros(3)], rng.normal(size=3)
    for _ in range(count - 1):
        for _ in range(MOST_TRIES):
            new = _rotation(rng.normal(size=3), rng.normal(scale=STRAND_TURN)) @ way
            new = new / np.linalg.norm(new)
            point = points[-1] + rng.uniform(*STRAND_STEP) * new
            if len(points) < 3 or np.linalg.norm(points[:-2] - point, axis=1).min() > STRAND_GAP:
                break
        way = new
        points.append(point)
    return _along(np.array(points), form, rng)


def _bridge(
    ends: tuple[NDArray, NDArray], over: NDArray, count: int, form: Form, rng: np.random.Generator
) -> Atoms:
    """A strand of `count` nucleotides between two points, by way of a third (Bézier)."""
    t = np.linspace(0, 1, count + 2)[1:-1, None]
    start, end = ends
    return _along((1 - t) ** 2 * start + 2 * t * (1 - t) * over + t**2 * end, form, rng)


def _without_clashes(strand: Atoms, others: Atoms) -> Atoms | None:
    """Nucleotides of a strand that are not in the way of others."""
    # Few against thousands: what is near the strand at all is looked at first.
    low, high = strand.positions.min(0) - CLASH, strand.positions.max(0) + CLASH
    near = others.positions[((others.positions > low) & (others.positions < high)).all(axis=1)]
    apart = np.linalg.norm(strand.positions[:, None] - near, axis=2) > CLASH
    free = np.ones(len(strand.calpha), bool)
    free[strand.residue[~apart.all(axis=1)]] = False
    if not free.any():
        return None
    kept = [k for k in range(len(free)) if free[k]]
    of = [strand.residue == k for k in kept]
    return _packed([(strand.positions[one], strand.amplitude[one]) for one in of])


def _ends(helix: Atoms, last: bool) -> tuple[NDArray, NDArray, NDArray]:
    """Phosphorus of both strands at one end of a helix, and the unit vector out of it there."""
    phosphorus = helix.positions[helix.calpha].astype(float)
    pair, inner = (phosphorus[-2:], phosphorus[-6:-4]) if last else (phosphorus[:2],
                                                                     phosphorus[4:6])  # fmt: skip
    outwards = pair.mean(axis=0) - inner.mean(axis=0)
    return pair[0], pair[1], outwards / np.linalg.norm(outwards)


def folded(form: Form, rng: np.random.Generator) -> Atoms:
    """Several helices packed at random angles, closed by loops and joined by strands."""
    helices = [_helix_of(form, HELIX_PAIRS, rng)]
    whole = helices[0]
    for _ in range(1, rng.integers(*HELICES)):
        whole, added = beside(whole, _helix_of(form, HELIX_PAIRS, rng), rng)
        helices.append(added)
    free = []
    for helix in helices:
        for last in (False, True):
            one, two, outwards = _ends(helix, last)
            if rng.random() < 1 / 2:
                height = rng.uniform(*LOOP_HEIGHT)
                over = (one + two) / 2 + 2 * height * outwards
                loop = _bridge((one, two), over, int(rng.integers(*LOOP)), form, rng)
                whole = _with(whole, loop)
            else:
                free.append((one, outwards))
    for (one, away), (two, back) in itertools.pairwise(free):
        distance = float(np.linalg.norm(two - one))
        if rng.random() < JOINED_SHARE and BETWEEN[0] < distance < BETWEEN[1]:
            over = (one + two) / 2 + distance / 2 * (away + back)
            count = max(2, int(distance / np.mean(STRAND_STEP)))
            whole = _with(whole, _bridge((one, two), over, count, form, rng))
    return whole


def _with(whole: Atoms, strand: Atoms) -> Atoms:
    left = _without_clashes(strand, whole)
    return whole if left is None else joined(whole, left)


def _helix_of(form: Form, pairs: tuple[int, int], rng: np.random.Generator) -> Atoms:
    return double_helix(form, int(rng.integers(*pairs)), rng)


def beside(whole: Atoms, other: Atoms, rng: np.random.Generator) -> tuple[Atoms, Atoms]:
    """Another molecule in contact: of some random poses that with the most contacts.

    Returns
    -------
    both, other : Atoms
        The two as one, and the second where it lies.
    """
    best, most = None, -1
    there = _sample(whole.positions, POSE_ATOMS, rng)
    for _ in range(POSES):
        turn, axis = random_rotation(rng), rng.normal(size=3)
        axis = axis / np.linalg.norm(axis)
        # It comes at some atom of the other, not always at its middle.
        moved = _moved(other, turn, there[rng.integers(len(there))])
        body = _sample(moved.positions, POSE_ATOMS, rng)
        body = body + first_contact(there, body, axis, NEAR) * axis
        apart = np.linalg.norm(there[:, None] - body, axis=2)
        contacts = int((apart < 2 * NEAR).sum())
        if contacts > most:
            best, most = (moved, axis), contacts
    moved, axis = best
    shift = axis * first_contact(
        _sample(whole.positions, PLACED_ATOMS, rng),
        _sample(moved.positions, PLACED_ATOMS, rng),
        axis,
        rng.uniform(*GAP),
    )
    placed = replace(moved, positions=(moved.positions + shift).astype(np.float32))
    return joined(whole, placed), placed


def _sample(positions: NDArray, count: int, rng: np.random.Generator) -> NDArray:
    return positions[rng.permutation(len(positions))[:count]]


def complexed(nucleic: Atoms, proteins: Sequence[Atoms], rng: np.random.Generator) -> Atoms:
    """A nucleic acid with proteins in contact, one after the other."""
    whole = nucleic
    for protein in proteins:
        whole, _ = beside(whole, protein, rng)
    return whole


def random_nucleic_acid(rng: np.random.Generator) -> Atoms:
    """One of any kind, form, length and density."""
    kind = rng.choice(list(KINDS), p=list(KINDS.values()))
    form = (B_DNA, A_RNA, A_DNA)[rng.choice(3, p=FORM_SHARES)]
    if kind == "helix":
        pairs = rng.integers(*(LONG_PAIRS if rng.random() < LONG_SHARE else PAIRS))
        made = double_helix(form, int(pairs), rng, bent=rng.random() < BENT)
    elif kind == "folded":
        made = folded(A_RNA if rng.random() < FOLDED_RNA else B_DNA, rng)
    else:
        made = single_strand(form, int(rng.integers(*STRAND)), rng)
    return replace(made, amplitude=made.amplitude * np.float32(rng.uniform(*LEVEL)))
