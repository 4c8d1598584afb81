"""Add up the losses of the map network's four heads."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from critasser.network.layers import split_heads
from critasser.network.training.simulation import Crops

__all__ = ["PARTS", "multi_task_loss", "visible_share"]

CALPHA_WEIGHT, BACKBONE_WEIGHT = 20, 4
"""Weight of a voxel on a Cα, or in the backbone, beside one in neither: these are rare (paper:
1 : 50)."""

HEAD_WEIGHTS = (1.0, 0.5, 0.5, 1.0)
"""Of the four heads' losses, in the order of `PARTS`."""

UNSEEN, SPAN, LEAST_VISIBLE = 8, 4, 0.05
"""Å at which amino acids count least, Å over which their weight rises to 1, and the least one."""

PARTS = ("calpha", "backbone", "secondary_structure", "amino_acid")


def visible_share(resolution: Tensor) -> Tensor:
    """Weight of amino acids in maps of a resolution (n,) in Å, that least weight to 1."""
    return ((UNSEEN - resolution) / SPAN).clamp(LEAST_VISIBLE, 1)


def multi_task_loss(logits: Tensor, batch: Crops) -> tuple[Tensor, Tensor]:
    """Weighted sum of the four heads' losses, and each of them (4,) in the order of `PARTS`.

    Cα and backbone: binary cross-entropy against soft and hard targets. Secondary structure and
    amino acids: cross-entropy at labelled voxels; amino acids count less where the resolution hides
    them.
    """
    heads = split_heads(logits.float())
    weight = batch.weight
    total = weight.sum().clamp_min(1)
    calpha = functional.binary_cross_entropy_with_logits(
        heads.calpha[:, 0], batch.calpha, reduction="none"
    )
    calpha = (calpha * weight * (1 + CALPHA_WEIGHT * batch.calpha)).sum() / total
    backbone = functional.binary_cross_entropy_with_logits(
        heads.backbone[:, 0], batch.backbone, reduction="none"
    )
    backbone = (backbone * weight * (1 + BACKBONE_WEIGHT * batch.backbone)).sum() / total
    structure = functional.cross_entropy(
        heads.secondary_structure, batch.structure, ignore_index=-1, reduction="none"
    )
    structure = structure.sum() / (batch.structure >= 0).sum().clamp_min(1)
    kind = functional.cross_entropy(
        heads.amino_acid, batch.residue_type, ignore_index=-1, reduction="none"
    )
    visible = visible_share(batch.resolution)[:, None, None, None] * (batch.residue_type >= 0)
    kind = (kind * visible).sum() / visible.sum().clamp_min(1)
    parts = (calpha, backbone, structure, kind)
    loss = sum(weight * part for weight, part in zip(HEAD_WEIGHTS, parts))
    return loss, torch.stack(parts).detach()
