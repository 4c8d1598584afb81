"""Which residues of a model are to be built again, and what stays around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from critasser.errors import InputError
from critasser.rebuild.missing import sequence_of, with_missing
from critasser.rebuild.ranges import Range, parse_stretches
from critasser.structure import NO_NAME, AtomicModel, ModelFile, ModelResidue, Target
from critasser.structure import Sequence as ChainSequence

__all__ = ["Plan", "Surroundings", "plan_rebuild"]

LONGEST = 100
"""Most residues of a stretch; for more the chain is to be built anew."""

LONGEST_STEP = 4.5
"""Å; largest distance between Cα of bonded neighbours. Trans peptides have 3.8 Å; models that were
not refined have more."""

REACH = 3.55
"""Å that a chain bridges for each bond: Cα–Cα 3.8 Å along an extended strand, whose zigzag takes
up the rest."""

EASED = 2
"""Residues at either side of a stretch whose atoms may move."""

LOOP_SPAN, LOOP_EXPONENT = 0.95, 0.8
"""A loop of n residues goes ``LOOP_SPAN * n ** LOOP_EXPONENT`` Å away from its ends, about; chosen
so that a loop of 10 residues has 6 Å, one of 100 has 38 Å."""

SHORTEST_PIECE = 3
"""Residues; shorter pieces around a stretch are no chains."""


@dataclass(frozen=True, eq=False)
class Surroundings:
    """The residues to build with those around them, as a target of its own.

    Attributes
    ----------
    index : ndarray (n,) int64
        Of each of its residues in the plan.
    target : Target
    """

    index: NDArray[np.int64]
    target: Target


@dataclass(frozen=True, eq=False)
class Plan:
    """A model with the residues that it is to have, L in all.

    Attributes
    ----------
    residues : tuple of ModelResidue
        Those of the file, and those that it lacks in the stretches.
    model : AtomicModel
        Of these residues; those that the file lacks have no atoms.
    built : ndarray (L,) bool
    eased : ndarray (L,) bool
        Beside them; their atoms may move.
    runs : tuple of slice
        Of residues to build, one after another.
    notes : tuple of str
        What the person should know.
    """

    residues: tuple[ModelResidue, ...]
    model: AtomicModel
    built: NDArray[np.bool_]
    eased: NDArray[np.bool_]
    runs: tuple[slice, ...]
    notes: tuple[str, ...] = field(default=())

    @cached_property
    def target(self) -> Target:
        """Of all residues; a chain begins wherever something is missing."""
        return self.model.target

    def anchors(self, run: slice) -> tuple[int | None, int | None]:
        """The residues before and behind a run that it is bonded to."""
        bonded = self.target.bonded
        before = run.start - 1 if run.start > 0 and bonded[run.start - 1] else None
        behind = run.stop if run.stop < len(self.built) and bonded[run.stop - 1] else None
        return before, behind

    def around(self, radius: float, usable: NDArray[np.bool_] | None = None) -> Surroundings:
        """What lies within a radius (Å) of where the stretches are or can reach.

        Parameters
        ----------
        radius : float
        usable : ndarray (L,), optional
            Which of the residues that stay may be taken.
        """
        calpha, bonded = self.model.calpha, self.target.bonded
        taken = self.built.copy()
        stays = ~self.built if usable is None else ~self.built & usable
        stay = np.flatnonzero(stays)
        for run in self.runs:
            ends = [i for i in self.anchors(run) if i is not None]
            points = calpha[[*range(run.start, run.stop), *ends]]
            points = points[np.isfinite(points).all(axis=1)]
            reach = radius + LOOP_SPAN * (run.stop - run.start) ** LOOP_EXPONENT
            near = cKDTree(points).query(calpha[stay])[0] <= reach
            taken[stay[near]] = True
        self._widen(taken, stays)
        index = np.flatnonzero(taken)
        cuts = np.flatnonzero((np.diff(index) > 1) | ~bonded[index[:-1]]) + 1
        pieces = [
            piece
            for piece in np.split(index, cuts)
            if len(piece) >= SHORTEST_PIECE or self.built[piece].any()
        ]
        letters = self.target.letters
        target = Target(
            tuple(
                ChainSequence(self.residues[piece[0]].chain, "".join(letters[i] for i in piece))
                for piece in pieces
            )
        )
        return Surroundings(np.concatenate(pieces), target)

    def _widen(self, taken: NDArray[np.bool_], stays: NDArray[np.bool_]) -> None:
        """Let residues that were taken without their neighbours take these in, so that pieces of
        one or two become chains."""
        bonded = self.target.bonded
        for _ in range(SHORTEST_PIECE - 1):
            for i in np.flatnonzero(taken):
                left = i > 0 and bonded[i - 1]
                right = i + 1 < len(taken) and bonded[i]
                alone = not (left and taken[i - 1]) or not (right and taken[i + 1])
                if alone and not self.built[i]:
                    if left and stays[i - 1]:
                        taken[i - 1] = True
                    if right and stays[i + 1]:
                        taken[i + 1] = True


def plan_rebuild(file: ModelFile, text: str, sequences: Target | None = None) -> Plan:
    """What is to be built of a model.

    Parameters
    ----------
    file : ModelFile
    text : str
        Stretches, see `parse_stretches`.
    sequences : Target, optional
        Whole sequences of the model's chains, for residues that it lacks; else what the file
        says of them.

    Raises
    ------
    InputError
        A stretch has no residues, too many, nothing to hang on, or cannot bridge its gap.
    """
    known = file.residues()
    names = list(dict.fromkeys(residue.chain for residue in known))
    ranges = [one.of(names, file.path.name).spelled(known) for one in parse_stretches(text)]
    whole, source, place = [], [], {}
    position = {residue: k for k, residue in enumerate(known)}
    for name in names:
        mine = [residue for residue in known if residue.chain == name]
        wanted = [one for one in ranges if one.chain == name]
        letters, at = sequence_of(file, name, mine, sequences) if wanted else ("", {})
        for residue in with_missing(mine, wanted, letters, at):
            if residue in at:
                place[len(whole)] = at[residue]
            whole.append(residue)
            source.append(position.get(residue, -1))
    origin = np.array(source)
    calpha = np.full((len(whole), 3), np.nan)
    old = file.model()
    calpha[origin >= 0] = old.calpha[origin[origin >= 0]]
    built = np.zeros(len(whole), dtype=bool)
    for one in ranges:
        built[_chosen(one, whole, file)] = True
    bonded = _bonded(whole, calpha, built, place)
    model = _model(file, old, whole, origin, bonded)
    runs = _runs(built, bonded)
    eased = _eased(built, bonded, set(whole) & file.modified(), whole)
    plan = Plan(tuple(whole), model, built, eased, runs, _notes(whole, built, origin, file))
    for run in runs:
        _bridgeable(plan, run)
    return plan


def _bonded(
    whole: Sequence[ModelResidue],
    calpha: NDArray[np.float64],
    built: NDArray[np.bool_],
    place: Mapping[int, int],
) -> NDArray[np.bool_]:
    """Whether residues i and i + 1 are neighbours in a chain, of which nothing is missing."""
    result = np.zeros(len(whole) - 1, dtype=bool)
    step = np.linalg.norm(np.diff(calpha, axis=0), axis=1)
    for i, (one, other) in enumerate(pairwise(whole)):
        if one.chain != other.chain:
            continue
        if not (built[i] or built[i + 1]):
            result[i] = step[i] <= LONGEST_STEP
        elif i in place and i + 1 in place:
            result[i] = place[i + 1] - place[i] == 1
        else:
            result[i] = other.number - one.number <= 1 or bool(step[i] <= LONGEST_STEP)
    return result


def _model(
    file: ModelFile,
    old: AtomicModel,
    whole: Sequence[ModelResidue],
    origin: NDArray[np.int64],
    bonded: NDArray[np.bool_],
) -> AtomicModel:
    place = np.full(len(old.target), -1)
    place[origin[origin >= 0]] = np.flatnonzero(origin >= 0)
    cuts = [0, *(np.flatnonzero(~bonded) + 1).tolist(), len(whole)]
    sequences = tuple(
        ChainSequence(whole[a].chain, "".join(residue.letter for residue in whole[a:b]))
        for a, b in pairwise(cuts)
    )
    return AtomicModel(
        Target(sequences), old.atom_names, old.elements, place[old.residue], old.positions
    )


def _chosen(one: Range, whole: Sequence[ModelResidue], file: ModelFile) -> range:
    """Indices of the residues of a range."""
    chosen = one.among(whole)
    names = [residue.name for residue in whole if residue.chain == one.chain]
    if not len(chosen):
        low, high = (f"{number}{code}" for number, code in (min(names), max(names)))
        raise InputError(
            f"stretch {one}: {file.path.name} has no such residues, its chain "
            f"{one.chain or NO_NAME} goes from {low} to {high}; to fill a gap give the whole "
            "sequence by --sequence"
        )
    if (one.low not in names and one.low < min(names)) or (
        one.high not in names and one.high > max(names)
    ):
        known = "-".join(f"{number}{code}" for number, code in (min(names), max(names)))
        chain = one.chain or NO_NAME
        raise InputError(f"stretch {one}: chain {chain} has residues {known} only")
    return chosen


def _runs(built: NDArray[np.bool_], bonded: NDArray[np.bool_]) -> tuple[slice, ...]:
    index = np.flatnonzero(built)
    cuts = np.flatnonzero((np.diff(index) > 1) | ~bonded[index[:-1]]) + 1
    return tuple(slice(int(p[0]), int(p[-1]) + 1) for p in np.split(index, cuts))


def _eased(
    built: NDArray[np.bool_],
    bonded: NDArray[np.bool_],
    modified: set[ModelResidue],
    whole: Sequence[ModelResidue],
) -> NDArray[np.bool_]:
    eased = np.zeros(len(built), dtype=bool)
    for i in np.flatnonzero(built):
        for step in (-1, 1):
            for k in range(1, EASED + 1):
                j, bond = i + step * k, i + step * k - (step > 0)
                if not 0 <= j < len(built) or built[j] or not bonded[bond]:
                    break
                if whole[j] in modified:
                    break
                eased[j] = True
    return eased


def _notes(
    whole: Sequence[ModelResidue],
    built: NDArray[np.bool_],
    origin: NDArray[np.int64],
    file: ModelFile,
) -> tuple[str, ...]:
    notes = []
    added = int((origin < 0).sum())
    if added:
        notes.append(f"{added} residues are added that the model lacked")
    modified = file.modified()
    changed = [residue for residue, moves in zip(whole, built) if moves and residue in modified]
    if changed:
        notes.append(
            f"modified residues are built as plain amino acids: {', '.join(map(str, changed[:8]))}"
        )
    return tuple(notes)


def _bridgeable(plan: Plan, run: slice) -> None:
    count = run.stop - run.start
    name = f"stretch {plan.residues[run.start]}-{plan.residues[run.stop - 1]}"
    if count > LONGEST:
        raise InputError(f"{name}: {count} residues, {LONGEST} is most; build the chain instead")
    before, behind = plan.anchors(run)
    if before is None and behind is None:
        raise InputError(
            f"{name}: nothing of its chain stays that it could hang on; give a shorter stretch"
        )
    if before is None or behind is None:
        return
    distance = float(np.linalg.norm(np.subtract(*plan.model.calpha[[before, behind]])))
    if distance > REACH * (count + 1):
        raise InputError(
            f"{name}: {count} residues cannot bridge {distance:.0f} Å between "
            f"{plan.residues[before]} and {plan.residues[behind]}; take in more residues"
        )
