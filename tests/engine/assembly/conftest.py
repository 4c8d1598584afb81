"""Barnase and a coiled coil, their maps, and traces such as a network's Cα give."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from critasser.assembly import Guide, complete
from critasser.assembly.energy import build_model
from critasser.density import Grid, normalise, simulate
from critasser.structure import (
    CalphaSet,
    ProteinChain,
    Sequence,
    Target,
    Trace,
    assign_secondary_structure,
    read_chains,
)

DATA = Path(__file__).parents[2] / "data"
RESOLUTION = 3.5


@dataclass(frozen=True)
class Scene:
    """A chain, its map, and the Cα found in it."""

    chain: ProteinChain
    target: Target
    calpha: CalphaSet
    density: Grid

    resolution = RESOLUTION

    @property
    def native(self) -> np.ndarray:
        return self.chain.calpha

    @property
    def guide(self) -> Guide:
        """Map and Cα, to close gaps by."""
        return Guide.of(self.density, self.calpha)

    @property
    def two_chains(self) -> Target:
        """The same residues as if they were two chains."""
        half = len(self.chain) // 2
        letters = self.chain.letters
        return Target((Sequence("a", letters[:half]), Sequence("b", letters[half:])))

    def noisy_trace(self, seed: int, missing: float = 0.1) -> Trace:
        """Positions off by 0.7 Å; short stretches missing."""
        rng = np.random.default_rng(seed)
        n = len(self.native)
        positions = self.native + rng.normal(size=(n, 3)) * 0.7 / np.sqrt(3)
        gone = np.zeros(n, dtype=bool)
        while gone.mean() < missing:
            start = rng.integers(n)
            gone[start : start + rng.integers(1, 8)] = True
        positions[gone] = np.nan
        confidence = np.where(gone, 0.0, rng.uniform(0.5, 1.0, n))
        return Trace(positions, confidence, 1.0, f"noisy {seed}")


def look_at(chain: ProteinChain, seed: int = 0) -> Scene:
    """A map at 3.5 Å with noise; Cα with 5 % missing; half the amino acids recognised."""
    rng = np.random.default_rng(seed)
    density = simulate(chain.positions, chain.amplitudes, RESOLUTION, padding=8.0)
    noise = 0.15 * density.values.std() * rng.normal(size=density.shape)
    density = normalise(density.with_values((density.values + noise).astype(np.float32)))
    kept = rng.random(len(chain)) > 0.05
    positions = chain.calpha[kept] + 0.4 * rng.normal(size=(kept.sum(), 3))
    amino_acid = rng.dirichlet(np.full(20, 0.3), size=kept.sum())
    known = rng.random(kept.sum()) < 0.5
    amino_acid[known] = 0.4 * amino_acid[known] + 0.6 * np.eye(20)[chain.codes[kept][known]]
    structure = 0.1 + 0.7 * np.eye(3)[assign_secondary_structure(chain)[kept]]
    calpha = CalphaSet(positions, rng.uniform(0.5, 1.0, kept.sum()), amino_acid, structure)
    return Scene(chain, Target((Sequence(chain.name, chain.letters),)), calpha, density)


@pytest.fixture(scope="session")
def barnase() -> Scene:
    return look_at(read_chains(DATA / "1a2p_A.pdb.gz")[0])


@pytest.fixture(scope="session")
def small() -> Scene:
    return look_at(read_chains(DATA / "1gl2_D.pdb.gz")[0])


def prepared(scene, target, rng, contacts=None):
    starts = [complete(target, scene.noisy_trace(seed), scene.guide, rng=rng) for seed in range(4)]
    model = build_model(
        target, starts, scene.calpha, scene.density, scene.resolution,
        use_cnn=True, contacts=contacts,
    )  # fmt: skip
    return model, np.array([start.positions for start in starts])


@pytest.fixture(scope="module", params=["one chain", "two chains"])
def system(request, small):
    target = small.target if request.param == "one chain" else small.two_chains
    contacts = np.zeros((len(target), len(target)))
    contacts[5, 20] = contacts[20, 5] = 0.9
    return prepared(small, target, np.random.default_rng(0), contacts)


@pytest.fixture(scope="session")
def with_cis() -> Scene:
    """47 residues of 3t30 with cis prolines after residues 25 and 36, counted from 0."""
    return look_at(read_chains(DATA / "3t30_C_piece.pdb.gz")[0])
