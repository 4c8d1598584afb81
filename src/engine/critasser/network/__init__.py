"""Read Cα, backbone, secondary structure and amino acids in a map by neural networks.

What a build needs is here and in `critasser.network.residue`; what makes the weights is in
`critasser.network.training`, which nothing here imports. The names below are looked up in their
modules when they are first asked for, so that importing this package does not load torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from critasser.network.device import choose_device
    from critasser.network.inference import predict
    from critasser.network.residue.chain import ChainReader
    from critasser.network.residue.reading import read_residues
    from critasser.network.resolution import predict_resolution
    from critasser.network.weights import load_network, read_card, save_network

__all__ = [
    "ChainReader",
    "choose_device",
    "load_network",
    "predict",
    "predict_resolution",
    "read_card",
    "read_residues",
    "save_network",
]

_MODULES = {
    "ChainReader": "residue.chain",
    "choose_device": "device",
    "load_network": "weights",
    "predict": "inference",
    "predict_resolution": "resolution",
    "read_card": "weights",
    "read_residues": "residue.reading",
    "save_network": "weights",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
