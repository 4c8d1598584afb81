"""A template library keeps the Cα of known chains in one small file."""

from pathlib import Path

import numpy as np
import pytest

from critasser.errors import InputError
from critasser.shipped import LIBRARY, shipped
from critasser.structure import assign_secondary_structure, read_chains
from critasser.structure.exposure import SIDE_EDGES, chain_exposure
from critasser.threading import TemplateLibrary, library_of, load_library, write_library
from critasser.threading.library import LARGEST_CONTENT, SHORTEST, UNIT

DATA = Path(__file__).parents[2] / "data"
NAMES = ("1a2p_A", "1gl2_D", "3wmi_A")


@pytest.fixture(scope="module")
def chains():
    return [(name, read_chains(DATA / f"{name}.pdb.gz")[0]) for name in NAMES]


@pytest.fixture(scope="module")
def library(chains) -> TemplateLibrary:
    return library_of(chains)


def test_chains_come_back_from_a_file_as_they_went_in(chains, library, tmp_path):
    path = tmp_path / "library.npz"
    write_library(path, library)
    again = load_library(path)
    assert again.names == NAMES
    for number, (name, chain) in enumerate(chains):
        back = again.chain(number)
        assert back.letters == chain.letters and back.name == name
        own = chain.calpha - chain.calpha[0]
        assert np.abs(back.calpha - own).max() <= UNIT


def test_secondary_structure_and_exposure_are_those_of_the_chain(chains, library):
    chain = chains[0][1]
    part = library.residues(0)
    same = library.structure[part] == assign_secondary_structure(chain.calpha)
    assert same.mean() > 0.95  # positions are rounded
    inside = np.digitize(chain_exposure(chain.calpha)[1:-1, 0], SIDE_EDGES)
    assert np.mean(library.side[part][1:-1] == inside) > 0.95


def test_residues_without_a_calpha_and_short_chains_are_left_out(chains):
    name, chain = chains[0]
    assert len(library_of([(name, chain), ("short", chain)])) == 2
    with pytest.raises(InputError, match=f"no chain of {SHORTEST} residues"):
        library_of([])


def test_pieces_of_chains_are_a_library_too(chains, library):
    some = library.select([(2, 0, 40), (0, 10, 50)])
    assert some.names == (NAMES[2], NAMES[0])
    assert some.lengths.tolist() == [40, 40]
    assert some.chain(1).letters == chains[0][1].letters[10:50]
    away = some.chain(1).calpha - library.chain(0).calpha[10:50]
    assert np.ptp(away, axis=0).max() < 1e-6


def test_a_library_of_no_chain_is_one_too(library, tmp_path):
    write_library(tmp_path / "empty.npz", library.select([]))
    assert len(load_library(tmp_path / "empty.npz")) == 0


def test_what_is_no_library_is_told_in_a_line(library, tmp_path):
    path = tmp_path / "library.npz"
    path.write_bytes(b"no archive")
    with pytest.raises(InputError, match="no template library"):
        load_library(path)
    write_library(path, library)
    with np.load(path) as stored:
        whole = dict(stored)
    for name, wrong in [
        ("ends", whole["ends"][::-1]),
        ("codes", whole["codes"] + 30),
        ("codes", whole["codes"].astype(np.int64) + 256),
        ("codes", whole["codes"].astype(str)),
        ("steps", whole["steps"][:, 1:]),
        ("steps", np.full(whole["steps"].shape, np.nan)),
        ("structure", whole["structure"] - 5),
        ("structure", np.stack([whole["structure"]] * 3, axis=1)),
        ("names", whole["names"][1:]),
        ("names", np.array("x")),
    ]:
        np.savez(path, **{**whole, name: wrong})
        with pytest.raises(InputError, match="no template library"):
            load_library(path)
    np.savez(path, **{**whole, "names": np.array([{"a": 1}] * 3, dtype=object)})
    with pytest.raises(InputError, match="no template library"):
        load_library(path)


def test_a_damaged_file_is_told_in_a_line_whatever_is_wrong_with_it(library, tmp_path):
    path = tmp_path / "library.npz"
    write_library(path, library)
    whole, rng = path.read_bytes(), np.random.default_rng(1)
    for _ in range(300):
        damaged = bytearray(whole)
        for place in rng.integers(0, len(whole), 3):
            damaged[place] = rng.integers(0, 256)
        path.write_bytes(bytes(damaged))
        try:
            again = load_library(path)
        except InputError:
            continue
        assert len(again.codes) == again.ends[-1]


def test_names_cannot_move_the_cursor_or_fill_the_screen(library, tmp_path):
    path = tmp_path / "library.npz"
    write_library(path, library)
    with np.load(path) as stored:
        whole = dict(stored)
    np.savez(path, **{**whole, "names": np.array(["\x1b[31mred", "a\nb", "x" * 10_000])})
    names = load_library(path).names
    assert all(name.isprintable() and len(name) <= 40 for name in names)


def test_a_file_that_would_fill_the_memory_is_not_unpacked(library, tmp_path, monkeypatch):
    path = tmp_path / "library.npz"
    write_library(path, library)
    monkeypatch.setattr("critasser.threading.library.LARGEST_CONTENT", LARGEST_CONTENT >> 19)
    with pytest.raises(InputError, match="far too large"):
        load_library(path)


def test_the_library_that_ships_holds_thousands_of_folds():
    library = load_library(shipped(LIBRARY))
    assert len(library) > 3_000
    assert np.isfinite(library.calpha).all()
    assert shipped(LIBRARY).stat().st_size < 6 * len(library.codes)
    step = np.linalg.norm(np.diff(library.chain(0).calpha, axis=0), axis=1)
    assert 3.7 < np.median(step) < 3.9
