"""Maps of a pack stay on the disk; what is read of them is what was written."""

import pickle

import numpy as np
import pytest
import torch
from scipy.ndimage import map_coordinates

from critasser.network.training import packing
from critasser.network.training.experimental import PairOnDevice, _sample
from critasser.network.training.packing import Pair
from critasser.network.training.simulation import random_rotation
from critasser.network.training.stored_maps import stored, write_maps


@pytest.fixture
def maps():
    rng = np.random.default_rng(0)
    shapes = [(3, 4, 5), (6, 2, 2), (1, 1, 7)]
    return [rng.normal(size=shape).astype(np.float16) for shape in shapes]


def test_maps_come_back_each_as_it_was(tmp_path, maps):
    file = tmp_path / "densities.npy"
    write_maps(file, iter(maps))
    for written, place in zip(maps, stored(file, [m.shape for m in maps]), strict=True):
        assert np.array_equal(place.open(), written)
    assert stored(file, [m.shape for m in maps[:-1]]) is None
    write_maps(file, iter(maps[::-1]))
    assert np.array_equal(stored(file, [m.shape for m in maps[::-1]])[0].open(), maps[-1])


def test_a_pair_is_sent_to_another_process_without_its_map(tmp_path, maps, helix):
    write_maps(tmp_path / "densities.npy", iter([*maps, np.ones((50, 50, 50))]))
    places = stored(tmp_path / "densities.npy", [*(m.shape for m in maps), (50, 50, 50)])
    pair = Pair("x", places[3].open(), np.zeros(3), helix, 3.0, places[3])
    sent = pickle.dumps(pair)
    assert len(sent) < 50**3
    assert np.array_equal(pickle.loads(sent).density, pair.density)
    alone = Pair("x", maps[0], np.zeros(3), helix, 3.0)
    assert np.array_equal(pickle.loads(pickle.dumps(alone)).density, maps[0])


def test_a_damaged_pack_is_told(tmp_path, maps, helix, monkeypatch):
    folder = tmp_path / "maps"
    for name in "ab":
        (folder / name).mkdir(parents=True)
        (folder / name / "meta.json").write_text('{"split": "train", "resolution_A": 3}')
    read = {name: Pair(name, m, np.zeros(3), helix, 3.0) for name, m in zip("ab", maps)}
    monkeypatch.setattr(packing, "_read_pair", lambda path, _: read[path.name])
    pairs = packing.packed_pairs(folder, "train", tmp_path / "train.npz")
    assert [pair.name for pair in pairs] == ["a", "b"]
    assert all(np.array_equal(pair.density, read[pair.name].density) for pair in pairs)
    write_maps(tmp_path / "train-densities.npy", iter(maps[:1]))
    with pytest.raises(packing.InputError, match="damaged; remove it"):
        packing.packed_pairs(folder, "train", tmp_path / "train.npz")


def test_many_maps_are_packed_by_several_processes_as_by_one(tmp_path, small_chain, monkeypatch):
    from critasser.density import simulate, write_map
    from critasser.structure import read_chains

    (chain,) = read_chains(small_chain)
    grid = simulate(chain.positions, chain.amplitudes, 4.0, voxel_size=1.5)
    for name in "abc":
        folder = tmp_path / "maps" / name
        folder.mkdir(parents=True)
        (folder / "meta.json").write_text('{"split": "train", "resolution_A": 4}')
        (folder / "model.pdb.gz").write_bytes(small_chain.read_bytes())
        write_map(folder / "map.mrc.gz", grid, np.float16)
    packs = []
    for many in (100, 2):
        monkeypatch.setattr(packing, "MANY_PAIRS", many)
        packs.append(packing.packed_pairs(tmp_path / "maps", "train", tmp_path / f"{many}.npz"))
    for one, other in zip(*packs, strict=True):
        assert one.name == other.name and np.array_equal(one.density, other.density)


@pytest.mark.parametrize("centre", [(20, 18, 22), (1, 2, 3), (38, 40, 1), (-30, 10, 10)])
def test_a_crop_of_a_piece_is_a_crop_of_the_map(helix, centre):
    rng = np.random.default_rng(1)
    density = rng.normal(size=(44, 40, 42)).astype(np.float16)
    origin, side = np.array([3.0, -5.0, 0.5]), 12
    source = PairOnDevice(Pair("x", density, origin, helix, 3.0), torch.device("cpu"))
    for rotation in (np.eye(3), random_rotation(rng), random_rotation(rng) / 1.02):
        found = _sample(source, rotation, np.array(centre) + origin, side).numpy()
        grid = np.stack(np.meshgrid(*[np.arange(side) - (side - 1) / 2] * 3, indexing="ij"), -1)
        at = grid[..., ::-1] @ rotation + centre
        # One voxel of zeros around, into which values fade.
        padded = np.pad(density.astype(float), 1)
        expected = map_coordinates(padded, np.moveaxis(at[..., ::-1], -1, 0) + 1, order=1)
        assert found == pytest.approx(expected, abs=1e-4)
