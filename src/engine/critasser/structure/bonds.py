"""Cis peptides and disulfides of a model, for its file."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import gemmi
import numpy as np
from numpy.typing import NDArray

from critasser.structure.sequence import Target

__all__ = ["Address", "Bonds", "add_bonds", "addresses_of"]

Address = tuple[str, gemmi.SeqId, str]
"""Chain, number with insertion code, and name of a residue of a file."""


@dataclass(frozen=True)
class Bonds:
    """What a file says of a model's bonds beside its atoms.

    Attributes
    ----------
    cis : mapping of int to float
        Residues whose peptide to the next is cis, and its torsion ω in degrees.
    disulfides : tuple of pairs of int
        Residues whose sulphurs are bonded.
    """

    cis: Mapping[int, float] = field(default_factory=dict)
    disulfides: tuple[tuple[int, int], ...] = ()

    def of(self, chosen: NDArray[np.bool_]) -> Bonds:
        """Those whose residues are all among some of the L."""
        return Bonds(
            {i: omega for i, omega in self.cis.items() if chosen[i] and chosen[i + 1]},
            tuple((i, j) for i, j in self.disulfides if chosen[i] and chosen[j]),
        )

    def named(self, names: Sequence[str]) -> dict[str, list[list[str]]]:
        """As `results.json` has them, by the names (L) of residues."""
        return {
            "cis_peptides": [[names[i], names[i + 1]] for i in sorted(self.cis)],
            "disulfides": [[names[i], names[j]] for i, j in self.disulfides],
        }


def addresses_of(target: Target, chains: Sequence[str]) -> list[Address]:
    """Of the residues (L) of a target whose chains have these names in a file."""
    rows = zip(target.chain_index, target.residue_number, target.residue_names)
    return [(chains[c], gemmi.SeqId(str(n)), name) for c, n, name in rows]


def add_bonds(
    structure: gemmi.Structure,
    bonds: Bonds,
    addresses: Sequence[Address],
    renewed: Collection[int] | None = None,
) -> None:
    """Put bonds into a structure, which writes them as `_struct_conn` and
    `_struct_mon_prot_cis`.

    Parameters
    ----------
    structure : gemmi.Structure
    bonds : Bonds
    addresses : sequence of Address (L)
    renewed : collection of int, optional
        Only bonds of these residues, in place of those that the structure says they have; without
        it all.
    """
    every = renewed is None
    chosen = set(range(len(addresses))) if every else set(renewed)
    old = {(addresses[i][0], str(addresses[i][1])) for i in chosen}

    def concerns(*partners: gemmi.AtomAddress) -> bool:
        return any((one.chain_name, str(one.res_id.seqid)) in old for one in partners)

    kept = [
        _copied(one)
        for one in structure.connections
        if one.type != gemmi.ConnectionType.Disulf or not concerns(one.partner1, one.partner2)
    ]
    names = {one.name for one in kept}
    for i, j in bonds.disulfides:
        if i in chosen or j in chosen:
            kept.append(_disulfide(addresses[i], addresses[j], names))
    structure.connections.clear()
    structure.connections.extend(kept)
    structure.cispeps = [
        *(one for one in structure.cispeps if not concerns(one.partner_c, one.partner_n)),
        *(
            _cis(addresses[i], addresses[i + 1], omega)
            for i, omega in sorted(bonds.cis.items())
            if i in chosen or i + 1 in chosen
        ),
    ]


def _copied(one: gemmi.Connection) -> gemmi.Connection:
    """A connection that does not vanish with its list."""
    made = gemmi.Connection()
    for name in ("name", "link_id", "type", "asu", "partner1", "partner2", "reported_distance"):
        setattr(made, name, getattr(one, name))
    return made


def _disulfide(first: Address, second: Address, names: set[str]) -> gemmi.Connection:
    number = 1
    while f"disulf{number}" in names:
        number += 1
    names.add(f"disulf{number}")
    made = gemmi.Connection()
    made.name, made.type = f"disulf{number}", gemmi.ConnectionType.Disulf
    made.asu = gemmi.Asu.Same
    made.partner1, made.partner2 = _atom(first, "SG"), _atom(second, "SG")
    return made


def _cis(first: Address, second: Address, omega: float) -> gemmi.CisPep:
    made = gemmi.CisPep()
    made.partner_c, made.partner_n = _atom(first, ""), _atom(second, "")
    made.model_num, made.reported_angle = 1, omega
    return made


def _atom(address: Address, name: str) -> gemmi.AtomAddress:
    chain, number, residue = address
    return gemmi.AtomAddress(chain, number, residue, name)
