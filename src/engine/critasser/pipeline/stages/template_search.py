"""Stage template_search: known structures of the library that the sequences or the map suggest.

Only where the map does not tell a sequence clearly. Candidates go to stage templates, which lays
them in the map as it does with the person's, and refuses what does not belong there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from critasser.density import averaged_over_units
from critasser.fitting import SearchedFields, fold_scores, network_fields
from critasser.job.arrays import write_table
from critasser.pipeline.expected_time import fold_seconds
from critasser.pipeline.files import DENSITY, FEATURES, FOUND, NUCLEIC, UNITS
from critasser.pipeline.stage import Context, Stage, Task, named_sequences
from critasser.pipeline.stages.density_fit import template_chains
from critasser.pipeline.stages.nucleic import protein_features
from critasser.pipeline.stages.sequences import SURE_Z
from critasser.pipeline.stages.symmetry import load_units
from critasser.shipped import SEQUENCE_NETWORK
from critasser.structure import Symmetry
from critasser.structure.fold_classes import SequenceProfile, fold_likeness
from critasser.structure.sequence_profile import sequence_profile
from critasser.templates import entities_of, known_entities, letters_of
from critasser.templates.alignment import align
from critasser.text import printable
from critasser.threading import EMPTY, TemplateLibrary, load_library, rank, write_library

__all__ = ["LIBRARY_ROLE", "STAGE"]

LIBRARY_ROLE = "library"
"""Of the template library among the files of a job."""

SHORTEST_FOLD = 40
"""Residues of a sequence; less is no fold by which a structure could be told from others."""

RELATED_Z, MOST_RELATED = 7.0, 4
"""z-score of threading from which a chain of the library is taken for a relative, and most of them
for a sequence: chains of other families come to 5.6 at most (20 sequences)."""

STANDS_OUT, MOST_FOLDS = 3.0, 4
"""Deviations by which the fold of a chain must suit the map better than the others that are tried
do, and most of them."""

SHORTEST, LONGEST = 0.5, 1.5
"""Of the residues of a sequence: chains whose fold is looked for in the map."""

FEWEST = 24
"""Chains that are looked for at least: by them it is told what chance does."""

MAD_OF_NORMAL = 0.6745
"""Median absolute deviation of a normal distribution, in its standard deviations."""

LEAST_SPREAD = 1e-6
"""Of scores, that deviations are divided by."""

MOST_FOUND = 12
"""Chains of the library that are tried as templates, of all sequences together."""

RANKING_SHARE = 0.1
"""Of the time of a sequence's search, what the ranking by the sequence takes."""

BATCH = 16
"""Chains that a process looks for at a time."""

MARGIN = 10
"""Residues that are kept on either side of what aligns, of a chain that is longer than that."""


@dataclass(frozen=True)
class Found:
    """A chain of the library that is tried as a template.

    Attributes
    ----------
    number : int
        In the library.
    sequence : str
        Name of the sequence that it is tried for.
    first, last : int
        Its first residue that is tried, and one past the last.
    by_sequence : float
        z-score of threading.
    by_density : float
        Deviations by which its fold stands out in the map; NaN where it was not looked for.
    """

    number: int
    sequence: str
    first: int
    last: int
    by_sequence: float
    by_density: float


def template_search(context: Context) -> None:
    """Rank the library for each sequence that the map does not tell, and find the best folds."""
    wanted, reason = _wanted(context)
    # What is not needed may be damaged since it was checked.
    library = load_library(context.external(LIBRARY_ROLE)) if wanted else EMPTY
    units = load_units(context)
    found = _search(context, library, wanted, *units) if wanted else []
    write_library(
        context.file(FOUND), library.select([(one.number, one.first, one.last) for one in found])
    )
    write_table(
        context.file("3_templates/library.csv", "table", "known structures"),
        ("structure", "first", "last", "sequence", "by sequence", "by density"),
        [
            (library.names[one.number], one.first + 1, one.last, one.sequence,
             one.by_sequence, one.by_density)
            for one in found
        ],
        {"by sequence": 1, "by density": 1},
    )  # fmt: skip
    context.note(
        stand_out=[
            None if math.isnan(one.by_density) else round(one.by_density, 2) for one in found
        ]
    )
    names = ", ".join(library.names[one.number] for one in found)
    context.say(reason or (f"to be tried: {names}" if names else "none suits sequence or map"))


def _wanted(context: Context) -> tuple[list[int], str]:
    """Sequences (places in `entities_of`) to look for templates of, or why there is none."""
    if not context.settings["search"]:
        return [], "not asked for"
    files = context.all_external("template_*")
    given, _ = template_chains(files, [None] * len(files))
    known, z_scores = known_entities(given, context.target), context.numbers_noted("z_scores")
    absent = set(context.chains_noted("by_map"))
    wanted = []
    for entity, group in enumerate(entities_of(context.target)):
        told = z_scores is not None and z_scores[group[0]] >= SURE_Z
        long = len(context.target.sequences[group[0]]) >= SHORTEST_FOLD
        if long and not told and entity not in known and not absent.issuperset(group):
            wanted.append(entity)
    reason = (
        "not needed: each sequence is told by the map, or clearly not in it, or has a template "
        f"that was given, or fewer than {SHORTEST_FOLD} residues"
    )
    return wanted, "" if wanted else reason


def _search(
    context: Context,
    library: TemplateLibrary,
    wanted: Sequence[int],
    symmetry: Symmetry,
    certain: bool,
) -> list[Found]:
    """What is to be tried as a template, what stands out most first."""
    features = protein_features(context)
    if certain:
        features = averaged_over_units(features, symmetry.rotation, symmetry.shift)
    fields = SearchedFields.of(network_fields(features))
    volume = float(np.prod(features.backbone.shape))
    found: list[Found] = []
    for count, entity in enumerate(wanted):
        group = entities_of(context.target)[entity]
        sequence = context.target.sequences[group[0]]

        def report(done: float, count=count, name=sequence.name) -> None:
            context.progress(
                (count + done) / len(wanted), f"known folds that {printable(name)} may have"
            )

        codes = letters_of(context.target, group)
        told = sequence_profile(codes, np.zeros(len(codes), dtype=np.int64))
        z_scores = rank(
            library, codes, told.structure, told.side, told.back,
            progress=lambda done: report(RANKING_SHARE * done),
        )  # fmt: skip
        each = fold_seconds(len(sequence), volume)
        most = int(context.settings["seconds"] / len(wanted) / each)
        tried = _tried(library.lengths, z_scores, len(sequence), most)
        density = _by_density(context, library, tried, fields, each, report)
        related = [k for k in np.argsort(-z_scores)[:MOST_RELATED] if z_scores[k] >= RELATED_Z]
        folds = [k for k in sorted(density, key=lambda k: -density[k]) if density[k] >= STANDS_OUT]
        for number in [*related, *folds[:MOST_FOLDS]]:
            first, last = _aligned(library, number, codes, told)
            found.append(
                Found(
                    int(number), sequence.name, first, last, float(z_scores[number]),
                    density.get(number, float("nan")),
                )
            )  # fmt: skip
    once: dict[tuple[int, int, int], Found] = {}
    for one in sorted(found, key=lambda one: -max(one.by_sequence, np.nan_to_num(one.by_density))):
        once.setdefault((one.number, one.first, one.last), one)
    return list(once.values())[:MOST_FOUND]


def _tried(
    lengths: NDArray[np.int64], z_scores: NDArray[np.float64], length: int, most: int
) -> list[int]:
    """Chains that are looked for in the map: of the right length, the best by the sequence."""
    right = np.flatnonzero((lengths >= SHORTEST * length) & (lengths <= LONGEST * length))
    ranked = right[np.argsort(-z_scores[right], kind="stable")]
    return [int(k) for k in ranked[: max(most, FEWEST)]]


def _by_density(
    context: Context,
    library: TemplateLibrary,
    tried: Sequence[int],
    fields: SearchedFields,
    each: float,
    report: Callable[[float], None],
) -> dict[int, float]:
    """Deviations by which the fold of each chain, which takes so many seconds, stands out."""
    if len(tried) < FEWEST:
        context.run.job.log(
            f"{len(tried)} known folds are of fitting length, fewer than {FEWEST}: none is looked "
            "for in the map"
        )
        return {}
    batches = [tried[k : k + BATCH] for k in range(0, len(tried), BATCH)]
    scores: list[float] = []
    for done in context.executor.map(
        fold_scores,
        [{"chains": [library.calpha[library.residues(k)] for k in batch]} for batch in batches],
        shared={"fields": fields},
        seconds=BATCH * each,
        progress=lambda done, _message: report(RANKING_SHARE + (1.0 - RANKING_SHARE) * done),
        tell=context.run.job.log,
    ):
        scores += done.result
        context.run.cpu_elsewhere += done.cpu_seconds
    middle = float(np.median(scores))
    spread = float(np.median(np.abs(np.array(scores) - middle))) / MAD_OF_NORMAL
    return {k: (score - middle) / max(spread, LEAST_SPREAD) for k, score in zip(tried, scores)}


def _aligned(
    library: TemplateLibrary, number: int, codes: NDArray[np.int8], told: SequenceProfile
) -> tuple[int, int]:
    """The residues of a chain that may stand for the sequence: all but what is far too much."""
    part = library.residues(number)
    length = part.stop - part.start
    if length <= LONGEST * len(codes):
        return 0, length
    fold = fold_likeness(library.classes(number), told)
    pairs = align(library.codes[part], codes, fold=fold).pairs[:, 0]
    if not len(pairs):
        return 0, length
    return max(int(pairs[0]) - MARGIN, 0), min(int(pairs[-1]) + 1 + MARGIN, length)


def _settings(task: Task) -> Mapping[str, object]:
    return {
        **named_sequences(task),
        "search": task.options.template_search,
        "seconds": task.options.schedule.template_search,
    }


STAGE = Stage(
    "template_search",
    template_search,
    reads=(DENSITY, FEATURES, NUCLEIC, UNITS),
    facts={"z_scores": "sequences", "by_map": "sequences", "map_symmetry": "symmetry"},
    settings=_settings,
    external=("template_*", LIBRARY_ROLE, SEQUENCE_NETWORK),
)
