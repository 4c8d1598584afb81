"""What the residue network learns from: residues of a crop in frames as a search gives them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from critasser.network.residue.frames import ball, local_frames, sample_balls
from critasser.network.residue.network import COARSE, FINE
from critasser.network.training.simulation import Molecules, gaussian_density

__all__ = ["Examples", "draw_examples", "each_crop"]

EDGE = 6.0
"""Å from the crop's faces at which residues still have their surroundings."""

REACH = 6.5
"""Å. Any two positions within it may be taken for a residue's neighbours."""


@dataclass(frozen=True)
class Examples:
    """Residues to learn from; `n` each.

    ``inputs`` (n, k) as `ResidueNetwork` takes them; ``residue_type``, ``structure`` (n,) class
    indices, −1 where there is no Cα; ``direction``, ``real`` (n,) 0/1; ``offset`` (n, 3) Å;
    ``resolution`` (n,) Å.
    """

    inputs: Tensor
    residue_type: Tensor
    structure: Tensor
    direction: Tensor
    real: Tensor
    offset: Tensor
    resolution: Tensor

    def __len__(self) -> int:
        return len(self.real)

    def tensors(self) -> list[Tensor]:
        """All fields in order."""
        return [getattr(self, name) for name in self.__dataclass_fields__]

    @staticmethod
    def none(device: torch.device) -> Examples:
        """No examples."""
        k = len(ball(FINE)) + len(ball(COARSE))
        empty = torch.zeros(0, device=device)
        whole = empty.long()
        return Examples(
            torch.zeros(0, k, dtype=torch.half, device=device), whole, whole, empty, empty,
            torch.zeros(0, 3, device=device), empty,
        )  # fmt: skip

    def select(self, index: Tensor) -> Examples:
        """Those that an index names."""
        return Examples(*(getattr(self, name)[index] for name in self.__dataclass_fields__))

    @staticmethod
    def joined(parts: list[Examples]) -> Examples:
        """One after the other."""
        names = Examples.__dataclass_fields__
        return Examples(*(torch.cat([getattr(p, name) for p in parts]) for name in names))


def each_crop(molecules: Molecules) -> list[Molecules]:
    """A batch's atoms crop by crop, as `draw_examples` takes them."""
    ends = np.cumsum((0, *molecules.counts))
    return [
        replace(
            molecules,
            positions=molecules.positions[first:last],
            kind=molecules.kind[first:last],
            residue=molecules.residue[first:last],
        )
        for first, last in pairwise(ends)
    ]


def draw_examples(
    density: Tensor,
    molecule: Molecules,
    resolution: float,
    generator: torch.Generator,
    *,
    jitter: float | None = None,
    hard: bool = True,
) -> Examples | None:
    """Residues of one crop in frames as a search for Cα would give them.

    Parameters
    ----------
    density : Tensor (side, side, side)
    molecule : Molecules
        Of this crop alone.
    resolution : float
        Å.
    generator : torch.Generator
    jitter : float, optional
        Standard deviation in Å of each coordinate of the Cα; drawn from 0…0.5 without.
    hard : bool
        Also wrong neighbours, chains read backwards, places that are no Cα, and gaps and
        inventions among the Cα around.

    Returns
    -------
    Examples or None
        None where the crop holds too little.
    """
    side, device = density.shape[0], density.device

    def random(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator, device=device)

    is_calpha = molecule.kind == 1
    order = torch.argsort(molecule.residue[is_calpha])
    true = molecule.positions[is_calpha][order].flip(-1)
    residue = molecule.residue[is_calpha][order]
    count = len(true)
    if count < 8:
        return None
    spread = 0.5 * random(1) if jitter is None else torch.full((1,), jitter, device=device)
    moved = true + spread * torch.randn(count, 3, generator=generator, device=device)
    inside = ((true >= EDGE) & (true <= side - 1 - EDGE)).all(1)
    bonded = residue[1:] - residue[:-1] == 1
    bonded &= (true[1:] - true[:-1]).norm(dim=1) < 4.5
    centre = torch.nonzero(inside[1:-1] & bonded[1:] & bonded[:-1])[:, 0] + 1
    if len(centre) < 4:
        return None
    before, after = centre - 1, centre + 1
    at, target = moved[centre], true[centre]
    real = torch.ones(len(centre), device=device)
    known = moved
    if hard:
        known, keep = moved, random(count) > 0.15 * random(1)
        elsewhere = molecule.positions[molecule.kind == 4].flip(-1)
        elsewhere = elsewhere[random(len(elsewhere)) < 0.1 * random(1)]
        chosen = elsewhere[torch.cdist(elsewhere, true).amin(1) > 2.5]
        known = torch.cat([moved[keep], chosen[random(len(chosen)) < 0.3]])
        within = ((chosen >= EDGE) & (chosen <= side - 1 - EDGE)).all(1)
        chosen = chosen[within]
        at = torch.cat([at, chosen])
        near = torch.cdist(at, moved)
        near = (near < REACH) & (near > 1.5)
        usable = near.sum(1) >= 2
        pair = torch.multinomial(near.float() + 1e-9, 2, generator=generator)
        first = torch.cat([before, torch.zeros(len(chosen), dtype=torch.long, device=device)])
        last = torch.cat([after, torch.zeros(len(chosen), dtype=torch.long, device=device)])
        draw = random(len(at))
        fake = torch.arange(len(at), device=device) >= len(centre)
        other = usable & ((draw < 0.25) | fake)
        back = ~other & (draw < 0.42)
        before = torch.where(other, pair[:, 0], torch.where(back, last, first))
        after = torch.where(other, pair[:, 1], torch.where(back, first, last))
        target = torch.cat([target, chosen])
        real = torch.cat([real, torch.zeros(len(chosen), device=device)])
        centre = torch.cat([centre, torch.zeros(len(chosen), dtype=torch.long, device=device)])
        good = usable | ~fake
    else:
        good = torch.ones(len(centre), dtype=torch.bool, device=device)
    frames = local_frames(moved[before], at, moved[after])
    ones = torch.ones_like(known)
    marks = gaussian_density(known.flip(-1), ones[:, 0], ones, (len(known),), side)[0]
    inputs = torch.cat(
        [sample_balls(density, at, frames, FINE), sample_balls(marks, at, frames, COARSE)], dim=1
    )
    is_real = real > 0
    direction = is_real & (before == centre - 1) & (after == centre + 1)
    minus = torch.full_like(centre, -1)
    own = residue[centre]
    return Examples(
        inputs.half(),
        torch.where(is_real, molecule.residue_type[own], minus),
        torch.where(is_real, molecule.residue_structure[own], minus),
        direction.float(),
        real,
        torch.einsum("nij,nj->ni", frames, target - at),
        torch.full_like(real, resolution),
    ).select(torch.nonzero(good)[:, 0])
