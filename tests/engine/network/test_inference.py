"""What a network says of a voxel depends on the map alone."""

import pickle
from pathlib import Path

import gemmi
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from critasser.calpha import find_calpha
from critasser.calpha.hand import tell_hand
from critasser.density import BLOCK, Grid, normalise, simulate
from critasser.errors import InputError
from critasser.network import choose_device, load_network, predict, save_network
from critasser.network.fusion import fused
from critasser.network.resnet import ResNet
from critasser.network.tiling import occupied_blocks, tiles
from critasser.network.unet import UNet
from critasser.shipped import shipped
from critasser.structure import match_one_to_one

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def small_unet(tmp_path_factory):
    torch.manual_seed(0)
    network = UNet(stem=4, channels=(8, 8), blocks=(1, 1)).eval()
    path = tmp_path_factory.mktemp("network") / "small.safetensors"
    save_network(path, network, "unet", {"steps": 0})
    return path


@pytest.fixture(scope="module")
def blob():
    rng = np.random.default_rng(0)
    values = rng.uniform(0.3, 2.0, size=(26, 20, 37)).astype(np.float32)
    return Grid(values, np.array([-7.0, 3.0, 100.0]), 1.0)


def test_tiles_of_any_size_give_the_same_probabilities(small_unet, blob):
    whole = predict(blob, small_unet, device="cpu", tile=64)
    tiled = predict(blob, small_unet, device="cpu", tile=40, margin=8)
    assert np.abs(whole.calpha.astype(float) - tiled.calpha).max() < 0.02
    both = (np.asarray(features.amino_acid, float) for features in (whole, tiled))
    assert np.abs(np.subtract(*both)).max() < 0.02


def test_probabilities_lie_on_the_grid_of_the_map(small_unet, blob):
    features = predict(blob, small_unet, device="cpu")
    assert features.calpha.shape == blob.shape
    assert np.allclose(features.origin, blob.origin)
    assert np.allclose(np.asarray(features.amino_acid, float).sum(0), 1, atol=0.02)


def map_of_helices(copies):
    """A helix of 55 residues at 3.5 Å, longer than it is wide, and copies behind it."""
    structure = gemmi.read_structure(str(DATA / "1gl2_D.pdb.gz"))
    sites = [site.atom for site in structure[0].all()]
    positions = np.array([atom.pos.tolist() for atom in sites])
    amplitudes = [atom.element.atomic_number for atom in sites]
    step = np.ptp(positions, axis=0)
    step[step < step.max()] = 0.0
    behind = np.concatenate([positions + k * step for k in range(copies)])
    return normalise(simulate(behind, amplitudes * copies, 3.5, padding=8.0))


@pytest.fixture(scope="module")
def helix():
    return map_of_helices(1)


@pytest.fixture(scope="module")
def whole(helix):
    """What the shipped network says of it as one tile."""
    assert len(list(tiles(helix.values, 128))) == 1
    return predict(helix, shipped("network.safetensors"), device="cpu")


def test_there_are_no_seams_wherever_the_tiles_end():
    rod = map_of_helices(2)
    whole = predict(rod, shipped("network.safetensors"), device="cpu")
    native = find_calpha(whole, 110).positions
    # What lies in a block without density is said only where a tile happens to reach over it.
    dense = np.kron(occupied_blocks(rod.values), np.ones((BLOCK,) * 3, bool))
    dense = dense[tuple(map(slice, rod.shape))]
    ends = set()
    for side in (64, 56):
        plan = list(tiles(rod.values, side))
        assert len(plan) > 1
        ends |= {(one.core_first, one.core_last) for one in plan}
        tiled = predict(rod, shipped("network.safetensors"), device="cpu", tile=side)
        assert np.abs(whole.calpha.astype(float) - tiled.calpha)[dense].max() < 0.05
        assert np.abs(whole.backbone.astype(float) - tiled.backbone)[dense].max() < 0.1
        found = find_calpha(tiled, 110).positions
        assert len(match_one_to_one(native, found, 0.3)) == len(native) == len(found)
    assert len(ends) > 3


def test_a_map_of_the_other_hand_shows_in_the_positions(helix, whole):
    flipped = Grid(helix.values[::-1], helix.origin, helix.voxel_size)
    other = predict(flipped, shipped("network.safetensors"), device="cpu")
    assert tell_hand(find_calpha(whole, 55)).right > 0.99
    assert tell_hand(find_calpha(other, 55)).mirrored


def test_an_answer_on_disk_is_the_answer_in_memory(tmp_path, small_unet, blob):
    settings = {"device": "cpu", "tile": 40, "margin": 8, "views": (0, 5)}
    memory = predict(blob, small_unet, **settings)
    disk = predict(blob, small_unet, file=tmp_path / "features.npy", **settings)
    at = blob.origin + np.random.default_rng(0).uniform(0, 20, (50, 3))
    for a, b in zip(memory.sample(at), disk.sample(at)):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(memory.opinions, disk.opinions, strict=True):
        np.testing.assert_array_equal(a.calpha, b.calpha)


def test_the_mean_of_views_is_the_mean_of_their_answers(small_unet, blob):
    both = predict(blob, small_unet, device="cpu", views=(0, 7))
    each = [predict(blob, small_unet, device="cpu", views=(view,)) for view in (0, 7)]
    mean = (np.asarray(each[0].amino_acid, float) + each[1].amino_acid) / 2
    np.testing.assert_allclose(np.asarray(both.amino_acid, float), mean, atol=1e-3)
    np.testing.assert_array_equal(both.opinions[1].calpha, each[1].calpha)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("CUDA out of memory."), MemoryError),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), MemoryError),
        (MemoryError(), MemoryError),
        (RuntimeError("shapes do not match"), RuntimeError),
    ],
)
def test_too_little_memory_for_a_tile_is_told_from_other_failures(
    small_unet, blob, tmp_path, monkeypatch, error, expected
):
    def forward(*_):
        raise error

    monkeypatch.setattr(UNet, "forward", forward)
    with pytest.raises(expected):
        predict(blob, small_unet, device="cpu", file=tmp_path / "features.npy")
    assert not list(tmp_path.iterdir())


def test_folding_the_normalisation_changes_nothing():
    torch.manual_seed(1)
    x = torch.randn(1, 1, 16, 16, 16)
    for network in (UNet(4, (8, 8), (1, 1)), ResNet(4, 2)):
        for norm in network.modules():
            if isinstance(norm, torch.nn.BatchNorm3d):
                torch.nn.init.uniform_(norm.running_mean)
                torch.nn.init.uniform_(norm.running_var, 0.5, 2.0)
        with torch.no_grad():
            before = network.eval()(x)
            assert torch.allclose(fused(network)(x), before, atol=1e-4)
    assert not [m for m in fused(UNet(4, (8, 8), (1, 1)).eval()).modules()
                if isinstance(m, torch.nn.BatchNorm3d)]  # fmt: skip


def test_empty_parts_of_a_map_cost_nothing_and_hold_nothing(small_unet):
    values = np.zeros((24, 24, 160), np.float32)
    values[:, :, :20] = 1.0
    seen = []
    features = predict(
        Grid(values, np.zeros(3), 1.0),
        small_unet,
        device="cpu",
        tile=40,
        margin=8,
        progress=lambda _, message: seen.append(message),
    )
    assert seen == ["tile 1 of 1"]
    assert np.all(features.calpha[:, :, 100:] == 0)


@pytest.mark.parametrize("view", [1, 7, 23])
def test_a_turned_view_comes_back_in_the_frame_of_the_map(small_unet, view):
    values = np.zeros((32, 40, 48), np.float32)
    values[20:24, 8:12, 30:34] = 3.0
    grid = Grid(values, np.zeros(3), 1.0)
    straight = predict(grid, small_unet, device="cpu")
    turned = predict(grid, small_unet, device="cpu", views=(view,))
    both = predict(grid, small_unet, device="cpu", views=(0, view))
    assert turned.calpha.shape == straight.calpha.shape
    # Far from the blob the answer is that for emptiness; what differs marks the blob.
    empty = straight.calpha[2, 35, 2]
    for features in (straight, turned, both, *both.opinions):
        where = np.argwhere(np.abs(features.calpha.astype(float) - empty) > 0.005)
        assert np.all(np.abs(where.mean(0) - [21.5, 9.5, 31.5]) < 4)


def test_networks_come_back_from_disk_as_they_went(tmp_path, small_unet):
    for name, network in (("unet", load_network(small_unet)), ("resnet", ResNet(4, 2).eval())):
        path = tmp_path / f"{name}.safetensors"
        save_network(path, network, name, {})
        x = torch.randn(1, 1, 16, 16, 16)
        with torch.no_grad():
            assert torch.allclose(load_network(path)(x), network(x), atol=0.02)


def test_a_network_file_can_not_run_code_or_take_memory(tmp_path, small_unet):
    pickled = tmp_path / "pickled.safetensors"
    pickled.write_bytes(pickle.dumps({"weights": [1, 2, 3]}))
    truncated = tmp_path / "truncated.safetensors"
    truncated.write_bytes(small_unet.read_bytes()[:2000])
    huge = tmp_path / "huge.safetensors"
    save_file(
        {"x": torch.zeros(1)},
        huge,
        metadata={"architecture": "resnet", "config": '{"channels": 100000, "blocks": 3}'},
    )
    unknown = tmp_path / "unknown.safetensors"
    save_file({"x": torch.zeros(1)}, unknown, metadata={"architecture": "os.system"})
    for path in (pickled, truncated, huge, unknown, tmp_path / "none.safetensors"):
        with pytest.raises(InputError) as error:
            load_network(path)
        assert str(path) in str(error.value) and "\n" not in str(error.value)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_asking_for_a_gpu_where_there_is_none_says_what_to_do():
    with pytest.raises(InputError, match="--device cpu"):
        choose_device("cuda")
    assert choose_device("auto").type == "cpu"
