"""Structures and maps are read once, and again when what they were read from changes."""

import gzip
import json

import gemmi
import numpy as np
import pytest

from critasser.density import simulate, write_map
from critasser.errors import InputError
from critasser.network.training.packing import packed_pairs, packed_structures


def write_table(folder, rows):
    folder.mkdir(exist_ok=True)
    (folder / "index.tsv").write_text(
        "file\tsplit\n" + "".join(f"{file}\t{split}\n" for file, split in rows)
    )


def equal(one, other):
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in vars(one))


def test_a_pack_gives_back_the_chains_of_its_split_and_is_read_once(tmp_path, small_chain):
    cif = tmp_path / "chain.cif"
    gemmi.read_structure(str(small_chain)).make_mmcif_document().write_file(str(cif))
    write_table(tmp_path, [(small_chain, "train"), (cif.name, "train"), ("absent.pdb", "val")])
    pack, told = tmp_path / "train.npz", []
    packed = packed_structures(tmp_path, "train", pack, report=told.append)
    loaded = packed_structures(tmp_path, "train", pack, report=told.append)
    assert len(told) == 1 and len(packed) == len(loaded) == 2
    for one, other in zip(packed, loaded):
        assert equal(one, other)
        assert np.all(one.kind[one.calpha] == 1)
    assert equal(packed[0], packed[1])
    assert [file.name for file in tmp_path.glob(".part*")] == []


def test_a_pack_of_another_table_is_made_again(tmp_path, small_chain):
    pack, told = tmp_path / "train.npz", []
    for count in (1, 3):
        write_table(tmp_path, [(small_chain, "train")] * count)
        assert len(packed_structures(tmp_path, "train", pack, report=told.append)) == count
    assert len(told) == 2


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([("absent.pdb", "train")], "absent.pdb"),
        ([("index.tsv", "train")], "index.tsv: not a structure"),
        ([("absent.pdb", "val")], "no chain of split 'train'"),
    ],
)
def test_what_cannot_be_packed_is_told(tmp_path, rows, reason):
    write_table(tmp_path, rows)
    with pytest.raises(InputError, match=reason):
        packed_structures(tmp_path, "train", tmp_path / "train.npz")
    assert not (tmp_path / "train.npz").exists()


def test_a_table_without_the_columns_is_told(tmp_path):
    (tmp_path / "index.tsv").write_text("name\nx\n")
    with pytest.raises(InputError, match="'file' and 'split'"):
        packed_structures(tmp_path, "train", tmp_path / "train.npz")


def test_maps_are_resampled_once_and_only_those_of_the_split(tmp_path, small_chain):
    maps = tmp_path / "maps"
    for name, split in (("a", "train"), ("b", "bench")):
        (maps / name).mkdir(parents=True)
        (maps / name / "meta.json").write_text(json.dumps({"split": split, "resolution_A": 3.5}))
    chain = packed_chain(tmp_path, small_chain)
    (maps / "a" / "model.pdb.gz").write_bytes(small_chain.read_bytes())
    grid = simulate(chain.positions, chain.amplitude, 3.5, voxel_size=1.4)
    write_map(tmp_path / "map.mrc", grid)
    (maps / "a" / "map.mrc.gz").write_bytes(gzip.compress((tmp_path / "map.mrc").read_bytes()))
    told = []
    for _ in range(2):
        (pair,) = packed_pairs(maps, "train", tmp_path / "maps.npz", report=told.append)
        assert pair.name == "a" and pair.resolution == 3.5
        assert equal(pair.atoms, chain)
        voxels = np.round((chain.positions - pair.origin)[:, ::-1]).astype(int)
        assert pair.density[tuple(voxels.T)].mean() > 5 * pair.density.mean()
    assert len(told) == 1
    assert packed_pairs(maps, "val", tmp_path / "none.npz") == []


def packed_chain(folder, file):
    write_table(folder, [(file, "train")])
    return packed_structures(folder, "train", folder / "chain.npz")[0]


def test_a_folder_without_maps_is_told(tmp_path):
    with pytest.raises(InputError, match=r"meta\.json"):
        packed_pairs(tmp_path, "train", tmp_path / "maps.npz")
