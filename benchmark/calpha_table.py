"""Print tables and plot what `benchmark.calpha` has measured."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from benchmark.calpha_cases import EXPERIMENTAL, SHELLS, CalphaCase
from benchmark.measures import CUTOFFS
from benchmark.strategies import MAP_MEASURES, STRATEGIES

__all__ = ["Row", "plot", "report"]

Row = tuple[CalphaCase, Mapping[str, Any]]
"""A map and the record of one method on it."""

NO_LABEL = "–"
BANDS = ((0.0, 3.3), (3.3, 4.0), (4.0, np.inf))
"""Å, over which experimental maps are averaged; upper ends belong to the band."""

NOTE = """\
One-to-one within 1, 2, 3 Å: F1 (precision/recall). RMSD (Å), amino acids and secondary structure
(ss) of the pairs within 2 Å. Means over n maps, of time the median; – where a method says nothing.
On experimental maps only positions within 5 Å of the model count, and methods without a network
see nothing else."""


def _mean(rows: Sequence[Row], figure: str) -> str:
    values = [record["figures"][figure] for _, record in rows]
    known = [value for value in values if value is not None]
    return f"{np.mean(known):.2f}" if known else "–"


def _cells(rows: Sequence[Row]) -> list[str]:
    found = [
        f"{_mean(rows, f'F1 {c}')} ({_mean(rows, f'precision {c}')}/{_mean(rows, f'recall {c}')})"
        for c in CUTOFFS
    ]
    others = ("RMSD", "CRscore", "top-1", "top-5", "secondary structure")
    seconds = np.median([record["seconds"] for _, record in rows])
    return [*found, *(_mean(rows, name) for name in others), f"{seconds:.1f}"]


COLUMNS = (*(f"F1 {c} Å" for c in CUTOFFS), "RMSD", "CRscore", "aa top-1", "top-5", "ss", "s")


def _markdown(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _methods(rows: Sequence[Row], labels: Mapping[str, str]) -> list[tuple[str, str]]:
    """Network and strategy, ours first."""
    there = {(record["weights"], record["method"]) for _, record in rows}
    networks = [*labels, *sorted({network for network, _ in there} - set(labels))]
    return [(n, name) for name in STRATEGIES for n in networks if (n, name) in there]


def _by_method(rows: Sequence[Row], labels: Mapping[str, str]) -> list[tuple[str, str, list[Row]]]:
    return [
        (labels.get(network, NO_LABEL), name, [
            row for row in rows if (row[1]["weights"], row[1]["method"]) == (network, name)
        ])
        for network, name in _methods(rows, labels)
    ]  # fmt: skip


def _noise(snr: float | None) -> str:
    return "clean" if snr is None else f"SNR {snr:g}"


def _dash(shell: str) -> str:
    return shell.replace("-", "–")


def _shells(rows: Sequence[Row], labels: Mapping[str, str]) -> str:
    lines = []
    for shell in SHELLS:
        inside = [row for row in rows if row[0].group == shell]
        for network, name, some in _by_method(inside, labels):
            lines.append([_dash(shell), network, name, str(len(some)), *_cells(some)])
    return _markdown(["Å", "network", "strategy", "n", *COLUMNS], lines)


def _map_by_map(rows: Sequence[Row], labels: Mapping[str, str]) -> str:
    lines = []
    cases = sorted({case for case, _ in rows}, key=lambda case: (case.resolution, case.name))
    for case in cases:
        some = [row for row in rows if row[0] == case]
        for network, name, own in _by_method(some, labels):
            about = [case.name, f"{case.resolution:g}", str(case.residues)]
            lines.append([*about, network, name, *_cells(own)])
    for low, high in BANDS:
        inside = [row for row in rows if low < row[0].resolution <= high]
        name = f"above {low:g}" if high == np.inf else f"to {high:g}"
        for network, strategy, some in _by_method(inside, labels):
            lines.append([f"mean of {len(some)}", name, "", network, strategy, *_cells(some)])
    return _markdown(["map", "Å", "residues", "network", "strategy", *COLUMNS], lines)


def _of_maps(rows: Sequence[Row]) -> str:
    lines = []
    kinds = dict.fromkeys((case.group, case.snr) for case, _ in rows)
    for group, snr in kinds:
        inside = [row for row in rows if (row[0].group, row[0].snr) == (group, snr)]
        cells = []
        for name, measure in MAP_MEASURES.items():
            values = [r["figures"][name] for _, r in inside if r["method"] == name]
            cells.append(measure.summary(values) if values else "–")
        count = len({case for case, _ in inside})
        noise = "as it is" if group == EXPERIMENTAL else _noise(snr)
        lines.append([_dash(group), noise, str(count), *cells])
    head = ["Å", "noise", "n", *(measure.title for measure in MAP_MEASURES.values())]
    return _markdown(head, lines)


def _split(rows: Sequence[Row], wanted: Callable[[CalphaCase], bool]) -> list[Row]:
    return [row for row in rows if wanted(row[0])]


def report(rows: Sequence[Row], labels: Mapping[str, str]) -> None:
    """Print all tables; `labels` names networks by checksum."""
    if not rows:
        print("nothing was measured")
        return
    print(NOTE, end="\n\n")
    found = [row for row in rows if row[1]["method"] in STRATEGIES]
    simulated = _split(found, lambda case: case.group != EXPERIMENTAL)
    for snr in dict.fromkeys(case.snr for case, _ in simulated):
        part = _split(simulated, lambda case, snr=snr: case.snr == snr)
        print(f"### Simulated maps, {_noise(snr)}\n\n{_shells(part, labels)}\n")
    real = _split(found, lambda case: case.group == EXPERIMENTAL)
    if real:
        print(f"### Experimental maps\n\n{_map_by_map(real, labels)}\n")
    whole = [row for row in rows if row[1]["method"] in MAP_MEASURES]
    if whole:
        print(f"### Of the map as a whole\n\n{_of_maps(whole)}\n")
    print(f"Programs: {', '.join(sorted({record['program'] for _, record in rows}))}.")


# Okabe and Ito's colours, which the colour-blind tell apart.
COLOURS = dict(
    zip(
        STRATEGIES,
        itertools.cycle(
            ("#0072B2", "#56B4E9", "#009E73", "#D55E00", "#CC79A7", "#777777", "#E69F00")
        ),
    )
)


def _look(network: str, strategy: str, labels: Mapping[str, str]) -> dict[str, Any]:
    """A colour a strategy; the second network dashed, with open marks."""
    second = network in list(labels.values())[1:]
    colour = COLOURS[strategy]
    return {
        "color": colour,
        "linestyle": "--" if second else "-",
        "marker": "o",
        "markersize": 4,
        "markerfacecolor": "white" if second else colour,
        "clip_on": False,
    }


def _panel(axes: Axes, rows: Sequence[Row], labels: Mapping[str, str], figure: str) -> None:
    real = any(case.group == EXPERIMENTAL for case, _ in rows)
    for network, name, some in _by_method(rows, labels):
        groups: dict[str, list[tuple[float, float]]] = {}
        for case, record in some:
            if record["figures"][figure] is not None:
                point = (case.resolution, record["figures"][figure])
                groups.setdefault(case.name if real else case.group, []).append(point)
        if groups:
            x, y = np.array(sorted(np.mean(group, axis=0).tolist() for group in groups.values())).T
            look = _look(network, name, labels)
            axes.plot(x, y, **look | ({"linestyle": "none"} if real else {}))


def plot(rows: Sequence[Row], labels: Mapping[str, str], path: Path) -> None:
    """F1 at 2 Å and amino acids against resolution: a panel for clean, noisy, experimental maps.

    Lines join the means of resolution shells; experimental maps are points.
    """
    rows = [row for row in rows if row[1]["method"] in STRATEGIES]
    kinds = dict.fromkeys((case.group == EXPERIMENTAL, case.snr) for case, _ in rows)
    picture = Figure(figsize=(1 + 3.4 * len(kinds), 6.4), layout="constrained")
    grid = picture.subplots(2, len(kinds), squeeze=False, sharex="col", sharey=True)
    for (real, snr), column in zip(kinds, grid.T):
        inside = [r for r in rows if (r[0].group == EXPERIMENTAL, r[0].snr) == (real, snr)]
        column[0].set_title("experimental" if real else f"simulated, {_noise(snr)}")
        column[1].set_xlabel("resolution, Å")
        for axes, figure in zip(column, ("F1 2", "top-1")):
            _panel(axes, inside, labels, figure)
            axes.set_ylim(0, 1)
            axes.grid(alpha=0.25)
            axes.spines[["top", "right"]].set_visible(False)
    grid[0, 0].set_ylabel("F1 at 2 Å")
    grid[1, 0].set_ylabel("amino acid, top-1")
    keys = [
        Line2D([], [], label=name if network == NO_LABEL else f"{name}, {network}",
               **_look(network, name, labels))
        for network, name, _ in _by_method(rows, labels)
    ]  # fmt: skip
    picture.legend(handles=keys, loc="outside lower center", ncols=min(len(keys), 4), frameon=False)
    picture.savefig(path, dpi=150)
