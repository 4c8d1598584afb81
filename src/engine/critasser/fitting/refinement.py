"""Move a rigid body to the nearest optimum of its score."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.spatial.transform import Rotation

from critasser.fitting.body import Body, Poses
from critasser.fitting.fields import Fields
from critasser.fitting.kernels import field_score
from critasser.fitting.rotations import left_jacobian

__all__ = ["pose_score", "pose_scores", "refine_poses", "rigid_moves"]

MOST_STEPS = 60
"""Of BFGS; the fields are smooth, and 30 are usual."""

MOVE = 0.5
"""Å; standard deviation of a random rigid move, its turn measured at the body's radius."""

TEMPERATURE = 0.01
"""Of random rigid moves, in the unit of the score: differences between poses of one optimum."""


def refine_poses(
    body: Body, fields: Fields, poses: Poses, most_steps: int = MOST_STEPS
) -> Poses:
    """Each pose at its nearest optimum, by BFGS with the analytic gradient; best first.

    Parameters
    ----------
    body : Body
    fields : Fields
    poses : Poses
    most_steps : int
        Of each pose.

    Returns
    -------
    Poses
        Scored by these fields.
    """
    gradient = np.empty_like(body.centred)
    rotation, centre = poses.rotation.copy(), poses.centre.copy()
    score = np.empty(len(poses))
    scale = max(body.radius, 1.0)
    for k in range(len(poses)):
        start = body.centred @ poses.rotation[k].T

        def loss(
            x: NDArray[np.float64], start=start, middle=poses.centre[k]
        ) -> tuple[float, NDArray[np.float64]]:
            vector = x[:3] / scale
            turned = start @ Rotation.from_rotvec(vector).as_matrix().T
            value = _score(body, fields, turned + middle + x[3:], gradient)
            torque = np.cross(turned, gradient).sum(axis=0)
            return -value, -np.concatenate(
                [left_jacobian(vector).T @ torque / scale, gradient.sum(axis=0)]
            )

        found = minimize(
            loss, np.zeros(6), jac=True, method="BFGS", options={"maxiter": most_steps}
        )
        rotation[k] = Rotation.from_rotvec(found.x[:3] / scale).as_matrix() @ poses.rotation[k]
        centre[k] = poses.centre[k] + found.x[3:]
        score[k] = -found.fun
    order = np.argsort(-score, kind="stable")
    return Poses(rotation[order], centre[order], score[order])


def rigid_moves(
    body: Body, fields: Fields, poses: Poses, rng: np.random.Generator, count: int = 2000
) -> Poses:
    """Each pose after Metropolis rigid moves: the best place on the way.

    Parameters
    ----------
    body : Body
    fields : Fields
    poses : Poses
    rng : numpy.random.Generator
    count : int
        Moves of each pose; 2,000 in the paper.

    Returns
    -------
    Poses
        Best first.
    """
    gradient = np.empty_like(body.centred)
    rotation, centre = poses.rotation.copy(), poses.centre.copy()
    score = np.empty(len(poses))
    scale = max(body.radius, 1.0)
    for k in range(len(poses)):
        here_rotation, here_centre = rotation[k], centre[k]
        here = _score(body, fields, body.centred @ here_rotation.T + here_centre, gradient)
        score[k] = here
        turns = Rotation.from_rotvec(rng.normal(0.0, MOVE / scale, (count, 3))).as_matrix()
        shifts = rng.normal(0.0, MOVE, (count, 3))
        chance = np.log(rng.random(count))
        for turn, shift, limit in zip(turns, shifts, chance):
            new_rotation, new_centre = turn @ here_rotation, here_centre + shift
            new = _score(body, fields, body.centred @ new_rotation.T + new_centre, gradient)
            if new - here < TEMPERATURE * limit:
                continue
            here_rotation, here_centre, here = new_rotation, new_centre, new
            if here > score[k]:
                rotation[k], centre[k], score[k] = here_rotation, here_centre, here
    order = np.argsort(-score, kind="stable")
    return Poses(rotation[order], centre[order], score[order])


def pose_score(body: Body, fields: Fields, poses: Poses, k: int) -> float:
    """Score of pose k by these fields."""
    points = poses.apply(body, k, body.points)
    return _score(body, fields, points, np.empty_like(points))


def pose_scores(body: Body, fields: Fields, poses: Poses) -> NDArray[np.float64]:
    """Score (k,) of each pose by these fields."""
    return np.array([pose_score(body, fields, poses, k) for k in range(len(poses))])


def _score(
    body: Body,
    fields: Fields,
    points: NDArray[np.float64],
    gradient: NDArray[np.float64],
) -> float:
    return field_score(
        points,
        body.kind,
        body.weight,
        fields.values,
        fields.origin,
        fields.step,
        fields.outside,
        gradient,
    )
