"""Validate a network in training on crops that stay the same: figures, a table and a plot."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from critasser.network.device import autocast
from critasser.network.layers import split_heads
from critasser.network.training.crops import SimulationRange, simulate_crops
from critasser.network.training.experimental import PairOnDevice, experimental_crops
from critasser.network.training.losses import PARTS, multi_task_loss
from critasser.network.training.packing import Atoms, Pair
from critasser.network.training.simulation import Crops
from critasser.writing import appearing

__all__ = ["plot", "tabulate", "validate", "validation_crops"]

RESOLUTIONS = (2.2, 3.5, 5.0, 8.0)
"""Å, of the clean crops."""

AT_CALPHA, WITHIN_CALPHA = 0.7, 0.35
"""Targets above which a voxel counts as at a Cα (0.8 Å) and as within one (1.3 Å)."""

_SEED = 1

_PANELS = {
    "loss": "loss",
    "amino_acid": "amino acid, top-1 at Cα",
    "structure": "secondary structure at Cα",
    "overlap": "overlap of Cα voxels",
}


def validation_crops(
    chains: list[Atoms],
    pairs: list[Pair],
    side: int,
    device: torch.device,
    each: int,
    resolutions: tuple[float, ...] = RESOLUTIONS,
) -> dict[str, Crops]:
    """The same crops every time: clean ones by resolution (Å), and experimental ones."""
    clean, crops = SimulationRange(corruption=0.0), {}
    for resolution in resolutions if chains else ():
        rng = np.random.default_rng(_SEED)
        chosen = rng.choice(len(chains), min(each, len(chains)), replace=False)
        crops[f"{resolution:g}"] = simulate_crops(
            [chains[k] for k in chosen], side, clean, rng, device, resolution=resolution
        )
    if pairs:
        rng = np.random.default_rng(_SEED)
        sources = [PairOnDevice(pairs[k % len(pairs)], device) for k in range(each)]
        crops["experimental"] = experimental_crops(sources, side, rng, blur=False)
    return crops


@torch.no_grad()
def validate(network: nn.Module, crops: dict[str, Crops]) -> dict[str, float]:
    """Loss of each head and accuracies at the voxels of Cα atoms, for each set of crops."""
    training = network.training
    network.eval()
    figures: dict[str, float] = {}
    for name, batch in crops.items():
        with autocast(batch.density.device):
            logits = torch.cat([network(d[None, None]) for d in batch.density])
        loss, parts = multi_task_loss(logits, batch)
        heads = split_heads(logits.float())
        at_calpha = (batch.calpha > AT_CALPHA) & (batch.residue_type >= 0)

        def accuracy(scores: Tensor, truth: Tensor, where: Tensor) -> float:
            return float((scores.argmax(1) == truth)[where].float().mean())

        found = torch.sigmoid(heads.calpha[:, 0]) > WITHIN_CALPHA
        true = batch.calpha > WITHIN_CALPHA
        both, either = float((found & true).sum()), float(found.sum() + true.sum())
        figures |= {
            f"loss_{name}": float(loss),
            f"calpha_{name}": float(parts[PARTS.index("calpha")]),
            f"overlap_{name}": 2 * both / max(either, 1.0),
            f"amino_acid_{name}": accuracy(heads.amino_acid, batch.residue_type, at_calpha),
            f"structure_{name}": accuracy(heads.secondary_structure, batch.structure, at_calpha),
        }
    network.train(training)
    return figures


def tabulate(path: Path, row: dict[str, float]) -> None:
    """Add a row to a CSV file, with the columns that it lacks."""
    rows: list[dict[str, object]] = []
    if path.exists():
        with path.open(newline="", encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines))
    rows.append(row)
    columns = list(dict.fromkeys(name for each in rows for name in each))
    with appearing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, columns)
        writer.writeheader()
        writer.writerows(rows)


def plot(table: Path, picture: Path) -> None:
    """The table's figures against minutes: one panel a figure, one line a set of crops."""
    from matplotlib.figure import Figure

    with table.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    minutes = [float(row["minutes"]) for row in rows]
    figure = Figure(figsize=(9, 6), layout="constrained")
    for axis, (name, title) in zip(figure.subplots(2, 2, sharex=True).flat, _PANELS.items()):
        for column in (c for c in rows[0] if c.startswith(name + "_")):
            label = column.removeprefix(name + "_")
            values = [float(row[column] or "nan") for row in rows]
            axis.plot(
                minutes, values, marker="o", markersize=3, linewidth=1.2,
                label=label if label == "experimental" else f"{label} Å",
            )  # fmt: skip
        axis.set_title(title, fontsize=10)
        axis.grid(alpha=0.3)
        axis.spines[["top", "right"]].set_visible(False)
        if name != "loss":
            axis.set_ylim(0, 1)
        if axis.get_subplotspec().is_last_row():
            axis.set_xlabel("minutes")
    if figure.axes[0].lines:
        figure.axes[0].legend(fontsize=8, frameon=False)
    with appearing(picture) as temporary:
        figure.savefig(temporary, dpi=110)
