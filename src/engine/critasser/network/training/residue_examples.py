"""Draw examples for the residue network: residues of crops, in frames as a search gives them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from critasser.network.gaussians import gaussian_density
from critasser.network.residue.frames import ball, local_frames, sample_balls
from critasser.network.residue.network import COARSE, FINE
from critasser.network.training.simulation import Molecules

__all__ = ["Examples", "draw_examples", "each_crop"]

EDGE = 6.0
"""Å from the crop's faces at which residues still have their surroundings."""

REACH, NEAREST = 6.5, 1.5
"""Å. Any two positions between these distances may be taken for a residue's neighbours."""

FEWEST_CALPHA, FEWEST_RESIDUES = 8, 4
"""Cα of a crop, and residues with both neighbours inside it, without which it is left out."""

BOND = 4.5
"""Å; neighbours in the sequence that are farther apart are at a gap."""

LARGEST_JITTER = 0.5
"""Å; standard deviation of each coordinate of the Cα, drawn from 0 to this."""

MISSED, FALSE_CALPHA, FALSE_DISTANCE, SHOWN_FALSE = 0.15, 0.1, 2.5, 0.3
"""Largest share of Cα that the search missed; largest share of side-chain atoms, at least so many Å
from every Cα, that it took for one; share of these that other residues' surroundings show."""

WRONG_NEIGHBOURS, BACKWARDS = 0.25, 0.42
"""Share of residues with any two positions for neighbours; that share and those read backwards."""

TINY = 1e-9

_CALPHA, _SIDE_CHAIN = 1, 4
"""`Atoms.kind`."""


@dataclass(frozen=True)
class Examples:
    """Residues to learn from; `n` each.

    ``inputs`` (n, k) as `ResidueNetwork` takes them; ``residue_type``, ``structure`` (n,) class
    indices, −1 where there is no Cα; ``direction`` (n,) 1 where the frame runs along the chain,
    else 0; ``is_calpha`` (n,) 0/1; ``offset`` (n, 3) Å to the Cα; ``resolution`` (n,) Å.
    """

    inputs: Tensor
    residue_type: Tensor
    structure: Tensor
    direction: Tensor
    is_calpha: Tensor
    offset: Tensor
    resolution: Tensor

    def __len__(self) -> int:
        return len(self.is_calpha)

    def tensors(self) -> list[Tensor]:
        """All fields in order."""
        return [getattr(self, name) for name in self.__dataclass_fields__]

    @staticmethod
    def none(device: torch.device) -> Examples:
        """No examples."""
        k = len(ball(FINE)) + len(ball(COARSE))
        numbers = torch.zeros(0, device=device)
        classes = numbers.long()
        return Examples(
            torch.zeros(0, k, dtype=torch.half, device=device), classes, classes, numbers, numbers,
            torch.zeros(0, 3, device=device), numbers,
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
        Also wrong neighbours, chains read backwards, positions that are no Cα, and missed and
        false ones among the Cα around.

    Returns
    -------
    Examples or None
        None where the crop holds too little.
    """
    side, device = density.shape[0], density.device
    is_calpha = molecule.kind == _CALPHA
    order = torch.argsort(molecule.residue[is_calpha])
    true = molecule.positions[is_calpha][order].flip(-1)
    residue = molecule.residue[is_calpha][order]
    if len(true) < FEWEST_CALPHA:
        return None
    if jitter is None:
        spread = LARGEST_JITTER * torch.rand(1, generator=generator, device=device)
    else:
        spread = torch.full((1,), jitter, device=device)
    moved = true + spread * torch.randn(len(true), 3, generator=generator, device=device)
    inside = _inside(true, side)
    bonded = residue[1:] - residue[:-1] == 1
    bonded &= (true[1:] - true[:-1]).norm(dim=1) < BOND
    centre = torch.nonzero(inside[1:-1] & bonded[1:] & bonded[:-1])[:, 0] + 1
    if len(centre) < FEWEST_RESIDUES:
        return None
    frames_of = _Frames(
        centre, centre - 1, centre + 1, moved[centre], true[centre],
        torch.ones(len(centre), device=device),
        torch.ones(len(centre), dtype=torch.bool, device=device),
    )  # fmt: skip
    around = moved
    if hard:
        frames_of, around = _spoil(frames_of, molecule, true, moved, side, generator)
    centre, before, after, at, target, real, usable = frames_of
    frames = local_frames(moved[before], at, moved[after])
    ones = torch.ones_like(around)
    marks = gaussian_density(around.flip(-1), ones[:, 0], ones, (len(around),), side)[0]
    inputs = torch.cat(
        [sample_balls(density, at, frames, FINE), sample_balls(marks, at, frames, COARSE)], dim=1
    )
    is_real = real > 0
    direction = is_real & (before == centre - 1) & (after == centre + 1)
    nothing = torch.full_like(centre, -1)
    own = residue[centre]
    return Examples(
        inputs.half(),
        torch.where(is_real, molecule.residue_type[own], nothing),
        torch.where(is_real, molecule.residue_structure[own], nothing),
        direction.float(),
        real,
        torch.einsum("nij,nj->ni", frames, target - at),
        torch.full_like(real, resolution),
    ).select(torch.nonzero(usable)[:, 0])


class _Frames(NamedTuple):
    """Residues, `n` each, whose frames are three of the crop's moved Cα.

    Attributes
    ----------
    centre, before, after : Tensor (n,)
        Of the Cα; 0 for the centre of a position that is none.
    at, target : Tensor (n, 3)
        The given position, and the Cα that is to be found from it.
    is_calpha : Tensor (n,)
        1, or 0 for a position that is none.
    usable : Tensor (n,) bool
    """

    centre: Tensor
    before: Tensor
    after: Tensor
    at: Tensor
    target: Tensor
    is_calpha: Tensor
    usable: Tensor


def _inside(points: Tensor, side: int) -> Tensor:
    """Which points (n, 3) have their surroundings in the crop."""
    return ((points >= EDGE) & (points <= side - 1 - EDGE)).all(1)


def _spoil(
    given: _Frames,
    molecule: Molecules,
    true: Tensor,
    moved: Tensor,
    side: int,
    generator: torch.Generator,
) -> tuple[_Frames, Tensor]:
    """Add the errors of a search for Cα.

    Returns
    -------
    _Frames
        With wrong neighbours, chains read backwards and false positions among them.
    Tensor (m, 3)
        Positions that a search found: of the moved Cα without some, with false ones.
    """
    device = true.device

    def random(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator, device=device)

    keep = random(len(true)) > MISSED * random(1)
    elsewhere = molecule.positions[molecule.kind == _SIDE_CHAIN].flip(-1)
    elsewhere = elsewhere[random(len(elsewhere)) < FALSE_CALPHA * random(1)]
    false = elsewhere[torch.cdist(elsewhere, true).amin(1) > FALSE_DISTANCE]
    around = torch.cat([moved[keep], false[random(len(false)) < SHOWN_FALSE]])
    false = false[_inside(false, side)]
    none = torch.zeros(len(false), dtype=torch.long, device=device)
    at = torch.cat([given.at, false])
    distance = torch.cdist(at, moved)
    near = (distance < REACH) & (distance > NEAREST)
    usable = near.sum(1) >= 2
    pair = torch.multinomial(near.float() + TINY, 2, generator=generator)
    first, last = torch.cat([given.before, none]), torch.cat([given.after, none])
    draw = random(len(at))
    is_false = torch.arange(len(at), device=device) >= len(given.centre)
    other = usable & ((draw < WRONG_NEIGHBOURS) | is_false)
    backwards = ~other & (draw < BACKWARDS)
    spoilt = _Frames(
        torch.cat([given.centre, none]),
        torch.where(other, pair[:, 0], torch.where(backwards, last, first)),
        torch.where(other, pair[:, 1], torch.where(backwards, first, last)),
        at,
        torch.cat([given.target, false]),
        torch.cat([given.is_calpha, torch.zeros(len(false), device=device)]),
        usable | ~is_false,
    )
    return spoilt, around
