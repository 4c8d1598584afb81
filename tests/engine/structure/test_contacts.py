"""Contacts of each format count, and what is read otherwise than it stands there is told."""

import numpy as np
import pytest

from critasser.errors import InputError
from critasser.structure import read_contact_file

CASP = "PFRMAT RR\nTARGET T1\nMODEL 1\nACDEFGHIKLMNPQRSTVWY\n1 9 0 8 0.7\n3 15 0 8 0.25\nEND\n"


@pytest.fixture
def read(tmp_path):
    def read(text):
        (tmp_path / "a.rr").write_text(text)
        return read_contact_file(tmp_path / "a.rr", 20)

    return read


def pairs(found):
    i, j = np.nonzero(np.triu(found.probability))
    return {(int(a) + 1, int(b) + 1): float(found.probability[a, b]) for a, b in zip(i, j)}


def test_contacts_of_casp_are_read_whole(read):
    found = read(CASP)
    assert pairs(found) == {(1, 9): 0.7, (3, 15): 0.25}
    assert np.array_equal(found.probability, found.probability.T)
    assert not found.notes


def test_of_a_distogram_the_probability_of_a_contact_counts(read):
    found = read("RMODE 2\nMODEL 1\n1 9 0.9 0.1 0.2 0.3 0.1 0.1 0.05 0.05 0.05 0.03 0.02\nEND\n")
    assert pairs(found) == {(1, 9): 0.9}


def test_of_a_pair_that_is_there_twice_the_higher_counts_and_it_is_said(read):
    found = read("1 9 0 8 0.7\n9 1 0 8 0.2\n")
    assert pairs(found) == {(1, 9): 0.7}
    assert found.notes == (
        "a.rr: pairs of residues that are there twice: 1; of their probabilities the higher counts",
    )
    assert not read("1 9 0 8 0.7\n9 1 0 8 0.7\n").notes


def test_contacts_of_another_distance_are_told(read):
    (note,) = read("1 9 0 8 0.7\n2 12 0 12 0.2\n").notes
    assert note.startswith("a.rr: 1 of 2 contacts are of another distance than 8 Å (up to 12 Å)")


def test_a_file_of_any_size_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("critasser.structure.contacts.MAX_BYTES", 1000)
    path = tmp_path / "c.rr"
    path.write_text("1 9 0 8 0.9\n" * 200)
    with pytest.raises(InputError, match="give only the contacts that are likely"):
        read_contact_file(path, 20)
