"""Lists of pairs are read as people write them; what cannot be is told with its line."""

import pytest

from critasser.data.entries import Entry, read_entries
from critasser.errors import InputError


def read(tmp_path, text):
    path = tmp_path / "list.tsv"
    path.write_text(text)
    return read_entries(path)


def test_ids_are_read_however_they_are_written(tmp_path):
    entries = read(tmp_path, "emdb,pdb\nEMD-0093,6GWN\nemd-12345,7abc\n1234,pdb_00001abc\n,1a2p\n")
    assert [one.name for one in entries] == [
        "EMD-0093_6gwn", "EMD-12345_7abc", "EMD-1234_1abc", "1a2p",
    ]  # fmt: skip


def test_further_columns_are_taken(tmp_path):
    (entry,) = read(
        tmp_path, "pdb\tsplit\temdb\tcluster\tresolution\tother\n1abc\tval\tEMD-1234\tk\t3.5\tx\n"
    )
    assert entry == Entry("EMD-1234", "1abc", "val", "k", 3.5)


def test_a_pair_counts_once(tmp_path):
    assert len(read(tmp_path, "emdb\tpdb\nEMD-1234\t1abc\nemd-1234\t1ABC\n")) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty"),
        ("id\tpdb\n1\t1abc\n", "columns 'emdb' and 'pdb'"),
        ("emdb\tpdb\n", "no pair"),
        ("emdb\tpdb\nEMD-1234\t../..\n", ":2: '../..' is no PDB id"),
        ("emdb\tpdb\nEMD-1234\t1abc\nEMD-../x\t1abd\n", ":3: 'EMD-../x' is no EMDB id"),
        ("emdb\tpdb\tsplit\nEMD-1234\t1abc\ttest\n", ":2: split 'test'"),
        ("emdb\tpdb\tresolution\nEMD-1234\t1abc\tnan\n", ":2: resolution 'nan'"),
        ("emdb\tpdb\tmap_sha256\nEMD-1234\t1abc\t12\n", "64 hexadecimal digits"),
    ],
)
def test_what_cannot_be_is_told(tmp_path, text, told):
    with pytest.raises(InputError) as error:
        read(tmp_path, text)
    assert told in str(error.value)
