"""What training minimises."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from critasser.network.layers import split_heads
from critasser.network.simulation import Crop

__all__ = ["Batch", "collate", "multi_task_loss"]


@dataclass(frozen=True)
class Batch:
    """Crops stacked: each ``(batch, side, side, side)``, `resolution` ``(batch,)``."""

    density: Tensor
    calpha: Tensor
    backbone: Tensor
    structure: Tensor
    residue_type: Tensor
    weight: Tensor
    resolution: Tensor


def collate(crops: list[Crop]) -> Batch:
    """Stack crops of one size."""
    fields = ("density", "calpha", "backbone", "structure", "residue_type", "weight")
    stacked = [torch.stack([getattr(crop, name) for crop in crops]) for name in fields]
    resolution = torch.tensor([crop.resolution for crop in crops], device=stacked[0].device)
    return Batch(*stacked, resolution)


def multi_task_loss(logits: Tensor, batch: Batch) -> tuple[Tensor, dict[str, float]]:
    """Weighted sum of the four heads' losses, and each of them.

    Cα and backbone: binary cross-entropy against soft and hard targets, the rare positives
    weighted up (paper: 1 : 50). Secondary structure and amino acids: cross-entropy at labelled
    voxels; amino acids count less where the resolution hides them.
    """
    heads = split_heads(logits.float())
    weight = batch.weight
    total = weight.sum().clamp_min(1)
    calpha = functional.binary_cross_entropy_with_logits(
        heads.calpha[:, 0], batch.calpha, reduction="none"
    )
    calpha = (calpha * weight * (1 + 20 * batch.calpha)).sum() / total
    backbone = functional.binary_cross_entropy_with_logits(
        heads.backbone[:, 0], batch.backbone, reduction="none"
    )
    backbone = (backbone * weight * (1 + 4 * batch.backbone)).sum() / total
    structure = functional.cross_entropy(
        heads.secondary_structure, batch.structure, ignore_index=-1, reduction="none"
    )
    structure = structure.sum() / (batch.structure >= 0).sum().clamp_min(1)
    kind = functional.cross_entropy(
        heads.amino_acid, batch.residue_type, ignore_index=-1, reduction="none"
    )
    visible = ((8 - batch.resolution) / 4).clamp(0.05, 1)[:, None, None, None]
    visible = visible * (batch.residue_type >= 0)
    kind = (kind * visible).sum() / visible.sum().clamp_min(1)
    loss = calpha + 0.5 * backbone + 0.5 * structure + kind
    parts = {
        "calpha": calpha,
        "backbone": backbone,
        "secondary_structure": structure,
        "amino_acid": kind,
    }
    return loss, {name: float(value.detach()) for name, value in parts.items()}
