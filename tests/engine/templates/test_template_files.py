"""Templates are used as people and databases have them."""

from pathlib import Path

import gemmi
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from critasser.structure import CalphaSet, Sequence, Target, read_chains
from critasser.templates import survey

DATA = Path(__file__).parents[2] / "data"

NATIVE = DATA / "1bab_A_calpha.pdb.gz"
"""Haemoglobin's α chain."""

OTHER = DATA / "1a2p_A.pdb.gz"
"""Barnase, which is not in the map."""


@pytest.fixture(scope="module")
def native():
    return read_chains(NATIVE)[0]


def far_away(structure):
    """The same in a frame of its own."""
    turn = Rotation.random(random_state=5).as_matrix()
    for model in structure:
        for site in model.all():
            place = turn @ np.array(site.atom.pos.tolist()) + 60.0
            site.atom.pos = gemmi.Position(*place.tolist())


def chain_breaks(structure):
    residues = structure[0][0]
    for k in [*range(90, 98), *range(40, 45)][::-1]:
        del residues[k]


def without_some_calpha(structure):
    for k in (10, 11, 60):
        structure[0][0][k][0].name = "CB"


def alternate_locations(structure):
    for k in range(20, 26):
        (first,) = structure[0][0][k]
        other = first.clone()
        first.altloc, first.occ = "A", 0.6
        other.altloc, other.occ = "B", 0.4
        other.pos += gemmi.Position(3.0, -2.0, 1.0)
        structure[0][0][k].add_atom(other)


def selenomethionine(structure):
    for residue in structure[0][0]:
        if residue.name == "MET":
            residue.name, residue.het_flag = "MSE", "H"


def insertion_codes(structure):
    residues = structure[0][0]
    for k, code in zip(range(51, 55), "ABCD"):
        residues[k].seqid = gemmi.SeqId(residues[50].seqid.num, code)


def several_models(structure):
    for number in (2, 3):
        model = structure[0].clone()
        model.num = number
        for site in model.all():
            site.atom.pos += gemmi.Position(1.5 * number, 0.0, -number)
        structure.add_model(model)


def a_complex_of_many_chains(structure):
    other = gemmi.read_structure(str(OTHER))[0][0]
    for name in "BCDE":
        copy = other.clone()
        copy.name = name
        structure[0].add_chain(copy)


MISSING = {chain_breaks: 13, without_some_calpha: 3}
"""Residues that the template does not have."""


@pytest.mark.parametrize(
    "change",
    [
        chain_breaks, without_some_calpha, alternate_locations, selenomethionine, insertion_codes,
        several_models, a_complex_of_many_chains,
    ],
    ids=lambda change: change.__name__,
)  # fmt: skip
def test_whatever_is_odd_about_the_file_its_residues_come_to_lie_on_their_own_places(
    native, tmp_path, change
):
    structure = gemmi.read_structure(str(NATIVE))
    change(structure)
    far_away(structure)
    structure.write_pdb(str(tmp_path / "template.pdb"))
    n = len(native)
    calpha = CalphaSet(
        native.calpha, np.ones(n), 0.02 + 0.6 * np.eye(20)[native.codes], np.full((n, 3), 1 / 3)
    )
    found = survey(
        read_chains(tmp_path / "template.pdb"), calpha, Target((Sequence("A", native.letters),))
    )
    (template,) = found.templates
    assert template.identity == 1.0
    assert int((~template.placed).sum()) == MISSING.get(change, 0)
    away = np.linalg.norm(template.positions - native.calpha, axis=1)
    assert np.nanmax(away) < 1.0
