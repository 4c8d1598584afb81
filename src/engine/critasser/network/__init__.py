"""Networks that see the protein in a map: architectures, training, tiled inference."""

from critasser.network.device import choose_device
from critasser.network.inference import predict
from critasser.network.residue.reading import read_residues
from critasser.network.resolution import predict_resolution
from critasser.network.weights import load_network, read_card, save_network

__all__ = [
    "choose_device",
    "load_network",
    "predict",
    "predict_resolution",
    "read_card",
    "read_residues",
    "save_network",
]
