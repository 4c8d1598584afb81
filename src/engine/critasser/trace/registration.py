"""Trace by registration: the sequence itself finds its way through the graph of positions.

1. Probabilities over all walks of the sequence through the candidate graph (`alignment`): where
   amino acids tell anything this alone is nearly the answer.
2. Starts: walks drawn from those probabilities, and ways through the positions by links alone,
   which are all there is where amino acids tell nothing.
3. Each start is annealed under the full score, no position twice (`placement`).
4. The best pieces of all are combined by an integer programme, and annealed once more.
5. Confidence: how probable a residue's position is over all walks, how many of the best placements
   agree, and whether the map tells the sequence at all (`significance`), or a template that lies in
   the map does (`prior`). Where neither does, no register is claimed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from critasser.density import FeatureMaps, Grid
from critasser.structure import CalphaSet, Target, Trace
from critasser.trace.alignment import Alignment, GapScores, align
from critasser.trace.chain_copies import next_copies
from critasser.trace.emissions import emissions
from critasser.trace.graph import CandidateGraph, candidate_graph
from critasser.trace.integer_programme import combine_placements
from critasser.trace.other_molecules import share_of_others
from critasser.trace.placement import Placement, Problem, cover, improve, without_repeats
from critasser.trace.prior import RegisterPrior, no_prior
from critasser.trace.significance import HIGHEST_Z, Significance
from critasser.trace.statistics import statistics

__all__ = ["Registration", "by_registration", "confidence_features", "register"]

ALIGNMENTS, SURE = 5, 0.85
"""Alignments at most, and the mean probability of residues' best positions at which one is
enough. These and the numbers below were chosen by hand."""
NOISE = 0.5
"""Standard deviation of the noise on links and emissions of all alignments but the first."""

DRAWS, COVERS, SURE_COVERS = 4, 12, 2
"""Starts from each alignment, from links alone, and from these where the first alignment is
sure."""

MOVES_PER_RESIDUE, DEFAULT_JOININGS = 3000, 100_000
"""Moves of each start for that number of joinings; other numbers of these scale it."""
LEAST_EFFORT, MOST_EFFORT = 0.05, 20.0
"""Bounds of that scale."""
COVER_MOVES = 2
"""Times as many moves for starts from links alone."""
WALK_TEMPERATURE, COVER_TEMPERATURE, COMBINED_TEMPERATURE = 1.0, 2.5, 0.7
"""At the start of the annealing of each, in units of log-odds."""

COMBINED = 6
"""Placements that are combined: more make the integer programme hard, not better."""
EFFORTS = (0.5, 0.5)
"""Limits of CP-SAT when combining for the first and second time: where placements agree it needs
far less."""

DISTINCT = 0.05
"""Share of the residues in which placements that are shown differ."""

AGREEMENT_SCALE = 30.0
"""Difference of scores over which a placement's vote on another falls to 1/e."""
Z_SHARE = 3
"""Column of `confidence_features` that says how far the sequence is told."""


@dataclass(frozen=True, eq=False)
class Registration:
    """Placements of the sequence on the positions, best first.

    Attributes
    ----------
    placements : list of Placement
    marginal, agreement : list of ndarray (L,)
        For each placement: how probable each residue's position is over all walks, and the share
        of the best placements' votes for it.
    """

    placements: list[Placement]
    marginal: list[NDArray[np.float64]]
    agreement: list[NDArray[np.float64]]


def by_registration(
    calpha: CalphaSet,
    features: FeatureMaps,
    density: Grid,
    target: Target,
    resolution: float,
    *,
    rng: np.random.Generator,
    count: int = 40,
    contacts: NDArray[np.float64] | None = None,
    significance: Significance | None = None,
    prior: RegisterPrior | None = None,
    joinings: int = 100_000,
    progress: Callable[[float, str], None] | None = None,
) -> tuple[Trace, ...]:
    """Traces by registering the sequence on the graph of positions.

    Parameters and result as `build_traces`; the moves of the search are in proportion to
    `joinings`. `contacts` are not used.
    """
    prior = prior or no_prior(len(target), len(calpha))
    registration = register(
        calpha, features, target, rng=rng, count=count, joinings=joinings, prior=prior,
        progress=progress,
    )  # fmt: skip
    source = "registration, led by templates" if prior else "registration"
    traces = []
    for placement, *support in zip(
        registration.placements, registration.marginal, registration.agreement
    ):
        node = placement.node
        told = np.where(node >= 0, prior.told[np.arange(len(node)), node], 0.0)
        positions = np.where((node >= 0)[:, None], calpha.positions[node], np.nan)
        sure = _confidence(*support, told, significance)
        sure = np.where(node >= 0, sure, 0.0)
        traces.append(Trace(positions, sure, placement.score, source))
    return tuple(traces)


def _confidence(
    marginal: NDArray[np.float64],
    agreement: NDArray[np.float64],
    told: NDArray[np.float64],
    significance: Significance | None,
) -> NDArray[np.float64]:
    """Confidence (L,) of residues: none where neither map nor template (told) tells the sequence.
    """
    features = confidence_features(marginal, agreement, significance)
    features[:, Z_SHARE] = np.maximum(features[:, Z_SHARE], told)
    sure = expit(features @ statistics().confidence)
    return sure if significance is None or significance.significant else told * sure


def register(
    calpha: CalphaSet,
    features: FeatureMaps,
    target: Target,
    *,
    rng: np.random.Generator,
    count: int,
    joinings: int,
    prior: RegisterPrior | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> Registration:
    """Placements of the sequence on the positions; parameters as `build_traces`."""
    report = progress or (lambda fraction, message: None)
    tables = statistics()
    report(0.0, "graph of Cα positions")
    others = share_of_others(calpha, len(target))
    graph = candidate_graph(calpha, features, tables.link).discounted(others)
    emission = emissions(calpha, target, tables, others=others)
    if prior is not None:
        emission = emission + prior.log_odds
    gaps = GapScores()
    problem = Problem(
        emission, graph, target.chain_index, next_copies(target), gaps, tables.span, others
    )
    effort = float(np.clip(joinings / DEFAULT_JOININGS, LEAST_EFFORT, MOST_EFFORT))
    moves = round(effort * MOVES_PER_RESIDUE * min(problem.emission.shape))
    alignment, placements = _search(problem, target.bonded, moves, rng, report)
    placements.sort(key=lambda placement: -placement.score)
    for k, effort_limit in enumerate(EFFORTS):
        report(0.85 + 0.06 * k, "combining placements")
        combined = combine_placements(problem, placements[:COMBINED], effort=effort_limit)
        placements.append(
            improve(problem, combined.node, rng, steps=moves // 2, hot=COMBINED_TEMPERATURE)
        )
        placements.sort(key=lambda placement: -placement.score)
    shown = _distinct(placements, count)
    report(1.0, f"{len(shown)} traces")
    return Registration(shown, *_support(shown, placements, alignment))


def _search(
    problem: Problem,
    bonded: NDArray[np.bool_],
    moves: int,
    rng: np.random.Generator,
    report: Callable[[float, str], None],
) -> tuple[Alignment, list[Placement]]:
    """The unperturbed alignment, and placements annealed from many starts."""
    L = len(problem.chain)
    placements: list[Placement] = []
    first: Alignment | None = None
    for k in range(ALIGNMENTS):
        begin, share = 0.02 + 0.11 * k, 0.11

        def tick(done: float, begin: float = begin, share: float = share, k: int = k) -> None:
            told = f"weighing all paths of the chain, {k + 1} of {ALIGNMENTS}"
            report(begin + 0.7 * share * done, told)

        graph, emission = (problem.graph, problem.emission) if k == 0 else _perturbed(problem, rng)
        states = None if first is None else first.first_states
        alignment = align(emission, graph, bonded, problem.gaps, states=states, tick=tick)
        first = first or alignment
        for _ in range(DRAWS):
            report(begin + 0.8 * share, "placing the chain on likely paths")
            start = without_repeats(alignment.draw(rng), alignment.marginal)
            placements.append(improve(problem, start, rng, steps=moves, hot=WALK_TEMPERATURE))
        if alignment.marginal.max(axis=1).mean() > SURE:
            break
    sure = first.marginal.max(axis=1).mean() > SURE
    for k in range(SURE_COVERS if sure else COVERS):

        def step(done: float, k: int = k) -> None:
            told = f"placing the chain on links, {k + 1} of {COVERS}"
            report(0.57 + 0.28 * (k + done) / COVERS, told)

        start = cover(problem.graph, L, rng)
        placements.append(
            improve(
                problem, start, rng, steps=COVER_MOVES * moves, hot=COVER_TEMPERATURE, tick=step
            )
        )
    return first, placements


def _perturbed(
    problem: Problem, rng: np.random.Generator
) -> tuple[CandidateGraph, NDArray[np.float32]]:
    """The graph and the emissions under noise, so that another solution may come out best."""
    graph = problem.graph
    noise = NOISE * rng.standard_normal(len(graph.link))
    link = graph.link + (noise + noise[graph.reverse]) / np.sqrt(2)
    emission = problem.emission + NOISE * rng.standard_normal(problem.emission.shape)
    return replace(graph, link=link.astype(np.float32)), emission.astype(np.float32)


def _distinct(placements: list[Placement], count: int) -> list[Placement]:
    """The best that differ from all better ones in more than a twentieth of their residues."""
    chosen: list[Placement] = []
    for placement in placements:
        if all(np.mean(placement.node != other.node) > DISTINCT for other in chosen):
            chosen.append(placement)
        if len(chosen) == count:
            break
    return chosen


def _support(
    shown: list[Placement], placements: list[Placement], alignment: Alignment
) -> tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]]:
    """Probability and agreement of each residue of the placements shown."""
    nodes = np.array([placement.node for placement in placements])
    scores = np.array([placement.score for placement in placements])
    marginal, agreement = [], []
    for placement in shown:
        node = placement.node
        marginal.append(alignment.marginal[np.arange(len(node)), np.maximum(node, 0)])
        # Placements better than this one speak against it with at most a vote each.
        share = np.exp(np.minimum(scores - placement.score, 0.0) / AGREEMENT_SCALE)
        agreement.append((share @ (nodes == node)) / share.sum())
    return marginal, agreement


def confidence_features(
    marginal: NDArray[np.float64], agreement: NDArray[np.float64], significance: Significance | None
) -> NDArray[np.float64]:
    """Features (L, 4) that a residue's confidence is judged by, see `Statistics.confidence`.

    Without significance the sequence is taken to be the right one.
    """
    z_score = HIGHEST_Z if significance is None else np.clip(significance.z_score, 0.0, HIGHEST_Z)
    z_share = np.full(len(marginal), z_score / HIGHEST_Z)
    return np.column_stack([np.ones_like(z_share), _logit(marginal), _logit(agreement), z_share])


def _logit(probability: NDArray) -> NDArray[np.float64]:
    clipped = np.clip(probability, 0.01, 0.99)
    return np.log(clipped / (1.0 - clipped))
