"""Stage sequences: which of the sequences the map holds, and in how many copies."""

from __future__ import annotations

from collections.abc import Mapping

from critasser.job.arrays import load_calpha
from critasser.network.nucleic.finding import TRUSTED_RESOLUTION
from critasser.pipeline.files import (
    DENSITY,
    EVERY_CALPHA,
    FEATURES,
    NUCLEIC,
    NUCLEIC_MAP,
    UNITS,
)
from critasser.pipeline.stage import Context, Stage, Task, named_sequences
from critasser.pipeline.stages.nucleic import NUCLEIC_FACTS, protein_features
from critasser.pipeline.stages.symmetry import load_units
from critasser.shipped import SEQUENCE_NETWORK
from critasser.trace import Presence, SequencePresence, find_presence, find_unit

__all__ = ["STAGE", "SURE_Z", "remarks"]

SURE_Z = 10.0
"""z-score of a sequence from which the map tells it, and no templates are looked for: models of
such maps have TM-scores of 0.87 and more, but for parts that the map does not show."""

MUCH_MORE = 1.15
"""Residues that are built, over those that there is room for, from which it is told."""


def sequences(context: Context) -> None:
    """Compare each sequence with shuffled ones, and choose the chains that are built.

    Notes ``by_map``: places of the chains that are not built as far as the map tells; ``evidence``
    of each chain and ``room``, by which stage templates decides; ``chains``: what the report says
    of each; and ``sequence_z_score``, of all that the map alone shows, with its ``log_odds``.
    """
    _compare_nucleic_acid(context)
    calpha, _, _ = load_calpha(context.read(EVERY_CALPHA))
    if not len(calpha):
        context.say("no Cα position tells the sequences")
        return
    features = protein_features(context)
    symmetry, certain = load_units(context)
    unit = find_unit(calpha, features, context.target, symmetry, certain=certain)
    presence = find_presence(
        unit.calpha,
        features,
        unit.target,
        rng=context.rng,
        tick=lambda done: context.progress(done, "shuffled sequences to compare with"),
    )
    left_out = presence.absent_chains(unit.target)
    absent = [k for k, (own, _) in enumerate(unit.chains.tolist()) if own in left_out]
    evidence = presence.evidence_of(unit.target)
    whole = presence.whole
    context.note(
        sequence_z_score=whole.z_score,
        log_odds={"own": whole.own, "shuffled": whole.shuffled, "length": whole.length},
        chains=_chains(context, presence),
        z_scores=_z_scores(context, presence),
        evidence=[evidence[own] for own, _ in unit.chains.tolist()],
        room=presence.room * unit.built,
    )
    if absent:
        context.note(by_map=absent)
    templates = context.settings["templates"]
    for line in remarks(presence, templates=templates, units=unit.units):
        context.warn(line)
    count = len(context.target.sequences)
    context.say(
        f"z-score {whole.z_score:.1f}; {count - len(absent)} of {count} "
        f"{'chains' if count > 1 else 'chain'} "
        + ("would be built by the map alone" if templates else "to be built")
    )


def _compare_nucleic_acid(context: Context) -> None:
    """Warn where the map shows nucleic acid and the FASTA file has none, or the other way round."""
    found, named = context.fact("nucleic_acid"), context.settings["nucleic"]
    trusted = context.fact("resolution") <= TRUSTED_RESOLUTION
    if found["regions"] and trusted and not named:
        context.warn(
            f"{found['volume']:,.0f} Å³ of the map look like nucleic acid ({NUCLEIC_MAP}), and the "
            "FASTA file names no DNA or RNA: if it is some, add its sequence, and no protein is "
            "built there"
        )
    if named and not found["regions"]:
        context.warn(
            f"the FASTA file has DNA or RNA ({', '.join(named)}), and none is seen in the map: "
            "what there is may be taken for protein"
        )


def _z_scores(context: Context, presence: Presence) -> list[float]:
    """Of each chain, that of its sequence."""
    z_scores = {one.sequence.letters: one.z_score for one in presence.sequences}
    return [z_scores[sequence.letters] for sequence in context.target.sequences]


def _chains(context: Context, presence: Presence) -> list[dict[str, str | int | float]]:
    """What is known of each chain: its sequence, residues and z-score."""
    return [
        {"sequence": sequence.name, "residues": len(sequence), "z_score": z_score}
        for sequence, z_score in zip(context.target.sequences, _z_scores(context, presence))
    ]


def remarks(presence: Presence, *, templates: bool = False, units: int = 1) -> list[str]:
    """What a person should know of sequences and their copies, a line each.

    Parameters
    ----------
    presence : Presence
    templates : bool
        Whether structures are given, which may show what the map alone does not.
    units : int
        Of the map's symmetry, in each of which the sequences are.
    """
    lines = [line for one in presence.sequences if (line := _remark(one, templates, units))]
    lines += [line for one in presence.sequences if (line := _remark_of_relatives(one))]
    built = sum(one.built * len(one.sequence) for one in presence.sequences)
    if presence.room and built > MUCH_MORE * presence.room:
        lines.append(
            f"{built} residues {'may' if templates else 'are to'} be built, and the map shows Cα "
            f"of {presence.room:.0f} at most: give only the sequences of what is in the map"
        )
    return lines


def _remark(one: SequencePresence, templates: bool, units: int) -> str | None:
    name, z_score = one.sequence.name, one.z_score
    if not one.built:
        what = "built where a template of it lies in the map" if templates else "not built"
        return (
            f"the map {'alone ' * templates}does not show {name} ({len(one.sequence)} residues): "
            f"it suits the map with z-score {z_score:.1f}, and what is there should come to "
            f"{one.expected:.1f}; it is {what}"
        )
    if one.built < one.asked:
        return (
            f"the map {'alone ' * templates}shows {one.built} of the {one.asked} copies of {name} "
            "that are asked for; the others are "
            + ("built where templates of them lie in the map" if templates else "not built")
        )
    if one.more and one.asked not in one.unlike:
        of_unit = f" in each of the {units} units of its symmetry" if units > 1 else ""
        return (
            f"the map seems to hold more copies of {name} than the {one.asked} asked for{of_unit}: "
            f"write copies={(one.asked + 1) * units} in its header to build another"
        )
    return None


def _remark_of_relatives(one: SequencePresence) -> str | None:
    """Copies in whose places another sequence may be."""
    name, best = one.sequence.name, max(copy.z_score for copy in one.copies)
    unlike = [k for k in one.unlike if k < one.built]
    if unlike:
        known = " and ".join(f"{one.copies[k].z_score:.0f}" for k in unlike)
        return (
            f"{len(unlike)} of the {one.built} copies of {name} suit the map clearly less than the "
            f"best (z-score {known} beside {best:.0f}): a relative with another sequence may be "
            "there; look whether one is to be given"
        )
    if one.more and one.asked in one.unlike:
        return (
            f"the map seems to hold a chain like {name} beside it that suits it less (z-score "
            f"{one.copies[one.asked].z_score:.0f} beside {best:.0f}): if it is a relative, give "
            "its sequence"
        )
    return None


def _settings(task: Task) -> Mapping[str, object]:
    return {
        **named_sequences(task),
        "templates": bool(task.inputs.templates),
        "nucleic": [one.name for one in task.checked.nucleic],
    }


STAGE = Stage(
    "sequences",
    sequences,
    reads=(DENSITY, EVERY_CALPHA, FEATURES, NUCLEIC, UNITS),
    facts={**NUCLEIC_FACTS, "resolution": "density", "map_symmetry": "symmetry"},
    settings=_settings,
    external=("trace.npz", SEQUENCE_NETWORK),
    draws=True,
)
