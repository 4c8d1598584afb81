"""Training lowers the loss, goes on after a stop and leaves a network with a card."""

import csv

import numpy as np
import torch

from critasser.network import load_network, read_card
from critasser.network.packing import load_pack, pack_structures
from critasser.network.training import TrainingOptions, train

CPU = torch.device("cpu")


def write_structures(folder, chain_file):
    """A folder as the training command wants it, of one chain that is in both splits."""
    with (folder / "index.tsv").open("w") as out:
        out.write("file\tsplit\n")
        for split in ("train", "val"):
            out.write(f"{chain_file}\t{split}\n" * 8)


def test_training_goes_on_where_it_stopped_and_the_loss_falls(tmp_path, small_chain, monkeypatch):
    write_structures(tmp_path, small_chain)
    pack = tmp_path / "train.npz"
    assert pack_structures(tmp_path, "train", pack) == 8
    chains = load_pack(pack)
    assert len(chains[0].calpha) == len(chains[0].residue_type)
    assert np.all(chains[0].kind[chains[0].calpha] == 1)
    from critasser.network import training
    from critasser.network.unet import UNet

    monkeypatch.setitem(
        training.ARCHITECTURES,
        "unet",
        SmallUNet := type(
            "SmallUNet",
            (UNet,),
            {
                "__init__": lambda self, **_: UNet.__init__(
                    self, stem=4, channels=(8, 8), blocks=(1, 1)
                )
            },
        ),
    )
    told = []
    for minutes in (0.04, 0.12):
        options = TrainingOptions(
            minutes=minutes, batch=2, side=16, validate_minutes=0.03, validation_crops=2
        )
        path = train(chains, [], chains, options, tmp_path / "run", device=CPU, report=told.append)
    assert any(line.startswith("going on at step") for line in told)
    assert isinstance(load_network(path), SmallUNet)
    card = read_card(path)
    assert card["steps"] > 0 and card["chains"] == 8
    with (tmp_path / "run" / "log.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    assert float(rows[-1]["loss_3.5"]) < float(rows[0]["loss_3.5"])
    assert (tmp_path / "run" / "training.png").stat().st_size > 1000
