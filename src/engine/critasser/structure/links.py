"""Disulfides and cis peptides of a structure, as files tell them."""

from __future__ import annotations

import itertools
import math

import gemmi

__all__ = ["add_links"]

SULPHUR_BOND = 2.5
"""Å between SG of two cysteines that are bonded (2.05), however poor the model."""

CIS_OMEGA = 45.0
"""Degrees from 0 up to which a peptide is nearer to cis than to anything else."""


def add_links(structure: gemmi.Structure) -> None:
    """Tell a structure, of one model without alternatives, its disulfides and cis peptides.

    gemmi writes them as `_struct_conn` and `_struct_mon_prot_cis`.
    """
    model = structure[0]
    sulphurs = [
        (chain, residue, residue["SG"][0])
        for chain in model
        for residue in chain
        if residue.name == "CYS" and "SG" in residue
    ]
    for one, other in itertools.combinations(sulphurs, 2):
        distance = one[2].pos.dist(other[2].pos)
        if distance <= SULPHUR_BOND:
            structure.connections.append(
                _bond(f"disulf{len(structure.connections) + 1}", one, other, distance)
            )
    peptides = []
    for chain in model:
        for residue, after in itertools.pairwise(chain):
            # NaN where an atom of the two is missing.
            omega = math.degrees(gemmi.calculate_omega(residue, after))
            if abs(omega) < CIS_OMEGA and after.seqid.num == residue.seqid.num + 1:
                peptides.append(_cis(chain, residue, after, omega))
    structure.cispeps = peptides


Place = tuple[gemmi.Chain, gemmi.Residue, gemmi.Atom]


def _bond(name: str, one: Place, other: Place, distance: float) -> gemmi.Connection:
    bond = gemmi.Connection()
    bond.name = name
    bond.type = gemmi.ConnectionType.Disulf
    bond.asu = gemmi.Asu.Same
    bond.partner1, bond.partner2 = (_address(*place[:2], "SG") for place in (one, other))
    bond.reported_distance = distance
    return bond


def _cis(
    chain: gemmi.Chain, residue: gemmi.Residue, after: gemmi.Residue, omega: float
) -> gemmi.CisPep:
    peptide = gemmi.CisPep()
    peptide.partner_c = _address(chain, residue, "C")
    peptide.partner_n = _address(chain, after, "N")
    peptide.model_num = 1
    peptide.reported_angle = omega
    return peptide


def _address(chain: gemmi.Chain, residue: gemmi.Residue, atom: str) -> gemmi.AtomAddress:
    return gemmi.AtomAddress(chain.name, residue.seqid, residue.name, atom)
