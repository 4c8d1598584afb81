"""Superposes the structures that a person gives on the map's Cα positions, and ranks them."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from critasser.structure import CalphaSet, ProteinChain, Target, Template, cr_score
from critasser.templates.fingerprint import match_fingerprints
from critasser.templates.likeness import alike_entities, entities_of, letters_of
from critasser.templates.places import (
    FEWEST_RESIDUES,
    LEAST_GAIN,
    at_hinges,
    by_positions,
    gain_of_place,
)
from critasser.templates.pose import Fit, Search, in_chain
from critasser.templates.reading import LEAST_Z_BY_FOLD, TemplateReading
from critasser.templates.together import Placing, chosen_together, letters_in_chain
from critasser.templates.triples import match_triples

__all__ = ["AS_GOOD", "GOOD", "STRATEGIES", "Rejected", "Reselection", "survey"]

STRATEGIES: dict[str, Search] = {
    "fingerprint": match_fingerprints,
    "triples": match_triples,
}
"""The paper's matching, and ours; both take template and map Cα and return poses."""

GOOD = 0.5
"""CRscore from which the paper calls a template good."""

RELATED = 0.30
"""Identity from which the alignment says which template residues the map can hold."""

RELATED_PAIRS = 3 * FEWEST_RESIDUES
"""Aligned residues that are enough to search with."""

AS_GOOD = 0.8
"""Share of the positions that the best placing explains from which another is about as good."""

SAME_CENTRE = 10.0
"""Å between centres of two placings that are in one place."""

TRIANGLES_SHARE = 0.2
"""Of the time of a chain's places, where the density is searched too."""


@dataclass(frozen=True)
class Rejected:
    """A structure that is of no use here, and why; `chain` is its number among those given."""

    source: str
    reason: str
    chain: int = 0


@dataclass(frozen=True)
class Reselection:
    """Templates in the map's frame, best CRscore first, and what was left out.

    Attributes
    ----------
    templates : tuple of Template
    rejected : tuple of Rejected
    elsewhere : tuple of tuple of Template
        Of each template, further places that it fits about as well, as in a symmetric molecule.
    chains : tuple of tuple of int
        Of each template, the numbers of the chains that it is made of.
    """

    templates: tuple[Template, ...]
    rejected: tuple[Rejected, ...]
    elsewhere: tuple[tuple[Template, ...], ...] = ()
    chains: tuple[tuple[int, ...], ...] = ()

    @property
    def good(self) -> tuple[Template, ...]:
        """Templates with a CRscore above 0.5."""
        return tuple(template for template in self.templates if template.score > GOOD)


def survey(
    chains: Sequence[ProteinChain],
    calpha: CalphaSet,
    target: Target,
    *,
    limit: int = 30,
    progress: Callable[[float, str], None] | None = None,
    strategy: str = "triples",
    fit: Fit | None = None,
) -> Reselection:
    """Superpose template chains on Cα positions and read them as the target.

    Parameters
    ----------
    chains : sequence of ProteinChain
        In any frame.
    calpha : CalphaSet
        From the map.
    target : Target
        One chain or several; a template serves every chain that it is alike to, in as many
        places as it fits.
    limit : int
        Most templates.
    progress : callable, optional
    strategy : str
        One of `STRATEGIES`.
    fit : Fit, optional
        Places chains by the density; its places and those by Cα positions are read and ranked
        alike, by what they gain by both, but for those that the density speaks against.

    Returns
    -------
    Reselection

    References
    ----------
    CR-I-TASSER paper, "Template reselection by Cα and density map matching".
    """
    search = STRATEGIES[strategy]
    entities = entities_of(target)
    placings: list[list[Placing]] = []
    rejected: list[Rejected] = []
    for number, chain in enumerate(chains):

        def report(part: float, message: str, number=number, chain=chain) -> None:
            if progress is not None:
                progress((number + part) / len(chains), f"{chain.title}: {message}")

        report(0.0, f"{len(chain)} residues")
        placed = _place(number, chain, calpha, target, entities, search, fit, report)
        if isinstance(placed, str):
            rejected.append(Rejected(chain.title, placed, number))
        else:
            placings.append(placed)
    placings, unsure = _read_best(placings, chains)
    placings, taken = _together(placings, chains, target, entities)
    rejected += [*unsure, *taken]
    found = _combine(placings, chains, calpha, target, entities)
    if progress is not None:
        progress(1.0, f"{len(found)} templates, {len(rejected)} of no use")
    placed, elsewhere, numbers = zip(*found[:limit]) if found else ((), (), ())
    return Reselection(placed, tuple(rejected), elsewhere, numbers)


def _place(
    number: int,
    chain: ProteinChain,
    calpha: CalphaSet,
    target: Target,
    entities: list[list[int]],
    search: Search,
    fit: Fit | None,
    report: Callable[[float, str], None],
) -> list[Placing] | str:
    """Placings of one chain, best first, or the reason why there is none."""
    seen = np.flatnonzero(np.isfinite(chain.calpha).all(axis=1))
    if len(seen) < FEWEST_RESIDUES:
        return f"only {len(seen)} residues with a Cα; at least {FEWEST_RESIDUES} are needed"
    own, codes = chain.calpha[seen], chain.codes[seen]
    letters = [letters_of(target, group) for group in entities]
    by_sequence, alike = alike_entities(codes, letters)
    # What is not alike by sequence may still be alike by fold, and then the map tells the register.
    wanted = alike or list(range(len(entities)))
    chosen = np.arange(len(seen))
    best = max((by_sequence[e] for e in wanted), key=lambda a: a.score)
    if best.identity >= RELATED and len(best.pairs) >= RELATED_PAIRS:
        chosen = best.pairs[:, 0]
    copies = sum(len(entities[e]) for e in wanted)
    share = 1.0 if fit is None else TRIANGLES_SHARE
    places = by_positions(
        own, chosen, calpha, copies, search, lambda done, told: report(share * done, told)
    )
    reason = places if isinstance(places, str) else ""
    places = [] if reason else list(places)
    if fit is not None:
        places += [
            (placed.positions[seen], placed.bodies)
            for placed in fit(
                number,
                copies=copies,
                progress=lambda done, told: report(share + (1.0 - share) * done, told),
            )
        ]
    if not places:
        return reason
    shared = np.isin(np.arange(len(chain)), seen[chosen])

    def gain(placed: NDArray[np.float64], some: NDArray[np.bool_]) -> float:
        wanted = shared & np.isin(np.arange(len(chain)), seen[some])
        return fit.gain(number, in_chain(len(chain), seen, placed), wanted)

    def lying(placed: NDArray[np.float64]) -> NDArray[np.bool_]:
        return fit.lying(number, in_chain(len(chain), seen, placed))[seen]

    places = at_hinges(places, calpha, report, fit and gain, fit and lying)
    reading = TemplateReading.of(number, own, codes, letters, wanted, bool(alike), calpha)
    read = _read(reading, places, len(chain), seen, fit)
    if fit is not None:
        against = [
            fit.against(
                number, in_chain(len(chain), seen, placed), shared,
                letters_in_chain(len(chain), seen, one, letters),
                0.0 if one is None else one.alignment.z_score,
            )
            for (placed, _), one in zip(places, read)
        ]  # fmt: skip
        if all(against):
            return against[0]
        read = [one for one, reason in zip(read, against) if not reason]
        places = [place for place, reason in zip(places, against) if not reason]
    result, price = [], LEAST_GAIN * len(seen)  # of a place that is bent, or cut in domains
    for (placed, bodies), found in zip(places, read):
        if found is not None:
            by_density = 0.0
            if fit is not None:
                by_density = gain_of_place(placed, bodies, places, gain, lying)
                by_density -= price * (bodies > 1)
            result.append(dataclasses.replace(found, worth=len(found.held) + by_density))
    if not result:
        return (
            f"its sequence cannot be aligned with the target's: {best.identity:.0%} of residues "
            "agree, no more than by chance"
        )
    return sorted(result, key=lambda placing: -placing.worth)


def _read(
    reading: TemplateReading,
    places: Sequence[tuple[NDArray[np.float64], int]],
    length: int,
    seen: NDArray[np.int64],
    fit: Fit | None,
) -> list[Placing | None]:
    """A chain of so many residues, of which some are seen, read in each of its places."""
    if fit is None:
        return [reading.placing(placed, bodies) for placed, bodies in places]
    certain, read = fit.certain(reading.number), []
    for placed, bodies in places:
        along = fit.along(reading.number, in_chain(length, seen, placed))
        told = None if along is None else along[seen]
        read.append(reading.placing(placed, bodies, told, certain))
    return read


def _read_best(
    placings: list[list[Placing]], chains: Sequence[ProteinChain]
) -> tuple[list[list[Placing]], list[Rejected]]:
    """Placings without those of chains that are used for their fold alone where another chain lies
    that suits the sequence better; comes with these chains."""
    left, rejected = [], []
    for group in placings:
        own = group[0]
        better = [
            other for others in placings for other in others[:1]
            if own.alignment.z_score < LEAST_Z_BY_FOLD and own.entity == other.entity
            and other.alignment.z_score > own.alignment.z_score and own.excludes(other)
        ]  # fmt: skip
        if better:
            best = max(better, key=lambda other: other.alignment.z_score)
            suits = f"lies where {chains[best.chain].title} does, which suits the sequence better"
            rejected.append(Rejected(chains[own.chain].title, suits, own.chain))
        else:
            left.append(group)
    return left, rejected


def _together(
    placings: list[list[Placing]],
    chains: Sequence[ProteinChain],
    target: Target,
    entities: list[list[int]],
) -> tuple[list[list[Placing]], list[Rejected]]:
    """Placings of each template beside those of all that were chosen together.

    Of a target of several chains those chosen come first, as one group; of each template what lies
    where the chosen one of another sequence does is left out. Comes with the templates of which
    nothing is left then.
    """
    if len(target.sequences) < 2 or len(placings) < 2:
        return placings, []
    every = list(itertools.chain.from_iterable(placings))
    chosen = chosen_together(every, [len(group) for group in entities])
    left, rejected = [chosen], []
    for group in placings:
        free = [
            one
            for one in group
            if not any(one.entity != other.entity and one.excludes(other) for other in chosen)
        ]
        if free:
            left.append(free)
        else:
            best = group[0]
            other = next(
                one for one in chosen if one.entity != best.entity and best.excludes(one)
            )
            better = f"{chains[other.chain].title} lies, which fits better"
            rejected.append(
                Rejected(chains[best.chain].title, f"fits only where {better}", best.chain)
            )
    return left, rejected


def _combine(
    placings: list[list[Placing]],
    chains: Sequence[ProteinChain],
    calpha: CalphaSet,
    target: Target,
    entities: list[list[int]],
) -> list[tuple[Template, tuple[Template, ...], tuple[int, ...]]]:
    """One template of each group of placings; with each come its other places, and the numbers of
    the chains that it is made of."""
    centres: dict[int, NDArray[np.float64]] = {}
    templates = []
    for group in placings:
        positions = np.full((len(target), 3), np.nan)
        free = {entity: list(members) for entity, members in enumerate(entities)}
        used: list[Placing] = []
        for placing in group:
            if not free[placing.entity] or placing.lies_where(used):
                continue
            slot = _slot(free[placing.entity], centres, placing.centre)
            free[placing.entity].remove(slot)
            centres.setdefault(slot, placing.centre)
            positions[target.chain_slices[slot]] = placing.positions
            used.append(placing)
        score = cr_score(positions, calpha.positions, len(target))
        pairs = [len(placing.alignment.pairs) for placing in used]
        alike = [placing.alignment.identity for placing in used]
        identity = float(np.average(alike, weights=pairs))
        one = Template(positions, score, _source(used, chains), identity)
        others = _elsewhere(group, used, chains, calpha, target, entities)
        numbers = tuple(dict.fromkeys(placing.chain for placing in used))
        templates.append((one, others, numbers))
    return sorted(templates, key=lambda template: -template[0].score)


def _elsewhere(
    group: list[Placing],
    used: list[Placing],
    chains: Sequence[ProteinChain],
    calpha: CalphaSet,
    target: Target,
    entities: list[list[int]],
) -> tuple[Template, ...]:
    """Places of a chain that are about as good as those that are used, and not the same."""
    if len({placing.chain for placing in group}) > 1:
        return ()
    found, there = [], list(used)
    for placing in group:
        enough = len(placing.held) >= AS_GOOD * len(used[0].held)
        if placing in used or not enough or placing.lies_where(there):
            continue
        there.append(placing)
        positions = np.full((len(target), 3), np.nan)
        positions[target.chain_slices[entities[placing.entity][0]]] = placing.positions
        score = cr_score(positions, calpha.positions, len(target))
        found.append(
            Template(positions, score, _source([placing], chains), placing.alignment.identity)
        )
    return tuple(found)


def _slot(
    free: list[int], centres: dict[int, NDArray[np.float64]], centre: NDArray[np.float64]
) -> int:
    """Of equal target chains, the one that other templates put here, or one they put nowhere."""
    others = [(float(np.linalg.norm(centres[s] - centre)), s) for s in free if s in centres]
    if others and min(others)[0] < SAME_CENTRE:
        return min(others)[1]
    fresh = [s for s in free if s not in centres]
    return fresh[0] if fresh else min(others)[1]


def _source(used: list[Placing], chains: Sequence[ProteinChain]) -> str:
    parts = []
    for number in dict.fromkeys(placing.chain for placing in used):
        own = [placing for placing in used if placing.chain == number]
        text = f"{chains[number].title}, {own[0].alignment.identity:.0%} identical"
        if len(own) > 1:
            text += f", in {len(own)} places"
        if own[0].bodies > 1:
            text += f", as {own[0].bodies} rigid bodies"
        parts.append(text)
    return "; ".join(parts)
