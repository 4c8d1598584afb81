"""A small real chain, what a network might have made of its map, and placements on it."""

import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from critasser.density import FeatureMaps, Grid, simulate
from critasser.structure import (
    CalphaSet,
    ProteinChain,
    Sequence,
    Target,
    assign_secondary_structure,
    read_chains,
)
from critasser.trace.alignment import GapScores
from critasser.trace.emissions import emissions
from critasser.trace.graph import candidate_graph
from critasser.trace.placement import Problem, cover
from critasser.trace.statistics import statistics

DATA = Path(__file__).parents[2] / "data"


@dataclass(frozen=True)
class Seen:
    """A chain, the positions found in its map, and which residue each position is (−1: none)."""

    chain: ProteinChain
    calpha: CalphaSet
    features: FeatureMaps
    density: Grid
    target: Target
    residue: np.ndarray


def look(chain, *, knowledge, jitter=0.5, missing=0.05, false=0.05, seed=0):
    """Noisy positions and profiles; `knowledge` is the signal to noise of the amino acids."""
    rng = np.random.default_rng(seed)
    calpha = chain.calpha
    L = len(chain)
    density = simulate(chain.positions, chain.amplitudes, 3.0, padding=6.0)
    backbone = chain.backbone.reshape(-1, 3)
    backbone = backbone[np.isfinite(backbone).all(axis=1)]
    trail = simulate(backbone, 1.0, 4.0, like=density).values
    probability = trail / (trail + np.percentile(trail[trail > 0], 60))
    kept = rng.random(L) >= missing
    extra = round(false * L)
    wrong = chain.positions[rng.integers(len(chain.positions), size=extra)]
    positions = np.concatenate(
        [calpha[kept] + rng.normal(size=(kept.sum(), 3)) * jitter / 1.7, wrong]
    )
    n = len(positions)
    residue = np.concatenate([np.flatnonzero(kept), np.full(extra, -1)])
    logits = rng.normal(size=(n, 20))
    real = residue >= 0
    logits[np.flatnonzero(real), chain.codes[residue[real]]] += knowledge
    profile = np.exp(knowledge * logits)
    structure = np.full((n, 3), 0.2)
    kind = assign_secondary_structure(calpha)
    structure[np.flatnonzero(real), kind[residue[real]]] = 0.6
    order = rng.permutation(n)
    found = CalphaSet(
        positions[order],
        np.where(real, 0.8, 0.5)[order],
        (profile / profile.sum(axis=1, keepdims=True))[order],
        (structure / structure.sum(axis=1, keepdims=True))[order],
    )
    shape = density.shape
    features = FeatureMaps(
        density.origin,
        density.voxel_size,
        np.zeros(shape, np.float16),
        probability.astype(np.float32),
        np.zeros((3, *shape), np.float16),
        np.zeros((20, *shape), np.float16),
    )
    target = Target((Sequence("A", chain.letters),))
    return Seen(chain, found, features, density, target, residue[order])


@pytest.fixture(scope="session")
def barnase():
    """108 residues, three helices and a sheet."""
    return read_chains(DATA / "1a2p_A.pdb.gz")[0]


@pytest.fixture(scope="session")
def seen():
    """`look`, for tests to choose how much is seen."""
    return look


@pytest.fixture(scope="session")
def problem(barnase, seen):
    """Two chains through the positions of barnase."""
    view = seen(barnase, knowledge=1.0)
    tables = statistics()
    graph = candidate_graph(view.calpha, view.features, tables.link)
    # Two chains; that they are no copies matters to no book-keeping.
    half = len(view.target) // 2
    chain = (np.arange(2 * half) >= half).astype(np.int64)
    next_copy = (np.arange(2 * half) + half) % (2 * half)
    emission = emissions(view.calpha, view.target, tables)
    return Problem(emission, graph, chain, next_copy, GapScores(), tables.span)


def score_by_definition(problem, node):
    """The definition: emissions, links of consecutive placed residues, turns."""
    graph, scoring = problem.graph, problem.scoring
    edges = {
        (int(q), int(p)): e for e, (q, p) in enumerate(zip(graph.source, graph.target, strict=True))
    }
    total = 0.0
    placed = [i for i in range(len(node)) if node[i] >= 0]
    total += problem.gaps.missing * (len(node) - len(placed))
    total += sum(float(problem.emission[i, node[i]]) for i in placed)
    for i, j in itertools.pairwise(placed):
        if problem.chain[i] != problem.chain[j]:
            continue
        p, q = int(node[i]), int(node[j])
        if j == i + 1 and (p, q) in edges:
            total += float(graph.link[edges[p, q]])
            o = int(node[i - 1]) if i > 0 and problem.chain[i - 1] == problem.chain[i] else -1
            if o >= 0 and (o, p) in edges:
                e = edges[p, q]
                total += float(graph.turn[graph.turn_start[e] + edges[o, p] - graph.start[p]])
            continue
        distance = np.linalg.norm(graph.positions[p] - graph.positions[q])
        too_far = np.clip(2.0 * (distance - 3.8 * (j - i) - 0.8), 0, scoring.most_too_far)
        if j > i + 1:
            worth = min(scoring.span[j - i, int(distance)], -too_far or np.inf)
            total += worth - (scoring.skip if j == i + 2 else scoring.gap)
            continue
        total -= scoring.jump + too_far + (scoring.clash if distance < 3.0 else 0.0)
    return total


@pytest.fixture(scope="session")
def slow_score():
    """`score_by_definition`."""
    return score_by_definition


@pytest.fixture(scope="session")
def random_placement():
    """A random way through the positions in which some residues have none."""

    def draw(problem, rng):
        L = len(problem.chain)
        node = cover(problem.graph, L, rng)
        node[rng.random(L) < 0.15] = -1
        return node

    return draw
