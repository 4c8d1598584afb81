"""Whether everything works that a job needs: packages, learnt files, network, kernels, fields."""

from __future__ import annotations

import importlib
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from critasser.errors import InputError
from critasser.job.records import checksum
from critasser.shipped import NETWORK, shipped

__all__ = ["PACKAGES", "Finding", "examine"]

PACKAGES = {
    "numpy": "numpy",
    "scipy": "scipy",
    "numba": "numba",
    "torch": "torch",
    "safetensors": "safetensors",
    "openmm": "openmm",
    "gemmi": "gemmi",
    "mrcfile": "mrcfile",
    "ortools": "ortools.sat.python.cp_model",
    "matplotlib": "matplotlib",
    "rich": "rich",
    "psutil": "psutil",
}
"""What is imported of each package that is installed."""

CHECKSUMS = "SHA256SUMS"
"""File beside the learnt ones with what they should be."""

LEAST_MEMORY = 2e9
"""Bytes that a small build takes."""

LEAST_DISK = 1e9


SCORE_ERROR = 1e-3
"""Of the TM-score of a structure with itself."""


HELIX = "SAEELLRKAWEMFKTGDYEEALRYAKEALELAK"
"""Sequence of a helix that is built."""

HELIX_RESOLUTION, HELIX_VOXEL = 3.0, 1.2
"""Å, of its map; voxels unlike those of the networks, so that the map is resampled."""

LEAST_SCORE = 0.5
"""TM-score of a helix that is built at all."""


class _BrokenError(Exception):
    """A part does not work; its text says why and what to do."""


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes
    ----------
    name : str
    ok : bool
    told : str
        One line.
    seconds : float
    """

    name: str
    ok: bool
    told: str
    seconds: float


def examine(device: str = "auto") -> Iterator[Finding]:
    """Check one part after another; what is found wrong does not keep the next from being tried.

    Parameters
    ----------
    device : str
        Where the network runs: ``auto``, ``cpu`` or ``cuda``.
    """
    yield _found("python", _python)
    for name in PACKAGES:
        yield _found(name, lambda name=name: _package(name))
    yield _found("learnt files", _learnt)
    yield _found("network", lambda: _network(device))
    yield _found("kernels", _kernels)
    yield _found("molecular dynamics", _dynamics)
    yield _found("small build", lambda: _build(device))
    yield _found("memory", _memory)
    yield _found("disk", _disk)


def _found(name: str, look: Callable[[], str]) -> Finding:
    begun = time.monotonic()
    try:
        told, ok = look(), True
    except (_BrokenError, InputError) as error:
        told, ok = str(error), False
    except Exception as error:  # whatever is broken in somebody's environment
        reason = str(error).splitlines()[0] if str(error) else "no reason given"
        told, ok = f"{type(error).__name__}: {reason}", False
    return Finding(name, ok, " ".join(told.split()), time.monotonic() - begun)


def _python() -> str:
    return f"{platform.python_version()} on {platform.platform()}, {os.cpu_count()} processors"


def _package(name: str) -> str:
    importlib.import_module(PACKAGES[name])
    return metadata.version(name)


def _learnt() -> str:
    """All files are there and what they should be."""
    lines = shipped(CHECKSUMS).read_text(encoding="utf-8").splitlines()
    for digest, _, name in (line.partition("  ") for line in lines):
        path = shipped(name)
        if checksum(path) != digest:
            raise _BrokenError(f"{path} is not the file that ships: install Critasser again")
    return f"{len(lines)} files in {shipped(NETWORK).parent}"


def _network(device: str) -> str:
    """The network finds a helix of Cα in a map of one."""
    import numpy as np
    import torch

    from critasser.density import Grid, normalise, simulate
    from critasser.network import choose_device, predict

    chosen = choose_device(device)
    turn = np.radians(100.0) * np.arange(24)
    helix = np.stack([2.3 * np.cos(turn), 2.3 * np.sin(turn), 1.5 * np.arange(24)], axis=1)
    grid: Grid = simulate(helix, np.full(24, 30.0), 4.0, padding=8.0)
    begun = time.monotonic()
    found = predict(normalise(grid), shipped(NETWORK), device=chosen, tile=64)
    seconds = time.monotonic() - begun
    at = np.rint(grid.to_index(helix[4:-4])).astype(int)
    seen = float(found.calpha[tuple(at.T)].mean())
    away = float(found.calpha.mean())
    if not (np.isfinite(seen) and seen > 2 * away):
        raise _BrokenError(
            f"on {chosen.type} the network does not see a helix ({seen:.2f} in it, {away:.2f} "
            "everywhere); try --device cpu, or install another build of torch"
        )
    name = torch.cuda.get_device_name(chosen) if chosen.type == "cuda" else platform.machine()
    speed = grid.values.size / max(seconds, 1e-9) / 1e6
    unused = ""
    if chosen.type == "cpu" and torch.backends.mps.is_available():
        unused = "; there is an Apple GPU (MPS), which is not used"
    return f"{chosen.type} ({name}), {speed:.2g} million voxels a second{unused}"


def _kernels() -> str:
    """Compiled kernels give what they should."""
    import numpy as np

    from critasser.structure import tm_score

    points = np.random.default_rng(0).normal(scale=10.0, size=(40, 3))
    turned = points @ np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]) + 5.0
    score = tm_score(turned, points)
    if not abs(score - 1.0) < SCORE_ERROR:
        raise _BrokenError(f"a structure compared with itself scores {score:.3f}, not 1")
    import numba

    # Those above may come from a cache; this one is compiled now.
    if numba.njit(_next)(1) != 2:
        raise _BrokenError("numba compiles wrongly: install another version of it")
    return f"numba compiles, cache in {numba.config.CACHE_DIR or '__pycache__'}"


def _next(number: int) -> int:
    return number + 1


def _helix(letters: str):
    """All atoms of an α-helix, and what is said of how they were built."""
    import numpy as np

    from critasser.atomic import build_atoms
    from critasser.structure import Sequence, Target

    along = np.arange(len(letters))
    turn = np.radians(100.0) * along
    calpha = np.stack([2.3 * np.cos(turn), 2.3 * np.sin(turn), 1.5 * along], axis=1)
    return build_atoms(
        Target((Sequence("helix", letters),)), calpha, None, HELIX_RESOLUTION,
        rng=np.random.default_rng(0), schedule="draft",
    )  # fmt: skip


def _build(device: str) -> str:
    """A helix is built into its map by all stages; what that compiles is kept for other builds."""
    from critasser.api.jobs import build
    from critasser.density import simulate
    from critasser.structure import tm_score

    native, _ = _helix(HELIX)
    density = simulate(
        native.positions, native.amplitudes, HELIX_RESOLUTION, voxel_size=HELIX_VOXEL, padding=8.0
    )
    with tempfile.TemporaryDirectory(prefix="critasser-") as folder:
        built = build(
            density, [HELIX], folder=Path(folder) / "job", resolution=HELIX_RESOLUTION,
            models=2, device=device,
        )  # fmt: skip
        score = tm_score(built.models[0].read().calpha, native.calpha)
    if score < LEAST_SCORE:
        raise _BrokenError(f"a helix built into its own map has TM-score {score:.2f}")
    return f"{len(HELIX)} residues built, TM-score {score:.2f}"


def _dynamics() -> str:
    """All atoms of a short helix can be built and relaxed."""
    import numpy as np
    import openmm

    model, report = _helix("AEAAKEAL")
    if report.clashes_after or not np.isfinite(report.energy_after):
        raise _BrokenError("a helix of eight residues could not be relaxed")
    count = openmm.Platform.getNumPlatforms()
    names = ", ".join(openmm.Platform.getPlatform(k).getName() for k in range(count))
    return f"{len(model)} atoms relaxed to {report.energy_after:.0f} kJ/mol; platforms {names}"


def _memory() -> str:
    import psutil

    memory = psutil.virtual_memory()
    told = f"{memory.available / 2**30:.1f} of {memory.total / 2**30:.1f} GB are free"
    if memory.available < LEAST_MEMORY:
        raise _BrokenError(f"{told}, a small build takes 2: close other programs")
    return told


def _disk() -> str:
    folder = Path(tempfile.gettempdir())
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"x" * 4096)
    free = shutil.disk_usage(folder).free
    told = f"{free / 2**30:.1f} GB are free in {folder}"
    if free < LEAST_DISK:
        raise _BrokenError(f"{told}, a job takes up to 1: free some")
    return told
