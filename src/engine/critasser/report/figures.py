"""The report's pictures, drawn without a display and returned as data for an ``img``."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from critasser.density import Grid
from critasser.density.half_maps import LEVEL
from critasser.structure import Target

__all__ = [
    "CONFIDENCE_COLOURS",
    "assembly",
    "chain_confidence",
    "chain_sources",
    "half_maps",
    "projections",
    "stage_times",
]

# The colours of ChimeraX's palette `alphafold`, so that report and 3D view agree.
CONFIDENCE_COLOURS = LinearSegmentedColormap.from_list(
    "confidence",
    [(0.0, "#ff0000"), (0.5, "#ffa500"), (0.7, "#ffff00"), (0.9, "#6495ed"), (1.0, "#0000ff")],
)
_SCALE = Normalize(0, 100)

LONGEST_BOND = 8.0
"""Å between Cα, as projected, that are drawn as bonded; far ends of two chains are not."""

_INK = "#1f2933"
_MUTED = "#7b8794"
_LINE = "#e4e7eb"
_ACCENT = "#2563a8"
_SERIES = ("#2563a8", "#c8553d", "#3f8f5f", "#8a5fa8", "#b08a1e", "#5b8a9a", "#7b8794")

SOURCE_COLOURS = {"neither": "#d9534f", "map": "#2563a8", "template": "#e0a030",
                  "both": "#3f8f5f"}  # fmt: skip
"""As in ChimeraX, by the order of their numbers."""

_STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.edgecolor": _MUTED,
    "axes.labelcolor": _INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.titlecolor": _INK,
    "xtick.color": _MUTED,
    "ytick.color": _MUTED,
    "xtick.labelcolor": _INK,
    "ytick.labelcolor": _INK,
    "text.color": _INK,
    "svg.fonttype": "path",
    "svg.hashsalt": "critasser",
}


def projections(
    density: Grid,
    calpha: NDArray[np.float64],
    confidence: NDArray,
    others: NDArray[np.float64] | None = None,
) -> str:
    """The map along its three axes and a Cα trace on it, coloured by confidence.

    Parameters
    ----------
    density : Grid
    calpha : ndarray (L, 3)
        Å; NaN interrupts the trace.
    confidence : ndarray (L,)
        0 … 100.
    others : ndarray (k, L, 3), optional
        Further units, drawn thin.

    Returns
    -------
    str
        ``data:`` address of a PNG.
    """
    with mpl.rc_context(_STYLE):
        low, high = density.origin, density.upper
        others = np.zeros((0, *calpha.shape)) if others is None else others
        placed = np.concatenate([calpha, *others])
        placed = placed[np.isfinite(placed).all(axis=1)]
        shown = (
            np.maximum(placed.min(axis=0) - 10.0, low),
            np.minimum(placed.max(axis=0) + 10.0, high),
        )
        sides = shown[1] - shown[0]
        # The widths of the three panels to the height of the tallest.
        height = 8.4 * max(sides[1], sides[2]) / (2 * sides[0] + sides[1])
        figure = Figure(figsize=(10.2, min(max(height, 2.0), 7.0) + 0.6), layout="constrained")
        axes = figure.subplots(1, 3, width_ratios=(sides[0], sides[0], sides[1]))
        names = "xyz"
        positive = np.clip(density.values, 0, None)
        for axis, along in zip(axes, (2, 1, 0)):
            across, up = (k for k in (0, 1, 2) if k != along)
            # Values are indexed z, y, x.
            image = positive.sum(axis=2 - along)
            half = density.voxel_size / 2
            axis.imshow(
                image,
                origin="lower",
                cmap="Greys",
                vmin=0,
                vmax=max(float(np.percentile(image, 99.7)) * 1.5, 1e-6),
                extent=(
                    low[across] - half[across],
                    high[across] + half[across],
                    low[up] - half[up],
                    high[up] + half[up],
                ),
                interpolation="bilinear",
            )
            for other in others[:, :, [across, up]]:
                bonds = list(_bonds(other)[1])
                axis.add_collection(LineCollection(bonds, colors=_MUTED, linewidths=0.6))
            _draw_trace(axis, calpha[:, [across, up]], calpha[:, along], confidence)
            axis.set_title(f"along {names[along]}")
            axis.set_xlabel(f"{names[across]} (Å)")
            axis.set_ylabel(f"{names[up]} (Å)")
            axis.set_xlim(shown[0][across], shown[1][across])
            axis.set_ylim(shown[0][up], shown[1][up])
            axis.set_aspect("equal")
        bar = figure.colorbar(
            mpl.cm.ScalarMappable(_SCALE, CONFIDENCE_COLOURS), ax=axes, shrink=0.75, pad=0.015
        )
        bar.outline.set_visible(False)
        bar.set_label("confidence")
        return _png(figure)


def _draw_trace(axis: Axes, flat: NDArray, depth: NDArray, confidence: NDArray) -> None:
    middle = (confidence[:-1] + confidence[1:]) / 2
    drawn, steps = _bonds(flat)
    order = np.argsort(depth[drawn], kind="stable")
    drawn, steps = drawn[order], steps[order]
    for width, colours in (
        (3.4, "white"),
        (2.0, CONFIDENCE_COLOURS(_SCALE(middle[drawn]))),
    ):
        axis.add_collection(
            LineCollection(list(steps), colors=colours, linewidths=width, capstyle="round")
        )


def _bonds(flat: NDArray) -> tuple[NDArray, NDArray]:
    """Numbers (m,) of the residues that the next one follows, and lines (m, 2, 2) to it."""
    steps = np.stack([flat[:-1], flat[1:]], axis=1)
    drawn = np.flatnonzero(np.isfinite(steps).all(axis=(1, 2)))
    drawn = drawn[np.linalg.norm(steps[drawn, 0] - steps[drawn, 1], axis=1) < LONGEST_BOND]
    return drawn, steps[drawn]


def chain_confidence(target: Target, confidence: Sequence[NDArray], names: Sequence[str]) -> str:
    """Confidence of every residue, a line for each model, the first one coloured."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(10.2, 2.9), layout="constrained")
        axis = figure.subplots()
        residue = np.arange(1, len(target) + 1)
        for k in range(len(confidence) - 1, 0, -1):
            axis.plot(
                residue,
                confidence[k],
                color=_SERIES[k % len(_SERIES)],
                linewidth=0.9,
                alpha=0.75,
                label=names[k],
            )
        axis.plot(residue, confidence[0], color=_INK, linewidth=1.0, zorder=3, label=names[0])
        axis.scatter(
            residue,
            confidence[0],
            c=confidence[0],
            cmap=CONFIDENCE_COLOURS,
            norm=_SCALE,
            s=13,
            linewidths=0.3,
            edgecolors=_INK,
            zorder=4,
        )
        for piece in target.chain_slices[1:]:
            axis.axvline(piece.start + 0.5, color=_MUTED, linewidth=0.7, linestyle=(0, (4, 3)))
        axis.set_xlim(0.5, len(target) + 0.5)
        axis.set_ylim(0, 101)
        axis.set_xlabel("residue")
        axis.set_ylabel("confidence")
        axis.grid(axis="y", color=_LINE, linewidth=0.7)
        axis.set_axisbelow(True)
        handles, labels = axis.get_legend_handles_labels()
        axis.legend(
            handles[::-1], labels[::-1], frameon=False, ncols=1, loc="upper left",
            bbox_to_anchor=(1.0, 1.02),
        )  # fmt: skip
        return _svg(figure)


def chain_sources(target: Target, sources: NDArray[np.int8]) -> str:
    """Where every residue (L,) comes from, a row for each of `SOURCE_COLOURS`."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(10.2, 1.5), layout="constrained")
        axis = figure.subplots()
        for number, (name, colour) in enumerate(SOURCE_COLOURS.items()):
            residues = np.flatnonzero(sources == number)
            axis.broken_barh(
                [(int(i) + 0.5, 1.0) for i in residues], (number - 0.4, 0.8), color=colour,
                label=name,
            )  # fmt: skip
        for piece in target.chain_slices[1:]:
            axis.axvline(piece.start + 0.5, color=_MUTED, linewidth=0.7, linestyle=(0, (4, 3)))
        axis.set_xlim(0.5, len(target) + 0.5)
        axis.set_yticks(range(len(SOURCE_COLOURS)), list(SOURCE_COLOURS))
        axis.tick_params(axis="y", length=0)
        axis.set_xlabel("residue")
        return _svg(figure)


def assembly(
    cycle: NDArray,
    lowest: NDArray,
    mean: NDArray,
    decoy_cycle: NDArray,
    decoy_tm: NDArray,
    sizes: Sequence[int],
    decoys: int,
) -> str:
    """Energy and likeness to the best model against cycle, and how large the clusters are.

    Parameters
    ----------
    cycle, lowest, mean : ndarray (n,)
        Energy of the lowest replica and the mean over replicas.
    decoy_cycle, decoy_tm : ndarray (m,)
        TM-score of decoys to the best model.
    sizes : sequence of int
        Decoys in each cluster.
    decoys : int
        How many there are.
    """
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(10.2, 2.9), layout="constrained")
        left, right, bars = figure.subplots(1, 3)
        left.plot(cycle, mean, color=_MUTED, linewidth=1.0, label="mean of replicas")
        left.plot(cycle, lowest, color=_ACCENT, linewidth=1.4, label="lowest replica")
        left.set_title("energy (arbitrary units)")
        left.legend(frameon=False)
        right.scatter(
            decoy_cycle, decoy_tm, s=5, color=_ACCENT, alpha=0.35, linewidths=0, label="one decoy"
        )
        if len(decoy_cycle):
            steps = np.unique(decoy_cycle)
            means = [np.mean(decoy_tm[decoy_cycle == step]) for step in steps]
            right.plot(steps, means, color=_INK, linewidth=1.2, label="mean of a cycle's decoys")
            right.legend(frameon=False)
        right.set_ylim(0, 1.02)
        right.set_title("TM-score of decoys to model 1")
        for axis in (left, right):
            axis.set_xlabel("Monte Carlo cycle")
            axis.xaxis.set_major_locator(MaxNLocator(integer=True))
            axis.grid(axis="y", color=_LINE, linewidth=0.7)
            axis.set_axisbelow(True)
        _bars(bars, [f"cluster {k + 1}" for k in range(len(sizes))], sizes)
        bars.set_title(f"decoys in clusters, of {decoys}")
        return _svg(figure)


def half_maps(
    target: Target,
    frequency: Sequence[float],
    correlation: Sequence[float],
    local_resolution: NDArray[np.float64],
) -> str:
    """Correlation of half maps by frequency, and local resolution along the chain.

    Parameters
    ----------
    target : Target
    frequency, correlation : sequences of float (k,)
        1/Å.
    local_resolution : ndarray (L,)
        Å.

    Returns
    -------
    str
        ``data:`` address of an SVG.
    """
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(10.2, 2.6), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(1, 2))
        left.plot(frequency, correlation, color=_ACCENT)
        left.axhline(LEVEL, color=_MUTED, linewidth=0.7, linestyle="--")
        left.set_ylim(min(0.0, *correlation), 1.02)
        left.set_xlabel("1/Å")
        left.set_title("correlation of the half maps")
        right.plot(np.arange(1, len(local_resolution) + 1), local_resolution, color=_ACCENT)
        for start in np.flatnonzero(np.diff(target.chain_index)) + 1:
            right.axvline(start + 0.5, color=_MUTED, linewidth=0.7, linestyle="--")
        right.set_xlabel("residue")
        right.set_title("local resolution (Å)")
        right.invert_yaxis()
        return _svg(figure)


def _bars(axis: Axes, names: Sequence[str], values: Sequence[float]) -> None:
    place = np.arange(len(values))
    axis.barh(place, values, color=_ACCENT, height=0.6)
    for k, value in enumerate(values):
        shown = f"{value:d}" if isinstance(value, int) else f"{value:.1f}"
        axis.text(value, k, f" {shown}", va="center", color=_INK)
    axis.set_yticks(place, names)
    axis.invert_yaxis()
    axis.tick_params(axis="y", length=0)
    axis.set_xlim(0, max([*values, 0.1]) * 1.18)


def stage_times(seconds: Mapping[str, float]) -> str:
    """Bars: where the time went."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(5.0, 0.6 + 0.27 * len(seconds)), layout="constrained")
        axis = figure.subplots()
        _bars(axis, list(seconds), [float(value) for value in seconds.values()])
        axis.set_xlabel("seconds")
        return _svg(figure)


def _png(figure: Figure) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=170, metadata={"Software": None})
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def _svg(figure: Figure) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode()
