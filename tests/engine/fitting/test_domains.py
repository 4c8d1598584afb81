"""Structures are cut where their parts move against each other."""

import gzip
import json
import os

import numpy as np
import pytest

from critasser.errors import InputError
from critasser.fitting.domains import domains_by_contacts, domains_by_error, merge_short
from critasser.fitting.predicted_error import read_error_file, read_predicted_error
from critasser.structure import ProteinChain


def block_error(sizes, inside=1.0, between=20.0):
    """Predicted aligned error of rigid blocks."""
    owner = np.repeat(np.arange(len(sizes)), sizes)
    return np.where(owner[:, None] == owner, inside, between)


def test_blocks_of_low_error_are_domains():
    domain = domains_by_error(block_error([60, 45]))
    assert np.all(domain[:60] == 0)
    assert np.all(domain[60:] == 1)


def test_a_tail_that_is_sure_of_nothing_belongs_to_none():
    error = block_error([60, 10])
    error[60:, 60:] = 15.0
    domain = domains_by_error(error)
    assert np.all(domain[:60] == 0)
    assert np.all(domain[60:] == -1)


def test_a_compact_chain_is_one_domain(barnase):
    domain = domains_by_contacts(barnase)
    assert np.mean(domain == 0) > 0.95


def test_two_compact_chains_in_a_row_are_two_domains(barnase, globin):
    apart = globin - globin.mean(axis=0) + barnase.mean(axis=0) + np.array([55.0, 0.0, 0.0])
    domain = domains_by_contacts(np.concatenate([barnase, apart]))
    first, second = domain[: len(barnase)], domain[len(barnase) :]
    assert not set(first[first >= 0]) & set(second[second >= 0])


def test_short_pieces_go_to_none():
    domain = np.repeat([3, 5, 7], [10, 40, 31])
    assert merge_short(domain).tolist() == [-1] * 10 + [0] * 40 + [1] * 31


def chain(residues, *, name="A", first=1):
    """Cα of residues by their numbers from 1, or just these numbers."""
    many = range(first, first + residues) if isinstance(residues, int) else residues
    count = len(many)
    return ProteinChain(
        name, "A" * count, np.array(many), ("CA",) * count, ("C",) * count, np.arange(count),
        np.zeros((count, 3)), np.zeros(count), ("",) * count, tuple(range(count)),
    )  # fmt: skip


def written(path, content):
    with gzip.open(path, "wt") if path.suffix == ".gz" else path.open("w") as file:
        json.dump(content, file)
    return path


@pytest.mark.parametrize("name", ["error.json", "error.json.gz"])
@pytest.mark.parametrize("layout", ["database", "database, first", "colabfold", "alphafold 3"])
def test_every_layout_gives_the_same_table(tmp_path, name, layout):
    error = np.arange(9.0).reshape(3, 3)
    content = {
        "database": [{"predicted_aligned_error": error.tolist()}],
        "database, first": [
            {
                "residue1": np.repeat([1, 2, 3], 3).tolist(),
                "residue2": np.tile([1, 2, 3], 3).tolist(),
                "distance": error.ravel().tolist(),
            }
        ],
        "colabfold": {"plddt": [1, 2, 3], "pae": error.tolist()},
        # Atoms of a ligand are tokens of one residue.
        "alphafold 3": {
            "pae": np.pad(error, (0, 2)).tolist(),
            "token_chain_ids": list("AAABB"),
            "token_res_ids": [1, 2, 3, 1, 1],
        },
    }[layout]
    path = written(tmp_path / name, content)
    assert np.array_equal(read_predicted_error(path, [chain(3)]), error)


def test_protenix_tables_are_read(tmp_path):
    content = {"token_pair_pae": np.eye(4).tolist(), "token_asym_id": [0] * 4, "token_pair_pde": []}
    path = written(tmp_path / "x_full_data_sample_0.json", content)
    assert np.array_equal(read_predicted_error(path, [chain(4)]), np.eye(4))


def test_boltz_tables_are_read(tmp_path):
    np.savez(tmp_path / "pae_model.npz", pae=np.eye(4))
    assert np.array_equal(read_predicted_error(tmp_path / "pae_model.npz", [chain(4)]), np.eye(4))


@pytest.mark.parametrize(
    "content",
    [[], {}, 3, {"pae": [[1, 2]]}, {"pae": [["a"]]}, {"pae": [[1e400]]}, {"predicted": [[1.0]]}],
)
def test_what_is_no_such_table_is_refused_in_one_line(tmp_path, content):
    with pytest.raises(InputError) as refusal:
        read_predicted_error(written(tmp_path / "x.json", content), [chain(1)])
    assert "\n" not in str(refusal.value)


def test_a_table_of_another_length_is_refused(tmp_path):
    path = written(tmp_path / "x.json", {"pae": [[0.0, 1.0], [1.0, 0.0]]})
    with pytest.raises(InputError, match="2 residues for a structure of 3"):
        read_predicted_error(path, [chain(3)])


def test_a_pickle_in_an_npz_is_not_opened(tmp_path):
    np.savez(tmp_path / "x.npz", pae=np.array([{"a": 1}], dtype=object))
    with pytest.raises(InputError):
        read_predicted_error(tmp_path / "x.npz", [chain(1)])


ALPHAFOLD_3 = {
    # Residue 2 is phosphorylated and has a token for each atom, as the ligand has; then an ion.
    "token_chain_ids": list("AAAAABBBCCD"),
    "token_res_ids": [1, 2, 2, 2, 3, 1, 2, 3, 1, 1, 1],
    "pae": np.add.outer(10.0 * np.arange(11), np.arange(11)).tolist(),
}


def test_rows_of_alphafold_3_are_found_by_chain_and_number(tmp_path):
    path = written(tmp_path / "x.json", ALPHAFOLD_3)
    rows = np.array([0, 2, 4, 5, 6, 7])  # of the three atoms the mean
    expected = np.add.outer(10.0 * rows, rows)
    both = [chain(3), chain(3, name="B")]
    assert read_predicted_error(path, both) == pytest.approx(expected)
    assert read_predicted_error(path, both[::-1]) == pytest.approx(
        np.roll(np.roll(expected, 3, 0), 3, 1)
    )
    # Tails that were cut off, and chains that have other names now.
    assert read_predicted_error(path, [chain([2, 3], name="B")]) == pytest.approx(
        expected[4:, 4:]
    )
    renamed = [chain(3, name="X"), chain(3, name="Y")]
    assert read_predicted_error(path, renamed) == pytest.approx(expected)


def test_a_single_chain_without_its_tails_has_the_rows_of_its_numbers(tmp_path):
    error = np.arange(36.0).reshape(6, 6)
    path = written(tmp_path / "x.json", {"predicted_aligned_error": error.tolist()})
    found = read_error_file(path, [chain([2, 3, 5])])
    assert np.array_equal(found.error, error[np.ix_([1, 2, 4], [1, 2, 4])])
    assert "6 residues for a structure of 3; those of the numbers in the structure" in (
        " ".join(found.notes)
    )
    for others in ([chain([2, 3, 7])], [chain([0, 1])], [chain([1, 2]), chain([1, 2])]):
        with pytest.raises(InputError, match="6 residues for a structure of"):
            read_predicted_error(path, others)


def test_lists_that_leave_a_pair_out_are_refused(tmp_path):
    lists = {"residue1": [1, 1, 2, 1], "residue2": [1, 2, 1, 2], "distance": [0.0] * 4}
    with pytest.raises(InputError, match="not a square table of numbers"):
        read_predicted_error(written(tmp_path / "x.json", [lists]), [chain(2)])


def test_a_pipe_is_no_predicted_error(tmp_path):
    os.mkfifo(tmp_path / "pae.json")
    with pytest.raises(InputError, match="a named pipe, not a file"):
        read_predicted_error(tmp_path / "pae.json", [chain(2)])
