"""Stage fit: the person's model placed in the map, wherever it may be, domain by domain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from critasser.calpha import find_calpha
from critasser.calpha.positions import MOST_A_RESIDUE
from critasser.density import (
    FeatureMaps,
    averaged_over_units,
    read_map,
)
from critasser.errors import InputError
from critasser.fitting import (
    LEAST_Z,
    Placement,
    distinct_places,
    fit_structure,
    least_score,
    moves_of,
    network_fields,
    placed_domains,
    read_predicted_error,
    share_near,
    units_in_map,
)
from critasser.job.arrays import load_features
from critasser.job.records import plain, write_json
from critasser.pipeline.files import DENSITY, FEATURES, PLACES, SEEN, UNITS
from critasser.pipeline.model_chains import ModelChains
from critasser.pipeline.stage import Context, Stage, Task
from critasser.pipeline.stages.placed_model import (
    ALONE,
    PlacedModel,
    described,
    moved,
    remarks,
    write_place,
)
from critasser.pipeline.stages.side_chains import SideChains
from critasser.pipeline.stages.symmetry import load_units
from critasser.structure import Symmetry

__all__ = ["STAGE", "SYMMETRIC_STAGE"]

SEARCH_SHARE = 0.9
"""Share of the stage's time for finding places."""


def model_fit(context: Context) -> None:
    """Find the places, write the model in each, and say how sure they are."""
    _fit(context, ALONE)


def symmetric_fit(context: Context) -> None:
    """As `model_fit`, of a map with a symmetry: its units are one place.

    Notes ``units``: how many the best place has.
    """
    symmetry, _ = load_units(context)
    context.note(units=_fit(context, symmetry))


def _fit(context: Context, symmetry: Symmetry) -> int:
    chains = ModelChains.of(context.model)
    features = load_features(context.read(FEATURES), context.read(DENSITY))
    seen = features
    if len(symmetry) > 1:
        seen = averaged_over_units(features, symmetry.rotation, symmetry.shift)
    pae = context.external("pae")
    error = None if pae is None else read_predicted_error(pae, context.model.chains)
    placements = fit_structure(
        chains.calpha,
        network_fields(seen),
        rng=context.rng,
        trusted=chains.trusted,
        error=error,
        numbers=chains.numbers,
        kinds=chains.kinds,
        equals=True,
        rigid=context.settings["rigid"],
        symmetry=symmetry if len(symmetry) > 1 else None,
        progress=lambda done, told: context.progress(SEARCH_SHARE * done, told),
    )
    positions = _positions(features, len(chains))
    places = _places(placements, chains, positions)
    if not places:
        raise InputError(_refusal(context, placements[0]))
    places = _by_side_chains(context, places, chains)
    density = read_map(context.read(DENSITY))
    places = [
        replace(places[k], units=units_in_map(places[k].calpha, symmetry, density))
        for k in distinct_places([one.calpha for one in places], symmetry)
    ]
    told = []
    for rank, place in enumerate(places, 1):
        context.progress(SEARCH_SHARE, f"writing place {rank} of {len(places)}")
        write_place(context, rank, place, chains)
        told.append(described(context, rank, place, chains, density))
    write_json(context.file(PLACES), plain({"places": told}))
    for line in remarks(places, chains):
        context.warn(line)
    units = len(places[0].units)
    copies = f" of {units} units" if units > 1 else ""
    context.say(
        f"{len(places)} {'place' if len(places) == 1 else 'places'}{copies}; "
        f"{places[0].share:.0%} of Cα within 3 Å of a position of the map"
    )
    return units


def _positions(features: FeatureMaps, length: int) -> NDArray[np.float64]:
    """Cα positions of all that the map holds, which may be much more than the model."""
    while True:
        found = find_calpha(features, length)
        if len(found) < MOST_A_RESIDUE * length:
            return found.positions
        length *= 2


def _places(
    placements: tuple[Placement, ...], chains: ModelChains, positions: NDArray[np.float64]
) -> list[PlacedModel]:
    """Places of the model in which a domain lies better than by chance, best first."""
    found = []
    for placement in placements:
        domains = placed_domains(placement, len(placements))
        if not any(one.placed for one in domains):
            continue
        moves, body = moves_of(placement, domains, chains.calpha, chains.numbers)
        calpha = moved(moves, body, chains.calpha)
        share, _ = share_near(np.where(chains.trusted[:, None], calpha, np.nan), positions)
        _, distance = share_near(calpha, positions)
        found.append(PlacedModel(domains, moves, body, calpha, distance, share))
    return sorted(found, key=lambda place: -place.share)


def _by_side_chains(
    context: Context, places: list[PlacedModel], chains: ModelChains
) -> list[PlacedModel]:
    """Places but those of which side chains in the map speak against the model's letters.

    Where they speak against all, all are left and it is told: a distant relative lies well too.
    """
    side_chains = SideChains.of(context, own=True)
    if side_chains is None:
        return places
    told = [
        side_chains.told(
            0, chains.calpha, place.calpha, np.where(place.has_place, chains.codes, -1)
        )
        for place in places
    ]
    found = [place for place, one in zip(places, told) if not one.against]
    if not found:
        context.warn(
            f"{context.task.inputs.model.name} {told[0].against}: it is of another sequence, as a "
            "distant relative of what is there is, or of another fold; look whether it fits"
        )
    return found or places


def _refusal(context: Context, placement: Placement) -> str:
    """Why the model is taken for one that is not in the map."""
    fits = [fit for fit in (placement.whole, *placement.fits) if fit is not None and len(fit.poses)]
    model, density = context.task.inputs.model, context.task.inputs.map
    line = f"{model}: has no place in {density.name} that is better than chance"
    if fits:
        first = fits[0]
        needed = least_score(int(np.sum(placement.domain >= 0)))
        runner_up = f"; runner-up {first.z_score[1]:.1f}" if len(first.z_score) > 1 else ""
        line += (
            f" (score {first.score[0]:.2f}, what is in a map has {needed:.2g} or more; "
            f"z-score {first.z_score[0]:.1f}, {LEAST_Z:g} or more{runner_up})"
        )
    return f"{line}; give a model of what is in the map, a mask of the part where it is, or the PAE"


def _settings(task: Task) -> Mapping[str, object]:
    return {"rigid": task.options.rigid}


STAGE = Stage(
    "fit",
    model_fit,
    reads=(DENSITY, SEEN, FEATURES),
    facts={"resolution": "density"},
    settings=_settings,
    external=("model", "pae", "residue_weights"),
    draws=True,
)

SYMMETRIC_STAGE = replace(
    STAGE,
    body=symmetric_fit,
    reads=(*STAGE.reads, UNITS),
    facts={**STAGE.facts, "map_symmetry": "symmetry"},
)
"""The same where the symmetry of the map is given."""
