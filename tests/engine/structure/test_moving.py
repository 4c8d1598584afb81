"""A person's model is written again with its parts moved, and nothing is lost."""

import gemmi
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from critasser.structure import ModelFile, write_moved

LINES = """\
CRYST1   50.000   60.000   70.000  90.00  90.00  90.00 P 21 21 21    4
ATOM      1  N   ALA A   5       0.000   0.000   0.000  1.00 10.00           N
ATOM      2  CA AALA A   5       1.400   0.000   0.000  0.60 11.00           C
ATOM      3  CA BALA A   5       1.500   0.500   0.000  0.40 12.00           C
ATOM      4  CA  GLY A   5A      3.800   2.000   1.000  1.00 13.00           C
ANISOU    4  CA  GLY A   5A     1000   1000   1000      0      0      0       C
ATOM      5  CA  LEU B   7      30.000   0.000   0.000  1.00 14.00           C
HETATM    6 ZN    ZN A 201       2.000   2.000   2.000  1.00 15.00          ZN
HETATM    7  O   HOH B 301      31.000   2.000   0.000  1.00 16.00           O
END
"""


@pytest.fixture
def file(tmp_path):
    (tmp_path / "model.pdb").write_text(LINES)
    return ModelFile.read(tmp_path / "model.pdb")


def atoms(structure):
    return {
        (site.chain.name, str(site.residue.seqid), site.residue.name, site.atom.name,
         site.atom.altloc): (np.array(site.atom.pos.tolist()), site.atom.b_iso, site.atom.occ)
        for site in structure[0].all()
    }  # fmt: skip


def test_each_residue_moves_with_its_body_and_what_is_beside_it_comes_along(file, tmp_path):
    turn = Rotation.from_rotvec([0.0, 0.0, 0.5]).as_matrix()
    moves = [(np.eye(3), np.array([5.0, 0.0, 0.0])), (turn, np.array([0.0, -3.0, 1.0]))]
    write_moved(tmp_path / "moved.cif", file, [0, 0, 1], moves, title="moved")
    before, after = atoms(file.structure), atoms(gemmi.read_structure(str(tmp_path / "moved.cif")))
    assert set(before) == set(after) and len(before) == 7
    for key, (position, b_factor, occupancy) in before.items():
        rotation, shift = moves[key[0] == "B"]
        np.testing.assert_allclose(after[key][0], rotation @ position + shift, atol=2e-3)
        assert after[key][1:] == pytest.approx((b_factor, occupancy), abs=1e-4)


def test_nothing_of_the_crystal_is_left(file, tmp_path):
    write_moved(tmp_path / "moved.cif", file, [0, 0, 0], [(np.eye(3), np.zeros(3))], title="x")
    text = (tmp_path / "moved.cif").read_text()
    assert "P 21 21 21" not in text and "_atom_site_anisotrop" not in text
    assert "_cell.length_a" not in text
