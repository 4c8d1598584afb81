"""Tell which sequences a map holds, in how many copies, and what else it holds.

Each sequence is compared with shuffled copies of itself, by itself and beside those that the map
tells (`competition`). Then all sequences and copies compete for the map's Cα in one integer
programme.
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
from critasser.trace.competition import BESIDE, Searched, look_for_all
from critasser.trace.graph import candidate_graph
from critasser.trace.significance import SIGNIFICANT, Significance
from critasser.trace.statistics import statistics

__all__ = ["Presence", "SequencePresence", "copies_built", "find_presence", "unused_positions"]

PRIOR = 1.5
"""Log-odds that a chain that a person asks for is in the map, before the map is looked at: of six
one is not."""

MOST_EVIDENCE = 10.0
"""Bound of the log-odds from z-scores: density may be poor where one chain lies."""

MOST_EXPECTED = 2 * SIGNIFICANT
"""z-score above which no more is expected of a sequence that is in the map, however well others are
told: one that is short, or in poor density, has less, and what is significant alone is there."""

UNTOLD_EXPECTED = 1.5 * SIGNIFICANT
"""What is expected where no sequence is told: chains of packed maps at 4.5 Å of which most residues
could be placed had 1.6 to 20, and those of maps in which none was told could not be placed."""

SPREAD = 0.5
"""Standard deviation of the z-scores of sequences that are in a map, over what is expected, beside
the 1 that all z-scores have: chains of one map are told unequally well."""

CERTAIN = 1.5
"""Log-odds from the map above which a chain is built whatever else is asked for: less than a
significant z-score has, whatever is expected."""

SPARE = 1.2
"""Residues over likely positions up to which there is room for all: some residues are not seen."""
CROWDED, UNEXPLAINED = 0.1, 0.005
"""Cost, in log-odds, of each residue beyond that, and of each likely position without a residue.
These numbers were chosen by hand."""

RESOLUTION = 1000
"""CP-SAT works with whole numbers: log-odds are rounded to one over this."""

COPY_SHARE = 0.6
"""Of the first copy's log-odds beyond those of shuffled sequences, what a copy beyond those asked
for must reach to be told. Of a relative (the other kind of chain of EMD-3488) it is 0.4."""

RELATIVE_SHARE, SURE = 0.65, 20.0
"""Of the best copy's likelihood beyond that of shuffled sequences, less than which a copy may be a
relative, where the best has such a z-score. Copies of two simulated validation chains at 3 Å, and
two of EMD-3488, have 0.93 to 1; its other kind of chain 0.45 to 0.58, and copies in maps that tell
them less well anything."""

LIKELY = 0.5
"""Probability of a position that is taken for a Cα of something."""
FEWEST_UNUSED, UNUSED_SHARE = 40, 0.2
"""Likely positions, and their share of all likely ones, that a trace must leave for something else
to be in the map: fewer may be its own chains', read twice."""


@dataclass(frozen=True, eq=False)
class SequencePresence:
    """How well a map tells one sequence.

    Attributes
    ----------
    sequence : Sequence
    copies, log_odds : tuple of Significance
        Of each copy that is asked for and of one more, by likelihood, and by the residues' log-odds
        where walks put them; see `competition.Look`.
    asked : int
        Copies that the target has.
    expected : float
        z-score of a sequence of this length that is in the map; 0 where that is not to be asked.
    built : int
        Copies to build.
    """

    sequence: Sequence
    copies: tuple[Significance, ...]
    log_odds: tuple[Significance, ...]
    asked: int
    expected: float = 0.0
    built: int = 0

    @property
    def z_score(self) -> float:
        """Of the first copy."""
        return self.copies[0].z_score

    @property
    def evidence(self) -> NDArray[np.float64]:
        """Log-odds from the map that each copy asked for is in it (asked,).

        z-scores are about normal: those of what is not there with mean 0 and deviation 1, those of
        what is there about `expected`, and farther apart. All 0 where nothing is expected.
        """
        if not self.expected:
            return np.zeros(self.asked)
        z_score = np.zeros(self.asked)
        known = [one.z_score for one in self.copies[: self.asked]]
        z_score[: len(known)] = np.maximum(known, 0.0)
        expected = np.full(self.asked, max(self.expected, z_score[0]))
        expected[0] = self.expected
        expected = np.minimum(expected, MOST_EXPECTED)
        width = np.hypot(1.0, SPREAD * expected)
        there = -0.5 * ((z_score - expected) / width) ** 2 - np.log(width)
        return np.clip(there + 0.5 * z_score**2, -MOST_EVIDENCE, MOST_EVIDENCE)

    @property
    def unlike(self) -> tuple[int, ...]:
        """Copies, of those asked for and one more, that suit their places clearly less than the
        best: a relative with another sequence may be there."""
        if max(one.z_score for one in self.copies) < SURE:
            return ()
        least = RELATIVE_SHARE * max(one.gain for one in self.copies)
        return tuple(k for k, one in enumerate(self.copies) if one.significant and one.gain < least)

    @property
    def more(self) -> bool:
        """The map holds more copies than are asked for."""
        return (
            self.built == self.asked < len(self.copies)
            and self.copies[self.asked].significant
            and self.log_odds[self.asked].gain >= COPY_SHARE * self.log_odds[0].gain
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
        length = np.array([one.built * one.log_odds[0].length for one in built], dtype=float)
        share = length / length.sum()
        own = float(share @ [one.log_odds[0].own for one in built])
        # Where few shuffled sequences were enough they count several times.
        most = max(len(one.log_odds[0].shuffled) for one in built)
        shuffled = share @ [np.resize(one.log_odds[0].shuffled, most) for one in built]
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
    graph = candidate_graph(calpha, features, statistics().link)
    likely = int((calpha.probability >= LIKELY).sum())
    searched = Searched(calpha, features, graph, likely - len(target), rng)
    asked = [letters.count(sequence.letters) for sequence in every]
    looks = look_for_all(searched, every, asked, tick)
    found = _with_expected(
        [
            SequencePresence(sequence, look.copies, look.log_odds, count)
            for sequence, look, count in zip(every, looks, asked)
        ]
    )
    room = SPARE * likely
    copies = copies_built(
        [len(one.sequence) for one in found], [one.evidence.tolist() for one in found], room
    )
    chosen = (replace(one, built=built) for one, built in zip(found, copies))
    return Presence(tuple(chosen), room)


def _with_expected(found: SequenceOf[SequencePresence]) -> list[SequencePresence]:
    """What each z-score should be: by the sequences that the map tells, where there are any."""
    told = [one.copies[0] for one in found if one.copies[0].significant]
    if not told:
        # One sequence alone is nobody's rival: its copies are built as they are asked for.
        expected = UNTOLD_EXPECTED if len(found) > 1 else 0.0
        return [replace(one, expected=expected) for one in found]
    gain = float(np.average([one.gain for one in told], weights=[one.length for one in told]))
    return [replace(one, expected=gain / one.copies[0].deviation) for one in found]


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
        above 1.5 is built whatever else is asked for.
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
            if one >= CERTAIN:
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
