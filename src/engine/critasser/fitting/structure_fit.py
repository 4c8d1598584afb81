"""Fit a known structure into the map, domain by domain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from critasser.fitting.body import Body, Poses
from critasser.fitting.choice import Candidate, choose_together
from critasser.fitting.domains import domains_by_contacts, domains_by_error
from critasser.fitting.fields import Fields
from critasser.fitting.refinement import pose_score, pose_scores, refine_poses
from critasser.fitting.rigid import CHANCE_DETAIL, FINE_BLUR, SAME_PLACE, RigidFit, fit_body
from critasser.structure import Symmetry

__all__ = ["Placement", "fit_structure"]

FEWEST_RESIDUES = 20
"""Residues without which a body is not searched for."""

SHORTEST_RUN = 8
"""Residues in a row of one domain; shorter runs belong to none, and go along with their
neighbours: where a hinge is bent, ends of the one side touch the other."""

LONG_RUN = 20
"""Residues in a row that tell where a domain may lie beside others: shorter runs are often cut to
the wrong domain, and then lie in others or where no linker reaches."""

POSES_A_BODY = 12
"""Best poses of each body that are chosen from."""

OWN_IMAGE, APART = 0.9, 1000.0
"""Share of a body's residues that lie where another pose has the same residue of an equal chain,
from which the two are one; and Å that keep residues of other kinds out of reach."""

SAME_POSE = 1.0
"""Å root mean square; poses of a domain nearer than this are one."""

MOST_COPIES = 6
"""Copies of a structure that are placed at once; more take minutes to choose."""

NEAR_IMAGES, IMAGE_COST = 3, 0.01
"""Images of a domain's pose under the map's symmetry that are chosen from: of its own unit, and of
those to both sides. And worth a residue, in units of the field, that it lies in its own."""

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
    score, detail : tuple of float
        Of the place of each domain, as `RigidFit` has them; NaN for a domain without one.
    joined : tuple of bool
        Which domains lie where the whole structure's best pose puts them.
    whole : RigidFit or None
        Of all domains as one body; None where there is one domain, or where the structure as it is
        has no room in the map.
    """

    positions: NDArray[np.float64]
    domain: NDArray[np.int64]
    fits: tuple[RigidFit, ...]
    placed: tuple[bool, ...]
    score: tuple[float, ...] = ()
    detail: tuple[float, ...] = ()
    joined: tuple[bool, ...] = ()
    whole: RigidFit | None = None

    @property
    def bodies(self) -> int:
        """As how many rigid bodies it lies: domains that lie as in the whole are one."""
        joined = sum(placed and joined for placed, joined in zip(self.placed, self.joined))
        return sum(self.placed) - joined + min(joined, 1)


def fit_structure(
    calpha: NDArray[np.float64],
    fields: Fields,
    *,
    rng: np.random.Generator,
    trusted: NDArray[np.bool_] | None = None,
    error: NDArray[np.float64] | None = None,
    numbers: NDArray[np.int64] | None = None,
    kinds: NDArray[np.int64] | None = None,
    copies: int = 1,
    equals: bool = False,
    rigid: bool = False,
    symmetry: Symmetry | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> tuple[Placement, ...]:
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
    numbers : ndarray (n,) int64, optional
        Of the residues along their chain, ascending: a linker reaches as far as numbers lie apart.
        Counted from 0 without them.
    kinds : ndarray (n,) int64, optional
        Equal for the same residue of equal chains: poses in which these change places only are one.
    copies : int
        How many times the structure may be in the map.
    equals : bool
        Place it in as many places as are equally good, if those are more.
    rigid : bool
        Keep the structure as it is: one body, no domains.
    symmetry : Symmetry, optional
        Of the map: of places that are images of each other one counts, and domains come to lie
        together in one unit.
    progress : callable, optional
        Told fraction and message; may raise `Cancelled`.

    Returns
    -------
    tuple of Placement
        One for each copy that has a place, the best first; of a structure that has none, one
        without positions.
    """
    present = np.isfinite(calpha).all(axis=1)
    usable = present if trusted is None else present & trusted
    if usable.sum() < FEWEST_RESIDUES:
        usable = present
    domain, members = _domains(calpha, usable, error, rigid)
    if not members:
        return (Placement(np.full(calpha.shape, np.nan), domain, (), ()),)
    together = len(members) > 1 and _has_room(calpha[usable], fields)
    searched = [np.flatnonzero(usable), *members] if together else members
    bodies, fits = [], []
    for number, rows in enumerate(searched):

        def report(fraction: float, message: str, number: int = number) -> None:
            if progress is not None:
                progress((number + fraction) / len(searched), f"body {number + 1}: {message}")

        weight = np.zeros(len(calpha))
        weight[rows] = 1.0
        bodies.append(Body.of(calpha, weight))
        fit = fit_body(bodies[-1], fields, rng=rng, symmetry=symmetry, progress=report)
        if kinds is not None:
            fit = _without_own_images(fit, bodies[-1], calpha[rows], kinds[rows])
        fits.append(fit)
    fine = fields.blurred(FINE_BLUR)
    own = slice(1, None) if together else slice(None)
    detail = fields.detail.blurred(FINE_BLUR)
    if together:
        poses = [
            _with_whole(body, fit, bodies[0], fits[0], fine, detail)
            for body, fit in zip(bodies[own], fits[own])
        ]
    else:
        poses = [fit.poses if len(members) == 1 else _best(fit) for fit in fits]
    if symmetry is not None and len(members) > 1 and len(fits[0].poses):
        poses = [
            _in_one_unit(one, body, bodies[0], fits[0], symmetry, fields)
            for one, body in zip(poses, bodies[own])
        ]
    if equals:
        copies = max(copies, *(fit.equals() for fit in fits))
    numbers = np.arange(len(calpha)) if numbers is None else numbers
    chosen = _choose(calpha, numbers, members, bodies[own], poses, min(copies, MOST_COPIES))
    joint = _by_whole(calpha, members, bodies[0], fits[0]) if together else None
    placements = []
    for of_copy in chosen:
        positions = np.full(calpha.shape, np.nan)
        score, by_detail = np.full((2, len(members)), np.nan)
        joined = np.zeros(len(members), dtype=bool)
        for d, k in of_copy.items():
            rows, body = members[d], bodies[own][d]
            positions[rows] = poses[d].apply(body, k, calpha[rows])
            score[d] = pose_score(body, fine, poses[d], k)
            by_detail[d] = pose_score(body, detail, poses[d], k)
            joined[d] = joint is not None and _apart(positions[rows], joint[d]) < SAME_PLACE
        for i, d in _carried_along(numbers, present, members, of_copy):
            positions[i] = poses[d].apply(bodies[own][d], of_copy[d], calpha[i][None])[0]
        placed = tuple(d in of_copy for d in range(len(members)))
        placements.append(
            Placement(
                positions, domain, tuple(fits[own]), placed, tuple(score.tolist()),
                tuple(by_detail.tolist()), tuple(joined.tolist()), fits[0] if together else None,
            )
        )  # fmt: skip
    return tuple(placements)


def _without_own_images(
    fit: RigidFit, body: Body, calpha: NDArray[np.float64], kinds: NDArray[np.int64]
) -> RigidFit:
    """Without the poses that a symmetry of the body (n, 3) itself makes of better ones."""
    if len(np.unique(kinds)) == len(kinds):
        return fit
    trees: list[cKDTree] = []
    kept = []
    for k in range(len(fit.poses)):
        points = np.column_stack([fit.poses.apply(body, k, calpha), APART * kinds])
        near = [tree.query(points, distance_upper_bound=SAME_PLACE)[0] for tree in trees]
        if any(np.isfinite(one).mean() >= OWN_IMAGE for one in near):
            continue
        trees.append(cKDTree(points))
        kept.append(k)
    return RigidFit(fit.poses.select(np.array(kept, dtype=np.int64)), fit.score[kept], fit.detail)


def _has_room(calpha: NDArray[np.float64], fields: Fields) -> bool:
    """Whether a structure (n, 3) as it is can lie in the map: chains may have been far apart."""
    reach = np.linalg.norm(calpha - calpha.mean(axis=0), axis=1).max()
    return bool(reach < np.linalg.norm(fields.upper - fields.origin))


def _best(fit: RigidFit) -> Poses:
    return fit.poses.select(np.arange(min(len(fit.poses), POSES_A_BODY)))


def _in_one_unit(
    poses: Poses,
    body: Body,
    first_body: Body,
    first: RigidFit,
    symmetry: Symmetry,
    fields: Fields,
) -> Poses:
    """Poses of a domain as those images in the map that are nearest to where the best pose of a
    first body, such as the whole structure, puts the domain."""
    middle = first.poses.apply(first_body, 0, body.centre[None])[0]
    found = []
    for k in range(len(poses)):
        images = poses.images(symmetry, k)
        inside = ((images.centre >= fields.origin) & (images.centre <= fields.upper)).all(axis=1)
        images = images.select(inside)
        order = np.argsort(np.linalg.norm(images.centre - middle, axis=1), kind="stable")
        images = images.select(order[:NEAR_IMAGES])
        cost = np.where(np.arange(len(images)) > 0, IMAGE_COST, 0.0)
        found.append(Poses(images.rotation, images.centre, images.score - cost))
    return Poses(
        np.concatenate([one.rotation for one in found]),
        np.concatenate([one.centre for one in found]),
        np.concatenate([one.score for one in found]),
    )


def _by_whole(
    calpha: NDArray[np.float64], members: list[NDArray[np.int64]], body: Body, fit: RigidFit
) -> list[NDArray[np.float64]] | None:
    """Where the best pose of the whole structure puts the residues of each domain."""
    if not len(fit.poses):
        return None
    return [fit.poses.apply(body, 0, calpha[rows]) for rows in members]


def _apart(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Root mean square distance in Å of paired points (n, 3)."""
    return float(np.sqrt(np.mean(np.sum((a - b) ** 2, axis=1))))


def _domains(
    calpha: NDArray[np.float64],
    usable: NDArray[np.bool_],
    error: NDArray[np.float64] | None,
    rigid: bool,
) -> tuple[NDArray[np.int64], list[NDArray[np.int64]]]:
    """Domain of each residue, and the residues of each domain that is large enough to search."""
    if rigid:
        domain = np.zeros(len(calpha), dtype=np.int64)
    elif error is None:
        domain = domains_by_contacts(np.where(usable[:, None], calpha, np.nan))
    else:
        domain = domains_by_error(error)
    domain = np.where(usable, domain, -1)
    if domain.max(initial=-1) > 0:
        domain = np.where(_run_lengths(domain) >= SHORTEST_RUN, domain, -1)
    if domain.max(initial=-1) < 1:
        domain = np.where(usable, 0, -1)
    members = [np.flatnonzero(domain == d) for d in range(int(domain.max(initial=-1)) + 1)]
    return domain, [rows for rows in members if len(rows) >= FEWEST_RESIDUES]


def _run_lengths(domain: NDArray[np.int64]) -> NDArray[np.int64]:
    """Residues in a row (n,) of the same domain as each."""
    edges = np.flatnonzero(np.diff(domain)) + 1
    lengths = np.diff(np.concatenate([[0], edges, [len(domain)]]))
    return np.repeat(lengths, lengths)


def _core(rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which rows of a domain (n,), ascending, lie in long runs; all where none do."""
    runs = _run_lengths(rows - np.arange(len(rows)))
    long = runs >= LONG_RUN
    return long if long.any() else np.ones(len(rows), dtype=bool)


def _with_whole(
    body: Body, fit: RigidFit, whole_body: Body, whole: RigidFit, fine: Fields, detail: Fields
) -> Poses:
    """Poses of a domain by detail: its own, and where those of the whole put it, refined."""
    own, joint = _best(fit), _best(whole)
    centre = [whole.poses.apply(whole_body, k, body.centre[None])[0] for k in range(len(joint))]
    carried = Poses(joint.rotation, np.array(centre).reshape(-1, 3), joint.score)
    carried = refine_poses(body, fine, carried)
    carried = carried.scored(pose_scores(body, detail, carried))
    poses = Poses(
        np.concatenate([own.rotation, carried.rotation]),
        np.concatenate([own.centre, carried.centre]),
        np.concatenate([own.score, carried.score + JOINED_GAIN]),
    )
    return poses.distinct(body, SAME_POSE, 2 * POSES_A_BODY)


def _choose(
    calpha: NDArray[np.float64],
    numbers: NDArray[np.int64],
    members: list[NDArray[np.int64]],
    bodies: list[Body],
    poses: list[Poses],
    copies: int,
) -> list[dict[int, int]]:
    """Of each copy that has a place, the best first: the pose of each placed domain."""
    candidates, places, gains = [], [], {}
    for copy in range(copies):
        for d, (rows, body) in enumerate(zip(members, bodies)):
            core = rows[_core(rows)]
            for k in range(len(poses[d])):
                gain = len(rows) * float(poses[d].score[k] - CHANCE_DETAIL)
                positions = poses[d].apply(body, k, calpha[core])
                number = copy * len(members) + d
                candidates.append(Candidate(number, copy, numbers[core], positions, gain))
                places.append((copy, d, k))
                gains[places[-1]] = gain
    chosen: dict[int, dict[int, int]] = {}
    for c in choose_together(candidates):
        copy, d, k = places[c]
        chosen.setdefault(copy, {})[d] = k
    worth = {copy: sum(gains[copy, d, k] for d, k in one.items()) for copy, one in chosen.items()}
    return [chosen[copy] for copy in sorted(chosen, key=lambda copy: -worth[copy])] or [{}]


def _carried_along(
    numbers: NDArray[np.int64],
    present: NDArray[np.bool_],
    members: list[NDArray[np.int64]],
    placed: dict[int, int],
) -> list[tuple[int, int]]:
    """Residues of no domain, each with the placed domain nearest along the chain."""
    if not placed:
        return []
    rows = np.concatenate([members[d] for d in placed])
    owner = np.concatenate([np.full(len(members[d]), d) for d in placed])
    left = present.copy()
    left[np.concatenate(members)] = False
    return [
        (int(i), int(owner[np.argmin(np.abs(numbers[rows] - numbers[i]))]))
        for i in np.flatnonzero(left)
    ]
