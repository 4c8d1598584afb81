"""Sequences are read, or the one thing wrong with them is told."""

import numpy as np
import pytest

from critasser.errors import InputError
from critasser.structure import AMINO_ACIDS, Sequence, Target, read_fasta


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


def test_a_short_peptide_of_acgt_is_a_peptide(write):
    assert read_fasta(write(">a\nGAGAGA")).letters == "GAGAGA"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (">a\nMKJV", "'a', position 3: J is either I or L"),
        (">a\nMK1V", "position 3: 1 is a digit"),
        (">a\nMKvl", "position 3: v is in lower case"),
        (">a\nMKV*", "position 4: * is a stop: delete it"),
        (">a\nMXV", "X is an unknown residue"),
        (">a\nMBV", "B is Asx"),
        (">a\nMZV", "Z is Glx"),
        (">a\nMUV", "U is selenocysteine: write C"),
        (">a\nMOV", "O is pyrrolysine: write K"),
        (">a\nM-V", "- is a gap"),
        (">a\nM?V", "'?' is no amino acid"),
        (">a\nMÉV", "'É' is no amino acid"),
        (">a\nMKV\n>b\n\n", "'b' is empty"),
        (">a\n", "'a' is empty"),
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("MKV", "line 1: a FASTA file begins with a line such as '>name'"),
        (">a\nACGTACGTACGTN", "DNA or RNA (only A, C, G, N, T)"),
        (">a\nacguacguacgu", "DNA or RNA"),
        (b"\x1f\x8b\x08\x00\xff\xfe", "not a text file"),
        (b">a\nMK\0V", "not a text file"),
        (">a\n" + "A" * (1 << 20), "more than 1 MB"),
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


def test_targets_cannot_be_made_of_nonsense():
    with pytest.raises(ValueError, match="not a protein"):
        Sequence("a", "MXV")
    with pytest.raises(ValueError, match="not a protein"):
        Sequence("a", "")
    with pytest.raises(ValueError, match="at least one"):
        Target(())
