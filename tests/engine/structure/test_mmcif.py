"""Models are written so that other programs read back what was meant."""

import gemmi
import numpy as np
import pytest

from critasser.structure import (
    AtomicModel,
    CalphaSet,
    Sequence,
    Target,
    chain_names,
    read_chains,
    write_calpha,
    write_model,
    write_positions,
)


@pytest.fixture
def model(chain):
    """Two copies of a chain, and a third sequence of which nothing is built but one atom."""
    target = Target(
        (Sequence("a", chain.letters), Sequence("b", chain.letters), Sequence("c", "GW"))
    )
    return AtomicModel(
        target,
        (*chain.atom_names, *chain.atom_names, "CA"),
        (*chain.elements, *chain.elements, "C"),
        np.concatenate([chain.residue, chain.residue + len(chain), [2 * len(chain) + 1]]),
        np.concatenate([chain.positions, chain.positions + 40.0, [[1.0, 2.0, 3.0]]]),
    )


@pytest.fixture
def confidence(model):
    return np.linspace(0, 100, len(model.target))


@pytest.fixture
def written(tmp_path, model, confidence):
    path = tmp_path / "model.cif"
    write_model(
        path,
        model,
        confidence,
        title='It\'s "one"',
        scores={"eTM": 0.81, "CRscore": 0.5},
        details="x\ny",
    )
    return path


def test_gemmi_reads_back_chains_numbers_positions_and_confidence(written, model, confidence):
    structure = gemmi.read_structure(str(written))
    assert [chain.name for chain in structure[0]] == ["A", "B", "C"]
    n = len(model.target.sequences[0])
    for chain in structure[0]:
        for residue in chain:
            assert residue.label_seq == residue.seqid.num
            assert residue.subchain == chain.name
            assert residue.entity_type == gemmi.EntityType.Polymer
    assert [r.seqid.num for r in structure[0]["B"]] == list(range(1, n + 1))
    assert [r.seqid.num for r in structure[0]["C"]] == [2]
    found = np.array([cra.atom.pos.tolist() for cra in structure[0].all()])
    np.testing.assert_allclose(found, model.positions, atol=6e-4)
    b_factors = [cra.atom.b_iso for cra in structure[0].all()]
    np.testing.assert_allclose(b_factors, confidence[model.residue], atol=0.01)
    assert structure.info["_struct.title"] == 'It\'s "one"'


def test_equal_sequences_are_one_entity_with_the_whole_sequence(written, model):
    structure = gemmi.read_structure(str(written))
    assert [e.subchains for e in structure.entities] == [["A", "B"], ["C"]]
    assert structure.entities[1].full_sequence == ["GLY", "TRP"]
    block = gemmi.cif.read(str(written)).sole_block()
    assert [row.str(0) for row in block.find("_entity.", ["pdbx_description"])] == ["a", "c"]
    assert gemmi.one_letter_code(structure.entities[0].full_sequence) == (
        model.target.sequences[0].letters
    )


def test_confidence_and_scores_stand_in_the_modelcif_categories(written, model, confidence):
    block = gemmi.cif.read(str(written)).sole_block()
    names = [row.str(0) for row in block.find("_ma_qa_metric.", ["name"])]
    assert names == ["confidence", "eTM", "CRscore"]
    local = block.find(
        "_ma_qa_metric_local.", ["label_asym_id", "label_seq_id", "label_comp_id", "metric_value"]
    )
    built = np.unique(model.residue)
    assert len(local) == len(built)
    np.testing.assert_allclose([float(row[3]) for row in local], confidence[built], atol=0.006)
    assert list(local[-1])[:3] == ["C", "2", "TRP"]
    whole = block.find("_ma_qa_metric_global.", ["metric_id", "metric_value"])
    assert [list(row) for row in whole] == [["2", "0.8100"], ["3", "0.5000"]]
    assert block.find_value("_cell.length_a") is None


def test_where_residues_come_from_is_a_local_metric(tmp_path, model, confidence):
    sources = np.arange(len(model.target)) % 4
    write_model(tmp_path / "marked.cif", model, confidence, scores={"eTM": 0.8}, sources=sources)
    block = gemmi.cif.read(str(tmp_path / "marked.cif")).sole_block()
    names = {row.str(1): row[0] for row in block.find("_ma_qa_metric.", ["id", "name"])}
    table = block.find("_ma_qa_metric_local.", ["metric_id", "metric_value"])
    marks = [float(row[1]) for row in table if row[0] == names["source"]]
    built = np.unique(model.residue)
    assert marks == sources[built].tolist()
    assert len({row[0] for row in table}) == 2 and names["eTM"] not in {row[0] for row in table}


def test_our_own_reader_gets_the_same_model(written, model):
    chains = read_chains(written)
    assert chains[0].letters == model.target.sequences[0].letters
    assert chains[0].atom_names + chains[1].atom_names + chains[2].atom_names == model.atom_names


def test_atoms_in_any_order_are_written_residue_by_residue(tmp_path, model, confidence, written):
    order = np.random.default_rng(0).permutation(len(model))
    mixed = AtomicModel(
        model.target,
        tuple(model.atom_names[i] for i in order),
        tuple(model.elements[i] for i in order),
        model.residue[order],
        model.positions[order],
    )
    write_model(tmp_path / "mixed.cif", mixed, confidence)
    structure = gemmi.read_structure(str(tmp_path / "mixed.cif"))
    assert [len(chain) for chain in structure[0]] == [60, 60, 1]


def test_models_know_their_calpha_and_atomic_numbers(model):
    assert model.calpha.shape == (len(model.target), 3)
    assert np.isnan(model.calpha[-2]).all()
    np.testing.assert_array_equal(model.calpha[-1], [1, 2, 3])
    moved = model.with_positions(model.positions + 1)
    np.testing.assert_array_equal(moved.calpha[-1], [2, 3, 4])
    assert model.amplitudes[:2].tolist() == [7, 6]


def test_wrong_confidence_or_missing_positions_are_refused(tmp_path, model, confidence):
    for wrong in (confidence[:-1], confidence + 1, np.full(len(confidence), np.nan)):
        with pytest.raises(ValueError, match="confidence"):
            write_model(tmp_path / "a.cif", model, wrong)
    with pytest.raises(ValueError, match="position"):
        write_model(tmp_path / "a.cif", model.with_positions(model.positions * np.nan), confidence)
    assert list(tmp_path.iterdir()) == []


def test_a_trace_has_atoms_where_it_is_placed_and_the_whole_sequence(tmp_path, chain):
    target = Target((Sequence("a", chain.letters),))
    positions = chain.calpha.copy()
    positions[10:20] = np.nan
    write_calpha(tmp_path / "t.cif", positions, target, np.full(60, 50.0))
    structure = gemmi.read_structure(str(tmp_path / "t.cif"))
    assert len(structure.entities[0].full_sequence) == 60
    numbers = [residue.seqid.num for residue in structure[0][0]]
    assert numbers == [*range(1, 11), *range(21, 61)]
    found = np.array([residue[0].pos.tolist() for residue in structure[0][0]])
    np.testing.assert_allclose(found, positions[np.isfinite(positions[:, 0])], atol=6e-4)


def test_an_empty_trace_is_still_a_file(tmp_path):
    target = Target((Sequence("a", "MKV"),))
    write_calpha(tmp_path / "t.cif", np.full((3, 3), np.nan), target, np.zeros(3))
    block = gemmi.cif.read(str(tmp_path / "t.cif")).sole_block()
    assert len(block.find("_entity_poly_seq.", ["mon_id"])) == 3


def test_positions_without_residues_are_separate_unk(tmp_path, chain):
    n = len(chain)
    calpha = CalphaSet(chain.calpha, np.linspace(0, 1, n), np.ones((n, 20)), np.ones((n, 3)))
    write_positions(tmp_path / "p.cif", calpha)
    assert (tmp_path / "p.cif").read_text().isascii()
    structure = gemmi.read_structure(str(tmp_path / "p.cif"))
    atoms = list(structure[0].all())
    assert {cra.residue.name for cra in atoms} == {"UNK"}
    assert [cra.residue.seqid.num for cra in atoms] == list(range(1, n + 1))
    np.testing.assert_allclose([cra.atom.b_iso for cra in atoms], np.linspace(0, 100, n), atol=0.01)


def test_chains_are_named_a_to_z_and_then_with_two_letters():
    names = chain_names(800)
    assert names[:2] == ["A", "B"]
    assert names[25:28] == ["Z", "AA", "BA"]
    assert len(set(names)) == 800


def test_a_residue_that_nobody_knows_is_written_as_unk(tmp_path):
    target = Target((Sequence("a", "GAW", (1,)), Sequence("b", "GAW")))
    positions = np.arange(18.0).reshape(6, 3)
    model = AtomicModel(target, ("CA",) * 6, ("C",) * 6, np.arange(6), positions)
    write_model(tmp_path / "m.cif", model, np.full(6, 50.0))
    structure = gemmi.read_structure(str(tmp_path / "m.cif"))
    assert [r.name for r in structure[0]["A"]] == ["GLY", "UNK", "TRP"]
    assert [r.name for r in structure[0]["B"]] == ["GLY", "ALA", "TRP"]
    assert [e.full_sequence for e in structure.entities] == [
        ["GLY", "UNK", "TRP"], ["GLY", "ALA", "TRP"],
    ]  # fmt: skip
    assert [c.letters for c in read_chains(tmp_path / "m.cif")] == ["GXW", "GAW"]
