"""A file appears whole or not at all."""

import stat

import pytest

from critasser.writing import appearing


def test_the_file_takes_its_place_at_the_end(tmp_path):
    path = tmp_path / "a.cif.gz"
    path.write_text("old")
    with appearing(path) as temporary:
        assert temporary.parent == tmp_path
        assert temporary.name.endswith(".cif.gz")
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_leaves_everything_as_it_was(tmp_path):
    path = tmp_path / "a.cif"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), appearing(path) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_others_may_read_it_as_any_new_file(tmp_path):
    (tmp_path / "plain").write_text("")
    with appearing(tmp_path / "a") as temporary:
        temporary.write_text("x")
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("plain", "a")]
    assert modes[0] == modes[1]
