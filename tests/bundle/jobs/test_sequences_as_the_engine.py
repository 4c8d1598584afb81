"""Panel and command read files of sequences as the engine does."""

import pytest
from chimerax.core.commands import AnnotationError
from chimerax.core.errors import UserError
from chimerax.critasser.jobs.inputs import check_sequences, write_sequences
from chimerax.critasser.jobs.sequences import (
    complaints,
    fasta_text,
    not_built,
    parse_sequences,
    read_sequences,
)

HELIX = "AALEKAALEKAALEKAALEK"

FILES = {
    "chains": f">3J4P_1|Chains A, B|Capsid|virus\n{HELIX}\n",
    "author": f">1ABC_1|Chains A[auth L], C[auth M]|Fab\n{HELIX}\n",
    "one": f">1ABC_1|Chain A|Fab\n{HELIX}\n",
    "copies": f">a copies=3\n{HELIX}\n",
    "lower": f">a\n{HELIX.lower()}\n",
    "numbered": ">a\n        1 aalekaalek aalekaalek\n       21 mkv\n",
    "title": f">P1;1abc\nstructureX:1abc:1:A:::::\n{HELIX}*\n",
    "names": ">a\nMET ALA MSE GLY HID\n",
    "no name": ">a\nMET ALA GLY LYS XYZ\n",
    "ruler": f">a\n        10         20\n{HELIX[:10]} {HELIX[10:]}\n//\n",
    "stop": f">a\n{HELIX}*\n",
    "unknown": f">a\nAAX{HELIX}\n",
    "same": f">a\n{HELIX}\n>b\n{HELIX}\n",
    "dna": ">1ABC_2|Chain B|DNA (5'-D(*TP*TP*TP)-3')\nTTTTTTTT\n",
    "rna": ">a\nACGUACGUACGUACGU\n",
    "dna beside protein": f">a\n{HELIX}\n>1ABC_2|Chain B|DNA (5'-D(*TP)-3')\nTTTT\n",
    "rna beside protein": f">guide\nACGUACGUACGUACGU\n>a\n{HELIX}\n",
    "mixed": ">a\nACGTRYACGTACGTNN\n",
    "poly": ">poly-alanine\nAAAAAAAAAAAAAAAA\n",
    "protein": ">a protein\nGGGGGGGGGGGGGGGG\n",
    "binding": f">DNA-binding protein\n{HELIX}\n",
    "uracil": ">a\nUUU\n",
    "numbers at the end": f">a\n{HELIX}20\n",
    "nothing known": ">a\nXXXX\n",
}


@pytest.mark.parametrize("name", FILES)
def test_files_are_read_as_the_engine_reads_them(tmp_path, name):
    from critasser.errors import InputError
    from critasser.structure import read_fasta
    from critasser.structure import read_sequences as read_engine

    path = tmp_path / "a.fasta"
    path.write_text(FILES[name])
    try:
        target = [one.letters for one in read_fasta(path).sequences]
    except InputError:
        target = None
    entries = read_sequences(path)
    wrong = [said for said in complaints(entries) if said]
    assert bool(wrong) == (target is None), (wrong, target)
    if target is not None:
        left_out = dict(zip(entries, not_built(entries)))
        ours = [one.letters.replace("X", "A") for one in entries
                for _ in range(one.copies) if not left_out[one]]  # fmt: skip
        assert ours == target
        check_sequences(path)
        # What the panel writes of them is the same again.
        again = tmp_path / "again.fasta"
        again.write_text(fasta_text(entries))
        assert [one.letters for one in read_fasta(again).sequences] == target
        assert len(read_engine(again).nucleic) == sum(left_out.values())
    else:
        with pytest.raises(UserError):
            check_sequences(path)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1", "utf-8-sig"])
def test_encodings_are_the_engines(tmp_path, encoding):
    path = tmp_path / "a.fasta"
    path.write_bytes(f">prot\u00e9ine\n{HELIX}\n".encode(encoding))
    (entry,) = read_sequences(path)
    assert (entry.name, entry.letters) == ("prot\u00e9ine", HELIX)
    (tmp_path / "job").mkdir()
    written = write_sequences(tmp_path / "job", path)
    assert written.read_bytes() == path.read_bytes()


GENPEPT = """LOCUS       AAA12345  25 aa            linear   VRL 01-JAN-2000
DEFINITION  capsid protein.
FEATURES             Location/Qualifiers
ORIGIN
        1 aalekaalek aalekaalek mkvla
//
LOCUS       BBB12345  12 aa
ORIGIN      x
        1 mkvlaagivg aa
//
"""


def test_genpept_is_read_from_where_its_sequence_begins(tmp_path):
    from critasser.structure import read_fasta

    found = parse_sequences(GENPEPT)
    assert [(one.name, one.letters) for one in found] == [
        ("AAA12345", HELIX + "MKVLA"), ("BBB12345", "MKVLAAGIVGAA")
    ]  # fmt: skip
    path = tmp_path / "a.gp"
    path.write_text(GENPEPT)
    (tmp_path / "job").mkdir()
    written = write_sequences(tmp_path / "job", path)
    assert [one.letters for one in read_fasta(written).sequences] == [one.letters for one in found]


def test_letters_alone_in_a_file_are_a_sequence_to_the_command_too(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(HELIX.lower())
    (tmp_path / "job").mkdir()
    assert write_sequences(tmp_path / "job", path).read_text() == f">sequence 1\n{HELIX}\n"


def test_lower_case_is_read_as_capitals_by_the_command_as_by_the_panel(session):
    from chimerax.critasser.commands.arguments import BuildSequenceArg

    found, used, rest = BuildSequenceArg.parse(f"{HELIX.lower()},mkvlaagivgaa quality x", session)
    assert [one.characters for one in found] == [HELIX, "MKVLAAGIVGAA"]
    assert rest == " quality x" and used.endswith("gaa")


@pytest.mark.parametrize("entry", ["P02754", "lacb_bovin"])
def test_an_entry_that_cannot_be_fetched_is_told_with_the_network_in_mind(session, entry):
    from chimerax.critasser.commands.arguments import BuildSequenceArg

    with pytest.raises(AnnotationError, match="or no network") as caught:
        BuildSequenceArg.parse(f"{entry} quality draft", session)
    assert caught.value.offset == len(entry)
