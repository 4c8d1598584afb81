"""mmCIF files are read with whatever columns their program writes."""

import gemmi
import numpy as np
import pytest

from critasser.errors import InputError
from critasser.structure import read_chains


@pytest.fixture
def written(tmp_path, model_path):
    """The model as mmCIF, its table of atoms changed."""

    def written(change, name="a.cif"):
        structure = gemmi.read_structure(str(model_path))
        structure.setup_entities()
        structure.assign_label_seq_id()
        document = structure.make_mmcif_document()
        block = document.sole_block()
        loop = block.find_mmcif_category("_atom_site.").loop
        tags = [tag.removeprefix("_atom_site.") for tag in loop.tags]
        columns = {tag: list(block.find_loop("_atom_site." + tag)) for tag in tags}
        columns = change(columns) or columns
        block.find_mmcif_category("_atom_site.").erase()
        block.init_loop("_atom_site.", list(columns)).set_all_values(list(columns.values()))
        document.write_file(str(tmp_path / name))
        return tmp_path / name

    return written


COORDINATES = {"Cartn_x", "Cartn_y", "Cartn_z"}


@pytest.mark.parametrize(
    "lacking",
    [
        {"auth_seq_id"},
        {"label_alt_id"},
        {"type_symbol"},
        {"label_seq_id"},
        {"auth_asym_id"},
        {"label_asym_id"},
        {"label_entity_id", "occupancy", "B_iso_or_equiv", "pdbx_PDB_model_num", "group_PDB"},
        {"auth_seq_id", "label_seq_id"},
        {"auth_asym_id", "label_asym_id"},
        {"auth_seq_id", "label_alt_id", "type_symbol", "id", "pdbx_PDB_ins_code"},
    ],
    ids=lambda lacking: " ".join(sorted(lacking)),
)
def test_columns_that_are_missing_are_stood_in_for(written, chain, lacking):
    path = written(lambda columns: {t: v for t, v in columns.items() if t not in lacking})
    (found,) = read_chains(path)
    assert found.letters == chain.letters
    assert found.elements == chain.elements
    np.testing.assert_allclose(found.positions, chain.positions, atol=1e-3)


def test_numbers_are_the_labels_where_the_author_has_none(written, chain):
    path = written(lambda columns: {t: v for t, v in columns.items() if t != "auth_seq_id"})
    (found,) = read_chains(path)
    assert found.residue_number.tolist() == list(range(1, len(chain) + 1))


def test_residues_without_any_number_are_counted(written, chain):
    def blank(columns):
        count = len(columns["auth_seq_id"])
        columns.update(auth_seq_id=["?"] * count, label_seq_id=["."] * count)

    (found,) = read_chains(written(blank))
    assert found.residue_number.tolist() == list(range(1, len(chain) + 1))


@pytest.mark.parametrize("tag", ["auth_seq_id", "label_seq_id"])
def test_numbers_with_a_point_are_whole_ones(written, chain, tag):
    def change(columns):
        columns[tag] = [f"{number}.0" for number in columns[tag]]

    (found,) = read_chains(written(change))
    assert found.residue_number.tolist() == chain.residue_number.tolist()
    assert found.letters == chain.letters


def test_elements_that_are_not_said_are_those_of_the_names(written, chain):
    def change(columns):
        columns["type_symbol"] = ["?" if k % 3 else one for k, one in
                                  enumerate(columns["type_symbol"])]  # fmt: skip

    (found,) = read_chains(written(change))
    assert found.elements == chain.elements


def test_a_chain_whose_name_is_a_blank_has_none(written, chain):
    def change(columns):
        for tag in ("auth_asym_id", "label_asym_id"):
            columns[tag] = ["' '"] * len(columns[tag])

    (found,) = read_chains(written(change))
    assert (found.name, found.letters) == ("", chain.letters)


def test_numbers_that_begin_again_in_a_chain_are_another_chain(written, chain):
    """As PyMOL writes two segments of one chain."""

    def twice(columns):
        moved = [f"{float(x) + 100:.3f}" for x in columns["Cartn_x"]]
        doubled = {tag: values * 2 for tag, values in columns.items()}
        doubled["Cartn_x"] = columns["Cartn_x"] + moved
        return doubled

    found = read_chains(written(twice))
    assert [one.name for one in found] == ["A", "A-2"]
    assert found[1].letters == chain.letters
    moved = found[1].positions - found[0].positions
    np.testing.assert_allclose(moved, np.broadcast_to([100.0, 0, 0], moved.shape), atol=2e-3)


@pytest.mark.parametrize("lacking", ["Cartn_y", "atom"])
def test_without_positions_or_names_it_is_no_model(written, lacking):
    path = written(lambda columns: {t: v for t, v in columns.items() if lacking not in t})
    with pytest.raises(InputError, match=r"lack the column _atom_site\."):
        read_chains(path)


def test_a_binary_file_is_told_for_what_it_is(tmp_path):
    (tmp_path / "a.bcif").write_bytes(b"\x83\xa7encoder\xa1x\xaadataBlocks\x91")
    with pytest.raises(InputError, match="BinaryCIF"):
        read_chains(tmp_path / "a.bcif")
