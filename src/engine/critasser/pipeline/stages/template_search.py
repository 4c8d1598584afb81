"""Stage template_search: known structures of the library that the sequences or the map suggest.

Only where neither the map tells a sequence clearly nor a structure that was given lies in the map.
Candidates go to stage templates, which lays
them in the map as it does with the person's, and refuses what does not belong there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from critasser.fitting import SearchedFields, fold_scores, network_fields
from critasser.job.arrays import write_table
from critasser.pipeline.expected_time import fold_seconds
from critasser.pipeline.files import DENSITY, FEATURES, FOUND, NUCLEIC, UNITS
from critasser.pipeline.stage import Context, Stage, Task, named_sequences
from critasser.pipeline.stages.density_fit import fitted_features
from critasser.pipeline.stages.untold_sequences import (
    SHORTEST_FOLD,
    UNTOLD_FACTS,
    untold_entities,
)
from critasser.shipped import LIBRARY, SEQUENCE_NETWORK, shipped
from critasser.structure.fold_classes import SequenceProfile, fold_likeness
from critasser.structure.sequence_profile import sequence_profile
from critasser.templates import entities_of, letters_of
from critasser.templates.alignment import align
from critasser.text import printable
from critasser.threading import (
    EMPTY,
    TemplateLibrary,
    load_library,
    order_z_score,
    rank,
    write_library,
)

__all__ = ["LIBRARY_ROLE", "STAGE"]

LIBRARY_ROLE = "library"
"""Of the template library among the files of a job."""

RELATED_Z, MOST_RELATED = 7.0, 4
"""z-score of threading from which a chain of the library is taken for a relative, and most of them
for a sequence: of 25 validation chains the first twenty of other folds come to 4.8 at most
(``benchmark.known_folds``)."""

ORDERED_Z = 10.0
"""z-score of a relative among orders of the sequence's residues: sequences of few letters come to
7.6 at most, right folds of validation chains to 18 at least (``benchmark.known_folds``)."""

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

BLURRING_SHARE = 0.02
"""Of the stage's time, what making the fields of the map takes."""

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
    entity : int
        Its place in `entities_of`.
    first, last : int
        Its first residue that is tried, and one past the last.
    by_sequence : float
        z-score of threading.
    by_density : float
        Deviations by which its fold stands out in the map; NaN where it was not looked for.
    """

    number: int
    sequence: str
    entity: int
    first: int
    last: int
    by_sequence: float
    by_density: float


def template_search(context: Context) -> None:
    """Rank the library for each sequence that the map does not tell, and find the best folds.

    Notes ``found``: of each chain that is to be tried, its name in the library as ``structure``,
    the ``sequence`` that it is tried for, and how far it stands out ``by_sequence`` and ``by_map``,
    null where it was not looked for there; and ``known_folds``, what was looked through.
    """
    wanted, reason = _wanted(context)
    path = context.external(LIBRARY_ROLE)
    # What is not needed may be damaged since it was checked.
    library = load_library(path) if wanted else EMPTY
    found = _search(context, library, wanted) if wanted else []
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
    groups = entities_of(context.target)
    first = [context.target.sequences[groups[one][0]].name for one in wanted]
    words = f"the sequence{'s' * (len(first) > 1)} {', '.join(first)}"
    context.note(
        found=[
            {
                "structure": library.names[one.number],
                "sequence": one.sequence,
                "entity": one.entity,
                "by_sequence": round(one.by_sequence, 1),
                "by_map": None if np.isnan(one.by_density) else round(one.by_density, 1),
            }
            for one in found
        ],
        known_folds={
            "sequences": first,
            "words": words if len(groups) > 1 else "the sequence",
            "library": "that ships" if path == shipped(LIBRARY) else "of your own",
            "structures": len(library),
            "reason": reason,
        },
    )
    names = ", ".join(library.names[one.number] for one in found)
    looked = f"{len(library):,} looked through for {printable(', '.join(first))}; "
    context.say(reason or looked + (f"to be tried: {names}" if names else "none suits"))


def _wanted(context: Context) -> tuple[list[int], str]:
    """Sequences (places in `entities_of`) to look for templates of, or why there is none."""
    noted = context.fact("lying")
    lying = set(noted) if isinstance(noted, list) and all(type(k) is int for k in noted) else set()
    wanted = [entity for entity in untold_entities(context) if entity not in lying]
    if not context.settings["search"]:
        return [], "not asked for"
    reason = (
        "not needed: each sequence is told by the map, or clearly not in it, or has a template "
        f"that was given and lies in the map, or fewer than {SHORTEST_FOLD} residues"
    )
    return wanted, "" if wanted else reason


def _search(
    context: Context, library: TemplateLibrary, wanted: Sequence[int]
) -> list[Found]:
    """What is to be tried as a template, what stands out most first."""
    features = fitted_features(context)
    fields = SearchedFields.of(
        network_fields(features),
        lambda done: context.progress(BLURRING_SHARE * done, "what the map shows, blurred"),
    )
    volume = float(np.prod(features.backbone.shape))
    found: list[Found] = []
    for count, entity in enumerate(wanted):
        group = entities_of(context.target)[entity]
        sequence = context.target.sequences[group[0]]

        of_which = f" for {printable(sequence.name)}" if len(wanted) > 1 else ""

        def report(done: float, message: str, count=count, of_which=of_which) -> None:
            context.progress(
                BLURRING_SHARE + (1.0 - BLURRING_SHARE) * (count + done) / len(wanted),
                f"known folds{of_which}: {message}",
            )

        codes = letters_of(context.target, group)
        told = sequence_profile(codes, np.zeros(len(codes), dtype=np.int64))
        z_scores, related = _threaded(context, library, codes, told, report)
        each = fold_seconds(len(sequence), volume)
        most = int(context.settings["seconds"] / len(wanted) / each)
        tried = _tried(library.lengths, z_scores, len(sequence), most)
        density = _by_density(context, library, tried, fields, each, report)
        folds = [k for k in sorted(density, key=lambda k: -density[k]) if density[k] >= STANDS_OUT]
        for number in [*related, *folds[:MOST_FOLDS]]:
            first, last = _aligned(library, number, codes, told)
            found.append(
                Found(
                    int(number), sequence.name, entity, first, last, float(z_scores[number]),
                    density.get(number, float("nan")),
                )
            )  # fmt: skip
    once: dict[tuple[int, int, int], Found] = {}
    for one in sorted(found, key=lambda one: -max(one.by_sequence, np.nan_to_num(one.by_density))):
        once.setdefault((one.number, one.first, one.last), one)
    return list(once.values())[:MOST_FOUND]


def _threaded(
    context: Context,
    library: TemplateLibrary,
    codes: NDArray[np.int8],
    told: SequenceProfile,
    report: Callable[[float, str], None],
) -> tuple[NDArray[np.float64], list[int]]:
    """z-score of each chain of the library for one sequence, and which are its relatives."""
    sequence = (codes, told.structure, told.side, told.back)
    z_scores = rank(
        library, *sequence, progress=lambda done: report(RANKING_SHARE * done, "by its sequence")
    )
    related = [
        int(k) for k in np.argsort(-z_scores)[:MOST_RELATED]
        if z_scores[k] >= RELATED_Z
        and order_z_score(library, int(k), *sequence, context.rng) >= ORDERED_Z
    ]  # fmt: skip
    return z_scores, related


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
    report: Callable[[float, str], None],
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
        progress=lambda done, _message: report(
            RANKING_SHARE + (1.0 - RANKING_SHARE) * done,
            f"{round(done * len(tried)):,} of {len(tried):,} looked for in the map",
        ),
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
    facts={"lying": "given_templates", "map_symmetry": "symmetry", **UNTOLD_FACTS},
    settings=_settings,
    external=(LIBRARY_ROLE, SEQUENCE_NETWORK),
    draws=True,
)
