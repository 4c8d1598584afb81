"""A small real chain, and what a network might have made of its map."""

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
