"""Whether the sequence is told by the map at all: it against shuffled copies of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from critasser.density import FeatureMaps
from critasser.structure import CalphaSet, Sequence, Target
from critasser.trace.alignment import GapScores, align
from critasser.trace.graph import candidate_graph
from critasser.trace.profiles import emissions
from critasser.trace.statistics import statistics

__all__ = ["TOLD", "Evidence", "register_evidence"]

SHUFFLES = 6
ROUNDS = 60
"""Of each alignment: a quarter of what traces take is enough to compare."""

LEAST_SPREAD = 0.06
"""Log-odds a residue; few shuffles may agree by chance."""

TOLD = 5.0
"""Spreads above shuffled copies from which the map tells the sequence: the right sequences of 14
maps of 2.3–9.6 Å came to 5–60 (two others, of 3.8 and 4.2 Å, to 1, and those beyond 11 Å to 0),
sequences of other proteins in their place to 4 at most."""

SHOWN_INFORMATION = 0.45
"""Share of the most that amino acids could tell, from which a map shows side chains."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """Log-odds of the sequence on the positions, over all walks, per residue.

    Attributes
    ----------
    own : float
        Of the sequence.
    shuffled : ndarray (k,)
        Of copies whose residues were shuffled within each chain.
    information : float
        0 where positions say nothing of their amino acids, 1 where each is sure of one.
    """

    own: float
    shuffled: NDArray[np.float64]
    information: float

    @property
    def spreads(self) -> float:
        """How far the sequence stands out from shuffled ones, in standard deviations of these."""
        spread = max(float(self.shuffled.std(ddof=1)), LEAST_SPREAD)
        return (self.own - float(self.shuffled.mean())) / spread

    @property
    def told(self) -> bool:
        """The map tells this sequence from others."""
        return self.spreads >= TOLD

    def advice(self) -> str | None:
        """What to say to the person where the map does not tell the sequence."""
        if self.told:
            return None
        if self.information >= SHOWN_INFORMATION:
            return (
                "the map shows side chains, but not those of this sequence: shuffled copies of it "
                f"fit as well (it stands out by {self.spreads:.1f} standard deviations; "
                f"{TOLD:g} would be clear). Check the sequence, and the hand of the map"
            )
        return (
            "the map does not tell which residue is where: shuffled copies of the sequence fit as "
            f"well (it stands out by {self.spreads:.1f} standard deviations; {TOLD:g} would be "
            "clear). The chain may run right and its numbering be wrong; templates or predicted "
            "structures help"
        )


def register_evidence(
    calpha: CalphaSet,
    features: FeatureMaps,
    target: Target,
    *,
    rng: np.random.Generator,
    tick: Callable[[float], None] | None = None,
) -> Evidence:
    """Compare the sequence with shuffled copies of itself, each over all walks on the positions.

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
    Evidence
    """
    known = statistics()
    graph = candidate_graph(calpha, features, known.link)

    def worth(one: Target) -> float:
        emission = emissions(calpha, one, known)
        found = align(emission, graph, one.bonded, GapScores(), rounds=ROUNDS)
        return float((found.marginal * emission).sum()) / len(one)

    own = worth(target)
    shuffled = []
    for k in range(SHUFFLES):
        if tick is not None:
            tick((k + 1) / (SHUFFLES + 1))
        copies = (
            Sequence(s.name, "".join(rng.permutation(list(s.letters)))) for s in target.sequences
        )
        shuffled.append(worth(Target(tuple(copies))))
    return Evidence(own, np.array(shuffled), _information(calpha, known.background))


def _information(calpha: CalphaSet, background: NDArray[np.float64]) -> float:
    probability = np.clip(calpha.amino_acid, 1e-9, None)
    probability = probability / probability.sum(axis=1, keepdims=True)
    told = (probability * np.log(probability / background)).sum(axis=1)
    return float(told.mean() / -(background * np.log(background)).sum())
