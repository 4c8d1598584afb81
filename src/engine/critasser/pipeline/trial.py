"""Builds a small protein on trial: whether a build works here, and all kernels compiled for later.

Kernels are compiled when they are first called, for the very types of array that they are given,
and kept in numba's cache. A build that takes the way that all builds take calls them all.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from critasser.atomic import build_atoms
from critasser.density import simulate, write_map
from critasser.job.folder import Job
from critasser.options import Inputs, Options
from critasser.pipeline.build import BUILD
from critasser.structure import ATOMIC_NUMBER, Sequence, Target, read_chains, tm_score

__all__ = ["build_trial", "hairpin"]

LETTERS = "AEAWKKLLEEFARKAGDSGSPDKMARELIEKYKQLVAEWH"
"""Two helices and a loop between; no protein's."""

HELIX, LOOP = 18, 4
"""Residues of each helix, and of the loop."""

APART = 10.0
"""Å between the helices."""

RADIUS, RISE, TURN = 2.3, 1.5, np.radians(100.0)
"""Å, Å a residue and angle a residue of the Cα in an α-helix."""

RESOLUTION, MARGIN = 3.0, 8.0
"""Å; of the map, and around the protein."""

BOX_NOISE = 0.02
"""Standard deviation of noise over the map's highest value."""


def hairpin() -> NDArray[np.float64]:
    """Cα (L, 3) in Å of two helices side by side, the second on its way back."""
    angle = TURN * np.arange(HELIX)
    up = np.stack([RADIUS * np.cos(angle), RADIUS * np.sin(angle), RISE * np.arange(HELIX)], 1)
    # The same way back is a helix of the same hand.
    down = up[::-1] + [APART, 0.0, 0.0]
    bend = np.linspace(0.0, np.pi, LOOP + 2)[1:-1]
    share = np.linspace(0.0, 1.0, LOOP + 2)[1:-1, None]
    loop = (1.0 - share) * up[-1] + share * down[0]
    loop[:, 2] += APART / 2 * np.sin(bend)
    return np.concatenate([up, loop, down])


def build_trial(device: str = "auto") -> float:
    """TM-score of what a draft build makes of the simulated map of a hairpin.

    Parameters
    ----------
    device : str
        Where the network runs.

    Raises
    ------
    InputError
        As any build.
    """
    target = Target((Sequence("trial", LETTERS),))
    rng = np.random.default_rng(0)
    native, _ = build_atoms(target, hairpin(), None, RESOLUTION, rng=rng, schedule="draft")
    amplitudes = np.array([ATOMIC_NUMBER[element.upper()] for element in native.elements])
    density = simulate(native.positions, amplitudes, RESOLUTION, padding=MARGIN)
    noise = BOX_NOISE * density.values.max() * rng.normal(size=density.shape)
    density = density.with_values((density.values + noise).astype(np.float32))
    with tempfile.TemporaryDirectory(prefix="critasser-trial-") as name:
        folder = Path(name)
        write_map(folder / "map.mrc", density)
        (folder / "sequence.fasta").write_text(f">trial\n{LETTERS}\n", encoding="ascii")
        task = BUILD.check(
            Inputs(map=folder / "map.mrc", sequence=folder / "sequence.fasta"),
            Options(resolution=RESOLUTION, device=device, quality="draft", models=1),
        )
        with Job.opened(folder / "job", resume=False) as job:
            BUILD.run(job, task)
        (built,) = read_chains(folder / "job" / "5_models" / "model_1.cif")
    return tm_score(built.calpha, native.calpha)
