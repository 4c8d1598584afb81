"""How long the stages are expected to take, for the time left."""

from __future__ import annotations

from critasser.fitting.fold_search import ORIENTATIONS, STEP
from critasser.fitting.rotations import rotations_for
from critasser.fitting.search import COARSE_STEP
from critasser.options import REBUILDS, Options
from critasser.pipeline.stage import Task
from critasser.pipeline.stages.symmetry import BY_POSITIONS
from critasser.symmetry_text import is_looked_for, read_symmetry
from critasser.trace.alignment import (
    FIRST_POSITIONS,
    MOST_POSITIONS,
    NARROWED_AFTER,
    POSITIONS_A_RESIDUE,
)

__all__ = [
    "bending_share",
    "expected_build_seconds",
    "expected_fit_seconds",
    "expected_model_seconds",
    "fold_seconds",
]

USUAL_MODELS = 2
"""Models that are different enough, of the five that are asked for."""

ATOMIC_SECONDS = {"draft": 0.02, "standard": 0.065, "thorough": 0.3}
"""For a residue of a model, by the name of the atomic stage's schedule."""

TRACE_PLACE, TRACE_MOVES, USUAL_JOININGS = 7e-5, 0.025, 100_000
"""Seconds of tracing for each place where a residue may be, and for each residue's moves where so
many joinings are asked for. By CPU time, drafts of 312 residues took 3 s, of 357 in a larger map
13 s, packed chains of 400 residues 6 s and of 1,200 15 s (`benchmark.trace_scaling`); where the map
does not tell the sequence it takes some five times as long."""

SEQUENCES_PLACE = 1.9e-4
"""Seconds for each place where a residue may be, to compare its sequence with shuffled ones."""

ASSEMBLY_MOVE = 1.5e-6
"""Seconds; all that are planned take half as long again, and of a clear map a fifth is enough."""

BAND_SECONDS = 4e-6
"""For each Å³, to compare half maps in all bands."""

NUCLEIC_VOLUME = 4e-6
"""For each Å³, to tell nucleic acid from protein."""

TEMPLATE_SEARCH, TEMPLATE_BENDING, BLURRING = 5.0, 5e-3, 3e-7
"""Seconds to refine a template's places, and for each residue to bend it there and to weigh where
else its residues may be; for each Å³ to blur what the networks see for that, once."""

UNTOLD_RESOLUTION, UNTOLD = 4.0, (0.05, 0.9)
"""Å, and the share of finer and of coarser maps that do not tell their sequence: known folds are
looked for in these."""

USUAL_FOUND = 2
"""Known folds that are tried as templates where they are looked for."""

FOLD_PLACES, FOLD_RESIDUE = 0.08, 2e-4
"""Seconds to try and refine the places of one known fold, and for each of its residues. Measured:
0.13 to 0.16 s for 61 to 262 residues in a box of 80 Å."""

SEARCH_VOXEL = 3e-8
"""Seconds for each voxel of the search for a body and each of its orientations: a Fourier transform
there and back. Measured for 48³ to 96³ voxels."""

GYRATION, ELONGATED, EXTENT = (2.2, 0.38), 1.3, 1.7
"""Radius of gyration of n residues that are compact, 2.2 Å n^0.38; what structures have more, and
their farthest residue over that."""

BOX = 3.0
"""Volume of the box around a molecule, over that of density above the background."""

SYMMETRY_SECONDS, SYMMETRY_SEARCH = 4.0, 10.0
"""To find where the axes of a symmetry lie that is given; to look for one in a poor map."""

VOLUME_OF_RESIDUE = 400.0
"""Å³ of map that is worked on for each residue, solvent around it included: unmasked maps are
positive half of everywhere, but what is worked on is cut out around the chain."""


def expected_build_seconds(task: Task, models: int = USUAL_MODELS) -> dict[str, float]:
    """Seconds of each stage of a build on one core without load, by residues, density, schedule.

    Measured on maps of 97 to 664 residues, tracing up to 4,000. What is measured on the way
    corrects the rest. An executor is not counted in: `run_stages` does that for models, and
    templates that are searched for at a time take less than this.

    Parameters
    ----------
    task : Task
    models : int
        How many there are, where that is known.
    """
    options, checked = task.options, task.checked
    schedule = options.schedule
    length = len(checked.target)
    volume = min(checked.volume, VOLUME_OF_RESIDUE * length)
    moves = length * schedule.replicas * schedule.sweeps
    models = min(options.models, models)
    seconds = {
        "density": 0.3 + checked.volume / 1e6,
        "network": 2.5 + volume * (1.9e-4 if checked.device == "cpu" else 2e-6),
        "nucleic": 0.2 + NUCLEIC_VOLUME * volume,
        "calpha": 0.2 + 0.003 * length,
        "weaker": 0.1 + 0.002 * length,
        "symmetry": _symmetry_seconds(options),
        "sequences": 0.3 + SEQUENCES_PLACE * length * _places(length),
        "given_templates": 0.1 + _fits_seconds(task, volume, len(task.inputs.templates)),
        "template_search": 0.5 + schedule.template_search * _searched(task),
        "templates": 0.1 + _templates_seconds(task, volume),
        "trace": _trace_seconds(length, schedule.joinings),
        "unseen": 0.1 + 0.001 * length,
        "assembly": 0.1 + 0.01 * length + ASSEMBLY_MOVE * moves,
        "decoys": 0.1 + 2.2e-6 * length * schedule.refinement_sweeps * models,
        "atomic": ATOMIC_SECONDS[schedule.atomic] * length * models,
        "quality": 0.1 + 0.0005 * length,
        "report": 1.7,
    }
    if task.inputs.half_maps:
        seconds["density"] += 2.0 + BAND_SECONDS * volume
        seconds["cross_validation"] = ATOMIC_SECONDS[schedule.atomic] * length
    return seconds


def _searched(task: Task) -> float:
    """How likely known folds are looked for."""
    options = task.options
    if not options.template_search or task.inputs.templates:
        return 0.0
    return UNTOLD[(options.resolution or UNTOLD_RESOLUTION) >= UNTOLD_RESOLUTION]


def _templates_seconds(task: Task, volume: float) -> float:
    """To look for known folds that were found in the density, and to bend all templates there."""
    found = USUAL_FOUND * _searched(task)
    templates = len(task.inputs.templates) + found
    if not templates:
        return 0.0
    bending = TEMPLATE_BENDING * len(task.checked.target)
    return BLURRING * volume + templates * bending + _fits_seconds(task, volume, found)


def _fits_seconds(task: Task, volume: float, templates: float) -> float:
    """To look for so many templates in the density."""
    if not templates:
        return 0.0
    # The longest chain stands for what is in a template.
    longest = max(len(one) for one in task.checked.target.sequences)
    each = TEMPLATE_SEARCH + _search_seconds(longest, task.checked.volume)
    return BLURRING * volume + templates * each


def _search_seconds(residues: int, volume: float) -> float:
    """To try all orientations of a chain and of its domains everywhere in a map, by its density."""
    domains = max(1, round(residues / RESIDUES_OF_DOMAIN))
    bodies = [residues / domains] * domains + [residues] * (domains > 1)
    seconds = 0.0
    for count in bodies:
        radius = _radius(count)
        seconds += _voxels(radius, BOX * volume, COARSE_STEP) * rotations_for(radius, COARSE_STEP)
    return SEARCH_VOXEL * seconds


def _radius(residues: float) -> float:
    factor, power = GYRATION
    return ELONGATED * factor * residues**power


def _voxels(radius: float, box: float, step: float) -> float:
    """Of a search for a body of this radius of gyration in a box of so many Å³."""
    return ((box ** (1 / 3) + 2.0 * EXTENT * radius) / step) ** 3


def fold_seconds(residues: int, box: float) -> float:
    """To look for one known fold of so many residues in a box of so many Å³."""
    voxels = _voxels(_radius(residues), box, STEP)
    return FOLD_PLACES + FOLD_RESIDUE * residues + SEARCH_VOXEL * voxels * ORIENTATIONS


def _symmetry_seconds(options: Options) -> float:
    if read_symmetry(options.symmetry) is not None:
        return SYMMETRY_SECONDS
    poor = options.resolution is not None and options.resolution >= BY_POSITIONS
    return SYMMETRY_SEARCH if poor and is_looked_for(options.symmetry) else 0.2


def bending_share(length: int) -> float:
    """Of the time of stage templates, what bending them takes: here for a target of L residues."""
    bending = TEMPLATE_BENDING * length
    return bending / (TEMPLATE_SEARCH + bending)


def _places(length: int) -> float:
    """Places where a residue may be, on average over the rounds."""
    first = length if length <= MOST_POSITIONS else FIRST_POSITIONS
    left = min(first, POSITIONS_A_RESIDUE)
    return NARROWED_AFTER * first + (1.0 - NARROWED_AFTER) * left


def _trace_seconds(length: int, joinings: int) -> float:
    moves = TRACE_MOVES * joinings / USUAL_JOININGS
    return 0.4 + length * (TRACE_PLACE * _places(length) + moves)


RESIDUES_OF_DOMAIN = 150
"""Of a usual domain."""

BODY_SECONDS = 9.0
"""To refine the places of one body."""


def expected_fit_seconds(task: Task, models: int = 1) -> dict[str, float]:
    """Seconds of each stage of a fit; parameters as `expected_build_seconds`."""
    checked = task.checked
    domains = 1 if task.options.rigid else max(1, round(len(checked.target) / RESIDUES_OF_DOMAIN))
    bodies = domains + (domains > 1)
    given = read_symmetry(task.options.symmetry) is not None
    return {
        "density": 1.0 + checked.volume / 1e6,
        "network": 2.0 + checked.volume * (7e-5 if checked.device == "cpu" else 2e-6),
        **({"symmetry": SYMMETRY_SECONDS} if given else {}),
        "fit": BODY_SECONDS * bodies + _search_seconds(len(checked.target), checked.volume),
        "report": 0.1,
    }


def expected_model_seconds(task: Task, models: int = USUAL_MODELS) -> dict[str, float]:
    """Seconds of each stage of a job about a model, which is scored or rebuilt; parameters as
    `expected_build_seconds`."""
    options, checked = task.options, task.checked
    length = len(checked.target)
    schedule, work = options.schedule, REBUILDS[options.quality]
    models = min(options.models, models)
    moving = 0 if task.plan is None else int(task.plan.built.sum())
    seconds = {
        "density": 1.0 + checked.volume / 1e6,
        "network": 2.0 + checked.volume * (4e-5 if checked.device == "cpu" else 2e-6),
        "nucleic": 0.2 + NUCLEIC_VOLUME * checked.volume,
        "calpha": 0.3,
    }
    if moving:
        seconds |= {
            "trace": 1.0 + 0.1 * moving,
            "assembly": 1.0 + 2e-5 * moving * work.replicas * work.sweeps,
            "atomic": (3.0 + 10.0 * ATOMIC_SECONDS[schedule.atomic] * moving) * models,
        }
    else:
        seconds["evidence"] = 0.3 + 0.01 * length
    seconds["quality"] = 0.003 * length * (models if moving else 1)
    seconds["report"] = 1.0
    return seconds
