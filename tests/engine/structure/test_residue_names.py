"""The twenty amino acids are known under all the names that programs give them."""

import gemmi
import pytest

from critasser.structure import THREE_TO_ONE, ModelFile, read_protein
from critasser.structure.residue_names import is_amino_acid, is_plain, kind_of, letter_of


@pytest.mark.parametrize(
    ("names", "letter"),
    [
        ("HIS HSD HSE HSP HID HIE HIP HISD HISE HISH HISA HISB HIS1 HIS2 NHIE CHIP", "H"),
        ("CYS CYX CYM CYN CYS1 CYS2 CYSH NCYX CCYX CCYM", "C"),
        ("ASP ASH ASPH ASPP NASP CASP", "D"),
        ("GLU GLH GLUH GLUP NGLU CGLU", "E"),
        ("LYS LYN LSN LYP LYSH CLYS", "K"),
        ("NALA CALA ALA", "A"),
        ("MSE MET NMET FME", "M"),
        ("SEC", "C"),
        ("PYL MLY KCX", "K"),
        ("SEP NSER", "S"),
        ("UNK", "X"),
    ],
)
def test_names_of_force_fields_and_modified_residues_have_the_letter_of_their_parent(names, letter):
    for name in names.split():
        assert letter_of(name) == letter, name
        assert is_amino_acid(name), name


def test_only_force_field_names_have_the_atoms_of_the_twenty():
    assert all(is_plain(name) for name in [*THREE_TO_ONE, "HSD", "NALA", "CYX"])
    assert not any(is_plain(name) for name in ("MSE", "SEP", "UNK", "HOH"))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("HOH", "water"), ("TIP3", "water"), ("SOL", "water"), ("WAT", "water"),
        ("DA", "nucleotide"), ("U", "nucleotide"), ("DA5", "nucleotide"), ("RG3", "nucleotide"),
        ("ACE", "cap"), ("NME", "cap"), ("ATP", "ligand"), ("NAG", "ligand"), ("POPC", "ligand"),
    ],
)  # fmt: skip
def test_what_is_no_amino_acid_is_told_by_its_kind(name, kind):
    assert kind_of(name) == kind
    assert not is_amino_acid(name)


RENAMED = {"HIS": "HSD", "CYS": "CYX", "ASP": "ASH", "GLU": "GLH", "LYS": "LYN", "ARG": "ARN"}


def test_a_chain_in_the_names_of_a_force_field_is_read_whole(tmp_path, chain, model_path):
    structure = gemmi.read_structure(str(model_path))
    for residue in structure[0][0]:
        residue.name = RENAMED.get(residue.name, residue.name)
    structure.write_pdb(str(tmp_path / "a.pdb"))
    found = ModelFile.read(tmp_path / "a.pdb")
    assert "".join(one.letters for one in found.chains) == chain.letters
    assert not found.left_out
    assert not found.modified()


def test_ends_of_a_chain_in_ambers_four_letters(tmp_path, chain, model_path):
    lines = model_path.read_text().splitlines()
    atoms = [line for line in lines if line.startswith("ATOM")]
    first, last = atoms[0][22:26], atoms[-1][22:26]
    written = []
    for line in atoms:
        end = {first: "N", last: "C"}.get(line[22:26])
        written.append(line[:17] + end + line[17:20] + line[21:] if end else line)
    (tmp_path / "a.pdb").write_text("\n".join(written))
    (found,) = read_protein(tmp_path / "a.pdb").chains
    assert found.letters == chain.letters
    assert found.name == chain.name


def test_a_name_with_another_meaning_counts_by_its_atoms(tmp_path):
    """SRO is a serine without its proton, or serotonin."""
    line = "HETATM{:5}  {:<3} {} A{:4}    {:8.3f}   0.000   0.000  1.00 20.00           {}"
    rows = [line.format(k, "CA", "ALA", k, 3.8 * k, "C") for k in (1, 2)]
    rows += [line.format(3, "CA", "SRO", 3, 11.4, "C"), line.format(4, "C1", "SRO", 4, 40, "C")]
    (tmp_path / "a.pdb").write_text("\n".join(rows))
    protein = read_protein(tmp_path / "a.pdb")
    assert [chain.letters for chain in protein.chains] == ["AAS"]
    assert protein.left_out.counts["ligand"] == {"SRO": 1}


def test_a_modified_residue_has_the_parent_that_its_file_names(tmp_path):
    line = "HETATM{:5}  CA  {} A{:4}    {:8.3f}   0.000   0.000  1.00 20.00           C"
    (tmp_path / "a.pdb").write_text(
        "MODRES 1ABC ZZ9 A    2  TRP\n"
        + "\n".join(line.format(k, n, k, 3.8 * k) for k, n in enumerate(["ALA", "ZZ9", "GLY"], 1))
    )
    assert [chain.letters for chain in read_protein(tmp_path / "a.pdb").chains] == ["AWG"]
