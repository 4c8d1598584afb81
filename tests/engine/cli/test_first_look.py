"""Files that are given for something else than they hold are told at once."""

import gzip

import pytest

from critasser.cli.first_look import first_look
from critasser.errors import InputError

SEQUENCE, STRUCTURE = b">a\nACDEFGHIK\n", b"HEADER    x\nATOM      1  N   ALA A   1\n"
MMCIF = b"# made by hand\ndata_x\nloop_\n_atom_site.id\n"
MAP = b"\0" * 208 + b"MAP " + b"\0" * 812


@pytest.fixture
def look(tmp_path):
    def of(**contents):
        files = {}
        for role, content in contents.items():
            files[role] = tmp_path / role
            files[role].write_bytes(content)
        first_look(files, order="MAP, then FASTA")

    return of


def test_swapped_files_are_called_so(look):
    with pytest.raises(InputError, match=r"look swapped: the first holds sequences, the second a"):
        look(map=SEQUENCE, sequence=MAP)
    with pytest.raises(InputError, match=r"look swapped: the first holds a map, the second a str"):
        look(model=gzip.compress(MAP), map=STRUCTURE)


def test_files_of_another_kind_are_not_called_swapped(look):
    # There is no map among them at all.
    with pytest.raises(InputError, match=r"map: holds sequences, not a map; give MAP, then FASTA"):
        look(map=SEQUENCE, sequence=STRUCTURE)
    with pytest.raises(InputError, match=r"template_01: holds a map, not a structure; give a str"):
        look(template_01=MAP)
    with pytest.raises(InputError, match=r"mask: holds a structure, not a map"):
        look(mask=MMCIF)


def test_what_does_not_tell_its_kind_is_left_to_its_reader(look):
    with pytest.raises(InputError, match="is not a map: its 5 bytes"):
        look(map=b"hello")
    with pytest.raises(InputError, match="a FASTA file begins with"):
        look(sequence=b"hello")


def test_good_files_pass(look):
    look(sequence=b"\xef\xbb\xbf\n" + SEQUENCE, model=STRUCTURE, template_01=MMCIF, contacts=b"x")
