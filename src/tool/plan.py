"""Make the command of a build from what is set in the panel."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from chimerax.core.errors import UserError

from ..engine.critasser.symmetry_text import read_symmetry
from ..jobs.new_job import DEVICES as ENGINE_DEVICES
from ..jobs.new_job import QUALITIES
from ..jobs.sequences import Entry, complaints, fasta_name, typed_letters
from ..session.quoting import Command, Quoted, command_text, quoted_path, quoted_paths

__all__ = [
    "DEVICES",
    "PLACES",
    "QUALITIES",
    "Plan",
    "build_command",
    "obstacle",
    "paths_in",
    "sequence_argument",
    "text_of",
]

_ONE_PATH = re.compile(r'\s*(?:"([^"]*)"|([^;"]*))\s*(?:;|$)')
"""Of a list of paths in a line: one in quotes, or up to the next semicolon."""

DEVICES = tuple(ENGINE_DEVICES)
PLACES = ("map", "segments", "near", "mask")
"""Where to build: all of the map, selected segments, near selected atoms, inside a mask."""

MODELS = 5
SEED = 1
RANGE = 8.0
"""What the command takes when it is told nothing."""


@dataclass(frozen=True)
class Plan:
    """A build as it is set in the panel.

    Attributes
    ----------
    map_spec : str
        Specifier of the map; empty when none is chosen.
    entries : tuple of Entry
    fasta : Path or None
        A file that holds just these sequences, as the person has it.
    place : str
        One of `PLACES`.
    distance : float
        Å; how near.
    mask_spec, templates_spec : str
        Specifiers; empty for none.
    chosen : int
        Models that `templates_spec` specifies.
    contacts : str
        File of predicted contacts; empty for none.
    templates_files : tuple of Path
        Files of structures to start from.
    pae : tuple of Path
        Predicted aligned error of each template; none for none.
    half_maps : tuple of str
        Specifiers of the two half maps; empty for none.
    library : str
        File of known folds to look among; empty for those that ship.
    known : str
        Where known structures are looked for, where none are chosen: one of `KNOWN`; empty for as
        the person has said or is to be asked.
    resolution : float or None
        Å.
    quality, device : str
    models : int
    seed : int
    trim : bool
        Leave residues without density out of the models.
    protein : bool
        The sequences are protein, also those that look like DNA.
    symmetry : str
        Of the map, by name; empty where it is to be looked for.
    folder : str
        Job folder; empty for the usual place.
    """

    map_spec: str = ""
    entries: tuple[Entry, ...] = ()
    fasta: Path | None = None
    place: str = "map"
    distance: float = RANGE
    mask_spec: str = ""
    templates_spec: str = ""
    chosen: int = 0
    contacts: str = ""
    templates_files: tuple[Path, ...] = ()
    pae: tuple[Path, ...] = ()
    half_maps: tuple[str, ...] = ()
    library: str = ""
    known: str = ""
    resolution: float | None = None
    quality: str = "standard"
    device: str = "auto"
    models: int = MODELS
    seed: int = SEED
    trim: bool = False
    protein: bool = False
    symmetry: str = ""
    folder: str = ""


def sequence_argument(plan: Plan, folder: Path) -> tuple[str | Quoted, bool]:
    """How the command gives the sequences, and whether a file has to be written into `folder`.

    The person's own file if it holds just these; the letters if they are few; else a file.
    """
    if plan.fasta is not None:
        return quoted_path(plan.fasta), False
    letters = typed_letters(plan.entries)
    if letters is not None:
        return letters, False
    return quoted_path(folder / fasta_name(plan.entries)), True


def text_of(paths: Iterable[str | Path]) -> str:
    """Paths in one line, semicolons between them; one that has a semicolon itself is quoted."""
    return "; ".join(f'"{path}"' if ";" in str(path) else str(path) for path in paths)


def paths_in(text: str) -> tuple[Path, ...]:
    """The paths of a line that `text_of` wrote, or a person typed."""
    found = [(one or two).strip() for one, two in _ONE_PATH.findall(text)]
    return tuple(Path(one) for one in found if one)


def build_command(plan: Plan, folder: Path) -> Command:
    """The command; only what differs from what the command does anyway is in it.

    Parameters
    ----------
    plan : Plan
        One without an `obstacle`.
    folder : Path
        Where files of sequences go.
    """
    sequence, _ = sequence_argument(plan, folder)
    words = ["critasser build", plan.map_spec, "sequence", sequence]
    if plan.place == "segments":
        words += ["segments", "sel"]
    elif plan.place == "near":
        words += ["near", "sel"]
        if plan.distance != RANGE:
            words += ["range", plan.distance]
    elif plan.place == "mask":
        words += ["mask", plan.mask_spec]
    if plan.half_maps:
        # One specifier: ChimeraX reads no list of them, and #2,3.1 is 2.1 and 3.1.
        words += ["halfMaps", "".join(f"#{spec.lstrip('#!')}" for spec in plan.half_maps)]
    if plan.templates_spec or plan.templates_files:
        words += ["templates", _templates(plan)]
    elif plan.known:
        words += ["templates", plan.known]
    if plan.pae:
        words += ["pae", quoted_paths(plan.pae)]
    if plan.library:
        words += ["library", quoted_path(plan.library)]
    if plan.contacts:
        words += ["contacts", quoted_path(plan.contacts)]
    if plan.resolution is not None:
        words += ["resolution", plan.resolution]
    for word, value, usual in (
        ("quality", plan.quality, "standard"),
        ("device", plan.device, "auto"),
        ("models", plan.models, MODELS),
        ("seed", plan.seed, SEED),
    ):
        if value != usual:
            words += [word, value]
    for word, ticked in (("trim", plan.trim), ("protein", plan.protein)):
        if ticked:
            words += [word, "true"]
    if plan.symmetry:
        words += ["symmetry", plan.symmetry]
    if plan.folder:
        words += ["folder", quoted_path(plan.folder)]
    return command_text(*words)


def _templates(plan: Plan) -> str | Quoted:
    """Chosen models and files, with commas."""
    if not plan.templates_files:
        return plan.templates_spec
    files = ",".join(map(str, plan.templates_files))
    return quoted_path(f"{plan.templates_spec},{files}" if plan.templates_spec else files)


def obstacle(plan: Plan, *, selected_atoms: bool = True) -> str:
    """What is still missing for a build, as something to do; empty when it can start."""
    if not plan.map_spec:
        return "Open a map to build into."
    files = (plan.fasta, plan.folder, plan.library, plan.contacts, *plan.templates_files)
    for path in filter(None, files):
        try:
            quoted_path(path)
        except UserError as error:
            return f"{error}."
    try:
        quoted_paths(plan.pae)
    except UserError as error:
        return f"{error}."
    if not plan.entries:
        return "Add the sequence of what is in the map."
    wrong = _wrong(plan.entries, plan.protein)
    if wrong:
        return wrong
    if plan.place == "mask" and not plan.mask_spec:
        return "Choose the map that is the mask."
    if plan.place == "mask" and plan.mask_spec == plan.map_spec:
        return "The mask is the map itself: choose another map."
    if wrong := _wrong_halves(plan) or _wrong_errors(plan):
        return wrong
    if plan.library and plan.known == "none" and not (plan.chosen or plan.templates_files):
        return "Known folds are not looked for with Templates None: choose another, or no library."
    if plan.symmetry:
        try:
            read_symmetry(plan.symmetry)
        except ValueError as error:
            return f"The {error}."
    if plan.place == "near" and not selected_atoms:
        return "Select the atoms or markers near which to build."
    return ""


def _wrong_halves(plan: Plan) -> str:
    """What is wrong with the half maps."""
    halves = plan.half_maps
    if len(halves) == 1:
        return "Choose both half maps, or none."
    if plan.map_spec in halves:
        return "A half map is the map itself: choose another one."
    if len(halves) == 2 and halves[0] == halves[1]:
        return "The two half maps are one map: choose another one."
    return ""


def _wrong_errors(plan: Plan) -> str:
    """What is wrong with the predicted errors of the templates."""
    if not plan.pae:
        return ""
    templates = plan.chosen + len(plan.templates_files)
    if not templates:
        return "Choose the template that the predicted error is of."
    if len(plan.pae) != templates:
        return f"Choose a predicted error for each of the {templates} templates, or none."
    return ""


def _wrong(entries: Sequence[Entry], protein: bool) -> str:
    for entry, said in zip(entries, complaints(entries, protein=protein)):
        if said:
            return f"Mend the sequence “{entry.name}”."
    return ""
