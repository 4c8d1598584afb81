"""Coordinate files of any kind give protein chains, or one line of what is wrong."""

import gzip

import gemmi
import numpy as np
import pytest

from critasser.errors import InputError
from critasser.structure import read_chains, read_protein


def atom(
    name,
    residue,
    number,
    x,
    *,
    record="ATOM",
    alt=" ",
    chain="A",
    insertion=" ",
    element="C",
    b=20.0,
):
    return (
        f"{record:6}{1:5} {name:^4}{alt}{residue:>3} {chain}{number:4}{insertion}   "
        f"{x:8.3f}{0:8.3f}{0:8.3f}{1:6.2f}{b:6.2f}          {element:>2}\n"
    )


@pytest.fixture
def write(tmp_path):
    def write(text, name="a.pdb"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_a_real_chain_comes_whole(chain, model_path):
    theirs = gemmi.read_structure(str(model_path))[0][0]
    assert chain.letters == gemmi.one_letter_code([r.name for r in theirs])
    assert chain.residue_number.tolist() == [r.seqid.num for r in theirs]
    assert len(chain.positions) == sum(len(r) for r in theirs)
    assert chain.backbone.shape == (60, 4, 3)
    np.testing.assert_array_equal(chain.backbone[:, 1], chain.calpha)
    assert np.isfinite(chain.backbone).all()
    assert set(chain.amplitudes) <= {6, 7, 8, 16}


def test_mmcif_and_gzip_give_the_same_chain(tmp_path, chain, model_path):
    structure = gemmi.read_structure(str(model_path))
    structure.setup_entities()
    structure.make_mmcif_document().write_file(str(tmp_path / "a.cif"))
    with gzip.open(tmp_path / "b.pdb.gz", "wb") as file:
        file.write(model_path.read_bytes())
    for name in ("a.cif", "b.pdb.gz"):
        (found,) = read_chains(tmp_path / name)
        assert found.letters == chain.letters
        assert found.atom_names == chain.atom_names
        np.testing.assert_allclose(found.positions, chain.positions, atol=1e-3)


def test_selenomethionine_is_methionine_and_modified_residues_have_their_parents_letter(write):
    (chain,) = read_chains(
        write(
            atom("N", "ALA", 1, 0, element="N")
            + atom("CA", "ALA", 1, 1)
            + atom("CA", "MSE", 2, 4, record="HETATM")
            + atom("SE", "MSE", 2, 5, record="HETATM", element="SE")
            + atom("CA", "SEP", 3, 8, record="HETATM")
            + atom("P", "SEP", 3, 9, record="HETATM", element="P")
            + atom("CA", "UNK", 4, 12)
        )
    )
    assert chain.letters == "AMSX"
    assert chain.codes.tolist() == [0, 10, 15, -1]
    assert chain.atom_names[2:4] == ("CA", "SD")
    assert chain.elements[3] == "S"


def test_the_first_of_alternatives_and_of_models_counts(write):
    first = (
        atom("CA", "ALA", 1, 1, alt="A")
        + atom("CA", "ALA", 1, 2, alt="B")
        + atom("CA", "GLY", 2, 5)
    )
    text = f"MODEL        1\n{first}ENDMDL\nMODEL        2\n{atom('CA', 'ALA', 1, 9)}ENDMDL\n"
    (chain,) = read_chains(write(text))
    assert chain.letters == "AG"
    np.testing.assert_allclose(chain.positions[:, 0], [1, 5])


def test_insertion_codes_are_residues_of_their_own(write):
    (chain,) = read_chains(
        write(
            atom("CA", "ALA", 52, 0)
            + atom("CA", "GLY", 52, 4, insertion="A")
            + atom("CA", "SER", 53, 8)
        )
    )
    assert chain.letters == "AGS"
    assert chain.residue_number.tolist() == [52, 52, 53]


def test_a_residue_without_ca_is_there_without_a_position(write):
    (chain,) = read_chains(
        write(
            atom("CA", "ALA", 1, 0) + atom("N", "GLY", 2, 3, element="N") + atom("CA", "SER", 3, 7)
        )
    )
    assert chain.letters == "AGS"
    assert np.isnan(chain.calpha[1]).all()
    assert np.isfinite(chain.calpha[[0, 2]]).all()


def test_hydrogens_water_ligands_and_nucleic_acids_are_left_out(write):
    text = (
        atom("CA", "ALA", 1, 0)
        + atom("HA", "ALA", 1, 1, element="H")
        + atom("CA", "GLY", 2, 4)
        + "TER\n"
        + atom("O", "HOH", 3, 9, record="HETATM", element="O")
        + atom("CA", "CA", 4, 9, record="HETATM", element="CA")
        + atom("P", "DA", 1, 9, chain="B", element="P")
        + atom("P", "DG", 2, 15, chain="B", element="P")
    )
    (chain,) = read_chains(write(text))
    assert chain.letters == "AG"
    assert chain.atom_names == ("CA", "CA")


def test_residues_and_atoms_that_cannot_be_used_are_counted(write):
    text = (
        atom("CA", "ALA", 1, 0)
        + atom("X1", "ALA", 1, 1, element="X")
        + atom("N", "GLY", 2, 4, element="N")
        + atom("H", "SER", 3, 7, element="H")
        + atom("CA", "LEU", 4, 11)
    )
    found = read_protein(write(text))
    assert found.chains[0].letters == "AGL"
    assert found.notes == (
        "a.pdb: left out 2 residues without a Cα (GLY, SER); "
        "1 atom of an element that proteins do not have (X)",
    )


PLAIN = atom("CA", "ALA", 1, 0) + atom("CA", "GLY", 2, 3.8) + atom("CA", "SER", 3, 7.6)


@pytest.mark.parametrize(
    "text",
    [
        PLAIN + "\n# scores\nATOM_pair_constraint 0\npose 1.0\n",
        PLAIN.encode("utf-16"),
        PLAIN.encode("utf-8-sig"),
        PLAIN.replace(" " * 10 + " C\n", " " * 9 + "C\n"),
        PLAIN.replace("\n", "\r"),
        PLAIN.replace("ATOM      1", "ATOM 100001"),
    ],
    ids=["scores below", "UTF-16", "byte order mark", "element too early", "old Mac", "serials"],
)
def test_files_are_read_as_programs_and_editors_leave_them(tmp_path, text):
    (tmp_path / "a.pdb").write_bytes(text if isinstance(text, bytes) else text.encode())
    found = read_protein(tmp_path / "a.pdb")
    assert [(chain.name, chain.letters) for chain in found.chains] == [("A", "AGS")]
    assert found.chains[0].calpha[:, 0].tolist() == [0, 3.8, 7.6]
    assert not found.notes


LINES = {
    # A Cα is calcium to a reader that goes by columns alone.
    "names at the left, no elements": lambda line, k: (
        line[:12] + line[12:16].strip().ljust(4) + line[16:66]
    ),
    "types of atoms (PDBQT)": lambda line, k: (
        line[:66] + "    +0.000 " + {"O": "OA", "S": "SA"}.get(line[13], "A ")
    ),
    "numbers of five digits": lambda line, k: line[:22] + f"{10_000 + k:5d}" + line[27:],
    "small letters": lambda line, k: line[:12] + line[12:20].lower() + line[20:],
}


@pytest.mark.parametrize("kind", LINES)
def test_pdb_files_that_break_their_columns_are_read_whole(write, chain, model_path, kind):
    lines, seen = [], []
    for line in model_path.read_text().splitlines():
        if line.startswith("ATOM"):
            if line[21:27] not in seen:
                seen.append(line[21:27])
            lines.append(LINES[kind](line, len(seen)))
    protein = read_protein(write("\n".join(lines) + "\n"))
    (found,) = protein.chains
    assert protein.notes == ()
    assert found.letters == chain.letters and found.elements == chain.elements
    np.testing.assert_array_equal(found.positions, chain.positions)
    first = 10_001 if "five" in kind else chain.residue_number[0]
    assert found.residue_number[0] == first and set(found.insertion) == {""}
    assert np.diff(found.residue_number).tolist() == np.diff(chain.residue_number).tolist()


def test_calcium_beside_a_protein_stays_calcium(write):
    ion = atom("CA", "CA", 900, 60, record="HETATM", element="CA")
    backbone = "".join(
        atom(name, "GLY", 1, 1.4 * k, element=name[0]) for k, name in enumerate(("N", "CA", "C"))
    )
    protein = read_protein(write(backbone + ion.replace("  CA  ", " CA   ", 1)))
    assert protein.notes == ("a.pdb: left out 1 ligand, ion or sugar (CA)",)
    (last,) = protein.structure[0][0][-1]
    assert last.element.name == "Ca"


def test_a_position_that_did_not_fit_is_none_and_one_with_commas_is_refused(write):
    text = atom("CA", "ALA", 1, 0) + atom("CA", "GLY", 2, 3.8)
    found = read_protein(write(text.replace("   3.800", "********")))
    assert found.chains[0].letters == "A"
    assert "1 atom without a position" in found.notes[0]
    with pytest.raises(InputError, match=r"a.pdb, line 2: the position '3,800' is no number"):
        read_protein(write(text.replace("3.800", "3,800")))


def test_residues_at_the_origin_have_not_been_placed(write):
    # Programs write those there that they could not build.
    text = "".join(atom("CA", "ALA", i, 3.8 * i) for i in (1, 2, 3))
    nowhere = "".join(atom(name, "GLY", 4, 0) for name in ("N", "CA", "C"))
    found = read_protein(write(text + nowhere))
    assert found.chains[0].residue_number.tolist() == [1, 2, 3]
    assert "3 atoms without a position" in found.notes[0]
    # One atom may well be there.
    found = read_protein(write(text + atom("CA", "GLY", 4, 0)))
    assert found.chains[0].residue_number.tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "text",
    ["@<TRIPOS>MOLECULE\nx\n", "Protein\n   10\n    1MET     N    1   1.0   2.0   3.0\n", ""],
)
def test_files_of_other_formats_are_not_said_to_hold_no_protein(write, text):
    with pytest.raises(InputError, match="is not a PDB or mmCIF file: there is no atom in it"):
        read_protein(write(text))


def test_what_a_file_without_protein_has_is_told(write):
    far = atom("CA", "ALA", 1, 0).replace("   0.000", "12000.00", 1)
    with pytest.raises(InputError, match=r"no protein \(but .*1 atom without a position\)"):
        read_protein(write(far))


def test_several_chains(write):
    text = "".join(atom("CA", "ALA", i, 4 * i, chain=c) for c in "ABx" for i in range(1, 4))
    assert [(c.name, c.letters) for c in read_chains(write(text))] == [
        ("A", "AAA"),
        ("B", "AAA"),
        ("x", "AAA"),
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nothing of the kind\n" * 10,
        bytes(range(256)) * 20,
        b"data_x\nloop_\n_atom_site.id\n",
        b"data_x\n_cell.length_a 3\n",
        b"ATOM  garbage\n" * 3,
        b"HETATM    1  O   HOH A   1       1.000   1.000   1.000  1.00 10.00           O\nEND\n",
        b"\x1f\x8b\x08\x00damaged",
    ],
)
@pytest.mark.parametrize("name", ["a.pdb", "a.cif", "a.pdb.gz"])
def test_garbage_is_told_in_one_line(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_chains(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_are_bounded_packed_or_not(tmp_path, model_path):
    with gzip.open(tmp_path / "b.pdb.gz", "wb") as file:
        file.write(model_path.read_bytes() * 20)
    for path in (model_path, tmp_path / "b.pdb.gz"):
        with pytest.raises(InputError, match="larger than"):
            read_chains(path, max_bytes=10_000)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        read_chains(tmp_path / "none.pdb")
