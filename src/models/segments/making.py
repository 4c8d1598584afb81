"""Segment an open map and show its regions."""

from __future__ import annotations

import threading
from collections.abc import Callable
from weakref import WeakKeyDictionary

import numpy as np
from chimerax.core.commands import run
from chimerax.core.errors import UserError

from ...engine.critasser.segmentation.finding import find_regions, regions_from_labels
from ...session.quoting import command_text
from .segmentation import Segmentation
from .surfaces import geometries, placed

__all__ = ["displayed_level", "segment_map", "segment_map_by_labels"]

_MOST_OF_MAP = 0.5
"""Share of a map that no molecule fills."""

_TOO_FEW = 0.6
"""Of the sequence's residues; regions of real maps hold 0.7 of those that are there, or more."""


def displayed_level(volume) -> float:
    """The level of a map's surface as it is displayed, or would be.

    Raises
    ------
    UserError
        No level can be told.
    """
    level = volume.minimum_surface_level
    if level is None:
        levels, _ = volume.initial_surface_levels()
        level = levels[0] if len(levels) else None
    if level is None:
        raise UserError(f"{volume} has no surface level: give one, with level")
    return float(level)


def segment_map(
    session,
    volume,
    level: float,
    *,
    wait: bool,
    smoothing: float | None = None,
    steps: int | None = None,
    least: float | None = None,
    chain_residues: float | None = None,
    chains: int = 1,
    sizes: list[int] | None = None,
) -> Segmentation | None:
    """Find the regions of a map and show them.

    Parameters
    ----------
    session : chimerax.core.session.Session
    volume : chimerax.map.Volume
    level : float
    wait : bool
        Come back with the segmentation; else it appears when it is ready, and None comes back.
    smoothing, steps, least, chain_residues, chains, sizes : optional
        As for `find_regions`.

    Raises
    ------
    UserError
        Nothing of the map, or most of it, is above the level.
    """
    values, name = volume.full_matrix(), str(volume)

    def compute(told):
        _check(values, level, name)
        return find_regions(
            values, level, volume.data.step[::-1], smoothing=smoothing, steps=steps, least=least,
            chain_residues=chain_residues, chains=chains, sizes=sizes, told=told,
        )  # fmt: skip

    return _made(session, volume, compute, wait, sum(sizes or ()))


def segment_map_by_labels(session, volume, labels: np.ndarray, *, wait: bool):
    """Show regions that are known already.

    Parameters
    ----------
    session : chimerax.core.session.Session
    volume : chimerax.map.Volume
    labels : ndarray (nz, ny, nx) of int
        Number of each voxel's region, 0 for none.
    wait : bool
    """
    values = volume.full_matrix()

    def compute(told):
        regions, group = regions_from_labels(values, labels, volume.data.step[::-1], told)
        sizes = regions.volumes(group)
        return regions, group, 0.05 * float(sizes[sizes > 0].mean())

    return _made(session, volume, compute, wait)


def _check(values: np.ndarray, level: float, name: str) -> None:
    """Refuse a level that no molecule has."""
    share = np.count_nonzero(values >= level) / values.size
    if share > _MOST_OF_MAP:
        raise UserError(
            f"{share:.0%} of {name} is above the level {level:g}, which no molecule fills: give a "
            "higher level"
        )
    if not share:
        raise UserError(f"nothing of {name} is above the level {level:g}: give a lower one")
    if not (np.isfinite(values.max()) and np.isfinite(values.min())):
        raise UserError(f"{name} has values that are not numbers")


class _Superseded(Exception):  # noqa: N818, it is no error
    """Other regions of the same map have been asked for since."""


def _teller(session, volume, wanted: Callable[[], bool]) -> Callable[[float], None]:
    text = f"finding regions of {volume.name}"

    def tell(fraction: float) -> None:
        if not wanted():
            raise _Superseded
        if session.ui.is_gui:
            session.ui.thread_safe(session.logger.status, f"{text}: {fraction:.0%}")

    return tell


def _made(session, volume, compute, wait: bool, residues: int = 0) -> Segmentation | None:
    grid = np.array(volume.data.ijk_to_xyz_transform.matrix)
    # Who asks again, at another level say, wants the later regions only.
    latest = vars(session).setdefault("_critasser_segmenting", WeakKeyDictionary())
    latest[volume] = request = object()

    def wanted() -> bool:
        return latest.get(volume) is request

    def all_of_it():
        regions, group, least = compute(_teller(session, volume, wanted))
        shapes = geometries(regions, group)
        drawn = {number: placed(shape, grid) for number, shape in shapes.items()}
        return regions, group, grid, least, shapes, drawn

    if wait:
        return _show(session, volume, residues, *all_of_it())

    def work():
        try:
            found = all_of_it()
        except _Superseded:
            pass
        except UserError as error:
            session.ui.thread_safe(session.logger.error, str(error))
        except Exception as error:
            session.ui.thread_safe(
                session.logger.error, f"{volume.name} could not be segmented: {error!r}"
            )
        else:
            session.ui.thread_safe(show, found)

    def show(found) -> None:
        if wanted():
            _show(session, volume, residues, *found)

    session.logger.status(f"finding regions of {volume.name}")
    threading.Thread(target=work, name="critasser segment", daemon=True).start()
    return None


def _show(
    session, volume, residues, regions, group, grid, least, shapes, drawn
) -> Segmentation | None:
    """The model of what was found, in the map's place; of a sequence of so many residues, or 0."""
    if volume.deleted:
        return None
    if not group.any():
        session.logger.warning(f"{volume} has no region of at least {least:.0f} Å³")
        return None
    made = Segmentation(f"{volume.name} regions", session, volume, regions, group, grid, least)
    for model in session.models.list():
        if isinstance(model, Segmentation) and model.volume is volume:
            model.make_way("since there are other regions now")
    session.models.add([made])
    now = np.array(volume.data.ijk_to_xyz_transform.matrix)
    if not np.array_equal(now, grid):
        made.grid = now
        drawn = {number: placed(shape, now) for number, shape in shapes.items()}
    made.show_regions(shapes, drawn)
    _let_picks_through(session, volume)
    count = len(made.segments)
    many = f"{count} regions" if count > 1 else "1 region"
    mates = len(set(made.mates.values()))
    alike = f", {mates} group{'s' if mates > 1 else ''} of symmetry mates" if mates else ""
    held = sum(segment.expected_residues for segment in made.segments.values())
    session.logger.info(
        f"{volume}: {many}{alike} of about {held:,} residues in {made}; Ctrl-click chooses one"
    )
    if held < _TOO_FEW * residues:
        session.logger.warning(
            f"{volume}: the regions hold about {held:,} residues, the sequence has {residues:,}. "
            "If all of it is in the map, show the map at a lower level and find the regions again: "
            "a build sees only what is in the regions"
        )
    session.logger.status(f"{volume.name}: {many}")
    return made


def _let_picks_through(session, volume) -> None:
    """Make the map such that regions in it can be seen and clicked at."""
    if not volume.display:
        return
    if volume.image_shown:
        session.logger.info(f"{volume} is hidden, since its image would catch all clicks")
        run(session, command_text("hide", volume, "models"))
        return
    session.logger.info(f"{volume} is made transparent, and clicks go through it to the regions")
    run(session, command_text("volume", volume, "transparency 0.8 pickable false"))
