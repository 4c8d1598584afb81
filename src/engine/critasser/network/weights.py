"""Load and save networks: safetensors with the architecture in the header, which run no code."""

from __future__ import annotations

import json
import os
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from critasser.errors import InputError
from critasser.network.nucleic.network import NucleicNetwork
from critasser.network.residue.network import ResidueNetwork
from critasser.network.resnet import ResNet
from critasser.network.unet import UNet

__all__ = ["ARCHITECTURES", "average_networks", "load_network", "read_card", "save_network"]

ARCHITECTURES: dict[str, type[nn.Module]] = {
    "unet": UNet,
    "resnet": ResNet,
    "residue": ResidueNetwork,
    "nucleic": NucleicNetwork,
}
_MAX_PARAMETERS = 500_000_000
"""A hundred times the largest network of Critasser; more would exhaust memory."""


def save_network(
    path: Path, network: nn.Module, architecture: str, card: dict[str, object]
) -> None:
    """Write a network in half precision (normalisation statistics in full), by atomic rename.

    `card` is what a person should know of it (data, steps, figures); it travels in the header.
    """
    tensors = {
        name: value.detach()
        .to("cpu", torch.float16 if value.ndim > 1 else value.dtype)
        .contiguous()
        for name, value in network.state_dict().items()
    }
    metadata = {
        "architecture": architecture,
        "config": json.dumps(network.config),
        "card": json.dumps(card),
    }
    temporary = path.with_suffix(".part")
    save_file(tensors, temporary, metadata=metadata)
    os.replace(temporary, path)


def average_networks(first: Path, second: Path, share: float, path: Path) -> None:
    """Write the weighted mean of two networks of the same shape.

    Where the second was trained on from the first, on harder data, the mean is good on both kinds
    of data (Wortsman et al., CVPR 2022, 7959).

    Parameters
    ----------
    share : float
        Of the second, 0 … 1.

    Raises
    ------
    InputError
        The two are not of one architecture.
    """
    made, other = load_network(second), load_network(first)
    if type(made) is not type(other) or made.config != other.config:
        raise InputError(f"{first} and {second} are networks of different shapes")
    before = other.state_dict()
    made.load_state_dict({
        name: before[name].lerp(value, share) if value.is_floating_point() else value
        for name, value in made.state_dict().items()
    })  # fmt: skip
    metadata, _ = _open(Path(second))
    card = read_card(second) | {"averaged": {"first": read_card(first), "share": share}}
    save_network(path, made, metadata["architecture"], card)


def _open(path: Path) -> tuple[dict[str, str], dict[str, torch.Tensor]]:
    if not path.is_file():
        raise InputError(f"{path}: no network there; reinstall Critasser")
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path}: damaged network file ({error}); get it again") from error
    return metadata, tensors


def read_card(path: Path) -> dict[str, object]:
    """The card in a network's header: data, options, figures."""
    return json.loads(_open(Path(path))[0].get("card", "{}"))


def load_network(path: Path) -> nn.Module:
    """Read a network, in float32 and evaluation mode.

    Raises
    ------
    InputError
        The file is missing, damaged, or of an architecture that is not known here.
    """
    path = Path(path)
    metadata, tensors = _open(path)
    architecture = metadata.get("architecture", "")
    if architecture not in ARCHITECTURES:
        raise InputError(
            f"{path}: unknown network architecture {architecture!r}; "
            f"this version knows {', '.join(ARCHITECTURES)}"
        )
    if sum(t.numel() for t in tensors.values()) > _MAX_PARAMETERS:
        raise InputError(f"{path}: larger than any network of Critasser; not loaded")
    try:
        # On the meta device a description costs no memory until the tensors that fit it are there.
        with torch.device("meta"):
            network = ARCHITECTURES[architecture](**json.loads(metadata["config"]))
        network.load_state_dict(
            {name: t.float() if t.is_floating_point() else t for name, t in tensors.items()},
            assign=True,
        )
    except (
        ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RuntimeError
    ) as error:  # fmt: skip
        reason = str(error).partition("\n")[0]
        raise InputError(f"{path}: network does not fit its description ({reason})") from error
    return network.eval()
