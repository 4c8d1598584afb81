"""Disulfides and cis peptides of a structure stand in its file."""

from pathlib import Path

import gemmi
import pytest

from critasser.structure.links import add_links
from critasser.structure.mmcif import mmcif_document

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture
def beta():
    """A piece with two cis prolines."""
    structure = gemmi.read_structure(str(DATA / "3t30_C_piece.pdb.gz"))
    structure.setup_entities()
    return structure


def told(structure):
    """Numbers of the residues that a file says are before a cis peptide, or bonded by sulphur."""
    add_links(structure)
    block = mmcif_document(structure).sole_block()
    cis = block.find("_struct_mon_prot_cis.", ["auth_seq_id"])
    bonds = block.find("_struct_conn.", ["conn_type_id", "ptnr1_auth_seq_id", "ptnr2_auth_seq_id"])
    return [int(row[0]) for row in cis], [(row[0], int(row[1]), int(row[2])) for row in bonds]


def test_cis_peptides_are_told_and_trans_ones_are_not(beta):
    first = beta[0][0][0].seqid.num
    assert told(beta) == ([first + 25, first + 36], [])
    barnase = gemmi.read_structure(str(DATA / "1a2p_A.pdb.gz"))
    barnase.setup_entities()
    assert told(barnase) == ([], [])


@pytest.mark.parametrize(("apart", "bonded"), [(2.05, True), (3.6, False)])
def test_cysteines_at_bonding_distance_are_a_disulfide(beta, apart, bonded):
    chain = beta[0][0]
    for k, x in ((3, 0.0), (40, apart)):
        chain[k].name = "CYS"
        sulphur = gemmi.Atom()
        sulphur.name, sulphur.element = "SG", gemmi.Element("S")
        sulphur.pos = gemmi.Position(x, 0.0, 0.0)
        chain[k].add_atom(sulphur)
    pair = ("disulf", chain[3].seqid.num, chain[40].seqid.num)
    assert told(beta)[1] == ([pair] if bonded else [])
