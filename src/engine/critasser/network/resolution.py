"""Estimate the resolution of a map from how its power falls with frequency.

The paper has "a short-trained 3D-CNN predictor" for it. What tells resolution is the rotationally
averaged power spectrum, so a small network on that spectrum (Welch's method: windows averaged over
the molecule) takes its place: it costs a few Fourier transforms and is trained in minutes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from critasser.density import Grid
from critasser.errors import InputError

__all__ = ["HIGHEST", "LOWEST", "SIDE", "SpectrumNetwork", "predict_resolution", "spectrum"]

SIDE = 48
"""Voxels of 1 Å along the windows whose spectra are averaged."""

SHELLS = 22
"""Of a spectrum, of equal width, up to 0.5 Å⁻¹."""

LOWEST, HIGHEST = 1.5, 15.0
"""Å, that the network was trained on."""

WIDTH = 48
"""Of the network's layers."""

FLOOR, TINY = 1e-6, 1e-12
"""Share of a spectrum's highest power, and power, below which there is nothing."""

FILLED, LEAST_FILLED, MOST_WINDOWS = 0.3, 0.5, 24
"""Normalised density above which a voxel is filled; share of the fullest window's filled voxels
that a window must have; windows that are averaged."""


class SpectrumNetwork(nn.Sequential):
    """Spectrum ``(batch, SHELLS)`` → log of the resolution in Å ``(batch, 1)``."""

    def __init__(self) -> None:
        super().__init__(
            nn.Linear(SHELLS, WIDTH), nn.SiLU(),
            nn.Linear(WIDTH, WIDTH), nn.SiLU(),
            nn.Linear(WIDTH, 1),
        )  # fmt: skip


def spectrum(density: Tensor) -> Tensor:
    """Log10 power of a cube in shells of equal width up to 0.5 Å⁻¹.

    Parameters
    ----------
    density : Tensor (SIDE, SIDE, SIDE)

    Returns
    -------
    Tensor (SHELLS,)
        Less the mean over shells, since the scale of the map does not matter.
    """
    side = density.shape[-1]
    hann = torch.hann_window(side, periodic=False, device=density.device)
    window = hann[:, None, None] * hann[None, :, None] * hann[None, None, :]
    power = torch.fft.rfftn((density - density.mean()) * window).abs() ** 2
    f = torch.fft.fftfreq(side, device=density.device)
    h = torch.fft.rfftfreq(side, device=density.device)
    radius = (f[:, None, None] ** 2 + f[None, :, None] ** 2 + h[None, None, :] ** 2).sqrt()
    shell = (radius * 2 * SHELLS).long().clamp_max(SHELLS).flatten()
    total = torch.zeros(SHELLS + 1, device=density.device).scatter_add(0, shell, power.flatten())
    count = torch.zeros_like(total).scatter_add(0, shell, torch.ones_like(power).flatten())
    mean = (total / count)[:SHELLS]
    log = torch.log10(mean + FLOOR * mean.max() + TINY)
    return log - log.mean()


def _windows(density: Grid) -> list[np.ndarray]:
    """Half-overlapping cubes that hold density, best filled first."""
    values = np.pad(density.values, [(0, max(0, SIDE - n)) for n in density.shape])
    starts = [sorted({*range(0, n - SIDE + 1, SIDE // 2), n - SIDE}) for n in values.shape]
    cubes = [
        values[z : z + SIDE, y : y + SIDE, x : x + SIDE]
        for z in starts[0]
        for y in starts[1]
        for x in starts[2]
    ]
    filled = [float(np.mean(cube > FILLED)) for cube in cubes]
    order = np.argsort(filled)[::-1]
    enough = [k for k in order if filled[k] > LEAST_FILLED * filled[order[0]]]
    return [cubes[k] for k in enough[:MOST_WINDOWS]]


@torch.inference_mode()
def predict_resolution(density: Grid, weights: Path) -> float:
    """Resolution of a map in Å, 1.5 … 15.

    Parameters
    ----------
    density : Grid
        Normalised map at 1 Å.
    weights : Path
        Of a `SpectrumNetwork`.

    Raises
    ------
    InputError
        The weights are missing or damaged.
    """
    network = SpectrumNetwork()
    try:
        with safe_open(weights, framework="pt") as file:
            network.load_state_dict({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118
    except (SafetensorError, OSError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{weights}: not a resolution network ({reason}); get it again") from error
    spectra = torch.stack([
        spectrum(torch.from_numpy(np.ascontiguousarray(cube))) for cube in _windows(density)
    ])  # fmt: skip
    return float(np.clip(np.exp(network(spectra).median().item()), LOWEST, HIGHEST))
