"""Fit one rigid body into the whole map: search, refine, and say whether the place is unique."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from critasser.fitting.body import Body, Poses
from critasser.fitting.fields import Fields
from critasser.fitting.refinement import pose_scores, refine_poses, rigid_moves
from critasser.fitting.search import COARSE_STEP, search_poses
from critasser.structure import Symmetry

__all__ = ["CHANCE_DETAIL", "CHANCE_SCORE", "RigidFit", "fit_body"]

TOP_POSES = 40
"""Poses kept of a body, as in the paper."""

MIDDLE_BLUR, FINE_BLUR = 2.0, 1.0
"""Å; the fields are blurred by these in the first and the second refinement."""

REFINED = 120
"""Poses of the search that are refined."""

SAME_PLACE = 3.0
"""Å root mean square; poses nearer than this are one."""

MOVED = 5
"""Best poses that random rigid moves go on from."""

LEAST_Z = 3.0
"""Deviations by which the best pose must stand above the body's other poses."""

CHANCE_SCORE = -0.5
"""Score that structures which are not in the map hardly ever reach: -0.58 at most of 9 tries at 3
to 10 Å, the right ones 0.3 or more (``benchmark.rigid_fit``, complexes)."""

CHANCE_DETAIL = 0.5
"""Score by detail that any structure reaches somewhere. In maps of 8 and 10 Å structures of several
chains had 1.0 to 1.5 in their places, the third best of their poses 0.7 to 1.2, and the best of
those of other structures 0.9 and 1.0."""

LEAST_LEAD = 1.5
"""Deviations by which it must stand above the next one to be unique."""

CLEAR_LEAD, CLEAR_SCORE = 8.0, -0.7
"""Deviations by which it must stand above the next one to be believed with any score that is
better than this: a structure that is half wrong has half the score, but its other poses have none.
Of six validation chains that were warped or spoilt, and had scores of -0.53 to -0.10, five led by
11.4 or more; of 24 chains of other folds in maps of one chain the first led by 3.9, and of those in
complexes at 3 to 15 Å by 6.8 where its score passed (``benchmark.foreign``,
``benchmark.rigid_fit``). A chain of another fold, half of which lay on a like sheet, led by 12.4 at
a score of -0.92."""

LEAST_DEVIATION = 1e-6
"""Of scores that are all the same."""

FEWEST_OTHERS = 5
"""Poses needed to tell what chance does."""


@dataclass(frozen=True, eq=False)
class RigidFit:
    """Where a body lies, and how sure that is.

    A pose has two scores. By *detail*, what tells places apart, poses are ranked: z-scores, the
    lead, and what is unique, equal or clear go by it. By the fields as they are, its plain *score*
    says whether the body is in the map at all: limits of what is refused go by that.

    Attributes
    ----------
    poses : Poses
        Best first, at most 40, none within 3 Å of another.
    score, detail : ndarray (k,)
        Of each pose: mean value at the body's residues of the fields, and of their detail, in
        deviations of the fields.
    everywhere : ndarray (m,), optional
        Detail of all poses by which chance is judged; that of these without it.
    """

    poses: Poses
    score: NDArray[np.float64]
    everywhere: NDArray[np.float64] | None = None

    @property
    def detail(self) -> NDArray[np.float64]:
        """By which poses are ranked."""
        return self.poses.score

    @cached_property
    def z_score(self) -> NDArray[np.float64]:
        """Of each pose (k,): deviations of its detail above the body's other poses."""
        return np.array([self.z_of(one) for one in self.detail])

    @property
    def lead(self) -> float:
        """Deviations between the best pose and the next; the z-score where there is no other."""
        if len(self.z_score) < 2:
            return float(self.z_score.sum())
        return float(self.z_score[0] - self.z_score[1])

    @property
    def found(self) -> bool:
        """Whether the best pose is better than the body's other poses."""
        return len(self.poses) > 0 and bool(self.z_score[0] >= LEAST_Z)

    @property
    def sure(self) -> bool:
        """Whether the best pose is also better than structures reach that are not in the map."""
        return self.found and bool(self.score[0] > CHANCE_SCORE)

    @property
    def unique(self) -> bool:
        """Whether no other pose is nearly as good."""
        return self.found and self.lead >= LEAST_LEAD

    @property
    def clear(self) -> bool:
        """Whether the best pose stands so far above the others that less of a score is enough."""
        stands_out = self.found and len(self.poses) > 1 and self.lead >= CLEAR_LEAD
        return stands_out and bool(self.score[0] > CLEAR_SCORE)

    @property
    def clear_detail(self) -> float:
        """Detail above which a place is that of a clear best pose, nearer to it than to the next;
        infinite where the best is not clear."""
        return float(self.detail[:2].mean()) if self.clear else np.inf

    def z_of(self, detail: float) -> float:
        """Deviations of a place's detail above the lower half of the body's poses, which no copy
        of the body reaches."""
        known = self.detail if self.everywhere is None else self.everywhere
        if len(known) < FEWEST_OTHERS:
            return 0.0
        others = np.sort(known)[: len(known) // 2]
        return float((detail - others.mean()) / max(float(others.std(ddof=1)), LEAST_DEVIATION))

    def equals(self) -> int:
        """How many poses are as good as the best one, itself included: copies in the map."""
        if not self.found:
            return 0
        return int(np.sum(self.z_score >= self.z_score[0] - LEAST_LEAD))


def fit_body(
    body: Body,
    fields: Fields,
    *,
    rng: np.random.Generator,
    symmetry: Symmetry | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> RigidFit:
    """Find a body in the map, in any place and orientation.

    Parameters
    ----------
    body : Body
        Four residues or more.
    fields : Fields
        Of the cropped map at 1 Å.
    rng : numpy.random.Generator
        For the random moves at the end.
    symmetry : Symmetry, optional
        Of the map: of places that are images of each other one is kept.
    progress : callable, optional
        Told fraction and message; may raise `Cancelled`.

    Returns
    -------
    RigidFit

    References
    ----------
    CR-I-TASSER paper, "Template reselection": BFGS, 2,000 rigid-body Metropolis moves, top 40.
    """

    def report(fraction: float, message: str) -> None:
        if progress is not None:
            progress(fraction, message)

    poses = search_poses(
        body,
        fields.detail.sampled(COARSE_STEP),
        progress=lambda done: report(0.7 * done, "searching all orientations"),
    )
    report(0.7, "refining the best places")
    middle = fields.blurred(MIDDLE_BLUR)
    if symmetry is not None:
        poses = poses.distinct(body, SAME_PLACE, REFINED, symmetry)
    poses = refine_poses(body, middle, poses.select(np.arange(min(len(poses), REFINED))))
    poses = poses.scored(pose_scores(body, fields.detail.blurred(MIDDLE_BLUR), poses))
    poses = poses.distinct(body, SAME_PLACE, TOP_POSES, symmetry)
    fine, detail = (one.blurred(FINE_BLUR) for one in (fields, fields.detail))
    poses = refine_poses(body, fine, poses)
    poses = poses.scored(pose_scores(body, detail, poses))
    report(0.95, "random moves of the best places")
    first = rigid_moves(body, fine, poses.select(np.arange(min(len(poses), MOVED))), rng)
    poses = _joined(first, poses.select(np.arange(min(len(poses), MOVED), len(poses))))
    poses = poses.scored(pose_scores(body, detail, poses))
    poses = poses.distinct(body, SAME_PLACE, TOP_POSES, symmetry)
    return RigidFit(poses, pose_scores(body, fine, poses))


def _joined(a: Poses, b: Poses) -> Poses:
    return Poses(
        np.concatenate([a.rotation, b.rotation]),
        np.concatenate([a.centre, b.centre]),
        np.concatenate([a.score, b.score]),
    )
