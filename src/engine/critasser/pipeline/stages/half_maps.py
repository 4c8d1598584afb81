"""What half maps tell: noise, local resolution, and (stage cross_validation) overfitting."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from critasser.atomic import build_atoms
from critasser.density import (
    Grid,
    normalise,
    read_map,
    resample,
    simulate,
    soft_model_mask,
    write_map,
)
from critasser.density.half_maps import LEVEL, local_detail
from critasser.density.shells import ShellCorrelation, shell_correlation
from critasser.job.arrays import load_arrays
from critasser.pipeline.files import (
    CENTROID,
    FILTERED,
    HALVES,
    LOCAL_RESOLUTION,
    QUALITY,
)
from critasser.pipeline.stage import Context, Stage, Task, sequences
from critasser.structure import AtomicModel

__all__ = ["FACTS", "STAGE", "save_detail"]

FACTS = {
    "half_map_resolution": "density",
    "local_resolution": "density",
    "half_map_correlation": "density",
    "cross_validation": "cross_validation",
}
"""What is noted of half maps, and by which stage."""

DETAIL_SHARE = (0.5, 0.5)
"""Where in the stage's time noise is measured: from, and how much of it."""

PERCENTILES = (10, 50, 90)
"""Of the local resolution within the molecule."""

INSIDE = 0.5
"""Density, as normalised, above which a voxel is the molecule's."""

SHAKEN = 0.3
"""Å; standard deviation of each coordinate by which Cα are shaken, so that they forget the half of
the data that they are not to be refined in."""

MASK_RADIUS, MASK_EDGE = 3.0, 3.0
"""Å around atoms within which a model is compared with half maps, and the soft edge beyond."""

HALF = 0.5
"""Correlation of model and map at which detail ends."""

FOLLOWED_NOISE = 0.05
"""Mean correlation by which a model fits the half that it was refined in better than the other,
from which the person is warned."""


def save_detail(context: Context, whole: Grid, halves: tuple[Grid, ...]) -> float:
    """Measure noise, save the map without it, its local resolution and the halves.

    Parameters
    ----------
    context : Context
        Of the stage density.
    whole : Grid
        Normalised, at 1 Å.
    halves : tuple of two Grid
        As they came, of the same part.

    Returns
    -------
    float
        Å at which the halves correlate by 0.143 within the molecule.
    """
    first, second = (resample(half) for half in halves)
    begin, share = DETAIL_SHARE
    found = local_detail(
        whole, first, second, 2.0 * float(halves[0].voxel_size.max()),
        lambda done: context.progress(begin + share * done, "comparing half maps"),
    )  # fmt: skip
    write_map(context.file(FILTERED), normalise(found.filtered))
    path = context.file(LOCAL_RESOLUTION, "map", "local resolution in Å")
    write_map(path, found.resolution)
    for name, half in zip(HALVES, (first, second)):
        write_map(context.file(name), normalise(half))
    inside = whole.values > INSIDE
    local = np.percentile(found.resolution.values[inside], PERCENTILES)
    context.note(
        half_map_resolution=round(found.overall, 2),
        local_resolution=dict(zip(map(str, PERCENTILES), local.round(2).tolist())),
        half_map_correlation={
            "frequency": found.frequency.round(4).tolist(),
            "correlation": found.correlation.round(4).tolist(),
        },
    )
    context.say(
        f"half maps correlate by {LEVEL} to {found.overall:.1f} Å; the molecule's places from "
        f"{local[0]:.1f} to {local[-1]:.1f} Å"
    )
    return found.overall


def cross_validation(context: Context) -> None:
    """Build the first model again in one half map, and compare it with both."""
    (order,) = load_arrays(context.read(QUALITY), "order")
    (calpha,) = load_arrays(context.read_all(CENTROID)[int(order[0])], "calpha")
    work, free = (read_map(context.read(name)) for name in HALVES)
    resolution = context.fact("resolution")
    model, _ = build_atoms(
        context.target,
        calpha + context.rng.normal(0.0, SHAKEN, calpha.shape),
        work,
        resolution,
        rng=context.rng,
        schedule=context.settings["schedule"],
        progress=context.progress,
    )
    curves = _curves(model, resolution, work, free)
    means = [_mean(curve, resolution) for curve in curves]
    detail = [curve.resolution(HALF) for curve in curves]
    context.note(
        cross_validation={
            "work": round(means[0], 4),
            "free": round(means[1], 4),
            "work_detail": round(detail[0], 2) if np.isfinite(detail[0]) else None,
            "free_detail": round(detail[1], 2) if np.isfinite(detail[1]) else None,
        }
    )
    context.say(
        f"refined in one half map, the model correlates with it by {means[0]:.3f} and with the "
        f"other by {means[1]:.3f} (mean over frequencies to {resolution:.1f} Å)"
    )
    if means[0] - means[1] > FOLLOWED_NOISE:
        context.warn(
            f"refinement follows noise: a model refined in one half map correlates with it by "
            f"{means[0]:.2f}, with the other by {means[1]:.2f} only"
        )


def _curves(
    model: AtomicModel, resolution: float, *halves: Grid
) -> list[ShellCorrelation]:
    """Fourier shell correlation of a model and each half map, near the model."""
    chosen = np.isfinite(model.positions).all(axis=1)
    positions, amplitudes = model.positions[chosen], model.amplitudes[chosen]
    image = simulate(positions, amplitudes, resolution, like=halves[0])
    soft = soft_model_mask(halves[0], positions, MASK_RADIUS, MASK_EDGE)
    return [
        shell_correlation(half.values * soft, image.values * soft, half.voxel_size)
        for half in halves
    ]


def _mean(curve: ShellCorrelation, resolution: float) -> float:
    """Mean over all frequencies to a resolution, each term of the transform counted once."""
    kept = curve.frequency <= 1 / resolution
    weight: NDArray[np.float64] = curve.frequency[kept] ** 2
    return float(np.average(curve.correlation[kept], weights=weight)) if kept.any() else 0.0


def _settings(task: Task) -> Mapping[str, object]:
    return {**sequences(task), "schedule": task.options.schedule.atomic}


STAGE = Stage(
    "cross_validation",
    cross_validation,
    reads=(*HALVES, QUALITY, CENTROID),
    facts={"resolution": "density", "absent": "templates"},
    settings=_settings,
    external=("backbone.npz", "rotamers.npz"),
    draws=True,
)
