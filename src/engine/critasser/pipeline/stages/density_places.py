"""Places that the density alone has for template chains, and the file that keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from critasser.errors import InputError
from critasser.fitting import LEAST_CONFIDENCE, Placement, placed_domains
from critasser.job.arrays import load_arrays, save_arrays
from critasser.templates import AS_GOOD, PlacedChain

__all__ = ["DensityPlaces", "load_places", "remarks", "save_places"]


@dataclass(frozen=True, eq=False)
class DensityPlaces:
    """What the search of the density finds for a template chain.

    Attributes
    ----------
    places : tuple of PlacedChain
        Best first.
    found : bool
        Whether one of its domains has a place that is better than chance, see `placed_domains`.
    clear : float
        Detail above which a place is that of the clear best pose; infinite where none is clear.
    """

    places: tuple[PlacedChain, ...] = ()
    found: bool = True
    clear: float = np.inf

    @classmethod
    def of(cls, placements: Sequence[Placement], copies: int) -> DensityPlaces:
        """Those of a search for so many copies, best placement first."""
        first = placements[0]
        whole = first.whole or (first.fits[0] if len(first.fits) == 1 else None)
        return cls(
            tuple(PlacedChain(one.positions, one.bodies) for one in placements if any(one.placed)),
            any(domain.placed for domain in placed_domains(first, copies)),
            np.inf if whole is None else whole.clear_detail,
        )


def remarks(
    trusted: NDArray[np.bool_], placements: Sequence[Placement], copies: int
) -> list[str]:
    """What a person should know of a fit, a line each; the best placement first."""
    lines, placement = [], placements[0]
    if not trusted.all():
        lines.append(
            f"{int((~trusted).sum())} of {len(trusted)} residues have a predicted confidence "
            f"below {LEAST_CONFIDENCE:g} and take no part in the fit to the density"
        )
    lost = [d for d, placed in enumerate(placement.placed) if not placed]
    if lost and len(lost) < len(placement.placed):
        residues = int(np.isin(placement.domain, lost).sum())
        lines.append(
            f"{len(lost)} of {len(placement.placed)} domains ({residues} residues) have no place "
            "in the density of their own"
        )
    # Places that all of it fits: a small domain by itself may fit many.
    held = [int(np.isfinite(one.positions).all(axis=1).sum()) for one in placements]
    equal = sum(here >= AS_GOOD * held[0] for here in held)
    if equal > copies and any(placement.placed):
        lines.append(
            f"fits {equal} places of the map about equally well; {copies} "
            f"{'is' if copies == 1 else 'are'} built"
        )
    return lines


def save_places(path: Path, found: Sequence[DensityPlaces | None]) -> None:
    """Keep the places of chains, in their order; None for one that was not looked for."""
    known = [one or DensityPlaces() for one in found]
    every = [place for one in known for place in one.places]
    save_arrays(
        path,
        looked=np.array([one is not None for one in found], dtype=bool),
        found=np.array([one.found for one in known], dtype=bool),
        clear=np.array([one.clear for one in known], dtype=np.float64),
        count=np.array([len(one.places) for one in known], dtype=np.int64),
        bodies=np.array([place.bodies for place in every], dtype=np.int64),
        residues=np.array([len(place.positions) for place in every], dtype=np.int64),
        positions=np.concatenate([np.empty((0, 3)), *(place.positions for place in every)]),
    )


def load_places(path: Path, lengths: Sequence[int]) -> dict[int, DensityPlaces]:
    """What `save_places` wrote of chains of these lengths, by their numbers.

    Raises
    ------
    InputError
        It is damaged, or of other chains.
    """
    looked, found, clear, count, bodies, residues, positions = load_arrays(
        path, "looked", "found", "clear", "count", "bodies", "residues", "positions"
    )
    chain = np.repeat(np.arange(len(count)), count)
    whole = len(looked) == len(found) == len(clear) == len(count) == len(lengths)
    whole = whole and len(bodies) == len(residues) == len(chain)
    if not whole or (residues != np.array([lengths[k] for k in chain], dtype=np.int64)).any() or (
        positions.shape != (residues.sum(), 3)
    ):
        raise InputError(f"{path}: damaged (of other chains); delete it and resume the job")
    parts = np.split(positions, np.cumsum(residues)[:-1]) if len(residues) else []
    places = [PlacedChain(one, int(many)) for one, many in zip(parts, bodies)]
    return {
        k: DensityPlaces(
            tuple(place for place, of in zip(places, chain) if of == k),
            bool(found[k]), float(clear[k]),
        )
        for k in range(len(lengths)) if looked[k]
    }  # fmt: skip
