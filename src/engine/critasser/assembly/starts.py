"""Makes whole chains of traces and templates, and chooses those that replicas start from.

Where there are templates, traces, templates and combinations of both are judged alike, by the
energy that they have in the map whatever they came from; the best of each source is always among
the first starts, so that none is lost where there are fewer replicas than starts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from critasser.assembly.complete import Guide, Start, complete, template_confidence
from critasser.assembly.energy import build_model, total_energy
from critasser.assembly.weights import WEIGHTS, Weights
from critasser.density import Grid
from critasser.structure import CalphaSet, Target, Template, Trace
from critasser.structure.geometry import CLASH

__all__ = [
    "COMPLETING",
    "choose_starts",
    "combinations",
    "dealt_out",
    "energies",
    "make_starts",
    "shares_by_energy",
]

COMPLETING = 0.05
"""Share of a round's progress that completing starts is."""

MOST_STARTS, MOST_TEMPLATES = 40, 30
"""Starts in all, and templates among them (paper: N_gen = 40 − N_rank traces)."""

TEMPLATE, TRACE, BOTH = range(3)
"""Sources of starts."""

SHARE_SOFTNESS, LEAST_ENERGY = 0.05, 1.0
"""Share of the best start's energy by which another may lie higher to be believed 1/e as far, and
the energy that it is a share of at least."""

COMPLETIONS = 4
"""Times that each candidate's gaps are closed, differently, where there are templates."""

LEAST_SHARE = 1e-2
"""Of the best start's, below which a start is not worth a replica beyond the first."""

COMBINED = 3
"""Templates, and traces, of which each with each is combined: those of best score."""

FEWEST_ADDED = 8
"""Residues that one must add to the other, at least, for a combination to be worth trying."""


def make_starts(
    target: Target,
    starts: Sequence[Trace | Template],
    calpha: CalphaSet,
    density: Grid,
    resolution: float,
    *,
    use_cnn: bool,
    replicas: int,
    rng: np.random.Generator,
    weights: Weights = WEIGHTS,
    mobile: NDArray[np.bool_] | None = None,
    report: Callable[[float, str], None],
) -> tuple[list[Start], NDArray[np.float64] | None]:
    """Whole chains in the order in which replicas take them, and how far each is to be believed.

    Parameters
    ----------
    target, starts, calpha, density, resolution, use_cnn, replicas, rng, weights, mobile
        As in `exchange.assemble`.
    report : callable
        Told the fraction done and a message.

    Returns
    -------
    chains : list of Start
        Of traces alone: all of them, in the order given; few are completed several times. With
        templates: at most `MOST_STARTS`, as `choose_starts` orders them.
    share : ndarray (S,) or None
        With templates: by energy, sum 1. Confidences of traces and scores of templates are not of
        one kind, so that they can't tell which is better; of traces alone None, and
        `restraints.start_shares` does.
    """
    guide = Guide.of(density, calpha if use_cnn else None)
    templates = [start for start in starts if isinstance(start, Template)]
    if not templates:
        return completed(target, starts, guide, replicas, rng, report, mobile), None
    traces = [start for start in starts if isinstance(start, Trace)]
    both = combinations(templates, traces)
    source = np.repeat([TEMPLATE, TRACE, BOTH], [len(templates), len(traces), len(both)])
    every = (*templates, *traces, *both)
    chains = completed(target, every, guide, COMPLETIONS * len(every), rng, report, mobile)
    energy = energies(
        np.array([chain.positions for chain in chains]), target, calpha, density, resolution,
        use_cnn=use_cnn, weights=weights, mobile=mobile,
    )  # fmt: skip
    chosen = choose_starts(energy, np.resize(source, len(chains)))
    return [chains[k] for k in chosen], shares_by_energy(energy[chosen])


def completed(
    target: Target,
    starts: Sequence[Trace | Template],
    guide: Guide,
    wanted: int,
    rng: np.random.Generator,
    report: Callable[[float, str], None],
    mobile: NDArray[np.bool_] | None,
) -> list[Start]:
    """Whole chains; few starts are completed several times, their gaps differently.

    Parameters
    ----------
    target, starts, rng, mobile
        As in `exchange.assemble`.
    guide : Guide
        To close gaps by.
    wanted : int
        Chains that can be used; not fewer than starts are made.
    report : callable
        Told the fraction done and a message.
    """
    chains = []
    total = len(starts) * max(1, wanted // len(starts))
    for k in range(total):
        report(COMPLETING * k / total, f"closing gaps of start {k + 1} of {total}")
        chains.append(complete(target, starts[k % len(starts)], guide, rng=rng, mobile=mobile))
    return chains


def combinations(templates: Sequence[Template], traces: Sequence[Trace]) -> list[Trace]:
    """Each of the best templates with each of the best traces, either filling the other's gaps.

    Residues of the one that fills are left out where they clash with the other's; only what adds
    `FEWEST_ADDED` residues is kept.
    """
    best = sorted(templates, key=lambda template: -template.score)[:COMBINED]
    pairs = []
    for template in best:
        structure = Trace(
            template.positions, template_confidence(template), template.score, template.source
        )
        for trace in sorted(traces, key=lambda trace: -trace.score)[:COMBINED]:
            for first, second in ((structure, trace), (trace, structure)):
                filled = _filled(first, second)
                if filled.placed.sum() >= first.placed.sum() + FEWEST_ADDED:
                    pairs.append(filled)
    return pairs


def _filled(first: Trace, second: Trace) -> Trace:
    """The first trace, and residues of the second where the first has none and none near."""
    added = second.placed & ~first.placed
    if first.placed.any() and added.any():
        away, _ = cKDTree(first.positions[first.placed]).query(second.positions[added])
        added[np.flatnonzero(added)[away < CLASH]] = False
    return Trace(
        np.where(added[:, None], second.positions, first.positions),
        np.where(added, second.confidence, first.confidence),
        first.score,
        f"{first.source}, filled by {second.source}",
    )


def energies(
    chains: NDArray[np.float64],
    target: Target,
    calpha: CalphaSet,
    density: Grid,
    resolution: float,
    *,
    use_cnn: bool,
    weights: Weights,
    mobile: NDArray[np.bool_] | None = None,
) -> NDArray[np.float64]:
    """Energy (k,) of whole chains (k, L, 3), all judged alike and not by what they came from."""
    every = np.ones(len(target))
    starts = [Start(chain, every, every > 0, "candidate", 0.0) for chain in chains]
    model = build_model(
        target, starts, calpha, density, resolution,
        use_cnn=use_cnn, weights=replace(weights, place=0.0, pair=0.0), mobile=mobile,
    )  # fmt: skip
    return np.array(
        [total_energy(model, chain) for chain in chains]
    )


def shares_by_energy(energy: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far starts (S,) are to be believed by their energies; sum 1."""
    best = energy.min()
    share = np.exp(-(energy - best) / max(SHARE_SOFTNESS * abs(best), LEAST_ENERGY))
    return share / share.sum()


def choose_starts(
    energy: NDArray[np.float64], source: NDArray[np.int64], most: int = MOST_STARTS
) -> NDArray[np.int64]:
    """Which candidates to start from, and in what order.

    Parameters
    ----------
    energy : ndarray (k,)
        Of each candidate.
    source : ndarray (k,) int
        `TEMPLATE`, `TRACE` or `BOTH`.
    most : int

    Returns
    -------
    ndarray (m,) int64
        First the best of each source, best source first; then others that can be believed at all
        beside the best, best first: at most `MOST_TEMPLATES` that lean on templates.
    """
    ranked = np.argsort(energy, kind="stable")
    firsts = ranked[np.sort(np.unique(source[ranked], return_index=True)[1])]
    share = shares_by_energy(energy)
    rest = ranked[~np.isin(ranked, firsts) & (share[ranked] > LEAST_SHARE * share.max())]
    leaning = source[rest] != TRACE
    room = MOST_TEMPLATES - np.sum(source[firsts] != TRACE)
    rest = rest[~leaning | (np.cumsum(leaning) <= room)]
    return np.concatenate([firsts, rest])[:most]


def dealt_out(share: NDArray[np.float64] | None, starts: int, replicas: int) -> NDArray[np.int64]:
    """Which start each replica (R,) takes: each in turn, then again those that can be believed."""
    if share is None or replicas <= starts:
        return np.arange(replicas) % starts
    believed = np.flatnonzero(share > LEAST_SHARE * share.max())
    return np.concatenate([np.arange(starts), np.resize(believed, replicas - starts)])
