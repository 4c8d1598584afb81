"""No protein of a file is lost, whatever its chains are called and however they are parted."""

import gemmi
import numpy as np
import pytest

from critasser.structure import ModelFile, read_chains, read_protein


def line(number, x, *, name="ALA", chain="A", atom="CA", insertion="", record="ATOM", segment=""):
    return (
        f"{record:6}{1:5}  {atom:<3} {name:>3} {chain:1}{number:4}{insertion:1}   "
        f"{x:8.3f}{0:8.3f}{0:8.3f}  1.00 20.00      {segment:<4} {atom[0]}\n"
    )


def stretch(numbers, start, **fields):
    return "".join(line(n, start + 3.8 * k, **fields) for k, n in enumerate(numbers))


@pytest.fixture
def read(tmp_path):
    def read(text, name="a.pdb"):
        (tmp_path / name).write_text(text)
        return read_protein(tmp_path / name)

    return read


def names(protein):
    return [(chain.name, chain.residue_number.tolist()) for chain in protein.chains]


@pytest.mark.parametrize("end", ["TER\n", "", "END\n", "TER\nEND\n"])
def test_numbers_that_begin_again_are_another_chain(read, end):
    found = read(stretch([1, 2, 3], 0) + end + stretch([1, 2, 3, 4], 50, name="GLY"))
    assert names(found) == [("A", [1, 2, 3]), ("A-2", [1, 2, 3, 4])]
    assert found.chains[1].letters == "GGGG"
    assert not found.left_out


def test_chains_without_a_name_get_letters_when_numbers_do_not_tell_them_apart(read):
    found = read(stretch([1, 2], 0, chain=" ") + "TER\n" + stretch([1, 2], 50, chain=" "))
    assert names(found) == [("A", [1, 2]), ("B", [1, 2])]
    found = read(stretch([1, 2], 0, chain=" ") + "TER\n" + stretch([3, 4], 50, chain=" "))
    assert names(found) == [("", [1, 2]), ("", [3, 4])]


def test_segments_name_chains_where_chain_names_are_blank_or_the_same(read):
    text = stretch([1, 2], 0, chain=" ", segment="PROA") + stretch(
        [1, 2], 7.6, chain=" ", segment="PROB"
    )
    assert names(read(text)) == [("PROA", [1, 2]), ("PROB", [1, 2])]


def test_a_gap_is_no_end_of_a_chain_even_behind_ter(read):
    found = read(stretch([1, 2], 0) + "TER\n" + stretch([9, 10], 40))
    assert names(found) == [("A", [1, 2, 9, 10])]
    text = stretch([1, 2], 0) + line(2, 5, atom="OXT") + "TER\n" + stretch([9, 10], 40)
    assert names(read(text)) == [("A", [1, 2]), ("A", [9, 10])]


def test_residues_of_a_fusion_keep_their_numbers_and_their_chain(read):
    """A lysozyme with numbers of its own within another protein."""
    found = read(stretch([220, 221, 1002, 1003], 0) + stretch([240, 241], 60))
    assert names(found) == [("A", [220, 221, 1002, 1003, 240, 241])]


def test_insertion_codes_may_stand_before_their_number(read):
    text = line(51, 0) + line(52, 3.8, insertion="A") + line(52, 7.6) + line(53, 11.4)
    (chain,) = read(text).chains
    assert chain.residue_number.tolist() == [51, 52, 52, 53]
    assert chain.insertion == ("", "A", "", "")


def test_one_number_for_all_residues_is_none(read):
    found = read(stretch([1] * 5, 0))
    assert names(found) == [("A", [1, 2, 3, 4, 5])]


def test_residues_in_reverse_order_are_one_chain_in_the_right_order(read):
    text = stretch([5, 4, 3, 2, 1], 0) + line(90, 60, record="HETATM", name="HOH", atom="O")
    found = read(text + "TER\n" + stretch([1, 2, 3], 90, chain="B"))
    assert names(found) == [("A", [1, 2, 3, 4, 5]), ("B", [1, 2, 3])]
    assert found.chains[0].calpha[:, 0].tolist() == [15.2, 11.4, 7.6, 3.8, 0.0]
    assert found.notes[-1] == (
        "a.pdb: residues of chain A stand from the last to the first; they are taken in the order "
        "of their numbers"
    )


def test_numbers_that_go_down_along_a_chain_are_left_as_they_are(read):
    # Bonds tell that it runs as it stands: only its numbers are odd.
    text = "".join(
        line(n, 3.8 * k + dx, atom=atom)
        for k, n in enumerate([5, 4, 3, 2])
        for atom, dx in (("N", -1.2), ("CA", 0.0), ("C", 1.3))
    )
    found = read(text)
    assert sum(map(len, found.chains)) == 4
    assert [x for chain in found.chains for x in chain.residue_number.tolist()] == [5, 4, 3, 2]
    assert len(found.notes) == 0


def test_an_atom_that_is_there_twice_is_counted_and_moves_no_number(read):
    found = read(stretch([5, 6, 7], 0) + line(5, 0.01))
    assert names(found) == [("A", [5, 6, 7])]
    assert found.notes == ("a.pdb: left out 1 atom of a second conformation",)


def test_what_is_no_protein_stays_with_its_chain_and_is_counted(read, tmp_path):
    text = (
        stretch([1, 2, 3], 0)
        + "TER\n"
        + stretch([1, 2], 50, chain="B")
        + "TER\n"
        + line(3, 90, record="HETATM", name="GLY")
        + line(301, 100, record="HETATM", name="ATP", atom="C1")
        + line(302, 110, record="HETATM", name="HOH", atom="O")
        + line(303, 120, record="HETATM", name="HOH", atom="O")
        + line(1, 130, chain="C", name="DA", atom="P")
        + line(4, 9999.0, chain="B")
    )
    found = read(text)
    assert names(found) == [("A", [1, 2, 3]), ("B", [1, 2])]
    assert found.notes == (
        "a.pdb: left out 2 waters; 1 ligand, ion or sugar (ATP); 1 nucleotide; "
        "1 free amino acid (GLY); 1 residue without a Cα (ALA); 1 atom without a position",
    )
    assert [residue.name for residue in found.structure[0]["A"]][3:] == ["GLY", "ATP", "HOH", "HOH"]


def test_every_number_counts_once_whatever_is_parted(read, tmp_path):
    """A confidence lands on the residue that it is of, and is read back from there."""
    text = stretch(range(1, 31), 0, chain=" ") + stretch(range(1, 21), 200, chain=" ", name="GLY")
    (tmp_path / "m.pdb").write_text(text + line(7, 900, chain=" ", record="HETATM", name="HOH"))
    model = ModelFile.read(tmp_path / "m.pdb")
    confidence = {residue: float(k) for k, residue in enumerate(model.residues())}
    assert len(confidence) == 50
    model.write(tmp_path / "out.cif", confidence, title="scored")
    again = read_chains(tmp_path / "out.cif")
    assert np.concatenate([chain.b_factor for chain in again]).tolist() == list(range(50))
    theirs = gemmi.read_structure(str(tmp_path / "out.cif"))
    assert sum(len(chain) for chain in theirs[0]) == 51


MODEL = "MODEL     {:4}\n{}ENDMDL\n"


def assembly(*starts, chains="AB"):
    return "".join(
        MODEL.format(
            k, "".join(stretch([1, 2, 3, 4], x + 30 * i, chain=c) for i, c in enumerate(chains))
        )
        for k, x in enumerate(starts, 1)
    )


def test_the_copies_of_an_assembly_count_together(read):
    found = read(assembly(0, 100, 200), "a.pdb1")
    assert [chain.name for chain in found.chains] == ["A", "B", "A-2", "B-2", "A-3", "B-3"]
    assert not found.left_out


def test_of_an_ensemble_the_first_counts_and_the_others_are_counted(read):
    found = read(assembly(0, 0.5, 1.0))
    assert [chain.name for chain in found.chains] == ["A", "B"]
    assert found.notes == ("a.pdb: left out 2 further models that overlap with the first",)


def test_frames_of_a_simulation_that_jumped_over_its_box_are_no_copies(read):
    bent = "".join(line(n, 100 + 3.0 * n) for n in (1, 2, 3, 4))
    found = read(MODEL.format(1, stretch([1, 2, 3, 4], 0)) + MODEL.format(2, bent))
    assert names(found) == [("A", [1, 2, 3, 4])]


def test_files_written_one_after_another_count_together_where_they_do_not_overlap(read):
    one, other = stretch([1, 2, 3], 0) + "END\n", stretch([1, 2, 3], 60, name="GLY") + "END\n"
    assert names(read(one + other)) == [("A", [1, 2, 3]), ("A-2", [1, 2, 3])]
    frames = read(one + stretch([1, 2, 3], 0.4) + "END\n")
    assert names(frames) == [("A", [1, 2, 3])]
    assert frames.left_out.total("model") == 1
