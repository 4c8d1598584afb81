"""Cis peptides and disulfides are said in a model's file, as the PDB has them."""

import gemmi
import numpy as np
import pytest

from critasser.structure import AtomicModel, Bonds, ModelFile, Sequence, Target, write_model

BONDS = Bonds({1: -2.5}, ((0, 3),))


@pytest.fixture
def model():
    """Two chains, the first with a cis proline, bridged by their cysteines."""
    target = Target((Sequence("a", "CAP"), Sequence("b", "CG")))
    names = {"C": ("N", "CA", "C", "SG")}
    usual = ("N", "CA", "C")
    rows = [(i, n) for i, one in enumerate(target.letters) for n in names.get(one, usual)]
    positions = np.arange(3 * len(rows), dtype=float).reshape(-1, 3)
    return AtomicModel(
        target,
        tuple(name for _, name in rows),
        tuple(name[0] for _, name in rows),
        np.array([i for i, _ in rows]),
        positions,
    )


def said(path):
    """Disulfides and cis peptides as residues of chains."""
    structure = gemmi.read_structure(str(path))
    bridges = [(str(c.partner1), str(c.partner2)) for c in structure.connections]
    return bridges, [(str(p.partner_c), str(p.partner_n)) for p in structure.cispeps]


def test_they_stand_in_the_files_of_builds(model, tmp_path):
    write_model(tmp_path / "m.cif", model, np.zeros(5), bonds=BONDS)
    block = gemmi.cif.read(str(tmp_path / "m.cif")).sole_block()
    assert list(block.find_values("_struct_conn.conn_type_id")) == ["disulf"]
    assert list(block.find_values("_struct_mon_prot_cis.pdbx_label_comp_id_2")) == ["PRO"]
    assert said(tmp_path / "m.cif") == (
        [("A/CYS 1/SG", "B/CYS 1/SG")],
        [("A/ALA 2/", "A/PRO 3/")],
    )
    write_model(tmp_path / "bare.cif", model, np.zeros(5))
    assert said(tmp_path / "bare.cif") == ([], [])


def test_of_residues_that_are_not_there_nothing_is_said():
    assert BONDS.of(np.array([1, 1, 1, 1, 0], bool)) == BONDS
    assert BONDS.of(np.array([1, 1, 0, 0, 1], bool)) == Bonds()
    assert BONDS.named(["A:1", "A:2", "A:3", "B:1", "B:2"]) == {
        "cis_peptides": [["A:2", "A:3"]],
        "disulfides": [["A:1", "B:1"]],
    }


def test_of_residues_that_are_built_again_they_are_renewed_and_others_stay(model, tmp_path):
    write_model(tmp_path / "m.cif", model, np.zeros(5), bonds=BONDS)
    file = ModelFile.read(tmp_path / "m.cif")
    residues = file.residues()
    confidence = dict.fromkeys(residues, 50.0)

    def again(bonds, *places):
        new = {residues[i]: [("CA", np.zeros(3))] for i in places}
        file.write(tmp_path / "n.cif", confidence, title="x", replaced=new, bonds=bonds)
        return said(tmp_path / "n.cif")

    bridge, cis = said(tmp_path / "m.cif")
    assert again(Bonds(), 4) == (bridge, cis)
    assert again(Bonds(), 2) == (bridge, [])
    assert again(Bonds({1: 1.0}), 2) == (bridge, cis)
    assert again(Bonds(), 3) == ([], cis)
