"""Places of template chains by the density, and what is told of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from critasser.density import FeatureMaps
from critasser.fitting import (
    CHANCE_DETAIL,
    FEWEST_RESIDUES,
    FINE_BLUR,
    LEAST_CONFIDENCE,
    Fields,
    Placement,
    enough_placed,
    fit_structure,
    least_score,
    lying,
    network_fields,
    placed_domains,
    read_predicted_error,
    trusted_residues,
    values_in_place,
)
from critasser.pipeline.stages.side_chains import UNTOLD, SideChains
from critasser.structure import ProteinChain, read_chains
from critasser.templates import AS_GOOD, LEAST_Z_BY_FOLD, PlacedChain
from critasser.text import printable

__all__ = ["DensityFit", "fit_by_density", "template_chains"]

SCORE_BY_CALPHA = 0.1
"""Score that a place by Cα positions alone must pass, where the density has none: proteins in their
own maps, bent ones too, had 0.35 or more, other folds -0.03 or less (``benchmark.foreign``)."""

CLEAR_FOLD = 4.5
"""Deviations from which a fold is believed to be that of the map, though parts of it differ and its
score is poor: of six maps the best fold of those that are not alike stood out by 2.2 to 4.5."""


def template_chains(
    paths: Sequence[Path], pae: Sequence[Path | None]
) -> tuple[list[ProteinChain], list[NDArray[np.float64] | None]]:
    """The chains of all files, named by these, and the predicted aligned error of each.

    Parameters
    ----------
    paths : sequence of path
        Of structures.
    pae : sequence of path or None
        File of the predicted aligned error of each.

    Raises
    ------
    InputError
        A file cannot be read, or an error is of another number of residues.
    """
    names = [path.name for path in paths]
    chains: list[ProteinChain] = []
    errors: list[NDArray[np.float64] | None] = []
    for path, name, error in zip(paths, names, pae, strict=True):
        own = read_chains(path)
        errors += _errors_of_chains(own, error)
        file = name if names.count(name) == 1 else str(path)
        chains += [replace(one, file=file) for one in own]
    return chains, errors


def _errors_of_chains(
    chains: Sequence[ProteinChain], path: Path | None
) -> list[NDArray[np.float64] | None]:
    """Predicted aligned error of each chain of a file, from that of the whole; None without one."""
    if path is None:
        return [None] * len(chains)
    ends = np.cumsum([0, *map(len, chains)])
    whole = read_predicted_error(path, chains)
    return [whole[a:b, a:b] for a, b in pairwise(ends)]


@dataclass(frozen=True, eq=False)
class DensityFit:
    """Template chains in the density, see `templates.Fit`.

    Attributes
    ----------
    chains : tuple of ProteinChain
    fields : Fields
        Of what the networks see.
    rng : numpy.random.Generator
    errors : tuple of ndarray (n, n) or None
        Predicted aligned error of each chain in Å, which cuts it into domains; contacts do for
        those without, and for all where this is empty.
    tell : callable or None
        Given a line for all of a chain that took no part, found no place, or fits elsewhere too.
    given : int or None
        Of how many chains, from the first on, that is told, since a person gave them; None for all.
    stand_out : mapping of int to float
        Of chains of known folds that were looked for, the deviations by which theirs suits the map
        better than those of others.
    clear : dict of int to float
        Of chains that were searched for, the detail that tells a clear best place.
    unfound : set of int
        Chains that have no place by the density, as `placed_domains` judges it.
    found : dict of int to tuple of Placement
        What the search found for chains that it was made for already.
    side_chains : SideChains or None
        What the map shows of side chains, where it does.
    """

    chains: tuple[ProteinChain, ...]
    fields: Fields
    rng: np.random.Generator
    errors: tuple[NDArray[np.float64] | None, ...] = ()
    tell: Callable[[str], None] | None = None
    given: int | None = None
    stand_out: Mapping[int, float] = field(default_factory=dict)
    clear: dict[int, float] = field(default_factory=dict)
    unfound: set[int] = field(default_factory=set)
    found: dict[int, tuple[Placement, ...]] = field(default_factory=dict)
    side_chains: SideChains | None = None

    @cached_property
    def _generators(self) -> list[np.random.Generator]:
        """Of each chain, so that it makes no difference which is searched for first, or where."""
        return self.rng.spawn(len(self.chains))

    def asked(self, number: int, copies: int) -> dict[str, Any]:
        """What `fit_structure` is asked of a chain."""
        chain = self.chains[number]
        return {
            "calpha": chain.calpha,
            "rng": self._generators[number],
            "trusted": trusted_residues(chain),
            "error": self.errors[number] if self.errors else None,
            "copies": copies,
        }

    @cached_property
    def fine(self) -> Fields:
        """The fields as the last refinement has them."""
        return self.fields.blurred(FINE_BLUR)

    @cached_property
    def detail(self) -> Fields:
        """What tells places apart in the fields, as the last refinement has it."""
        return self.fields.detail.blurred(FINE_BLUR)

    def placements(
        self, number: int, copies: int, progress: Callable[[float, str], None] | None
    ) -> tuple[Placement, ...]:
        """All that the search finds for a chain."""
        if number in self.found:
            return self.found[number]
        return fit_structure(
            fields=self.fields, equals=True, progress=progress, **self.asked(number, copies)
        )

    def __call__(
        self,
        number: int,
        *,
        copies: int = 1,
        progress: Callable[[float, str], None] | None = None,
    ) -> list[PlacedChain]:
        """Places of a chain by the density, best first."""
        chain = self.chains[number]
        placements = self.placements(number, copies, progress)
        first = placements[0]
        if not any(domain.placed for domain in placed_domains(first, copies)):
            self.unfound.add(number)
        if first.whole is not None or len(first.fits) == 1:
            self.clear[number] = (first.whole or first.fits[0]).clear_detail
        if self.tell is not None and (self.given is None or number < self.given):
            for line in _remarks(trusted_residues(chain), placements, copies):
                self.tell(f"{printable(chain.title)}: {line}")
        return [
            PlacedChain(one.positions, one.bodies) for one in placements if any(one.placed)
        ]

    def gain(
        self, number: int, positions: NDArray[np.float64], wanted: NDArray[np.bool_]
    ) -> float:
        """What the wanted residues of a chain (n, 3) gain by the density's detail in a place."""
        counted = self._asked(number, wanted) & np.isfinite(positions).all(axis=1)
        return float(np.sum(values_in_place(positions, self.detail)[counted] - CHANCE_DETAIL))

    def lying(self, number: int, positions: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Residues (n,) in a place (n, 3) but for those of stretches that are off the density."""
        return lying(positions, self.fine)

    def along(self, number: int, positions: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """Log-odds (n, 20) of amino acids along a chain in a place (n, 3), where the map tells."""
        if self.side_chains is None:
            return None
        return self.side_chains.log_odds(number, self.chains[number].calpha, positions)

    def certain(self, number: int) -> bool:
        """Whether a chain's fold is known to be that of the map."""
        return self.stand_out.get(number, 0.0) >= CLEAR_FOLD

    def _asked(self, number: int, wanted: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Residues of a chain that speak for it: those that a prediction is sure of."""
        chain = self.chains[number]
        asked = np.isfinite(chain.calpha).all(axis=1) & wanted
        sure = asked & trusted_residues(chain)
        return sure if sure.sum() >= FEWEST_RESIDUES else asked  # fewer are somewhere by chance

    def against(
        self,
        number: int,
        positions: NDArray[np.float64],
        wanted: NDArray[np.bool_],
        letters: NDArray[np.int8],
        z_score: float = 0.0,
    ) -> str:
        """Why a chain (n, 3) in a place is not what the map shows there; empty if it may be."""
        asked = self._asked(number, wanted)
        counted = asked & np.isfinite(positions).all(axis=1)
        here = int(counted.sum())
        if not here or not enough_placed(here, int(asked.sum())):
            return f"has a place in the map for {here} of {int(asked.sum())} residues only"
        told = UNTOLD
        if self.side_chains is not None:
            told = self.side_chains.told(
                number, self.chains[number].calpha, positions, np.where(counted, letters, -1)
            )
        score = float(values_in_place(positions, self.fine)[counted].mean())
        detail = float(values_in_place(positions, self.detail)[counted].mean())
        unfound = number in self.unfound
        least = SCORE_BY_CALPHA if unfound else least_score(here)
        clear = not unfound and detail > self.clear.get(number, np.inf)
        told_by_fold = number in self.stand_out and z_score >= LEAST_Z_BY_FOLD
        clear |= not unfound and (self.certain(number) or told_by_fold)
        if not (score > least or clear or told.sure):
            return (
                "has no place in the map that is better than chance (score "
                f"{score:.2f}, what is in a map has {least:.2g} or more)"
            )
        return told.against


def fit_by_density(
    chains: Sequence[ProteinChain],
    features: FeatureMaps,
    rng: np.random.Generator,
    *,
    errors: Sequence[NDArray[np.float64] | None] = (),
    tell: Callable[[str], None] | None = None,
    given: int | None = None,
    stand_out: Mapping[int, float] | None = None,
    side_chains: SideChains | None = None,
) -> DensityFit:
    """Template chains in the density of the cropped map at 1 Å; the rest as in `DensityFit`."""
    return DensityFit(
        tuple(chains), network_fields(features), rng, tuple(errors), tell, given, stand_out or {},
        side_chains=side_chains,
    )  # fmt: skip


def _remarks(
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
