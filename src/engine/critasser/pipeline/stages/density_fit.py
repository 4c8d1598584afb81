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

from critasser.density import FeatureMaps, averaged_over_units
from critasser.fitting import (
    CHANCE_DETAIL,
    FEWEST_RESIDUES,
    FINE_BLUR,
    Fields,
    Placement,
    enough_placed,
    fit_structure,
    least_score,
    lying,
    network_fields,
    read_predicted_error,
    trusted_residues,
    values_in_place,
)
from critasser.pipeline.stage import Context
from critasser.pipeline.stages.density_places import DensityPlaces, remarks
from critasser.pipeline.stages.nucleic import protein_features
from critasser.pipeline.stages.side_chains import UNTOLD, SideChains
from critasser.pipeline.stages.symmetry import load_units
from critasser.structure import ProteinChain, read_chains
from critasser.templates import LEAST_Z_BY_FOLD, PlacedChain, copies_asked
from critasser.text import printable

__all__ = [
    "DensityFit",
    "fit_by_density",
    "fitted_features",
    "search_at_once",
    "template_chains",
]

SCORE_BY_CALPHA = 0.1
"""Score that a place by Cα positions alone must pass, where the density has none: proteins in their
own maps, bent ones too, had 0.35 or more, other folds -0.03 or less (``benchmark.foreign``)."""

SEARCH_SECONDS = 6.0
"""Of a chain's search in the density, of 200 residues."""

SEARCH_SHARE = 0.7
"""Of the stage's time, where several chains are searched for in parallel."""

CLEAR_FOLD = 4.5
"""Deviations from which a fold is believed to be that of the map, though parts of it differ and its
score is poor: of six maps the best fold of those that are not alike stood out by 2.2 to 4.5."""


def fitted_features(context: Context) -> FeatureMaps:
    """What the network saw of protein, averaged over the units of a sure symmetry."""
    features = protein_features(context)
    symmetry, certain = load_units(context)
    if not certain:
        return features
    return averaged_over_units(features, symmetry.rotation, symmetry.shift)


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
        Given a line for all of a chain that took no part, found no place, or fits elsewhere too,
        when it is searched for.
    stand_out : mapping of int to float
        Of chains of known folds that were looked for, the deviations by which theirs suits the map
        better than those of others.
    found : dict of int to DensityPlaces
        What the search found for chains that it was made for already.
    side_chains : SideChains or None
        What the map shows of side chains, where it does.
    """

    chains: tuple[ProteinChain, ...]
    fields: Fields
    rng: np.random.Generator
    errors: tuple[NDArray[np.float64] | None, ...] = ()
    tell: Callable[[str], None] | None = None
    stand_out: Mapping[int, float] = field(default_factory=dict)
    found: dict[int, DensityPlaces] = field(default_factory=dict)
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
        if number not in self.found:
            self.take(number, self.placements(number, copies, progress), copies)
        return list(self.found[number].places)

    def take(self, number: int, placements: Sequence[Placement], copies: int) -> None:
        """Keep what a search for so many copies of a chain found, and tell what is odd of it."""
        chain = self.chains[number]
        self.found[number] = DensityPlaces.of(placements, copies)
        if self.tell is not None:
            for line in remarks(trusted_residues(chain), placements, copies):
                self.tell(f"{printable(chain.title)}: {line}")

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
        known = self.found.get(number, DensityPlaces())
        least = least_score(here) if known.found else SCORE_BY_CALPHA
        clear = known.found and (detail > known.clear or self.certain(number))
        clear |= number in self.stand_out and z_score >= LEAST_Z_BY_FOLD
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
    stand_out: Mapping[int, float] | None = None,
    side_chains: SideChains | None = None,
) -> DensityFit:
    """Template chains in the density of the cropped map at 1 Å; the rest as in `DensityFit`."""
    return DensityFit(
        tuple(chains), network_fields(features), rng, tuple(errors), tell, stand_out or {},
        side_chains=side_chains,
    )  # fmt: skip


def search_at_once(context: Context, fit: DensityFit) -> float:
    """Search the density for the chains that are left in parallel, where others can; returns the
    share of the stage's time that is over then."""
    copies = [copies_asked(chain, context.target) for chain in fit.chains]
    numbers = [k for k, count in enumerate(copies) if count and k not in fit.found]
    if not numbers or context.executor.at_once(len(numbers), SEARCH_SECONDS) < 2:
        return 0.0
    found = context.executor.map(
        fit_structure,
        [fit.asked(number, copies[number]) for number in numbers],
        shared={"fields": fit.fields, "equals": True},
        seconds=SEARCH_SECONDS,
        progress=lambda done, message: context.progress.of_stage(SEARCH_SHARE * done, message),
        tell=context.run.job.log,
    )
    for number, done in zip(numbers, found):
        fit.take(number, done.result, copies[number])
        context.run.cpu_elsewhere += done.cpu_seconds
    return SEARCH_SHARE
