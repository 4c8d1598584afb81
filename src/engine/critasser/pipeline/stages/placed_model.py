"""A person's model in a place of the map: how it is written, and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from critasser.density import Grid, crop, model_mask, pcc, simulate
from critasser.fitting import LEAST_CONFIDENCE, MOST_CLASHING, NEAR, DomainPlace, overlap_of_units
from critasser.job.arrays import write_table
from critasser.pipeline.model_chains import ModelChains
from critasser.pipeline.stage import Context
from critasser.structure import Symmetry, write_moved

__all__ = ["ALONE", "PlacedModel", "described", "moved", "remarks", "write_place"]

LONGEST_BOND = 4.5
"""Å between Cα of neighbours; a longer step is a bond that the placing has pulled apart."""

MASK_RADIUS = 3.0
"""Å around Cα in which density counts for the correlation."""

MARGIN = 6.0
"""Å around a domain that its correlation looks at."""

COLUMNS = ("chain", "residue", "insertion", "letter", "domain", "placed", "distance")

ALONE = Symmetry(np.eye(3)[None], np.zeros((1, 3)))
"""Of a map without symmetry."""


@dataclass(frozen=True, eq=False)
class PlacedModel:
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
    units : Symmetry
        Operations that make of the model in this place all of its kind in the map.
    """

    domains: tuple[DomainPlace, ...]
    moves: list[tuple[NDArray[np.float64], NDArray[np.float64]]]
    body: NDArray[np.int64]
    calpha: NDArray[np.float64]
    distance: NDArray[np.float64]
    share: float
    units: Symmetry = ALONE

    @property
    def has_place(self) -> NDArray[np.bool_]:
        """Residues (n,) of domains that have a place of their own."""
        found = np.zeros(len(self.calpha), dtype=bool)
        for one in self.domains:
            found[one.rows] = one.placed
        return found

    def moved(
        self, points: NDArray[np.float64], residue: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Points (m, 3) of residues (m,) where these come to lie."""
        return moved(self.moves, self.body[residue], points)


def moved(
    moves: list[tuple[NDArray[np.float64], NDArray[np.float64]]],
    body: NDArray[np.int64],
    points: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Points (m, 3), each moved with its body (m,)."""
    rotation = np.stack([rotation for rotation, _ in moves])[body]
    shift = np.stack([shift for _, shift in moves])[body]
    return np.einsum("nij,nj->ni", rotation, points) + shift


def write_place(context: Context, rank: int, place: PlacedModel, chains: ModelChains) -> None:
    """The moved model, and its residues as a table."""
    stem = f"5_models/model_{rank}"
    write_moved(
        context.file(f"{stem}.cif", "models", f"place {rank}, {place.share:.0%} near a position"),
        context.model,
        place.body,
        place.moves,
        title=f"Critasser fit, place {rank}",
        symmetry=place.units,
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


def described(
    context: Context, rank: int, place: PlacedModel, chains: ModelChains, density: Grid
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
        "units": len(place.units),
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


def remarks(places: list[PlacedModel], chains: ModelChains) -> list[str]:
    """What a person should know, a line each."""
    lines, best = [], places[0]
    overlap = overlap_of_units(best.calpha, best.units)
    if overlap > MOST_CLASHING:
        lines.append(
            f"in this place {overlap:.0%} of the residues lie in a copy of the model in another "
            "unit: the model has more than one unit, a part that the map does not have, or a "
            "wrong place"
        )
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
        bonds = "1 bond" if len(stretched) == 1 else f"{len(stretched)} bonds"
        lines.append(
            f"stretched: {bonds} between domains that moved apart, after "
            f"{chains.ranges(stretched)}; rebuild mends that"
        )
    return lines


def _stretched(place: PlacedModel, chains: ModelChains) -> NDArray[np.int64]:
    """Residues whose bond to the next one the placing has pulled apart."""
    neighbours = np.diff(chains.numbers) == 1
    before = np.linalg.norm(np.diff(chains.calpha, axis=0), axis=1)
    after = np.linalg.norm(np.diff(place.calpha, axis=0), axis=1)
    return np.flatnonzero(neighbours & (before <= LONGEST_BOND) & (after > LONGEST_BOND))
