"""First models of builds with templates: how sure of their residues, and how right these are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.fitting.confidence import bands, figures
from benchmark.measures import target_of
from benchmark.sets import BenchmarkTarget
from critasser.job.arrays import load_arrays, load_templates, load_traces
from critasser.pipeline.files import QUALITY, TEMPLATES, TRACES
from critasser.quality import SOURCES, accuracy, first_trace
from critasser.quality.calibration import Calibration
from critasser.quality.templates import led_features

__all__ = ["LedBuild", "told"]

RESOLUTIONS = (0.0, 4.5, 6.0, 8.5)
"""Å from which on maps are told of together."""


@dataclass(frozen=True, eq=False)
class LedBuild:
    """The first model of a build.

    Attributes
    ----------
    resolution : float
        Å.
    alone, shown, truth : ndarray (n,)
        Expected accuracy of residues without and with what templates say, and the true one.
    source : ndarray (n,) int
        Numbers of `quality.SOURCES`.
    led : bool
        Whether a template was used.
    """

    resolution: float
    alone: NDArray[np.float64]
    shown: NDArray[np.float64]
    truth: NDArray[np.float64]
    source: NDArray[np.int8]
    led: bool

    @classmethod
    def of(cls, job: Path, target: BenchmarkTarget, calibration: Calibration) -> LedBuild:
        """Of a finished job, judged by a calibration."""
        order, models, observed, seen, source = load_arrays(
            job / QUALITY, "order", "calpha", "features", "seen", "source"
        )
        templates, traces = load_templates(job / TEMPLATES), load_traces(job / TRACES)
        best = int(order[0])
        trace, known, whole = models[best], observed[best], target_of(target)
        traced = first_trace(trace, traces, whole, templates)
        led = led_features(trace, templates, known, whole)
        native = target.aligned(trace)
        there = seen & np.isfinite(native).all(axis=1)
        return cls(
            target.resolution,
            calibration.expected_traced(known, traced)[there],
            calibration.expected_led(known, traced, led)[there],
            accuracy(np.linalg.norm(trace[there] - native[there], axis=1)),
            source[best][there],
            bool(templates),
        )


def told(builds: Sequence[LedBuild], where: str) -> dict[str, object]:
    """Figures of builds: of the mean of each, by resolution too, and of residues, by band and by
    where they come from."""
    found: dict[str, object] = {}
    for low, high in zip(RESOLUTIONS, (*RESOLUTIONS[1:], np.inf)):
        some = [one for one in builds if low <= one.resolution < high]
        if some:
            found[f"{where}: at {low:g} Å or worse"] = _in_words(some)
    if len(builds) > 1:
        found[f"{where}: all"] = _in_words(builds)
    shown, truth, source = (
        np.concatenate([getattr(one, name) for one in builds])
        for name in ("shown", "truth", "source")
    )
    for number, name in enumerate(SOURCES):
        mine = source == number
        if mine.any():
            found[f"{where}: residues from {name}"] = (
                f"{mine.sum()}, shown {shown[mine].mean():.2f}, accuracy {truth[mine].mean():.2f}"
            )
    found |= figures({"with templates": shown}, truth, where)
    return found | {f"{where}: {name}": text for name, text in bands(shown, truth).items()}


def _in_words(builds: Sequence[LedBuild]) -> str:
    shown, truth = (
        np.array([getattr(one, name).mean() for one in builds]) for name in ("shown", "truth")
    )
    return (
        f"{len(builds)} builds, shown {shown.mean():.2f}, accuracy {truth.mean():.2f}, mean size "
        f"of the difference {np.abs(shown - truth).mean():.3f}"
    )
