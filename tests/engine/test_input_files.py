"""Only regular files are read, and no more of them than is asked for."""

import bz2
import gzip
import lzma
import os

import pytest

from critasser.density import read_map
from critasser.errors import InputError
from critasser.input_files import opened, read_bytes
from critasser.structure import read_chains, read_contacts, read_fasta


def test_plain_and_packed_files_give_the_same_bytes(tmp_path):
    (tmp_path / "plain").write_bytes(b"content")
    (tmp_path / "packed").write_bytes(gzip.compress(b"content"))
    for name in ("plain", "packed"):
        assert read_bytes(tmp_path / name, 100, "") == b"content"


@pytest.mark.parametrize(
    ("pack", "name"), [(bz2.compress, "bzip2"), (lzma.compress, "xz")], ids=["bzip2", "xz"]
)
def test_files_packed_otherwise_are_named(tmp_path, pack, name):
    (tmp_path / "map.mrc").write_bytes(pack(bytes(2000)))
    with pytest.raises(InputError, match=f"map.mrc is packed by {name}: unpack it first"):
        read_bytes(tmp_path / "map.mrc", 10_000, "")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"<!DOCTYPE html>\n<html><title>404 Not Found</title>", "is a web page"),
        (b"\n<HTML lang=en>", "is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:a\n", "is a pointer of Git LFS"),
        (b"<?xml version='1.0' encoding='UTF-8'?><Error><Code>NoSuchKey", "is what a server said"),
    ],
)
@pytest.mark.parametrize("reader", [read_chains, read_fasta, read_map])
def test_what_a_download_left_in_place_of_a_file_is_named(tmp_path, content, told, reader):
    (tmp_path / "x").write_bytes(content + bytes(2000))
    with pytest.raises(InputError, match=f"x {told}"):
        reader(tmp_path / "x")


def test_a_bomb_is_unpacked_no_further_than_its_limit(tmp_path):
    (tmp_path / "bomb").write_bytes(gzip.compress(bytes(10 << 20)))
    with pytest.raises(InputError, match="larger than 1 MB: give less"):
        read_bytes(tmp_path / "bomb", 1 << 20, "give less")


@pytest.mark.parametrize(
    "reader",
    [read_chains, read_fasta, lambda path: read_contacts(path, 9)],
    ids=["chains", "fasta", "contacts"],
)
def test_what_is_no_regular_file_is_refused_at_once(tmp_path, reader):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    for name, what in (
        ("pipe", "a named pipe"), ("zero", "a device"), ("folder", "a directory"),
        ("link", "a directory"), ("none", "No such file"), ("a\0b", "NUL"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=what) as caught:
            reader(tmp_path / name)
        assert "\n" not in str(caught.value)


def test_names_need_not_be_valid_text(tmp_path):
    path = os.fsencode(tmp_path) + b"/m\xe9.txt"
    with open(path, "wb") as file:
        file.write(b"content")
    assert read_bytes(os.fsdecode(path), 10, "") == b"content"
    with pytest.raises(InputError) as caught:
        read_bytes(os.fsdecode(os.fsencode(tmp_path) + b"/n\xe9.txt"), 10, "")
    assert str(caught.value).encode("utf-8")


def test_what_goes_wrong_while_a_file_is_read_is_told(tmp_path):
    (tmp_path / "cut.gz").write_bytes(gzip.compress(os.urandom(5000))[:-100])
    with pytest.raises(InputError, match="cut off or damaged"), opened(tmp_path / "cut.gz") as file:
        file.read()
