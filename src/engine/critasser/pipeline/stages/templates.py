"""Stage templates: the person's structures, placed by Cα positions and by the density."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from critasser.density import FeatureMaps
from critasser.fitting import (
    CHANCE_SCORE,
    FEWEST_RESIDUES,
    FINE_BLUR,
    LEAST_CONFIDENCE,
    Fields,
    Placement,
    enough_placed,
    fit_structure,
    least_score,
    network_fields,
    placed_domains,
    read_predicted_error,
    trusted_residues,
    values_in_place,
)
from critasser.job.arrays import load_calpha, load_features, save_templates, write_table
from critasser.pipeline.files import CALPHA, DENSITY, FEATURES, TEMPLATES
from critasser.pipeline.stage import Context, Stage, named_sequences
from critasser.pipeline.stages.judged_templates import judged_by_map
from critasser.pipeline.stages.trace import SHOWN
from critasser.shipped import SEQUENCE_NETWORK
from critasser.structure import (
    ProteinChain,
    Template,
    read_chains,
    write_calpha,
)
from critasser.templates import AS_GOOD, PlacedChain, copies_asked, survey
from critasser.text import printable

__all__ = [
    "STAGE",
    "DensityFit",
    "errors_of_chains",
    "fit_by_density",
]

SEARCH_SECONDS = 6.0
"""Of a chain's search in the density, of 200 residues."""

SEARCH_SHARE = 0.7
"""Of the stage's time, where several chains are searched for in parallel."""

SCORE_BY_CALPHA = 0.1
"""Score that a place by Cα positions alone must pass, where the density has none: proteins in their
own maps, bent ones too, had 0.35 or more, other folds -0.03 or less (``benchmark.foreign``)."""


def templates(context: Context) -> None:
    """Place each chain of each template in the map and read it as the target.

    Two searches place it: triangles of its Cα on those of the map, and its domains, as rigid
    bodies, in what the network saw. Whatever explains more positions counts.
    """
    calpha, _, trusted = load_calpha(context.read(CALPHA))
    files = context.all_external("template_*")
    chains, errors = [], []
    for number, path in enumerate(files, start=1):
        own = read_chains(path)
        chains += own
        errors += errors_of_chains(own, context.external(f"pae_{number:02d}"))
    fit, share = None, 0.0
    if chains:
        features = load_features(context.read(FEATURES), context.read(DENSITY))
        fit = fit_by_density(chains, features, context.rng, errors=errors, tell=context.warn)
        share = _place_at_once(context, fit)

    def told(done: float, message: str) -> None:
        context.progress(share + (1.0 - share) * done, message)

    found = survey(chains, calpha, context.target, progress=told, fit=fit)
    used = judged_by_map(
        found.templates, calpha, context.target,
        trusted=trusted, fields=fit and fit.fine, resolution=context.fact("resolution"),
        tell=context.warn,
    )  # fmt: skip
    elsewhere = _write_elsewhere(context, found.elsewhere)
    save_templates(context.file(TEMPLATES), used, len(context.target))
    for k, template in enumerate(used):
        kind = "templates" if k < SHOWN else None
        write_calpha(
            context.file(f"3_templates/template_{k + 1:02d}.cif", kind, f"template {k + 1}"),
            template.positions,
            context.target,
            np.full(len(context.target), 100.0 * np.clip(template.score, 0.0, 1.0)),
            title=f"Critasser template {k + 1}: {printable(template.source)}",
        )
    write_table(
        context.file("3_templates/templates.csv", "table", "templates"),
        ("template", "CRscore", "placed", "register z-score", "places", "source"),
        [
            (k + 1, t.score, int(t.placed.sum()), t.z_score, 1 + others, t.source)
            for k, (t, others) in enumerate(zip(used, elsewhere))
        ],
    )
    for rejected in found.rejected:
        context.warn(f"template {rejected.source} is not used: {rejected.reason}")
    context.note(templates=len(used))
    led = sum(error is not None for error in errors)
    told = f"; {led} chains cut by their predicted aligned error" if led else ""
    context.say(f"{len(used)} of {len(files)} files{told}" if files else "none given")


def _place_at_once(context: Context, fit: DensityFit) -> float:
    """Search the density for several chains in parallel, where others can; the share then done."""
    copies = [copies_asked(chain, context.target) for chain in fit.chains]
    numbers = [number for number, count in enumerate(copies) if count]
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
        fit.found[number] = done.result
        context.run.cpu_elsewhere += done.cpu_seconds
    return SEARCH_SHARE


def _write_elsewhere(
    context: Context, elsewhere: Sequence[Sequence[Template]]
) -> tuple[int, ...]:
    """Write the other places of each template; returns how many each has."""
    for k, others in enumerate(elsewhere, start=1):
        for place, one in enumerate(others, start=2):
            write_calpha(
                context.file(f"3_templates/template_{k:02d}_place_{place}.cif"),
                one.positions,
                context.target,
                np.full(len(context.target), 100.0 * np.clip(one.score, 0.0, 1.0)),
                title=f"Critasser template {k} in place {place}: {printable(one.source)}",
            )
    return tuple(map(len, elsewhere))


def errors_of_chains(
    chains: Sequence[ProteinChain], path: Path | None
) -> list[NDArray[np.float64] | None]:
    """Predicted aligned error of each chain of a file, from that of the whole; None without one.

    Raises
    ------
    InputError
        It cannot be read, or is of another number of residues.
    """
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
    least : dict of int to float
        Score that chains must pass whose best place is clear, once they were searched for.
    unfound : set of int
        Chains that have no place by the density, as `placed_domains` judges it.
    found : dict of int to tuple of Placement
        What the search found for chains that it was made for already.
    """

    chains: tuple[ProteinChain, ...]
    fields: Fields
    rng: np.random.Generator
    errors: tuple[NDArray[np.float64] | None, ...] = ()
    tell: Callable[[str], None] | None = None
    least: dict[int, float] = field(default_factory=dict)
    unfound: set[int] = field(default_factory=set)
    found: dict[int, tuple[Placement, ...]] = field(default_factory=dict)

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
            self.least[number] = (first.whole or first.fits[0]).least(np.inf)
        if self.tell is not None:
            for line in _remarks(trusted_residues(chain), placements, copies):
                self.tell(f"template {number + 1} (chain {printable(chain.name)}): {line}")
        return [
            PlacedChain(one.positions, one.bodies) for one in placements if any(one.placed)
        ]

    def gain(
        self, number: int, positions: NDArray[np.float64], wanted: NDArray[np.bool_]
    ) -> float:
        """What the wanted residues of a chain (n, 3) gain by the density in a place."""
        counted = self._asked(number, wanted) & np.isfinite(positions).all(axis=1)
        return float(np.sum(values_in_place(positions, self.fine)[counted] - CHANCE_SCORE))

    def _asked(self, number: int, wanted: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Residues of a chain that speak for it: those that a prediction is sure of."""
        chain = self.chains[number]
        asked = np.isfinite(chain.calpha).all(axis=1) & wanted
        sure = asked & trusted_residues(chain)
        return sure if sure.sum() >= FEWEST_RESIDUES else asked  # fewer are somewhere by chance

    def against(
        self, number: int, positions: NDArray[np.float64], wanted: NDArray[np.bool_]
    ) -> str:
        """Why a chain (n, 3) in a place is not what the map shows there; empty if it may be."""
        asked = self._asked(number, wanted)
        counted = asked & np.isfinite(positions).all(axis=1)
        here = int(counted.sum())
        if not here or not enough_placed(here, int(asked.sum())):
            return f"has a place in the map for {here} of {int(asked.sum())} residues only"
        score = float(values_in_place(positions, self.fine)[counted].mean())
        if number in self.unfound:
            least = SCORE_BY_CALPHA
        else:
            least = min(least_score(here), self.least.get(number, np.inf))
        if score > least:
            return ""
        return (
            "has no place in the map that is better than chance (score "
            f"{score:.2f}, what is in a map has {least:.2g} or more)"
        )


def fit_by_density(
    chains: Sequence[ProteinChain],
    features: FeatureMaps,
    rng: np.random.Generator,
    *,
    errors: Sequence[NDArray[np.float64] | None] = (),
    tell: Callable[[str], None] | None = None,
) -> DensityFit:
    """Template chains in the density of the cropped map at 1 Å; the rest as in `DensityFit`."""
    return DensityFit(tuple(chains), network_fields(features), rng, tuple(errors), tell)


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


STAGE = Stage(
    "templates",
    templates,
    reads=(CALPHA, DENSITY, FEATURES),
    facts={"resolution": "density", "absent": "sequences"},
    settings=named_sequences,
    external=("template_*", "pae_*", "trace.npz", SEQUENCE_NETWORK),
    draws=True,
)
