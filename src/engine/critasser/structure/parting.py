"""Chains of protein in a model, told apart by where its residues stand and not by their names.

Chains that share a name (blank ones as a rule) are parted by TER, by segments, and where residue
numbers begin again. Where such chains use a number twice, those after the first get names of their
own, so that chain, number and insertion code name one residue.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import gemmi

from critasser.structure.atom_site import INSTANCE
from critasser.structure.residue_names import is_amino_acid, is_plain, kind_of, letter_of

__all__ = ["Part", "parted"]

LONGEST_BOND = 2.5
"""Å between C and N of residues that are bonded, however poor the model."""

NEAREST = 2.0
"""Å; atoms of one name in two residues are farther apart."""

LONGEST_STEP = 4.5
"""Å between Cα of neighbours, where the model has nothing but these."""

FEWEST_BACKWARDS, BONDED_SHARE = 3, 0.5
"""Residues of a chain whose numbers go down all along, from which it is taken to stand in reverse
order, and share of them that are bonded so."""

BACKBONE = ("N", "CA", "C")
LAST_OXYGENS = ("OXT", "OT2")
"""Atoms that only the last residue of a chain has."""

Key = tuple[int, str]


@dataclass
class Part:
    """Residues of protein that belong together, in the order of the file.

    Attributes
    ----------
    chain : str
        Name, unique where numbers are not.
    letters : list of str
    places : list of int
        Of each among all residues of the model that `parted` makes.
    """

    chain: str
    letters: list[str]
    places: list[int]


@dataclass
class _Piece:
    """Residues one after another of one chain of the file; those of protein by their index."""

    name: str
    residues: list[gemmi.Residue] = field(default_factory=list)
    protein: dict[int, str] = field(default_factory=dict)
    keys: set[Key] = field(default_factory=set)
    repeats: bool = False

    @property
    def first(self) -> gemmi.Residue:
        return self.residues[min(self.protein)]

    @property
    def last(self) -> gemmi.Residue:
        return self.residues[max(self.protein)]

    @property
    def segment(self) -> str:
        return self.first.segment.strip()


def parted(
    model: gemmi.Model, parents: dict[str, str] | None = None
) -> tuple[gemmi.Model, list[Part], dict[str, Counter[str]], bool, list[str]]:
    """Find the protein in a model.

    Parameters
    ----------
    model : gemmi.Model
        Chains that are parted by TER stand there as chains of one name.
    parents : dict of str to str, optional
        What modified residues are made of, as the file says.

    Returns
    -------
    gemmi.Model
        All residues of the model, in chains whose names tell residues of protein apart.
    list of Part
        Its protein.
    dict of str to Counter
        How many residues are no protein, by reason and name; see `LeftOut`.
    bool
        Whether any chain has another name than in the file.
    list of str
        Chains whose residues stand in reverse order in the file; here they do not.
    """
    pieces: list[_Piece] = []
    backwards: list[str] = []
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for chain in model:
        pieces += _pieces(chain, parents or {}, counts, backwards)
    names = _names(pieces)
    bins: dict[str, list[_Piece]] = {}
    for piece, name in zip(pieces, names):
        bins.setdefault(name, []).append(piece)
    result = gemmi.Model(1)
    parts: list[Part] = []
    place = 0
    for name, inside in bins.items():
        chain = result.add_chain(gemmi.Chain(name))
        last: gemmi.Residue | None = None
        for piece in inside:
            chain.append_residues(piece.residues)
            if piece.protein:
                if last is None or not _goes_on(last, piece.first):
                    parts.append(Part(name, [], []))
                parts[-1].letters += piece.protein.values()
                parts[-1].places += [place + k for k in piece.protein]
                last = piece.last
            place += len(piece.residues)
    renamed = any(piece.name != name for piece, name in zip(pieces, names))
    return result, parts, counts, renamed, backwards


def _goes_on(last: gemmi.Residue, first: gemmi.Residue) -> bool:
    """Whether a chain goes on behind TER or behind another chain, of which residues are missing."""
    if bonded_to(last, first):
        return True
    ended = any(last.find_atom(name, "*") is not None for name in LAST_OXYGENS)
    return first.seqid.num > last.seqid.num + 1 and not ended


def _pieces(
    chain: gemmi.Chain,
    parents: dict[str, str],
    counts: dict[str, Counter[str]],
    backwards: list[str],
) -> list[_Piece]:
    """Cut a chain where another begins."""
    whole = [part for residue in chain for part in _single(residue)]
    if _turned_round(whole, parents):
        backwards.append(chain.name.split(INSTANCE)[0])
    protein = _protein(whole, parents, counts)
    pieces = [_Piece(chain.name.split(INSTANCE)[0])]
    for k, residue in enumerate(whole):
        piece = pieces[-1]
        if k not in protein:
            piece.residues.append(residue)
            continue
        key = residue.seqid.num, residue.seqid.icode.strip()
        if key in piece.keys and _alternative(residue):
            piece.residues.append(residue)
            counts["conformation"][residue.name] += len(residue)
            continue
        if piece.protein and _begins(piece, residue, key):
            piece = _Piece(piece.name)
            pieces.append(piece)
        piece.repeats |= key in piece.keys
        piece.protein[len(piece.residues)] = protein[k]
        piece.residues.append(residue)
        piece.keys.add(key)
    for piece in pieces:
        if piece.repeats:
            _count(piece)
    return pieces


def _turned_round(residues: list[gemmi.Residue], parents: dict[str, str]) -> bool:
    """Put amino acids that stand from the last to the first in order; whether they did."""
    amino = [k for k, residue in enumerate(residues) if _is_amino(residue, parents)]
    numbers = [residues[k].seqid.num for k in amino]
    if len(amino) < FEWEST_BACKWARDS or any(a <= b for a, b in pairwise(numbers)):
        return False
    bonded = sum(bonded_to(residues[b], residues[a]) for a, b in pairwise(amino))
    if bonded < BONDED_SHARE * (len(amino) - 1):
        return False
    for k, residue in zip(amino, [residues[k] for k in reversed(amino)]):
        residues[k] = residue
    return True


def _count(piece: _Piece) -> None:
    """Number residues from 1 where their numbers are no use: one for several in a row."""
    for number, k in enumerate(piece.protein, start=1):
        piece.residues[k].seqid = gemmi.SeqId(number, " ")
    piece.keys = {(number, "") for number in range(1, len(piece.protein) + 1)}


def _single(residue: gemmi.Residue) -> Iterator[gemmi.Residue]:
    """A residue, or those that one number has been given to: an atom of the same name begins
    another, where it is not the same atom twice."""
    seen: dict[tuple[str, str], gemmi.Position] = {}
    cuts = [0]
    for k, atom in enumerate(residue):
        which = atom.name, atom.altloc
        if which in seen and atom.name in BACKBONE and is_amino_acid(residue.name):
            if atom.pos.dist(seen[which]) < NEAREST:
                continue
            cuts.append(k)
            seen = {}
        seen.setdefault(which, atom.pos)
    if len(cuts) == 1:
        yield residue
        return
    for first, last in zip(cuts, [*cuts[1:], len(residue)]):
        one = residue.clone()
        for k in reversed(range(len(one))):
            if not first <= k < last:
                del one[k]
        yield one


def _protein(
    residues: Sequence[gemmi.Residue], parents: dict[str, str], counts: dict[str, Counter[str]]
) -> dict[int, str]:
    """Letters of the residues that are protein, by their index; the others are counted."""
    amino = [k for k, residue in enumerate(residues) if _is_amino(residue, parents)]
    found: dict[int, str] = {}
    for before, k, behind in zip([None, *amino], amino, [*amino[1:], None]):
        residue = residues[k]
        if residue.het_flag == "H" and residue.entity_type != gemmi.EntityType.Polymer:
            bonded = (before is not None and bonded_to(residues[before], residue)) or (
                behind is not None and bonded_to(residue, residues[behind])
            )
            if not bonded and not (before in found and _before_end(residues, k)):
                counts["amino acid"][residue.name] += 1
                continue
        found[k] = letter_of(residue.name, parents.get(residue.name, ""))
    others = set(range(len(residues))) - set(amino)
    for k in sorted(others):
        counts[kind_of(residues[k].name)][residues[k].name] += 1
    return found


def _before_end(residues: Sequence[gemmi.Residue], k: int) -> bool:
    """Whether residues of a chain follow, so that what lies between is in the chain too."""
    return any(residue.het_flag == "A" for residue in residues[k + 1 :])


def _is_amino(residue: gemmi.Residue, parents: dict[str, str]) -> bool:
    """By name, and by atoms where a name says nothing or stands for something else too."""
    atoms = {atom.name: atom.element.name for atom in residue}
    if gemmi.find_tabulated_residue(residue.name).is_amino_acid():
        return True
    if is_plain(residue.name) or is_amino_acid(residue.name) or residue.name in parents:
        return atoms.get("CA") == "C"
    return all(name in atoms for name in BACKBONE) and atoms["CA"] == "C"


def _alternative(residue: gemmi.Residue) -> bool:
    return all(atom.has_altloc() for atom in residue)


def _begins(piece: _Piece, residue: gemmi.Residue, key: Key) -> bool:
    """Whether a residue begins another chain than the one that the piece is of."""
    last = piece.last
    old = last.seqid.num, last.seqid.icode.strip()
    if key in piece.keys and key != old:
        return True
    if bonded_to(last, residue):
        return False
    if last.segment != residue.segment or last.subchain != residue.subchain:
        return True
    return residue.seqid.num < min(last.seqid.num, piece.first.seqid.num)


def bonded_to(one: gemmi.Residue, other: gemmi.Residue) -> bool:
    """Whether a residue is the next of another in a chain, by its atoms."""
    carbon, nitrogen = one.find_atom("C", "*"), other.find_atom("N", "*")
    if carbon is not None and nitrogen is not None:
        return carbon.pos.dist(nitrogen.pos) <= LONGEST_BOND
    first, second = one.find_atom("CA", "*"), other.find_atom("CA", "*")
    if first is None or second is None:
        return False
    return first.pos.dist(second.pos) <= LONGEST_STEP


def _names(pieces: Sequence[_Piece]) -> list[str]:
    """Of the chain that each piece goes into."""
    groups: dict[str, list[int]] = defaultdict(list)
    for k, piece in enumerate(pieces):
        groups[piece.name].append(k)
    names = [piece.name for piece in pieces]
    taken = set(groups)
    for name, members in groups.items():
        protein = [k for k in members if pieces[k].protein]
        if _distinct([pieces[k] for k in protein]):
            continue
        segments = [pieces[k].segment for k in protein]
        if all(segments) and not set(segments) & (taken - {name}):
            bins: dict[str, list[_Piece]] = defaultdict(list)
            for k in protein:
                bins[pieces[k].segment].append(pieces[k])
            if all(_distinct(inside) for inside in bins.values()):
                for k, segment in zip(protein, segments):
                    names[k] = segment
                taken |= set(segments)
                continue
        used: dict[str, set[Key]] = {}
        for k in protein:
            keys = pieces[k].keys
            free = next((n for n, old in used.items() if not old & keys), None)
            if free is None:
                free = name if name and not used else _new_name(name, taken)
                taken.add(free)
            used.setdefault(free, set()).update(keys)
            names[k] = free
    return names


def _distinct(pieces: Sequence[_Piece]) -> bool:
    """Whether no two pieces use one number."""
    return sum(len(piece.keys) for piece in pieces) == len(set().union(*(p.keys for p in pieces)))


def _new_name(name: str, taken: set[str]) -> str:
    """A free name beside another; letters in place of a blank."""
    if not name:
        return next(c for c in _letters() if c not in taken)
    return next(n for n in (f"{name}-{k}" for k in range(2, len(taken) + 3)) if n not in taken)


def _letters() -> Iterator[str]:
    letters = [chr(ord("A") + k) for k in range(26)]
    yield from letters
    for second in letters:
        yield from (first + second for first in letters)
