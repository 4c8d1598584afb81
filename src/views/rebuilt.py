"""Show what a rebuild has made, and tell what it moved, before and after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chimerax.core.errors import UserError

from ..jobs.folder import Event, job_kind
from ..jobs.residue_names import NO_NAME, ResidueName
from ..models.job_group import JobGroup
from ..models.job_map import copy_in_folder
from ..models.moved import in_stretches, what_moved
from ..models.origin import origin_of
from ..session.files import as_number, read_json
from ..session.messages import tell
from ..session.quoting import Command, command_text, in_turn, residues_spec
from .results import Results

__all__ = ["Rebuilt", "RebuiltResults", "rebuilt"]

_SAME = 0.01
"""Of correlations: what differs by less is as good."""

_MOST_STRETCHES = 5
"""Stretches to which links lead."""


@dataclass(frozen=True)
class Rebuilt:
    """What a rebuild has done to a model.

    Attributes
    ----------
    told : str
        What moved, and whether it fits the map better than before.
    commands : tuple of (str, Command)
        What to show, and the command that shows it; without those of the model before where that
        is not open.
    """

    told: str
    commands: tuple[tuple[str, Command], ...]


def rebuilt(session, folder: Path, after) -> Rebuilt | None:
    """Compare the first model of a rebuild with the model that it was made from.

    Parameters
    ----------
    session : chimerax.core.session.Session
    folder : Path
        Of the job.
    after : chimerax.atomic.AtomicStructure
        The first model of its results, open.

    Returns
    -------
    Rebuilt or None
        None where the job is no rebuild or its folder does not say what was built again.
    """
    if job_kind(folder) != "rebuild":
        return None
    results = read_json(folder / "results.json") or {}
    listed = results.get("models")
    first = listed[0] if isinstance(listed, list) and listed else None
    options = (read_json(folder / "job.json") or {}).get("options")
    asked = options.get("stretches") if isinstance(options, dict) else None
    if not isinstance(first, dict) or not isinstance(asked, str):
        return None
    better, stretches = _better(results, first), in_stretches(asked)
    before = origin_of(session, folder)
    places = tuple(_places(after, stretches))
    if before is None:
        told = "The model that it was made from is not open, so the two cannot be compared."
        return Rebuilt(f"{better} {told}".strip(), places)
    moved = what_moved(before, after, stretches)
    if moved is None:
        return None
    old, new = (command_text(one, "models") for one in (before, after))
    return Rebuilt(
        f"{moved}. {better}".strip(),
        (
            ("before", in_turn(command_text("hide", new), command_text("show", old))),
            ("after", in_turn(command_text("hide", old), command_text("show", new))),
            ("both", in_turn(command_text("show", old), command_text("show", new))),
            ("compare", command_text("critasser compare", before, "withModel", after)),
            *places,
        ),
    )


def _places(
    model, stretches: list[tuple[ResidueName, ResidueName]]
) -> Iterator[tuple[str, Command]]:
    """Where each stretch is, as far as specifiers can name it."""
    for (chain, first, _), (_, last, _) in stretches[:_MOST_STRETCHES]:
        try:
            spec = residues_spec(model, "" if chain == NO_NAME else chain, first, last)
        except UserError:
            continue
        yield f"{chain} {first}\N{EN DASH}{last}", command_text("view", spec, "clip false")


def _better(results: dict[str, Any], first: dict[str, Any]) -> str:
    """Whether the new stretch fits the map better than the old one."""
    before = as_number(results.get("stretch_pcc_before"))
    after = as_number(first.get("stretch_pcc"))
    if after is None:
        return ""
    if before is None:
        return f"Its correlation with the map is {after:.2f}."
    said = "no better"
    if abs(after - before) > _SAME:
        said = "better" if after > before else "worse"
    return f"Correlation with the map {before:.2f} before, {after:.2f} now: {said}."


class RebuiltResults(Results):
    """Results that lie where the model lies that they come from, or in the map that was given.

    Parameters
    ----------
    position : chimerax.geometry.Place or None
        From the engine's coordinates to the scene, where the model is of a job; None while that
        model is not open.
    volume : chimerax.map.Volume or None
        The map in whose place to lie otherwise.
    """

    def __init__(
        self, session, name: str, folder: Path, position=None, *, volume=None, group=None,
        hidden: bool = False,
    ) -> None:  # fmt: skip
        self._beside = position
        super().__init__(session, name, folder, volume, group=group, hidden=hidden)

    def reveal(self, volume=None) -> None:
        """Show from now on, where the model lies by now or in a map that is named."""
        if volume is not None:
            self._beside = None
        elif self.group is None and copy_in_folder(self._folder) is None:
            model = origin_of(self._session, self._folder)
            self._beside = self._beside if model is None else model.scene_position
        super().reveal(volume)

    def adopt(self, group: JobGroup) -> None:
        """Go on in a group that lies where it is to lie."""
        self._beside = None
        super().adopt(group)

    def show(self, event: Event) -> None:
        """Open the file that an event announces, in the old model's place."""
        super().show(event)
        if self._beside is not None and self.is_open:
            self.group.position, self._beside = self._beside, None

    def finish(self) -> None:
        """Show the models in place of the old one, with which they are the same but for a bit."""
        super().finish()
        models = self.group.parts("models") if self.is_open else []
        before = origin_of(self._session, self._folder)
        if not models or before is None:
            return
        if (found := rebuilt(self._session, self._folder, models[0])) is not None:
            links = [((command,), label) for label, command in found.commands]
            tell(self._session, f"critasser {self._name}: {found.told}", *links)
        before.display = False
