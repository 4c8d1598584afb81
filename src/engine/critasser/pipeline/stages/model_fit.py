"""Stage fit: the person's model placed in the map, wherever it may be, domain by domain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from critasser.calpha import find_calpha
from critasser.calpha.positions import MOST_A_RESIDUE
from critasser.density import FeatureMaps, Grid, crop, model_mask, pcc, read_map, simulate
from critasser.errors import InputError
from critasser.fitting import (
    LEAST_CONFIDENCE,
    LEAST_Z,
    NEAR,
    DomainPlace,
    Placement,
    fit_structure,
    least_score,
    moves_of,
    network_fields,
    placed_domains,
    read_predicted_error,
    share_near,
)
from critasser.job.arrays import load_features, write_table
from critasser.job.records import plain, write_json
from critasser.pipeline.files import DENSITY, FEATURES, PLACES
from critasser.pipeline.model_chains import ModelChains
from critasser.pipeline.stage import Context, Stage, Task
from critasser.structure import write_moved

__all__ = ["STAGE"]

LONGEST_BOND = 4.5
"""Å between Cα of neighbours; a longer step is a bond that the placing has pulled apart."""

MASK_RADIUS = 3.0
"""Å around Cα in which density counts for the correlation."""

MARGIN = 6.0
"""Å around a domain that its correlation looks at."""

COLUMNS = ("chain", "residue", "insertion", "letter", "domain", "placed", "distance")

SEARCH_SHARE = 0.9
"""Share of the stage's time for finding places."""


@dataclass(frozen=True, eq=False)
class _Place:
    """The model in one place.

    Attributes
    ----------
    domains : tuple of DomainPlace
    moves : list of (ndarray (3, 3), ndarray (3,))
        Rotation and shift of each body.
    body : ndarray (n,) int64
        With which of them each residue moves.
    calpha : ndarray (n, 3)
        Where they come to lie, Å.
    distance : ndarray (n,)
        From there to the nearest position of the map, Å.
    share : float
        Of the trusted residues that lie near a position.
    """

    domains: tuple[DomainPlace, ...]
    moves: list[tuple[NDArray[np.float64], NDArray[np.float64]]]
    body: NDArray[np.int64]
    calpha: NDArray[np.float64]
    distance: NDArray[np.float64]
    share: float

    def moved(
        self, points: NDArray[np.float64], residue: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Points (m, 3) of residues (m,) where these come to lie."""
        return _moved(self.moves, self.body[residue], points)


def model_fit(context: Context) -> None:
    """Find the places, write the model in each, and say how sure they are."""
    chains = ModelChains.of(context.model)
    features = load_features(context.read(FEATURES), context.read(DENSITY))
    pae = context.external("pae")
    error = None if pae is None else read_predicted_error(pae, context.model.chains)
    placements = fit_structure(
        chains.calpha,
        network_fields(features),
        rng=context.rng,
        trusted=chains.trusted,
        error=error,
        numbers=chains.numbers,
        kinds=chains.kinds,
        equals=True,
        rigid=context.settings["rigid"],
        progress=lambda done, told: context.progress(SEARCH_SHARE * done, told),
    )
    positions = _positions(features, len(chains))
    places = _places(placements, chains, positions)
    if not places:
        raise InputError(_refusal(context, placements[0]))
    density = read_map(context.read(DENSITY))
    told = []
    for rank, place in enumerate(places, 1):
        context.progress(SEARCH_SHARE, f"writing place {rank} of {len(places)}")
        _write(context, rank, place, chains)
        told.append(_described(context, rank, place, chains, density))
    write_json(context.file(PLACES), plain({"places": told}))
    for line in _remarks(places, chains):
        context.warn(line)
    context.say(
        f"{len(places)} {'place' if len(places) == 1 else 'places'}; {places[0].share:.0%} of Cα "
        "within 3 Å of a position of the map"
    )


def _positions(features: FeatureMaps, length: int) -> NDArray[np.float64]:
    """Cα positions of all that the map holds, which may be much more than the model."""
    while True:
        found = find_calpha(features, length)
        if len(found) < MOST_A_RESIDUE * length:
            return found.positions
        length *= 2


def _places(
    placements: tuple[Placement, ...], chains: ModelChains, positions: NDArray[np.float64]
) -> list[_Place]:
    """Places of the model in which a domain lies better than by chance, best first."""
    found = []
    for placement in placements:
        domains = placed_domains(placement, len(placements))
        if not any(one.placed for one in domains):
            continue
        moves, body = moves_of(placement, domains, chains.calpha, chains.numbers)
        calpha = _moved(moves, body, chains.calpha)
        share, _ = share_near(np.where(chains.trusted[:, None], calpha, np.nan), positions)
        _, distance = share_near(calpha, positions)
        found.append(_Place(domains, moves, body, calpha, distance, share))
    return sorted(found, key=lambda place: -place.share)


def _moved(
    moves: list[tuple[NDArray[np.float64], NDArray[np.float64]]],
    body: NDArray[np.int64],
    points: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Points (m, 3), each moved with its body (m,)."""
    rotation = np.stack([rotation for rotation, _ in moves])[body]
    shift = np.stack([shift for _, shift in moves])[body]
    return np.einsum("nij,nj->ni", rotation, points) + shift


def _write(context: Context, rank: int, place: _Place, chains: ModelChains) -> None:
    """The moved model, and its residues as a table."""
    stem = f"5_models/model_{rank}"
    write_moved(
        context.file(f"{stem}.cif", "models", f"place {rank}, {place.share:.0%} near a position"),
        context.model,
        place.body,
        place.moves,
        title=f"Critasser fit, place {rank}",
    )
    domain, placed = np.zeros(len(chains), dtype=np.int64), np.zeros(len(chains), dtype=np.int64)
    for number, one in enumerate(place.domains, 1):
        domain[one.rows] = number
        placed[one.rows] = one.placed
    write_table(
        context.file(f"{stem}.csv"),
        COLUMNS,
        (
            (*name, number or "", has_place, "" if np.isnan(away) else away)
            for name, number, has_place, away in zip(
                chains.names, domain.tolist(), placed.tolist(), place.distance.tolist()
            )
        ),
    )


def _described(
    context: Context, rank: int, place: _Place, chains: ModelChains, density: Grid
) -> dict[str, object]:
    """What `results.json` says of a place."""
    resolution = context.fact("resolution")
    atoms = place.moved(chains.atoms, chains.residue)
    domains = []
    for one in place.domains:
        near = place.distance[one.rows]
        own = np.isin(chains.residue, one.rows)
        domains.append(
            {
                "residues": chains.ranges(one.rows),
                "count": len(one.rows),
                "placed": one.placed,
                "share_near": float(np.mean(near[np.isfinite(near)] <= NEAR)),
                "correlation": _correlation(
                    atoms[own], chains.amplitudes[own], density, resolution
                ),
                "z_score": _known(one.z_score),
                "verdict": one.verdict,
                "equal_places": one.places,
                "runner_up": _known(one.runner_up),
                "score": _known(one.score),
            }
        )
    return {
        "rank": rank,
        "file": f"5_models/model_{rank}.cif",
        "share_near": place.share,
        "correlation": _correlation(atoms, chains.amplitudes, density, resolution),
        "residues": len(chains),
        "domains": domains,
    }


def _correlation(
    atoms: NDArray[np.float64], amplitudes: NDArray[np.float64], density: Grid, resolution: float
) -> float:
    """Of the atoms' simulated density with the map, near the atoms."""
    part = crop(density, atoms.min(axis=0) - MARGIN, atoms.max(axis=0) + MARGIN)
    own = simulate(atoms, amplitudes, resolution, like=part)
    return pcc(own, part, model_mask(part, atoms, MASK_RADIUS))


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


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


def _remarks(places: list[_Place], chains: ModelChains) -> list[str]:
    """What a person should know, a line each."""
    lines, best = [], places[0]
    unsure = int((~chains.trusted).sum())
    if unsure:
        lines.append(
            f"{unsure} of {len(chains)} residues have a predicted confidence below "
            f"{LEAST_CONFIDENCE:g}: they take no part in the fit and go along with their neighbours"
        )
    if len(places) > 1:
        lines.append(
            f"the model fits {len(places)} places about equally well, as in a symmetric molecule "
            "or where it is there several times: there is a file for each"
        )
    for number, one in enumerate(best.domains, 1):
        where = f"domain {number} ({chains.ranges(one.rows)}, {len(one.rows)} residues)"
        if not one.placed:
            lines.append(
                f"{where} has no place of its own in the map: it goes along with its neighbour"
            )
        elif one.verdict == "ambiguous":
            runner_up = "" if np.isnan(one.runner_up) else f" (z-score {one.runner_up:.1f})"
            lines.append(
                f"{where} is ambiguous: of its {one.places} places with about this score the next "
                f"best{runner_up} is nearly as good as the one taken (z-score {one.z_score:.1f})"
            )
    stretched = _stretched(best, chains)
    if len(stretched):
        lines.append(
            f"{len(stretched)} {'bond' if len(stretched) == 1 else 'bonds'} between domains that "
            f"moved apart are stretched, after {chains.ranges(stretched)}: rebuild mends them"
        )
    return lines


def _stretched(place: _Place, chains: ModelChains) -> NDArray[np.int64]:
    """Residues whose bond to the next one the placing has pulled apart."""
    neighbours = np.diff(chains.numbers) == 1
    before = np.linalg.norm(np.diff(chains.calpha, axis=0), axis=1)
    after = np.linalg.norm(np.diff(place.calpha, axis=0), axis=1)
    return np.flatnonzero(neighbours & (before <= LONGEST_BOND) & (after > LONGEST_BOND))


def _settings(task: Task) -> Mapping[str, object]:
    return {"rigid": task.options.rigid}


STAGE = Stage(
    "fit",
    model_fit,
    reads=(DENSITY, FEATURES),
    facts={"resolution": "density"},
    settings=_settings,
    external=("model", "pae"),
    draws=True,
)
