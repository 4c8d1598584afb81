"""Merge, split, leave out and save regions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from chimerax.core.errors import UserError

from ...engine.critasser.segmentation.regions import merged
from ...jobs.map_file import write_mrc
from .segment import Segment, selected_segments
from .segmentation import Segmentation

__all__ = [
    "delete",
    "last_changed",
    "merge",
    "save_index_map",
    "segmentations",
    "split",
    "these_or_selected",
    "with_mates",
]


def segmentations(session) -> list[Segmentation]:
    """All that are open."""
    return [model for model in session.models.list() if isinstance(model, Segmentation)]


def these_or_selected(session, segments: Sequence[Segment] | None) -> list[Segment]:
    """The regions that were given, or the selected ones.

    Raises
    ------
    UserError
        None.
    """
    chosen = list(segments) if segments is not None else selected_segments(session)
    if not chosen:
        raise UserError("no regions selected: Ctrl-click some, or give them, such as #2.3")
    return chosen


def last_changed(session) -> Segmentation | None:
    """The segmentation whose regions were changed last, of those with something to undo."""
    changed = [model for model in segmentations(session) if model.changes]
    return max(changed, key=lambda model: model.changes[-1].moment, default=None)


def merge(segments: Sequence[Segment]) -> Segment:
    """Make regions of one segmentation one; it is selected afterwards."""
    segmentation = segments[0].segmentation
    largest = max(segments, key=lambda segment: segment.region_volume)
    numbers = [segment.number for segment in segments]
    segmentation.change("merge", merged(segmentation.group, numbers, largest.number))
    _select([largest])
    return largest


def split(segment: Segment) -> list[Segment]:
    """Take a region apart; its parts are selected afterwards.

    Raises
    ------
    UserError
        It has but one maximum.
    """
    segmentation = segment.segmentation
    parts = segmentation.regions.parts(segmentation.group, segment.number, segmentation.least / 4)
    if parts is None:
        raise UserError(
            f"{segment} cannot be split: its density has no parts that are large enough"
        )
    unused = max(segmentation.segments) + 1
    numbers = np.concatenate([[0, segment.number], np.arange(unused, unused + parts.max())])
    group = np.where(parts > 0, numbers[parts], segmentation.group)
    new = segmentation.change("split", group)
    _select(new)
    return new


def delete(segments: Sequence[Segment]) -> None:
    """Leave regions out."""
    by_owner: dict[Segmentation, list[int]] = {}
    for segment in segments:
        by_owner.setdefault(segment.segmentation, []).append(segment.number)
    for segmentation, numbers in by_owner.items():
        gone = np.isin(segmentation.group, numbers)
        segmentation.change("delete", np.where(gone, 0, segmentation.group))


def with_mates(segments: Sequence[Segment]) -> list[Segment]:
    """Regions and all their symmetry mates."""
    found = list(segments)
    for segment in segments:
        if segment.mates:
            others = segment.segmentation.segments.values()
            found += [other for other in others if other.mates == segment.mates]
    return sorted(set(found), key=lambda segment: segment.id)


def save_index_map(segmentation: Segmentation, path: Path) -> None:
    """Write the numbers of regions as MRC on the map's own grid.

    Raises
    ------
    OSError
    UserError
        The grid cannot be written to MRC, or has no map any more.
    """
    volume = segmentation.volume
    if volume is None or volume.deleted:
        raise UserError(f"the map of {segmentation} has been closed: open it and segment it anew")
    data = volume.data
    if not np.allclose(data.cell_angles, 90.0):
        raise UserError(f"{volume} has skewed axes: resample it first, with: volume resample")
    if not np.allclose(data.rotation, np.eye(3)):
        volume.session.logger.warning(
            f"the axes of {volume} are turned, which {path.name} cannot say"
        )
    planes = (plane.astype(np.float32) for plane in segmentation.index_map)
    write_mrc(path, planes, data.size, data.origin, data.step)


def _select(segments: Sequence[Segment]) -> None:
    session = segments[0].session
    session.selection.clear()
    for segment in segments:
        segment.selected = True
