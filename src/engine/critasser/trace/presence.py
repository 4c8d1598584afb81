"""Tell which sequences a map holds, in how many copies, and what else it holds.

Each sequence is compared with shuffled copies of itself alone, on all positions: where more
residues compete than there are positions, as they do when a sequence does not belong, the sums over
the walks of all sequences together tell none of them. Then all sequences and copies compete for the
map's Cα in one integer programme.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from ortools.sat.python import cp_model
from scipy.spatial import cKDTree

from critasser.density import FeatureMaps
from critasser.structure import CalphaSet, Sequence, Target, Trace
from critasser.trace.graph import CandidateGraph, candidate_graph
from critasser.trace.significance import SIGNIFICANT, Significance, Witness, compared
from critasser.trace.statistics import statistics

__all__ = ["Presence", "SequencePresence", "copies_built", "find_presence", "unused_positions"]

PRIOR = 3.0
"""Log-odds that a chain that a person asks for is in the map, before the map is looked at."""

MOST_EVIDENCE = 10.0
"""Bound of the log-odds from z-scores: density may be poor where one chain lies."""

MOST_EXPECTED = 2 * SIGNIFICANT
"""z-score above which no more is expected of a sequence that is in the map, however well others are
told: one that is short, or in poor density, has less, and what is significant alone is there."""

DOUBT = -1.0
"""Log-odds from the map above which a chain is built whatever else is asked for."""

TOLD_SHARE = 0.4
"""Share of the different sequences' residues that the map must tell for what it says of these to
tell how the others should do."""

SPARE = 1.2
"""Residues over likely positions up to which there is room for all: some residues are not seen."""
CROWDED, UNEXPLAINED = 0.1, 0.03
"""Cost, in log-odds, of each residue beyond that, and of each likely position without a residue.
These numbers were chosen by hand."""

RESOLUTION = 1000
"""CP-SAT works with whole numbers: log-odds are rounded to one over this."""

LEAST_ROOM = 0.5
"""Positions over residues that a copy needs."""

CLEAR, COPY_SHARE = 6.0, 0.6
"""z-score of a sequence from which it is looked whether there is one more copy than asked for, and
share of its log-odds beyond those of shuffled sequences that this copy must reach. Of a relative
(the other kind of chain of EMD-3488) it is 0.4."""

FREE_SHARE = 0.6
"""Of the residues of a sequence that is told, if less well, the likely positions that must be left
beside all chains asked for, for the same to be looked at. In ten maps without further chains none
are left."""

ONE_MORE = 0.1
"""Work of looking for one copy more than is asked for, to that for each of the others; mostly a
look is enough."""

HOPELESS = 0.0
"""z-score of what is left of the map, beside shuffled sequences on all of it, below which a further
copy is not compared with shuffled sequences of its own: these find up to two less there."""

LIKELY = 0.5
"""Probability of a position that is taken for a Cα of something."""
BESIDE = 2.5
"""Å from a placed residue within which a position is another reading of the same place."""

FEWEST_UNUSED, UNUSED_SHARE = 40, 0.2
"""Likely positions, and their share of all likely ones, that a trace must leave for something else
to be in the map: fewer may be its own chains', read twice."""


@dataclass(frozen=True, eq=False)
class SequencePresence:
    """How well a map tells one sequence.

    Attributes
    ----------
    sequence : Sequence
    significance : Significance
        Of the sequence alone.
    z_scores : tuple of float
        Of each copy that is asked for and of one more, on the positions that those before it leave;
        fewer where there is no room for more, or what is left does not suit the sequence.
    asked : int
        Copies that the target has.
    expected : float
        z-score of a sequence of this length that is in the map; 0 where the map does not tell.
    built : int
        Copies to build.
    gains : tuple of float
        Of the same as `z_scores`: log-odds a residue beyond those of shuffled sequences.
    """

    sequence: Sequence
    significance: Significance
    z_scores: tuple[float, ...]
    asked: int
    expected: float = 0.0
    built: int = 0
    gains: tuple[float, ...] = ()

    @property
    def evidence(self) -> NDArray[np.float64]:
        """Log-odds from the map that each copy asked for is in it (asked,).

        z-scores are about normal, with mean `expected` for what is there and 0 for what is not.
        """
        z_score = np.zeros(self.asked)
        known = self.z_scores[: self.asked]
        z_score[: len(known)] = known
        expected = np.full(self.asked, max(self.expected, z_score[0]) if self.expected else 0.0)
        expected[0] = self.expected
        expected = np.minimum(expected, MOST_EXPECTED)
        return np.clip(expected * (z_score - expected / 2), -MOST_EVIDENCE, MOST_EVIDENCE)

    @property
    def more(self) -> bool:
        """The map holds more copies than are asked for."""
        return (
            self.built == self.asked < len(self.z_scores)
            and self.z_scores[self.asked] >= SIGNIFICANT
            and self.gains[self.asked] >= COPY_SHARE * self.gains[0]
        )


@dataclass(frozen=True, eq=False)
class Presence:
    """How well a map tells the sequences of a target.

    Attributes
    ----------
    sequences : tuple of SequencePresence
        Each different one once, in the order of the target.
    room : float
        Residues that the map's likely positions are of, at most.
    """

    sequences: tuple[SequencePresence, ...]
    room: float

    def absent_chains(self, target: Target) -> list[int]:
        """Chains of the target that are not to be built: of copies the last."""
        left = {one.sequence.letters: one.built for one in self.sequences}
        absent = []
        for k, sequence in enumerate(target.sequences):
            left[sequence.letters] -= 1
            if left[sequence.letters] < 0:
                absent.append(k)
        return absent

    def evidence_of(self, target: Target) -> list[float]:
        """Log-odds from the map that each chain of the target is in it."""
        left = {one.sequence.letters: one.evidence.tolist() for one in self.sequences}
        return [left[sequence.letters].pop(0) for sequence in target.sequences]

    @property
    def whole(self) -> Significance:
        """Of all that is built together."""
        built = [one for one in self.sequences if one.built]
        length = np.array([one.built * one.significance.length for one in built], dtype=float)
        share = length / length.sum()
        own = float(share @ [one.significance.own for one in built])
        # Where few shuffled sequences were enough they count several times.
        most = max(len(one.significance.shuffled) for one in built)
        shuffled = share @ [np.resize(one.significance.shuffled, most) for one in built]
        return Significance(own, shuffled, int(length.sum()))


def find_presence(
    calpha: CalphaSet,
    features: FeatureMaps,
    target: Target,
    *,
    rng: np.random.Generator,
    tick: Callable[[float], None] | None = None,
) -> Presence:
    """Choose the chains of a target that a map holds.

    Parameters
    ----------
    calpha : CalphaSet
        At least one position.
    features : FeatureMaps
    target : Target
    rng : numpy.random.Generator
    tick : callable, optional
        Told the fraction done.

    Returns
    -------
    Presence
        One chain at least is built.
    """
    letters = [sequence.letters for sequence in target.sequences]
    every = [target.sequences[letters.index(one)] for one in dict.fromkeys(letters)]
    total, done = sum(map(len, every)), 0
    graph = candidate_graph(calpha, features, statistics().link)
    likely = int((calpha.probability >= LIKELY).sum())
    free = likely - len(target)
    found = []
    for sequence in every:

        def step(fraction: float, done: int = done, size: int = len(sequence)) -> None:
            if tick is not None:
                tick((done + fraction * size) / total)

        found.append(_looked_for(calpha, graph, features, sequence, letters, free, rng, step))
        done += len(sequence)
    found, room = _with_expected(found), SPARE * likely
    copies = copies_built(
        [len(one.sequence) for one in found], [one.evidence.tolist() for one in found], room
    )
    chosen = (replace(one, built=built) for one, built in zip(found, copies))
    return Presence(tuple(chosen), room)


def _looked_for(
    calpha: CalphaSet,
    graph: CandidateGraph,
    features: FeatureMaps,
    sequence: Sequence,
    letters: SequenceOf[str],
    free: int,
    rng: np.random.Generator,
    step: Callable[[float], None],
) -> SequencePresence:
    """A sequence on all positions, and its further copies on what is left.

    free : likely positions beyond the residues of all chains that are asked for.
    """
    alone, asked = Target((sequence,)), letters.count(sequence.letters)
    found: list[Significance] = []
    most, left = asked, calpha
    while len(found) < most and len(left) >= LEAST_ROOM * len(sequence) * bool(found):

        def tick(fraction: float, done: int = len(found)) -> None:
            further = ONE_MORE * (fraction if done == asked else 0.0)
            step((min(done + fraction, asked) + further) / (asked + ONE_MORE))

        # The fewer positions are left, the less shuffled sequences find too.
        if found:
            graph = candidate_graph(left, features, statistics().link)
        witness = Witness.of(left, graph, len(sequence))
        if len(found) == asked:
            own, _ = witness.judge(alone)
            if (own - found[0].shuffled.mean()) / found[0].deviation < HOPELESS:
                break
        one, walks = compared(witness, alone, rng=rng, tick=tick)
        found.append(one)
        roomy = free >= FREE_SHARE * len(sequence)
        if len(found) == asked and found[0].z_score >= (SIGNIFICANT if roomy else CLEAR):
            most = asked + 1
        left = _rest(left, walks.draw(rng))
    return SequencePresence(
        sequence, found[0], tuple(float(one.z_score) for one in found), asked,
        gains=tuple(one.gain for one in found),
    )  # fmt: skip


def _rest(calpha: CalphaSet, walk: NDArray[np.int32]) -> CalphaSet:
    """Positions that are not at, or beside, the places of residues."""
    taken = calpha.positions[walk[walk >= 0]]
    if not len(taken):
        return calpha
    distance, _ = cKDTree(taken).query(calpha.positions)
    return calpha.select(distance > BESIDE)


def _with_expected(found: SequenceOf[SequencePresence]) -> list[SequencePresence]:
    """What each z-score should be, by the sequences that the map tells."""
    told = [one.significance for one in found if one.significance.z_score >= SIGNIFICANT]
    length = [one.length for one in told]
    if sum(length) < TOLD_SHARE * sum(len(one.sequence) for one in found):
        return list(found)
    gain = float(np.average([one.gain for one in told], weights=length))
    return [replace(one, expected=gain / one.significance.deviation) for one in found]


def copies_built(
    lengths: SequenceOf[int], evidence: SequenceOf[SequenceOf[float]], room: float
) -> list[int]:
    """How many copies of each sequence are built: the set of chains that speak for it most.

    An integer programme: log-odds of the chains, less what it costs to have more residues than
    there is room for, or to leave likely positions without any.

    Parameters
    ----------
    lengths : sequence of int
        Residues of each sequence.
    evidence : sequence of sequence of float
        Of each sequence, log-odds of each copy that is asked for, the clearest first; what is
        above −1 is built whatever else is asked for.
    room : float
        Residues that the map has room for, see `Presence`.

    Returns
    -------
    list of int
        Of each sequence; one chain at least is built.
    """
    model = cp_model.CpModel()
    terms, sizes, every = [], [], []
    likely = round(room / SPARE)
    for length, known in zip(lengths, evidence):
        copies = [model.new_bool_var("") for _ in known]
        every.append(copies)
        for k, (copy, one) in enumerate(zip(copies, known)):
            terms.append(round((one + PRIOR) * RESOLUTION) * copy)
            sizes.append(length * copy)
            if k:
                model.add_implication(copy, copies[k - 1])
            if one >= DOUBT:
                model.add(copy == 1)
    # Where all are in doubt none is.
    model.add_at_least_one(copies[0] for copies in every)
    most = sum(length * len(known) for length, known in zip(lengths, evidence)) + likely
    crowded, unexplained = (model.new_int_var(0, most, "") for _ in range(2))
    model.add(crowded >= sum(sizes) - round(room))
    model.add(unexplained >= likely - sum(sizes))
    terms.append(-round(CROWDED * RESOLUTION) * crowded)
    terms.append(-round(UNEXPLAINED * RESOLUTION) * unexplained)
    model.maximize(sum(terms))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 1
    solver.solve(model)
    return [sum(solver.value(copy) for copy in copies) for copies in every]


def unused_positions(trace: Trace, calpha: CalphaSet) -> int:
    """Likely positions that no residue of a trace is at or beside; 0 where they are few."""
    likely = calpha.select(calpha.probability >= LIKELY)
    if not len(likely) or not trace.placed.any():
        return 0
    distance, _ = cKDTree(trace.positions[trace.placed]).query(likely.positions)
    count = int((distance > BESIDE).sum())
    return count if count >= max(FEWEST_UNUSED, UNUSED_SHARE * len(likely)) else 0
