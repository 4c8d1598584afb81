"""Sequences as people paste and drop them."""

import pytest
from chimerax.critasser.jobs.sequences import (
    Entry,
    add_entries,
    complaint,
    fasta_name,
    fasta_text,
    holds,
    parse_sequences,
    read_sequences,
    residue_count,
    typed_letters,
    write_fasta,
)

HELIX = "AALEKAALEKAALEKAALEK"


def test_fasta_records_keep_their_names_and_same_ones_become_copies():
    text = f">sp|P1|VP6 rotavirus\nAALEK\nAALEK\n\n>b\nMKV\n>c\n{'AALEK' * 2}\n"
    assert parse_sequences(text) == [Entry("sp|P1|VP6", "AALEKAALEK", 2), Entry("b", "MKV")]


@pytest.mark.parametrize(
    ("pasted", "letters"),
    [
        ("aalek aalek\n", "AALEKAALEK"),
        ("  1 aalek aalek 10\n 11 kkk\n", "AALEKAALEKKKK"),
        ("AALEK\r\nKK*", "AALEKKK"),
        ("\ufeffAALEK", "AALEK"),
        ("AAleK", "AAleK"),
    ],
)
def test_what_is_pasted_becomes_letters_without_spaces_and_numbers(pasted, letters):
    assert [entry.letters for entry in parse_sequences(pasted)] == [letters]


@pytest.mark.parametrize("number", ["P12345", "q9y6k9", "A0A024R1R8", " P0DTD1\n"])
def test_the_number_of_an_entry_of_uniprot_is_no_chain_of_one_residue(number):
    (entry,) = parse_sequences(number)
    assert entry.letters == number.strip()
    assert f"sequence {number.strip()}" in complaint(entry.letters)


@pytest.mark.parametrize("nothing", ["", " \n", ">name only\n", "*"])
def test_nothing_pasted_is_no_sequence(nothing):
    assert parse_sequences(nothing) == []


@pytest.mark.parametrize(
    ("letters", "said"),
    [
        (HELIX, ""),
        ("", "no letters"),
        ("AABK", "position 3: B stands for D or N"),
        ("AAjK", "position 3: j is in lower case"),
        ("A-K", "position 2: - is a gap"),
        ("A7K", "position 2: 7 is a digit"),
        ("A§K", "position 2: “§” is no amino acid"),
        ("ACGTACGTACGT", "DNA or RNA"),
        ("acguacguacguacgu", "DNA or RNA"),
    ],
)
def test_what_is_wrong_with_letters_is_told_with_its_place_and_a_remedy(letters, said):
    assert said in complaint(letters)
    assert bool(complaint(letters)) == bool(said)


def test_ligands_of_prediction_programs_are_no_chains():
    assert "a ligand and no protein" in complaint("SAH", "C|ccd|")
    assert not complaint(HELIX, "A|protein|msa.a3m")


def test_complaints_agree_with_the_engine(tmp_path):
    from critasser.errors import InputError
    from critasser.structure import read_fasta

    for letters in (
        HELIX, HELIX.lower(), "AAXK", "AABK", "AAleK", "A-K", "A7K", "ACGTACGTACGT", "AUK", "AOK",
        "GATTACA",
    ):  # fmt: skip
        path = tmp_path / "one.fasta"
        path.write_text(f">a\n{letters}\n")
        try:
            read_fasta(path)
            refused = False
        except InputError:
            refused = True
        assert refused == bool(complaint(letters)), letters


def test_copies_count_in_residues_and_in_what_is_given_to_the_engine():
    entries = [Entry("a", HELIX, 2), Entry("b", "MKVLAAGIVGAA")]
    assert residue_count(entries) == 52
    assert typed_letters(entries) == f"{HELIX},{HELIX},MKVLAAGIVGAA"
    text = fasta_text(entries)
    assert text.count(HELIX) == 2 and text.startswith(">a copy 1\n")
    assert parse_sequences(text) == [Entry("a", HELIX, 2), Entry("b", "MKVLAAGIVGAA")]


def test_long_sequences_and_words_that_could_be_something_else_are_not_typed():
    assert typed_letters([Entry("a", HELIX * 7)]) is None
    assert typed_letters([Entry("a", "HELIC")]) is None
    assert typed_letters([]) is None


def test_adding_the_same_letters_again_adds_a_copy():
    there = add_entries((), [Entry("a", "AALEK"), Entry("", "MKV")])
    assert [one.name for one in there] == ["a", "sequence 2"]
    assert add_entries(there, [Entry("x", "MKV", 3)])[1] == Entry("sequence 2", "MKV", 4)


def test_a_file_is_written_once_for_the_same_sequences_and_can_be_read_by_the_engine(tmp_path):
    from critasser.structure import read_fasta

    entries = [Entry("../odd name/é", HELIX * 7, 2)]
    path = write_fasta(tmp_path / "sequences", entries)
    assert path.parent == tmp_path / "sequences" and path.name == fasta_name(entries)
    made = path.stat().st_mtime_ns
    assert write_fasta(tmp_path / "sequences", entries) == path
    assert path.stat().st_mtime_ns == made
    assert [one.letters for one in read_fasta(path).sequences] == [HELIX * 7] * 2
    assert fasta_name([Entry("a", "MKV")]) != fasta_name([Entry("a", "MKV", 2)])


def test_a_persons_own_file_is_given_itself_only_while_it_says_the_same(tmp_path):
    path = tmp_path / "vp6.fasta"
    path.write_text(">a\nAALEKAALEKAA\nLEK\n>b\nMKV\n")
    entries = read_sequences(path)
    assert holds(path, entries)
    assert not holds(path, entries[:1])
    path.write_text(">a\naalekaalekaalek\n>b\nMKV\n")
    assert read_sequences(path) == entries
    assert not holds(path, entries), "the engine would refuse lower case"
    path.unlink()
    assert not holds(path, entries)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"\x89PNG\0\0", "no text file"), (b"", "holds no sequence"), (b"A" * (1 << 21), "1 MB")],
)
def test_files_that_are_no_sequences_are_told_of(tmp_path, content, said):
    path = tmp_path / "dropped"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=said):
        read_sequences(path)
    with pytest.raises(ValueError, match="cannot be read"):
        read_sequences(tmp_path / "gone")
