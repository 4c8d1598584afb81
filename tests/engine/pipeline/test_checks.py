"""What can be known to be wrong with map, sequence and model is told before any work starts."""

from pathlib import Path

import numpy as np
import pytest

from critasser.density import Grid, read_map, write_map
from critasser.errors import InputError
from critasser.options import Inputs, ModelInputs, Options
from critasser.pipeline.checks import check
from critasser.pipeline.model_checks import check_model
from critasser.structure import read_chains

DATA = Path(__file__).parents[2] / "data"
MODEL = DATA / "emd_6555_piece.pdb"
OPTIONS = Options(resolution=3.0, device="cpu")


@pytest.fixture(scope="module")
def piece():
    return read_map(DATA / "emd_6555_piece.mrc.gz")


@pytest.fixture
def checked(tmp_path, piece):
    """Checks the piece's map, changed, with a sequence."""

    def checked(change, letters=None, header="piece", **inputs):
        write_map(tmp_path / "map.mrc", piece.with_values(change(piece.values)))
        letters = letters or read_chains(MODEL)[0].letters
        (tmp_path / "a.fasta").write_text(f">{header}\n{letters}\n")
        return check(Inputs(tmp_path / "map.mrc", tmp_path / "a.fasta", **inputs), OPTIONS)

    return checked


@pytest.mark.parametrize("offset", [-50.0, 3.0, 1000.0])
def test_what_was_added_to_a_map_does_not_matter(checked, offset):
    plain = checked(lambda values: values)
    assert checked(lambda values: values + offset).volume == pytest.approx(plain.volume, rel=0.05)


@pytest.mark.parametrize("offset", [0.0, 40.0])
def test_inverted_contrast_is_named(checked, offset):
    with pytest.raises(InputError, match=r"contrast looks inverted \(ChimeraX: volume scale #1"):
        checked(lambda values: offset - values)


def test_a_chain_without_room_is_refused(checked):
    with pytest.raises(InputError, match=r"600 residues cannot lie in map.mrc.*above the backgr"):
        checked(lambda values: values, letters="MKVLAEGHWY" * 60)


def test_copies_without_room_are_told_how_to_ask_for_fewer(checked):
    header = "1ABC_1|Chains A, B, C, D|x"
    with pytest.raises(InputError, match="copies=1 in its header counts"):
        checked(lambda values: values, letters="MKVLAEGHWY" * 12, header=header)


def test_poly_alanine_is_built_where_it_is_said_to_be_protein(checked, tmp_path):
    with pytest.raises(InputError, match="give --protein"):
        checked(lambda values: values, letters="A" * 40)
    inputs = Inputs(tmp_path / "map.mrc", tmp_path / "a.fasta")
    options = Options(resolution=3.0, device="cpu", protein=True)
    assert check(inputs, options).target.letters == "A" * 40


def test_notes_of_all_files_are_handed_on(checked, tmp_path):
    text = MODEL.read_text().replace("\nEND", "")
    water = "HETATM 9999  O   HOH A 900     999.000   0.000   0.000  1.00 20.00           O\n"
    (tmp_path / "template.pdb").write_text(text + "\n" + water)
    found = checked(
        lambda values: values, header="1ABC_1|Chains A, B|x", letters="MKVXW",
        templates=(tmp_path / "template.pdb",),
    )  # fmt: skip
    assert len(found.target.sequences) == 2
    told = " ".join(found.notes)
    assert "names the chains A, B: 2 copies" in told
    assert "1 unknown residues" in told
    assert "template.pdb: left out 1 water" in told


def test_a_mask_that_leaves_nothing_out_is_told(checked, tmp_path, piece):
    write_map(tmp_path / "mask.mrc", piece.with_values(np.ones_like(piece.values)))
    (note,) = checked(lambda values: values, mask=tmp_path / "mask.mrc").notes
    assert note.startswith("mask.mrc: the mask leaves nothing out")
    model = ModelInputs(MODEL, tmp_path / "map.mrc", mask=tmp_path / "mask.mrc")
    assert check_model(model, OPTIONS)[0].notes == (note,)


def test_a_mask_that_is_turned_over_is_told(checked, tmp_path, piece):
    outside = piece.values < 0.2 * piece.values.max()
    write_map(tmp_path / "mask.mrc", piece.with_values(outside.astype(np.float32)))
    notes = checked(lambda values: values, mask=tmp_path / "mask.mrc").notes
    assert [note for note in notes if "denser outside the mask than inside" in note]


def test_voxels_that_are_no_cubes_are_told(tmp_path, piece, checked):
    checked(lambda values: values)
    long = Grid(piece.values, piece.origin, piece.voxel_size * [1, 1, 1.3])
    write_map(tmp_path / "long.mrc", long)
    (note,) = check(Inputs(tmp_path / "long.mrc", tmp_path / "a.fasta"), OPTIONS).notes
    assert "no cubes" in note and note.startswith("long.mrc")


def test_a_mask_in_place_of_a_map_is_told(checked):
    (note,) = checked(lambda values: values > 0.3 * values.max()).notes
    assert "a mask in place of the map" in note


@pytest.fixture
def roomy(tmp_path, piece):
    """The piece's map with room beside it, its origin moved; and the map as a file."""
    values = np.pad(piece.values, 16)
    grid = Grid(values, piece.origin - 16 * piece.voxel_size, piece.voxel_size)
    write_map(tmp_path / "map.mrc", grid)
    return grid


def moved_model(tmp_path, shift):
    lines = []
    for line in MODEL.read_text().splitlines():
        if line.startswith("ATOM"):
            xyz = [float(line[k : k + 8]) + d for k, d in zip((30, 38, 46), shift)]
            line = line[:30] + "".join(f"{x:8.3f}" for x in xyz) + line[54:]
        lines.append(line)
    (tmp_path / "model.pdb").write_text("\n".join(lines))
    return tmp_path / "model.pdb"


def test_a_model_in_its_density_is_not_spoken_of(tmp_path, roomy):
    path = moved_model(tmp_path, (0, 0, 0))
    checked, model = check_model(ModelInputs(path, tmp_path / "map.mrc"), OPTIONS)
    assert not checked.notes
    assert model.unknown == 0


def test_a_model_beside_its_density_is_told_where_it_would_fit(tmp_path, roomy):
    path = moved_model(tmp_path, (0, 0, 22))
    checked, _ = check_model(ModelInputs(path, tmp_path / "map.mrc"), OPTIONS)
    assert "the model does not lie in the density of map.mrc" in checked.notes[0]
    assert "move z -2" in checked.notes[0]


def test_a_model_outside_the_map_is_told_that_the_origin_is_missing(tmp_path, roomy):
    far = Grid(roomy.values, roomy.origin + (300, 200, 100), roomy.voxel_size)
    write_map(tmp_path / "map.mrc", far)
    path = moved_model(tmp_path, -roomy.origin)
    with pytest.raises(InputError, match=r"lie outside map.mrc.*and that is the map's origin"):
        check_model(ModelInputs(path, tmp_path / "map.mrc"), OPTIONS)


def test_a_mistake_in_the_map_does_not_hide_that_a_sequence_is_dna(checked):
    protein = read_chains(MODEL)[0].letters
    with pytest.raises(InputError, match=r"is empty: .* Besides: a.fasta, .*'two' is DNA or RNA"):
        checked(lambda values: 0 * values, letters=f"{protein}\n>two\nTTTTTTTTTTTT")
