"""Test whether the map tells the sequence: compare it with shuffled copies of itself."""

from __future__ import annotations

import itertools
from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from critasser.structure import CalphaSet, Sequence, Target
from critasser.trace.emissions import emissions
from critasser.trace.statistics import statistics

__all__ = [
    "SHUFFLED_SEQUENCES",
    "SIGNIFICANT",
    "Significance",
    "as_sequence",
    "register_significance",
    "shifted_significance",
    "shuffled_sequence",
    "with_common_deviation",
    "with_unknown",
]

SHUFFLED_SEQUENCES, FEWEST_SHUFFLED = 8, 4
"""Most that a sequence is compared with, and how many may be enough where it is clear."""
HIGHEST_Z = 15.0
"""z-score of the sequence beyond which more does not make anything surer."""
DOUBTED = 1.25
"""Times as large as among few shuffled sequences their deviation may be; the z-score must be beyond
`HIGHEST_Z` all the same for these few to be enough. Chosen by hand; a deviation below
`LEAST_DEVIATION` is not believed anyway."""
BLOCK = (8, 13)
"""Residues that shuffling moves together: runs of helix and strand stay runs. Their order within is
lost too, since walks would find a block wherever it is, and backwards as well."""

REGISTER_SHUFFLED_SEQUENCES = 64
MOST_SHIFT = 20
"""Residues to either side over which a register is compared with others."""

NEAR = 2.0
"""Å within which a predicted Cα tells what residue a model's Cα is."""

NOWHERE = 1e9
"""Å; farther than any map."""

UNKNOWN, BUILT_AS = "X", "A"
"""Letters of a residue that nobody knows: as it is written, and as it is built."""

LEAST_DEVIATION = 0.6
"""Of a shuffled sequence's sum of log-odds, over the root of its length; a few shuffled sequences
may agree by chance."""

SIGNIFICANT = 3.0
"""z-score from which the map tells the sequence. In 33 maps of held-out chains and of split train
(`benchmark.fitting.trace confidence` prints them) sequences of other proteins came to 1.9 at most,
the right ones to 3.3 or more wherever more than 0.75 of the residues had been placed right."""


@dataclass(frozen=True, eq=False)
class Significance:
    """How well the sequence suits the positions, and how well shuffled sequences do.

    Attributes
    ----------
    own : float
        Mean log-odds a residue of the sequence at the positions where walks over the graph put it.
    shuffled : ndarray (k,), or a list of as many numbers
        The same of shuffled sequences, see `shuffled_sequence`.
    length : int
        Residues.
    common : float or None
        What is believed for `deviation` times the root of the length, where shuffled sequences of
        others tell it too, see `with_common_deviation`.
    """

    own: float
    shuffled: NDArray[np.float64]
    length: int
    common: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "shuffled", np.asarray(self.shuffled, dtype=np.float64))

    @property
    def gain(self) -> float:
        """Log-odds a residue by which the sequence stands out from shuffled ones."""
        return self.own - float(self.shuffled.mean())

    @property
    def deviation(self) -> float:
        """Of shuffled sequences' log-odds a residue; the least that is believed for the length."""
        if self.common is not None:
            return self.common / float(np.sqrt(max(self.length, 1)))
        return max(float(self.shuffled.std(ddof=1)), self._least_deviation)

    @property
    def _least_deviation(self) -> float:
        return LEAST_DEVIATION / float(np.sqrt(max(self.length, 1)))

    @property
    def z_score(self) -> float:
        """Standard deviations of shuffled sequences by which the sequence stands out from them."""
        return self.gain / self.deviation

    @property
    def settled(self) -> bool:
        """More shuffled sequences would not bring the z-score back to where it matters."""
        if len(self.shuffled) < FEWEST_SHUFFLED:
            return False
        deviation = max(DOUBTED * float(self.shuffled.std(ddof=1)), self._least_deviation)
        return self.gain >= HIGHEST_Z * deviation

    @property
    def significant(self) -> bool:
        """The map tells this sequence from others."""
        return self.z_score >= SIGNIFICANT

    def advice(self) -> str | None:
        """What to say to the person where the map does not tell the sequence."""
        if self.significant:
            return None
        how = "hardly better than" if self.z_score > SIGNIFICANT / 2 else "no better than"
        return (
            f"the sequence fits the map {how} scrambled ones (z-score {self.z_score:.1f}; "
            f"{SIGNIFICANT:g} would be clear): do not trust which residue is where, even where the "
            "chain runs right. Either the map does not show enough of the side chains, or this is "
            "not the sequence of what is in it, or the map is a mirror image; templates or "
            "predicted structures help with the first"
        )


def with_common_deviation(found: SequenceOf[Significance]) -> list[Significance]:
    """The same of one map, each with the deviation that the shuffled sequences of all tell.

    That of a few alone is off by a quarter, and it goes by the root of the length whatever the
    sequence is: over it, 0.48 ± 0.20 in 54 sequences of eight shuffled ones, as far apart as eight
    numbers of one distribution are. `LEAST_DEVIATION` counts as one more sequence's.
    """
    square = [one.length * float(one.shuffled.var(ddof=1)) for one in found]
    weight = [len(one.shuffled) - 1 for one in found]
    common = float(
        np.sqrt(
            np.average(
                [*square, LEAST_DEVIATION**2], weights=[*weight, SHUFFLED_SEQUENCES - 1]
            )
        )
    )
    return [replace(one, common=common) for one in found]


def shuffled_sequence(letters: str, rng: np.random.Generator) -> str:
    """A sequence in another order that has as many helices and strands: blocks of about ten
    residues are shuffled, and the residues in each."""
    cuts = np.cumsum(rng.integers(*BLOCK, size=len(letters) // BLOCK[0] + 1))
    cuts = [0, *cuts[cuts < len(letters)].tolist(), len(letters)]
    blocks = [rng.permutation(list(letters[a:b])) for a, b in itertools.pairwise(cuts)]
    return "".join("".join(blocks[k]) for k in rng.permutation(len(blocks)))


def with_unknown(sequence: Sequence) -> str:
    """The letters, with X for residues that nobody knows."""
    places = set(sequence.unknown)
    return "".join(UNKNOWN if i in places else c for i, c in enumerate(sequence.letters))


def as_sequence(name: str, text: str) -> Sequence:
    """What `with_unknown` gave, in whatever order."""
    unknown = tuple(i for i, letter in enumerate(text) if letter == UNKNOWN)
    return Sequence(name, text.replace(UNKNOWN, BUILT_AS), unknown)


def shifted_significance(
    positions: NDArray[np.float64], calpha: CalphaSet, target: Target
) -> Significance:
    """Compare a placed structure's register with all others near, each residue where it lies.

    Secondary structure and what is buried hardly change within a few residues, so that a right
    register stands out by side chains alone; one that is a turn of helix off does not.

    Parameters
    ----------
    positions : ndarray (L, 3)
        Cα in Å; NaN for residues without.
    calpha : CalphaSet
        What the network found; at least one position.
    target : Target
        What the structure says stands there.

    Returns
    -------
    Significance
        Its `shuffled` are the registers up to `MOST_SHIFT` residues off; of length 0 where no
        predicted Cα is near.
    """
    return _where_it_lies(
        positions, calpha, target,
        [
            Target(
                tuple(as_sequence(s.name, _rolled(with_unknown(s), by)) for s in target.sequences)
            )
            for by in range(-MOST_SHIFT, MOST_SHIFT + 1)
            if by
        ],
    )  # fmt: skip


def _rolled(letters: str, by: int) -> str:
    by %= len(letters)
    return letters[by:] + letters[:by]


def register_significance(
    positions: NDArray[np.float64],
    calpha: CalphaSet,
    target: Target,
    *,
    rng: np.random.Generator,
) -> Significance:
    """Compare a model's sequence with shuffled copies of it, each residue where the model has it.

    A model whose chain runs right but whose residues are one off does no better than these.

    Parameters
    ----------
    positions : ndarray (L, 3)
        Cα of the model in Å; NaN for residues that it lacks.
    calpha : CalphaSet
        What the network found; at least one position.
    target : Target
        What the model says stands there.
    rng : numpy.random.Generator

    Returns
    -------
    Significance
        Of the residues with a predicted Cα near; of length 0 where there are none.
    """
    others = []
    for _ in range(REGISTER_SHUFFLED_SEQUENCES):
        whole = shuffled_sequence("".join(map(with_unknown, target.sequences)), rng)
        parts = (
            as_sequence(s.name, whole[p]) for s, p in zip(target.sequences, target.chain_slices)
        )
        others.append(Target(tuple(parts)))
    return _where_it_lies(positions, calpha, target, others)


def _where_it_lies(
    positions: NDArray[np.float64], calpha: CalphaSet, target: Target, others: list[Target]
) -> Significance:
    """A sequence beside others, each residue where it has a predicted Cα near."""
    tables = statistics()
    given = np.nan_to_num(positions, nan=NOWHERE)
    distance, node = cKDTree(calpha.positions).query(given)
    seen = np.flatnonzero(distance <= NEAR)
    if not len(seen):
        return Significance(0.0, np.zeros(2), 0)
    beside_model = calpha.select(node[seen])

    def mean_log_odds(asked: Target) -> float:
        emission = emissions(beside_model, asked, tables)
        return float(emission[seen, np.arange(len(seen))].mean())

    shuffled = np.array([mean_log_odds(other) for other in others])
    return Significance(mean_log_odds(target), shuffled, len(seen))
