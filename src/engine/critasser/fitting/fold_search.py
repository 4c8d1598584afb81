"""How well the folds of many known structures suit the density, by a quick search for each.

This finds folds that no sequence tells: a structure whose helices and strands lie as those of the
map do stands out among others, whatever its sequence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from critasser.fitting.body import Body, Poses
from critasser.fitting.fields import TICKS, Fields
from critasser.fitting.refinement import pose_scores, refine_poses
from critasser.fitting.rigid import MIDDLE_BLUR
from critasser.fitting.search import search_poses

__all__ = ["STEP", "SearchedFields", "best_places", "fold_scores"]

STEP, ORIENTATIONS = 10.0, 600
"""Å between voxels of the search, and orientations that are tried. With 4 Å and a few thousand,
which take some forty times as long, 11 of 12 maps had their own structure in the same place, and
scores of chains that are not there were 1.1 times as high (``benchmark.fold_search``)."""

BLURS = 4
"""That the fields of a map take."""

REFINED, MOST_STEPS = 12, 20
"""Poses that are refined, and steps of each."""


@dataclass(frozen=True, eq=False)
class SearchedFields:
    """The fields of a map as the search needs them, made once for all structures.

    Attributes
    ----------
    coarse : Fields
        Their detail on voxels of `STEP`.
    middle, detail : Fields
        They and their detail, blurred, by which poses are refined and scored.
    """

    coarse: Fields
    middle: Fields
    detail: Fields

    @classmethod
    def of(
        cls,
        fields: Fields,
        progress: Callable[[float], None] | None = None,
        step: float = STEP,
    ) -> SearchedFields:
        """Those of the fields of the cropped map at 1 Å; voxels of the search are of `step` Å.

        `progress` is told the fraction done, of a box of 240 Å every half second; it may raise.
        """
        done = 0

        def tick() -> None:
            nonlocal done
            done += 1
            if progress is not None:
                progress(done / (BLURS * TICKS))

        detail = fields.detailed(tick)
        return cls(
            detail.sampled(step, tick),
            fields.blurred(MIDDLE_BLUR, tick),
            detail.blurred(MIDDLE_BLUR, tick),
        )


def fold_scores(
    chains: Sequence[NDArray[np.float64]],
    fields: SearchedFields,
    progress: Callable[[float, str], None] | None = None,
) -> list[float]:
    """How far the best place of each of several structures in the map stands out from chance.

    Parameters
    ----------
    chains : sequence of ndarray (n, 3)
        Cα of each in order, Å, in any frame; NaN where missing.
    fields : SearchedFields
    progress : callable, optional
        Told fraction and message; may raise `Cancelled`.

    Returns
    -------
    list of float
        The mean of the fields' detail at the residues of the best pose, times √n: what chance
        reaches then hardly depends on the size.
    """
    scores = []
    for number, calpha in enumerate(chains):

        def report(done: float, number=number) -> None:
            if progress is not None:
                progress((number + done) / len(chains), "searching all orientations")

        body = Body.of(calpha)
        poses = best_places(body, fields, progress=report)
        scores.append(float(poses.score.max(initial=0.0) * np.sqrt(len(body))))
    return scores


def best_places(
    body: Body,
    fields: SearchedFields,
    orientations: int | None = ORIENTATIONS,
    progress: Callable[[float], None] | None = None,
) -> Poses:
    """Places of a structure in the map, refined, best first.

    Parameters
    ----------
    body : Body
    fields : SearchedFields
    orientations : int, optional
        That are tried; None for as many as leave neighbours a voxel of the search apart.
    progress : callable, optional
        Told the fraction done of the search; may raise.

    Returns
    -------
    Poses
        By the mean of the fields' detail.
    """
    poses = search_poses(
        body, fields.coarse, kept=REFINED, orientations=orientations, progress=progress
    )
    poses = refine_poses(body, fields.middle, poses, MOST_STEPS)
    return poses.scored(pose_scores(body, fields.detail, poses))
