"""Fit a known structure into the map, domain by domain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from critasser.fitting.body import Body, Poses
from critasser.fitting.choice import Candidate, choose_together
from critasser.fitting.domains import domains_by_contacts, domains_by_error
from critasser.fitting.fields import Fields
from critasser.fitting.refinement import refine_poses
from critasser.fitting.rigid import FINE_BLUR, RigidFit, fit_body

__all__ = ["Placement", "fit_structure", "trusted_residues"]

LEAST_CONFIDENCE = 70.0
"""pLDDT below which residues of a predicted structure take no part in the fit."""

FEWEST_RESIDUES = 20
"""Residues without which a body is not searched for."""

BASELINE = -0.6
"""Field score that wrong poses reach in 19 of 20 searches (maps of validation chains that do not
hold the structure, 3 to 15 Å); a pose is worth what it has above this."""

POSES_A_BODY = 12
"""Best poses of each body that are chosen from."""

JOINED_GAIN = 0.05
"""Worth a residue, in units of the field, that bodies keep their places to each other: domains go
their own ways only where the map asks for it."""


@dataclass(frozen=True, eq=False)
class Placement:
    """A structure in the map.

    Attributes
    ----------
    positions : ndarray (n, 3)
        Cα in the map's frame, Å; NaN for residues that no placed domain holds.
    domain : ndarray (n,)
        Domain of each residue; −1 for none.
    fits : tuple of RigidFit
        Of each domain, in order.
    placed : tuple of bool
        Which domains have a place.
    """

    positions: NDArray[np.float64]
    domain: NDArray[np.int64]
    fits: tuple[RigidFit, ...]
    placed: tuple[bool, ...]


def trusted_residues(
    b_factor: NDArray[np.float64], *, predicted: bool
) -> NDArray[np.bool_]:
    """Residues (n,) of a structure that may take part in a fit, by pLDDT where it is predicted.

    Parameters
    ----------
    b_factor : ndarray (n,)
        Of the Cα; pLDDT of 0 to 100 or, as some programs write it, 0 to 1.
    predicted : bool
    """
    if not predicted or not len(b_factor):
        return np.ones(len(b_factor), dtype=bool)
    scale = 100.0 if np.nanmax(b_factor) <= 1.0 else 1.0
    return scale * b_factor >= LEAST_CONFIDENCE


def fit_structure(
    calpha: NDArray[np.float64],
    fields: Fields,
    *,
    rng: np.random.Generator,
    trusted: NDArray[np.bool_] | None = None,
    error: NDArray[np.float64] | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> Placement:
    """Find the places of a structure's domains in the map, all chosen together.

    Parameters
    ----------
    calpha : ndarray (n, 3)
        Of one chain in order, Å, in any frame; NaN where missing.
    fields : Fields
        Of the cropped map at 1 Å.
    rng : numpy.random.Generator
    trusted : ndarray (n,) of bool, optional
        Residues that take part in the fit; all without it. The others move with the domain
        nearest along the chain.
    error : ndarray (n, n), optional
        Predicted aligned error in Å, which cuts the domains; contacts do without it.
    progress : callable, optional
        Told fraction and message; may raise `Cancelled`.

    Returns
    -------
    Placement
    """
    present = np.isfinite(calpha).all(axis=1)
    usable = present if trusted is None else present & trusted
    points = np.where(usable[:, None], calpha, np.nan)
    domain = domains_by_contacts(points) if error is None else domains_by_error(error)
    domain = np.where(usable, domain, -1)
    count = int(domain.max(initial=-1)) + 1
    if count == 0:
        domain = np.where(usable, 0, -1)
        count = int(usable.any())
    members = [np.flatnonzero(domain == d) for d in range(count)]
    members = [m for m in members if len(m) >= FEWEST_RESIDUES]
    searched = [np.flatnonzero(usable), *members] if len(members) > 1 else members
    fits = []
    for number, rows in enumerate(searched):

        def report(fraction: float, message: str, number: int = number) -> None:
            if progress is not None:
                progress((number + fraction) / len(searched), f"body {number + 1}: {message}")

        body = Body.of(np.where(np.isin(np.arange(len(calpha)), rows)[:, None], calpha, np.nan))
        fits.append((body, fit_body(body, fields, rng=rng, progress=report)))
    if not fits:
        return Placement(np.full(calpha.shape, np.nan), domain, (), ())
    if len(members) <= 1:
        body, fit = fits[0]
        placed = fit.found and fit.poses.score[0] > BASELINE
        positions = fit.poses.apply(body, 0, calpha) if placed else np.full(calpha.shape, np.nan)
        return Placement(positions, np.where(usable, 0, -1), (fit,), (placed,))
    chosen = _choose(calpha, members, fits, fields)
    positions = np.full(calpha.shape, np.nan)
    for d, pose in chosen.items():
        body, poses, k = pose
        rows = members[d]
        positions[rows] = poses.apply(body, k, calpha[rows])
    _carry_along(calpha, positions, members, chosen, present)
    placed = tuple(d in chosen for d in range(len(members)))
    return Placement(positions, domain, tuple(fit for _, fit in fits[1:]), placed)


def _choose(
    calpha: NDArray[np.float64],
    members: list[NDArray[np.int64]],
    fits: list[tuple[Body, RigidFit]],
    fields: Fields,
) -> dict[int, tuple[Body, Poses, int]]:
    """The pose of each domain: its own, or that of the whole structure, refined for it."""
    whole_body, whole = fits[0]
    fine = fields.blurred(FINE_BLUR)
    candidates: list[Candidate] = []
    places: list[tuple[int, Body, Poses, int]] = []
    for d, rows in enumerate(members):
        body, fit = fits[d + 1]
        own = fit.poses.select(np.arange(min(len(fit.poses), POSES_A_BODY)))
        joint = whole.poses.select(np.arange(min(len(whole.poses), POSES_A_BODY)))
        carried = Poses(
            joint.rotation,
            np.array(
                [whole.poses.apply(whole_body, k, body.centre[None])[0] for k in range(len(joint))]
            ).reshape(-1, 3),
            joint.score,
        )
        carried = refine_poses(body, fine, carried)
        poses = Poses(
            np.concatenate([own.rotation, carried.rotation]),
            np.concatenate([own.centre, carried.centre]),
            np.concatenate([own.score, carried.score + JOINED_GAIN]),
        )
        poses = poses.distinct(body, 1.0, 2 * POSES_A_BODY)
        for k in range(len(poses)):
            candidates.append(
                Candidate(
                    d,
                    0,
                    rows,
                    poses.apply(body, k, calpha[rows]),
                    len(rows) * float(poses.score[k] - BASELINE),
                )
            )
            places.append((d, body, poses, k))
    return {
        places[c][0]: places[c][1:] for c in choose_together(candidates)
    }


def _carry_along(
    calpha: NDArray[np.float64],
    positions: NDArray[np.float64],
    members: list[NDArray[np.int64]],
    chosen: dict[int, tuple[Body, Poses, int]],
    present: NDArray[np.bool_],
) -> None:
    """Put residues between domains where the nearer placed one along the chain has them."""
    if not chosen:
        return
    rows = np.concatenate([members[d] for d in chosen])
    owner = np.concatenate([np.full(len(members[d]), d) for d in chosen])
    left = np.flatnonzero(present & ~np.isfinite(positions).all(axis=1))
    others = np.concatenate([m for d, m in enumerate(members) if d not in chosen] or [[]])
    left = np.setdiff1d(left, others)
    for i in left:
        body, poses, k = chosen[int(owner[np.argmin(np.abs(rows - i))])]
        positions[i] = poses.apply(body, k, calpha[i][None])[0]
