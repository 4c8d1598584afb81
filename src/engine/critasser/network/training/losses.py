"""What training minimises."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from critasser.network.layers import split_heads
from critasser.network.training.simulation import Crops

__all__ = ["PARTS", "multi_task_loss"]

PARTS = ("calpha", "backbone", "secondary_structure", "amino_acid")


def multi_task_loss(logits: Tensor, batch: Crops) -> tuple[Tensor, Tensor]:
    """Weighted sum of the four heads' losses, and each of them (4,) in the order of `PARTS`.

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
    return loss, torch.stack([calpha, backbone, structure, kind]).detach()
