"""What is unusual in a model: torsions, side chains, peptides, clashes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from ..places import Place
from . import ramachandran, rotamers

__all__ = ["CLASHES", "RAMACHANDRAN", "ROTAMER", "Findings", "find", "register_validation"]

RAMACHANDRAN = "critasser_ramachandran"
"""Percent of residues of known structures whose phi and psi are as rare; None at ends of chains."""

ROTAMER = "critasser_rotamer"
"""Spreads by which a side chain is off its nearest rotamer."""

CLASHES = "critasser_clashes"
"""Clashes of a residue's atoms with those of others."""

_PLANAR = 30.0
"""Degrees that a peptide may be twisted."""

_WEIGHTS = {"ramachandran": 3.0, "peptide": 2.0, "clash": 1.0, "rotamer": 1.0}
"""By which places are put in order; a clash counts by its overlap in Å besides."""


@dataclass(frozen=True)
class Findings:
    """What was found in a model.

    Attributes
    ----------
    structure : chimerax.atomic.AtomicStructure
    places : tuple of Place
        The worst first; one for each residue in which something is unusual.
    judged : int
        Residues whose phi and psi are known.
    favoured, outliers : int
        Of those.
    side_chains, odd_side_chains : int
    twisted : tuple of (Residue, Residue)
        Peptides that are neither trans nor, before proline, cis.
    clashes : tuple of (Atom, Atom, float)
        And by how many Å they overlap.
    atoms : int
    """

    structure: object
    places: tuple[Place, ...]
    judged: int
    favoured: int
    outliers: int
    side_chains: int
    odd_side_chains: int
    twisted: tuple
    clashes: tuple
    atoms: int

    def __str__(self) -> str:
        told = []
        if self.judged:
            share = 100.0 / self.judged
            told.append(
                f"Ramachandran {self.favoured * share:.1f} % favoured, "
                f"{self.outliers * share:.1f} % outliers ({self.outliers} of {self.judged})"
            )
        if self.side_chains:
            share = 100.0 * self.odd_side_chains / self.side_chains
            told.append(f"rotamers {share:.1f} % outliers ({self.odd_side_chains})")
        many = 1000.0 * len(self.clashes) / max(self.atoms, 1)
        told.append(f"clashes {len(self.clashes)} ({many:.1f} for 1,000 atoms)")
        told.append(f"twisted or cis peptides {len(self.twisted)}")
        return "; ".join(told)


def register_validation(session) -> None:
    """Make ChimeraX know the attributes; may be called again."""
    from chimerax.atomic import Residue

    for name in (RAMACHANDRAN, ROTAMER, CLASHES):
        Residue.register_attr(session, name, "Critasser", attr_type=float, can_return_none=True)


def find(structure, clashes: Iterable[tuple]) -> Findings:
    """Judge a model, and keep what is found as attributes of its residues.

    Parameters
    ----------
    structure : chimerax.atomic.AtomicStructure
    clashes : iterable of (Atom, Atom, float)
        Of `clashes.clashes_of`.
    """
    register_validation(structure.session)
    protein = [one for one in structure.residues if one.find_atom("CA") and one.polymer_type]
    clashes = sorted(clashes, key=lambda one: -one[2])
    said: dict[object, list[tuple[float, str]]] = defaultdict(list)
    judged = favoured = outliers = side_chains = odd = 0
    twisted = []
    # Of the next in the chain, where nothing is missing between them.
    following = {one: other for one, other in pairwise(protein) if _bonded(one, other)}
    for residue in protein:
        share = _rarity(residue, following.get(residue))
        setattr(residue, RAMACHANDRAN, share)
        if share is not None:
            judged += 1
            favoured += share >= ramachandran.FAVOURED
            if share < ramachandran.OUTLIER:
                outliers += 1
                said[residue].append((_WEIGHTS["ramachandran"], "Ramachandran outlier"))
        chis = [residue.get_chi(number, True) for number in (1, 2, 3, 4)]
        away = rotamers.deviation(residue.name, chis)
        setattr(residue, ROTAMER, away)
        if away is not None:
            side_chains += 1
            if away > rotamers.OUTLIER:
                odd += 1
                said[residue].append((_WEIGHTS["rotamer"], "rotamer outlier"))
        after = following.get(residue)
        if after is not None and (text := _peptide(after)):
            twisted.append((residue, after))
            said[after].append((_WEIGHTS["peptide"], text))
    _count_clashes(structure, clashes, said)
    order = {one: number for number, one in enumerate(structure.residues)}
    places = sorted(said, key=lambda one: (-sum(weight for weight, _ in said[one]), order[one]))
    return Findings(
        structure,
        tuple(Place((one,), ", ".join(text for _, text in said[one])) for one in places),
        judged, favoured, outliers, side_chains, odd, tuple(twisted), tuple(clashes),
        len(structure.atoms),
    )  # fmt: skip


def _rarity(residue, after) -> float | None:
    phi, psi = residue.phi, residue.psi
    if phi is None or psi is None:
        return None
    kind = ramachandran.kind_of(residue.name, "" if after is None else after.name)
    return ramachandran.rarity(kind, phi, psi)


def _bonded(one, other) -> bool:
    """Whether a residue is the next of another: then its own omega is known."""
    return one.chain_id == other.chain_id and other.omega is not None


def _peptide(residue) -> str:
    """What is unusual in the peptide before a residue; empty for nothing."""
    omega = residue.omega
    away = min(abs(abs(omega) - 180.0), abs(omega))
    if away > _PLANAR:
        return f"peptide twisted by {away:.0f}°"
    if abs(omega) < 90.0 and residue.name != "PRO":
        return "cis peptide"
    return ""


def _count_clashes(structure, clashes, said) -> None:
    """Put clashes on both residues, and those of two residues as one into the list at the first."""
    counts: dict[object, int] = defaultdict(int)
    pairs: dict[tuple, list[tuple]] = defaultdict(list)
    for clash in clashes:
        one, other, _ = clash
        for atom in (one, other):
            counts[atom.residue] += 1
        pairs[one.residue, other.residue].append(clash)
    for (residue, _), found in pairs.items():
        one, other, overlap = found[0]  # the worst
        text = f"{one.name} clashes with {_named(other)}, {overlap:.1f} Å"
        if len(found) > 1:
            text += f" (worst of {len(found)})"
        said[residue].append((_WEIGHTS["clash"] + overlap, text))
    for residue in structure.residues:
        setattr(residue, CLASHES, float(counts.get(residue, 0)))


def _named(atom) -> str:
    residue = atom.residue
    number = f"{residue.number}{residue.insertion_code.strip()}"
    return f"{residue.chain_id.strip() or '_'} {residue.name} {number} {atom.name}"
