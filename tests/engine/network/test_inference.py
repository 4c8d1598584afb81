"""What a network says of a voxel depends on the map alone."""

import pickle

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from critasser.density import Grid
from critasser.errors import InputError
from critasser.network import average_views, choose_device, load_network, predict, save_network
from critasser.network.resnet import ResNet
from critasser.network.unet import UNet


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
    whole = predict(blob, small_unet, device="cpu", tile=64, margin=12)
    tiled = predict(blob, small_unet, device="cpu", tile=40, margin=12)
    assert np.abs(whole.calpha.astype(float) - tiled.calpha).max() < 0.02
    assert np.abs(whole.amino_acid.astype(float) - tiled.amino_acid).max() < 0.02


def test_probabilities_lie_on_the_grid_of_the_map(small_unet, blob):
    features = predict(blob, small_unet, device="cpu")
    assert features.calpha.shape == blob.shape
    assert np.allclose(features.origin, blob.origin)
    assert np.allclose(features.amino_acid.astype(float).sum(0), 1, atol=0.02)


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
    turned = predict(grid, small_unet, device="cpu", view=view)
    assert turned.calpha.shape == straight.calpha.shape
    # Far from the blob the answer is that for emptiness; what differs marks the blob.
    empty = straight.calpha[2, 35, 2]
    for features in (straight, turned, average_views(straight, turned)):
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
