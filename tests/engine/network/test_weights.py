"""Networks between others."""

import pytest
import torch

from critasser.errors import InputError
from critasser.network import load_network
from critasser.network.residue.network import ResidueNetwork
from critasser.network.weights import average_networks, read_card, save_network


def saved(path, seed, width=32):
    torch.manual_seed(seed)
    network = ResidueNetwork(width, 1)
    save_network(path, network, "residue", {"seed": seed})
    return path


def test_the_average_lies_between_and_remembers_both(tmp_path):
    first, second = saved(tmp_path / "a.safetensors", 1), saved(tmp_path / "b.safetensors", 2)
    made = tmp_path / "c.safetensors"
    average_networks(first, second, 0.75, made)
    a, b, c = (load_network(p).state_dict() for p in (first, second, made))
    for name, value in c.items():
        if value.is_floating_point():
            assert torch.allclose(value, 0.25 * a[name] + 0.75 * b[name], atol=2e-3)
    assert read_card(made)["seed"] == 2
    assert read_card(made)["averaged"] == {"first": {"seed": 1}, "share": 0.75}


def test_networks_of_other_shapes_have_no_average(tmp_path):
    first = saved(tmp_path / "a.safetensors", 1)
    second = saved(tmp_path / "b.safetensors", 2, width=48)
    with pytest.raises(InputError, match="different shapes"):
        average_networks(first, second, 0.5, tmp_path / "c.safetensors")


@pytest.mark.parametrize("config", [{"channels": []}, {"channels": ""}, {"stem": 2**70}, {"x": 1}])
def test_a_description_that_no_network_has_is_told(tmp_path, config):
    network = ResidueNetwork(8, 1)
    network.config = config
    save_network(tmp_path / "a.safetensors", network, "unet", {})
    with pytest.raises(InputError, match=r"a.safetensors: network does not fit its description"):
        load_network(tmp_path / "a.safetensors")
