"""Sequences are read, or the one thing wrong with them is told."""

import gzip

import numpy as np
import pytest

from critasser.errors import InputError
from critasser.structure import AMINO_ACIDS, Sequence, Target, read_fasta, read_sequences

LONG = "MKVLAAGIVGLPNVGKSTLFNALTRAGAEA"


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "a.fasta"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_several_sequences_are_several_chains_end_to_end(write):
    target = read_fasta(write(">one first\nMKV\nLA\n\n>two\n GSTW \n>two\nGSTW"))
    assert [s.name for s in target.sequences] == ["one", "two", "two"]
    assert target.letters == "MKVLAGSTWGSTW"
    assert len(target) == 13
    assert "".join(AMINO_ACIDS[code] for code in target.codes) == target.letters
    assert target.codes.dtype == np.int8
    assert target.chain_index.tolist() == [0] * 5 + [1] * 4 + [2] * 4
    assert target.residue_number.tolist() == [1, 2, 3, 4, 5, 1, 2, 3, 4, 1, 2, 3, 4]
    assert np.flatnonzero(~target.bonded).tolist() == [4, 8]
    assert [target.letters[part] for part in target.chain_slices] == ["MKVLA", "GSTW", "GSTW"]


@pytest.mark.parametrize(
    "text", ["\ufeff>a\r\nMKV\r\n", ">a\rMKV\r", "\n\n>\nMKV", ">a\nM K\tV\n\n"]
)
def test_files_from_any_editor(write, text):
    assert read_fasta(write(text)).letters == "MKV"


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("MET ALA MSE\nGLY HID CYX SEC", "MAMGHCC"),  # from a coordinate file
        ("MetAlaGlyTrp\nLys", "MAGWK"),  # SnapGene
        ("Met-Ala-Gly-Trp", "MAGW"),
        ("MKV LAG WST", "MKVLAGWST"),  # blocks of three letters
        ("MKVLAG**", "MKVLAG"),  # two stop codons
        ("        10         20\nMKVLAGSTWG MKVLAGSTWG", "MKVLAGSTWG" * 2),  # UniProt's pages
        ("        1 mkvlagstwg mkvlagstwg\n//", "MKVLAGSTWG" * 2),  # GenPept
    ],
)
def test_letters_as_programs_and_pages_write_them(write, text, letters):
    assert read_fasta(write(f">a\n{text}\n")).letters == letters


@pytest.mark.parametrize(
    ("header", "name", "copies"),
    [
        ("7K00_1|Chains A, C[auth E], D[auth H]|Hemoglobin|Homo sapiens", "7K00_1", 3),
        ("7K00_1|Chains: A, B|Hemoglobin", "7K00_1", 2),
        ("pdb|7k00|A B C", "pdb|7k00|A", 3),  # PDBe
        ("pdb|1A3N|A Chain A, Hemoglobin", "pdb|1A3N|A", 1),  # NCBI
        ("WP_1.1 porin [E. coli]\x01WP_2.1 porin [Shigella]", "WP_1.1", 1),
        ("sp|P69905|HBA_HUMAN Hemoglobin OS=Homo sapiens OX=9606 copies=2",
         "sp|P69905|HBA_HUMAN", 2),
    ],
)  # fmt: skip
def test_headers_of_databases(write, header, name, copies):
    sequences = read_fasta(write(f">{header}\nMKVLAGSTWG\n")).sequences
    assert [one.name for one in sequences] == [name] * copies


def test_headers_of_windows(write):
    text = ">prot\u2013A \u201cx\u201d\nMKV\n".encode("cp1252")
    assert read_fasta(write(text)).sequences[0].name == "prot\u2013A"


def test_a_short_peptide_of_acgt_is_a_peptide(write):
    assert read_fasta(write(">a\nGAGAGA")).letters == "GAGAGA"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (">a\nMKJV", "'a', position 3: J is either I or L"),
        (">a\nMK1V", "position 3: 1 is a digit"),
        (">a\nMKvl", "position 3: v is in lower case"),
        (">a\nMK*V", "position 3: * is a stop"),
        (">a\nXXX", "only unknown residues"),
        (">a copies=0\nMKV", "copies=0: give a number from 1"),
        (">a\nMBV", "B is Asx"),
        (">a\nMZV", "Z is Glx"),
        (">a\nM-V", "- is a gap"),
        (">a\nM?V", "? is unknown: write X"),
        (">a\nMK:VL", ": is between chains in some programs"),
        (">a\nMK(SEP)VL", "write a modified residue as the one that it is made of"),
        ("LOCUS  X\nORIGIN\n 1 mkv", "or save it as FASTA"),
        (">a\nMÉV", "'É' is no amino acid"),
        (">a\nM\u0410V", "position 2: '\u0410' is no amino acid: it is the character U+0410"),
        (">a\nMK[SEP]VL", "write a modified residue as the one that it is made of"),
        (">a\nMET ALA GLY LYS XYZ", "position 5: ? is unknown"),
        ("{\\rtf1\\ansi\n>a\\\nMKV}", "is rich text: save it as plain text"),
        (f">A|protein|m.a3m\n{LONG}\n>B|smiles\nCC(=O)O", "'B|smiles' is of a ligand: only prot"),
        (f">A|protein|\n{LONG}\n>C|ccd|\nSAH", "'C|ccd|' is of a ligand: only proteins are built"),
        (">protein|name=p\nMKV\n>glycan|name=g\nNAG(4-1 NAG)", "is of a glycan: only proteins"),
        (">protein|name=p\nMKV\n>ligand|name=l\nCCCC", "is of a ligand: only proteins are built"),
        ("CRYST1    1.000    1.000    1.000", "is a coordinate file: give the sequences"),
        ("data_1ABC\n#\n", "is a coordinate file: give the sequences"),
        (b"PK\x03\x04\x14\0\x06\0word/document.xml", "packed by zip (as documents of Word"),
        (">a\nMKV\n>b\n\n", "'b' is empty"),
        (">a\n", "'a' is empty"),
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("MKV", "line 1: a FASTA file begins with a line such as '>name'"),
        (">a\nACGTACGTACGTN", "DNA or RNA (only A, C, G, N, T)"),
        (">a\nacguacguacgu", "DNA or RNA"),
        (b"\x1f\x8b\x08\x00\xff\xfe", "cut off or damaged"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not a text file"),
        (b">a\nMK\0V", "not a text file"),
        (">a\n" + "A" * (1 << 20), "larger than 1 MB"),
    ],
)
def test_everything_wrong_is_told_in_one_line(write, text, says):
    path = write(text)
    with pytest.raises(InputError) as caught:
        read_fasta(path)
    assert says in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        read_fasta(tmp_path / "none.fasta")
    with pytest.raises(InputError, match="directory"):
        read_fasta(tmp_path)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("A|protein|./msa.a3m", "A|protein|./msa.a3m"),
        ("protein|name=ligand of integrin", "protein|name=ligand"),
        ("ligand-gated channel", "ligand-gated"),
        ("ligand", "ligand"),
        ("sp|P12345|ION_HUMAN ion channel", "sp|P12345|ION_HUMAN"),
    ],
)
def test_proteins_of_prediction_programs_and_of_ligands_are_proteins(write, header, name):
    (only,) = read_fasta(write(f">{header}\n{LONG}\n")).sequences
    assert (only.name, only.letters) == (name, LONG)


def test_targets_cannot_be_made_of_nonsense():
    with pytest.raises(ValueError, match="not a protein"):
        Sequence("a", "MXV")
    with pytest.raises(ValueError, match="not a protein"):
        Sequence("a", "")
    with pytest.raises(ValueError, match="at least one"):
        Target(())


MIXED = ">é α one\nMKV\nLA\n"


@pytest.mark.parametrize(
    "raw",
    [
        MIXED.encode("utf-16"),
        MIXED.encode("utf-16-le"),
        b"\xfe\xff" + MIXED.encode("utf-16-be"),
        MIXED.encode("utf-8-sig"),
        ">caf\xe9 one\nMKVLA".encode("latin-1"),
        gzip.compress(MIXED.encode(), mtime=0),
        ">a\nM\u200bK\u00adV\ufeffL\u2060A\n".encode(),
        ">a\n MK\u00a0V LA\n".encode(),
        b";made by hand\n>a\nMKVLA*\n",
        b">a\nmkvla\n",
        b">gi|1|ref|NP_1.1| thing\n        1 mkvla\n//"[:-2].replace(b"mkvla", b"MKV LA"),
        b">sp|P12345|NAME_HUMAN Some protein OS=Homo sapiens OX=9606 GN=X PE=1 SV=2\nMKVLA",
    ],
)
def test_text_of_any_program_is_read(write, raw):
    found = read_sequences(write(raw))
    assert found.target.letters == "MKVLA"
    assert len(found.target.sequences) == 1
    assert not found.notes


@pytest.mark.parametrize(
    ("header", "copies", "name"),
    [
        ("1ABC_1|Chain A|Thing|Homo sapiens (9606)", 1, "1ABC_1"),
        ("1ABC_1|Chains A, B|Thing|Homo sapiens (9606)", 2, "1ABC_1"),
        ("1ABC_1|Chains A[auth X], B[auth Y, old], CA|Thing", 3, "1ABC_1"),
        ("1ABC_1|Chains A, B|Thing copies=1", 1, "1ABC_1"),
        ("sub copies=3", 3, "sub"),
        ("sub of two chains, A and B", 1, "sub"),
    ],
)
def test_the_header_says_how_often_a_chain_is_there(write, header, copies, name):
    found = read_sequences(write(f">{header}\nMKVLA\n"))
    assert [(s.name, s.letters) for s in found.target.sequences] == [(name, "MKVLA")] * copies
    told = "copies are built" in " ".join(found.notes)
    assert told == (copies > 1 and "copies=" not in header)


NUCLEIC = [
    ("1ABC_2|Chain B|DNA (5'-D(P*TP*TP*TP*T)-3')|synthetic", "TTTT"),
    ("1ABC_2|Chain B|RNA (5'-R(P*UP*UP*UP*UP*UP*U)-3')|synthetic", "UUUUUU"),
    ("1ABC_2|Chain B|Modified DNA aptamer|synthetic", "GGCAXGXXTGGXAXCAACACGXXAAG"),
    ("1abc_B mol:na length:6 primer", "ACGTAC"),
    ("primer", "TTTTTTTT"),
    ("guide", "GCUUAG"),
    ("strand", "ACGTRYACGTACGTA"),
    ("tRNA", "GCGGAUUUA"),
]


@pytest.mark.parametrize(("header", "letters"), NUCLEIC)
def test_nucleic_acids_are_told_by_header_and_letters(write, header, letters):
    found = read_sequences(write(f">one\nMKVLAEEDW\n>{header}\n{letters}\n"))
    name = header.split("|")[0].split()[0]
    assert [one.name for one in found.target.sequences] == ["one"]
    assert [(one.name, one.nucleotides) for one in found.nucleic] == [(name, len(letters))]
    (note,) = found.notes
    assert f"sequence {name!r} is DNA or RNA" in note and "not built" in note


def test_all_nucleic_acids_of_a_file_are_listed_at_once(write):
    found = read_sequences(write(">a\nMKVLAW\n>b\nACGTACGTACGT\n>c\nUUUUUUU\n"))
    assert "'b', 'c' are DNA or RNA" in found.notes[0]


def test_nucleic_acid_alone_is_refused(write):
    with pytest.raises(InputError, match=r"'b', 'c' are DNA or RNA.*Give the protein's sequence"):
        read_sequences(write(">b\nACGTACGTACGT\n>c\nUUUUUUU\n"))


def test_what_is_said_to_be_protein_is_built(write):
    text = ">a\nMKVLAW\n>b\nACGTACGTACGT\n"
    found = read_sequences(write(text), protein=True)
    assert len(found.target.sequences) == 2 and not found.nucleic


@pytest.mark.parametrize(
    ("header", "letters"),
    [
        ("polyalanine", "A" * 20),
        ("1abc_A mol:protein length:12 test", "GAGAGAGAGAGA"),
        ("linker peptide", "GGGGAGGGGAGGGGA"),
        ("silk fibroin", "GAGAGSGAGAGSGAGAGS"),
        ("DNA-binding protein", "MKRNADNTGH"),
        ("RNA polymerase subunit", "MKWNADNTGH"),
        ("1ABC_1|Chain A|DNA-directed RNA polymerase|", "MKWNADNTGHRY"),
    ],
)
def test_proteins_are_protein_by_header_or_letters(write, header, letters):
    assert read_fasta(write(f">{header}\n{letters}\n")).letters == letters


def test_poly_alanine_is_protein_where_the_caller_says_so(write):
    path = write(">a\n" + "A" * 30)
    with pytest.raises(InputError, match="write 'protein' in its header"):
        read_fasta(path)
    assert read_fasta(path, protein=True).letters == "A" * 30


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (">P1;1LYZ\nstructureX:1lyz:1 :A:9 :A:lysozyme:chicken:2.0:-1\nKVFGR\nCELA*\n", "1LYZ"),
        (">P1;X\nLYSOZYME C PRECURSOR\nKVFGRCELA*\n", "X"),
        (">a\nLYS VAL PHE GLY ARG\nCYS GLU LEU ALA\n", "a"),
        (">a\nLys-Val-Phe-Gly-Arg-Cys-Glu-Leu-Ala\n", "a"),
        (">a\nKVFGR 5\nCELA 9\n", "a"),
        ("  >a\nKVFGRCELA\n\x1a", "a"),
    ],
    ids=["MODELLER", "PIR", "three letters", "dashes", "numbers behind", "old Windows"],
)
def test_formats_that_look_like_fasta_are_read_as_what_they_are(write, text, name):
    (sequence,) = read_fasta(write(text)).sequences
    assert (sequence.name, sequence.letters) == (name, "KVFGRCELA")


def test_unknown_residues_are_kept_in_mind(write):
    found = read_sequences(write(">a\nMXVXW\n>b\nGSTW\n"))
    assert found.target.letters == "MAVAWGSTW"
    assert np.flatnonzero(found.target.unknown).tolist() == [1, 3]
    assert found.target.residue_names[:3] == ("MET", "UNK", "VAL")
    (note,) = found.notes
    assert "2 unknown residues (X at 2, 4) are built without side chains" in note
    with pytest.raises(ValueError, match="unknown residue"):
        Sequence("a", "MKV", (3,))


def test_rare_amino_acids_are_built_as_their_parents_and_told(write):
    found = read_sequences(write(">a\nMUVOW"))
    assert found.target.letters == "MCVKW"
    assert "position 2: U, selenocysteine, is built as C" in found.notes[0]
    assert "position 4: O, pyrrolysine, is built as K" in found.notes[1]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (">a\nMKV\n>b\nMLV\n>a\nMWV", "records 1, 3 are all named 'a' and have different"),
        (">a\nMKV\n>a\nMKV", "records 1, 2 are all named 'a' and have one sequence: 2 copies"),
    ],
)
def test_records_of_one_name_are_told_and_all_built(write, text, says):
    found = read_sequences(write(text))
    (note,) = found.notes
    assert says in note and "\n" not in note
    assert len(found.target.sequences) == text.count(">")


@pytest.mark.parametrize(
    ("headers", "names"),
    [
        (["5FN5 chain A, nicastrin", "5FN5 chain B, x copies=2"],
         ["5FN5 chain A", "5FN5 chain B", "5FN5 chain B"]),
        (["globin alpha", "globin beta", "globin alpha"], ["globin"] * 3),
        (["globin", "globin beta"], ["globin", "globin beta"]),
        (["a copies=2", "a copies=3"], ["a"] * 5),
        ([f"a {'x' * 70} 1", f"a {'x' * 70} 2"], ["a", "a"]),
    ],
)  # fmt: skip
def test_headers_that_begin_alike_are_told_apart_by_more_words(write, headers, names):
    text = "".join(f">{header}\nMKV{'L' * k}\n" for k, header in enumerate(headers))
    assert [one.name for one in read_fasta(write(text)).sequences] == names


def test_copies_are_called_as_the_first_of_them(write):
    text = ">haemo alpha 1\nMKV\n>haemo beta\nMLV\n>haemo alpha 2\nMKV"
    names = [one.name for one in read_fasta(write(text)).sequences]
    assert names == ["haemo alpha", "haemo beta", "haemo alpha"]


def test_records_of_different_names_need_no_word(write):
    assert read_sequences(write(">a\nMKV\n>b\nMKV")).notes == ()
