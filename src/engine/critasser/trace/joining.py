"""Trace as the paper does: links by distance, random joining, gapless threading.

CR-I-TASSER, Methods, "Initial Cα trace model generation". The paper ranks by contact map and
density; profiles of the network are added to these here, since the paper had none.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from critasser.density import FeatureMaps, Grid, model_mask, pcc, simulate
from critasser.structure import CalphaSet, Target, Trace
from critasser.structure.geometry import CALPHA_BOND, CONTACT
from critasser.trace.emissions import emissions
from critasser.trace.joining_kernels import (
    Fragments,
    join_fragments,
    links_at_cutoff,
    thread_gapless,
)
from critasser.trace.prior import RegisterPrior
from critasser.trace.significance import Significance
from critasser.trace.statistics import statistics

__all__ = ["by_joining", "by_keep_tracing", "connect"]

REPORT_EVERY = 10
"""Traces between two reports of progress."""

LONGEST_LINK = 5.51
"""Å; just over the longest of the paper's bond lengths."""
BOND_LENGTHS = np.arange(CALPHA_BOND, LONGEST_LINK, 0.1)
"""Å at which positions are linked in turn (paper)."""
LEAST_FREQUENCY = 0.4
"""Share of the bond lengths at which a link that counts is there (paper)."""
PROBING_RADIUS = 5.5
"""Å between the ends of fragments that are joined (paper)."""
MOST_JUMPS = 50
"""Of one end of a trace, in the mode 'keep-tracing'."""
LONGEST_TRACE = (1.2, 10)
"""Positions of a trace at most: so many a residue, and so many more."""

BY_CONTACT, BY_DENSITY = 3000, 300
"""Traces whose contacts, and then whose density, are looked at."""
CONTACT_WEIGHT, DENSITY_WEIGHT = 2.0, 2.0
"""Of the correlations with predicted contacts and with the map, beside the mean emission."""
LEAST_SEPARATION = 4
"""Residues along the chain from which contacts are compared."""
SLICE = 2000
"""Joinings that are made and threaded together."""
RESIDUE_ELECTRONS = 54.0
"""Of the bead that stands for a residue in a simulated map; only ratios matter."""
FINEST_RESOLUTION, MASK_RADIUS = 4.0, 5.0
"""Å of that map, since beads show no more, and around positions within which it is compared."""


def connect(positions: NDArray[np.float64]) -> NDArray[np.int64]:
    """Links that are there at most bond lengths.

    Parameters
    ----------
    positions : ndarray (n, 3)
        Å.

    Returns
    -------
    ndarray (n, 2) int64
        Up to two neighbours of each position, −1 for none; no rings.
    """
    n = len(positions)
    pairs = cKDTree(positions).query_pairs(LONGEST_LINK, output_type="ndarray").reshape(-1, 2)
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))].astype(np.int64)
    distance = np.linalg.norm(positions[pairs[:, 0]] - positions[pairs[:, 1]], axis=1)
    seen = np.zeros(len(pairs))
    kept = np.empty(len(pairs), dtype=np.bool_)
    for cutoff in BOND_LENGTHS:
        links_at_cutoff(pairs[:, 0], pairs[:, 1], distance, cutoff, n, kept)
        seen += kept
    frequency = seen / len(BOND_LENGTHS)
    # Different bond lengths can keep different links of one atom: the most frequent two stay.
    onward = np.full((n, 2), -1, dtype=np.int64)
    root = np.arange(n)
    for k in np.lexsort((distance, -frequency)):
        if frequency[k] <= LEAST_FREQUENCY:
            break
        a, b = pairs[k]
        ra, rb = _root(root, a), _root(root, b)
        if ra != rb and onward[a, 1] < 0 and onward[b, 1] < 0:
            onward[a, 0 if onward[a, 0] < 0 else 1] = b
            onward[b, 0 if onward[b, 0] < 0 else 1] = a
            root[ra] = rb
    return onward


def _root(root: NDArray[np.int64], p: int) -> int:
    while root[p] != p:
        root[p] = root[root[p]]
        p = root[p]
    return p


def by_joining(
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
    jump_into_fragments: bool = False,
) -> tuple[Trace, ...]:
    """Traces by random joining of fragments.

    Parameters and result as `build_traces`; `significance` and `prior` are not used.
    """
    report = progress or (lambda fraction, message: None)
    emission = emissions(calpha, target, statistics())
    report(0.0, "connecting Cα")
    onward = connect(calpha.positions)
    traces, sizes, score, offset, forward = _draw(
        calpha, onward, emission, rng, joinings, jump_into_fragments, report
    )
    best = np.argsort(-score, kind="stable")
    nodes = _distinct_nodes(traces, sizes, offset, forward, best, len(target), BY_CONTACT)
    profile = np.array([_profile(emission, node) for node in nodes])
    value = profile / len(target)
    if contacts is not None:
        report(0.75, "contacts")
        agreement = [_contact_pcc(calpha.positions, node, contacts, target) for node in nodes]
        value = value + CONTACT_WEIGHT * np.array(agreement)
    order = np.argsort(-value, kind="stable")[:BY_DENSITY]
    fit = np.empty(len(order))
    for k, at in enumerate(order):
        if k % REPORT_EVERY == 0:
            report(0.8 + 0.2 * k / len(order), f"density of trace {k + 1}")
        fit[k] = _density_pcc(calpha.positions, nodes[at], density, resolution)
    final = value[order] + DENSITY_WEIGHT * fit
    chosen = order[np.argsort(-final, kind="stable")[:count]]
    final = np.sort(-final, kind="stable")[:count] * -1.0
    shown = np.array([nodes[k] for k in chosen])
    report(1.0, f"{len(chosen)} traces")
    result = []
    for node, value_of in zip(shown, final):
        placed = node >= 0
        positions = np.where(placed[:, None], calpha.positions[node], np.nan)
        # How many of the traces returned put the residue there.
        agree = (shown == node).mean(axis=0)
        name = "keep-tracing" if jump_into_fragments else "joining"
        result.append(Trace(positions, np.where(placed, agree, 0.0), float(value_of), name))
    return tuple(result)


def by_keep_tracing(*arguments, **options) -> tuple[Trace, ...]:
    """`by_joining` in the paper's 'keep-tracing' mode."""
    return by_joining(*arguments, **options, jump_into_fragments=True)


def _draw(
    calpha: CalphaSet,
    onward: NDArray[np.int64],
    emission: NDArray[np.float32],
    rng: np.random.Generator,
    joinings: int,
    jump_into_fragments: bool,
    report: Callable[[float, str], None],
) -> tuple[NDArray, ...]:
    """The best of all joinings: traces, sizes, score, offset, forward."""
    tree = cKDTree(calpha.positions)
    around = tree.query_ball_point(calpha.positions, PROBING_RADIUS, return_sorted=True)
    near = [[q for q in group if q != p] for p, group in enumerate(around)]
    reach_start = np.concatenate([[0], np.cumsum([len(group) for group in near])]).astype(np.int64)
    reach = np.array([q for group in near for q in group], dtype=np.int64)
    ends = np.flatnonzero(onward[:, 1] < 0)
    most = min(len(calpha), int(LONGEST_TRACE[0] * emission.shape[0]) + LONGEST_TRACE[1])
    by_position = np.ascontiguousarray(emission.T)
    fragments = Fragments(onward, reach_start, reach, ends)
    jumps = MOST_JUMPS if jump_into_fragments else 0

    def join(size: int, seed: int) -> tuple[NDArray, ...]:
        traces = np.full((size, most), -1, dtype=np.int32)
        sizes = np.empty(size, dtype=np.int32)
        score = np.empty(size)
        offset = np.empty(size, dtype=np.int32)
        forward = np.empty(size, dtype=np.bool_)
        join_fragments(fragments, most, jumps, traces, sizes, seed)
        thread_gapless(by_position, traces, sizes, score, offset, forward)
        return traces, sizes, score, offset, forward

    sizes = [min(SLICE, joinings - done) for done in range(0, joinings, SLICE)]
    # A seed for each slice: the same traces however many processors there are.
    seeds = rng.integers(2**31, size=len(sizes)).tolist()
    kept: list[tuple[NDArray, ...]] = []
    done = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        futures = [pool.submit(join, size, seed) for size, seed in zip(sizes, seeds)]
        try:
            for k, (size, future) in enumerate(zip(sizes, futures)):
                kept.append(future.result())
                futures[k] = None
                done += size
                if sum(len(part[1]) for part in kept) > 3 * BY_CONTACT or done == joinings:
                    joined = [np.concatenate(parts) for parts in zip(*kept)]
                    best = np.argsort(-joined[2], kind="stable")[:BY_CONTACT]
                    kept = [tuple(part[best] for part in joined)]
                report(0.7 * done / joinings, f"{done} of {joinings} joinings")
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return kept[0]


def _distinct_nodes(
    traces: NDArray,
    sizes: NDArray,
    offset: NDArray,
    forward: NDArray,
    order: NDArray,
    length: int,
    most: int,
) -> list[NDArray[np.int32]]:
    """Position (L,) of each residue in the best different traces."""
    seen: set[bytes] = set()
    nodes = []
    for t in order:
        path = traces[t, : sizes[t]]
        path = path if forward[t] else path[::-1]
        node = np.full(length, -1, dtype=np.int32)
        shift = int(offset[t])
        low, high = max(0, -shift), min(len(path), length - shift)
        node[shift + low : shift + high] = path[low:high]
        key = node.tobytes()
        if key not in seen:
            seen.add(key)
            nodes.append(node)
            if len(nodes) == most:
                break
    return nodes


def _profile(emission: NDArray[np.float32], node: NDArray[np.int32]) -> float:
    placed = np.flatnonzero(node >= 0)
    return float(emission[placed, node[placed]].sum())


def _contact_pcc(
    positions: NDArray[np.float64],
    node: NDArray[np.int32],
    contacts: NDArray[np.float64],
    target: Target,
) -> float:
    """Pearson's correlation of the trace's contact map with the predicted one."""
    placed = np.flatnonzero(node >= 0)
    at = positions[node[placed]]
    first, second = np.triu_indices(len(placed), k=1)
    far = placed[second] - placed[first] >= LEAST_SEPARATION
    first, second = first[far], second[far]
    if len(first) == 0:
        return 0.0
    touching = (np.linalg.norm(at[first] - at[second], axis=1) < CONTACT).astype(np.float64)
    predicted = np.nan_to_num(contacts[placed[first], placed[second]])
    if touching.std() == 0 or predicted.std() == 0:
        return 0.0
    return float(np.corrcoef(touching, predicted)[0, 1])


def _density_pcc(
    positions: NDArray[np.float64], node: NDArray[np.int32], density: Grid, resolution: float
) -> float:
    """Correlation of the trace's simulated density with the map, near all positions."""
    at = positions[node[node >= 0]]
    simulated = simulate(at, RESIDUE_ELECTRONS, max(resolution, FINEST_RESOLUTION), like=density)
    return pcc(simulated, density, model_mask(density, positions, MASK_RADIUS))
