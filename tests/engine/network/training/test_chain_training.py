"""Chains are read in crops once, and what is learnt of them tells amino acids better."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from critasser.cli import main
from critasser.network import load_network, save_network
from critasser.network.residue.network import ResidueNetwork
from critasser.network.training import chain_training
from critasser.network.training.chain_examples import load_chains
from critasser.network.training.chain_training import ChainTraining, train_chain_network
from critasser.network.training.packing import TrainingData, atoms_of, read_structure
from critasser.network.unet import UNet

CHAIN = Path(__file__).parents[3] / "data" / "1gl2_D.pdb.gz"


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    """Two small networks that have learnt nothing."""
    folder = tmp_path_factory.mktemp("networks")
    torch.manual_seed(0)
    save_network(folder / "map.safetensors", UNet(8, (8, 8), (1, 1)), "unet", {})
    save_network(folder / "residue.safetensors", ResidueNetwork(32, 1), "residue", {})
    return folder / "map.safetensors", folder / "residue.safetensors"


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """So small networks are not worth more."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def run(tmp_path_factory, networks):
    """A run that was stopped after 8 of 40 steps: its folder, what it reported, its network."""
    folder, lines = tmp_path_factory.mktemp("run"), []
    chains = [atoms_of(read_structure(CHAIN))]
    data = TrainingData(chains, chains, [], [], {"structures": "here"})
    for steps in (8, 40):
        options = ChainTraining(
            steps=steps, crops=2, validation_crops=1, map_crops=0, batch=4, width=16, rate=2e-2,
            validate_steps=8,
        )  # fmt: skip
        path = train_chain_network(data, options, folder, *networks, report=lines.append)
    return folder, lines, path


def test_a_chain_seen_often_is_learnt_and_a_stopped_run_goes_on(run):
    folder, lines, path = run
    # The crops were read in the first part only.
    assert [line for line in lines if "crops of" in line] == [
        "2 crops of train read", "1 crops of val read",
    ]  # fmt: skip
    assert "going on at step 8 of 40" in lines
    assert load_network(path).config == {"width": 16, "hidden": 32, "squeezed": 32}
    card = json.loads((folder / "card.json").read_text())
    assert card["options"]["steps"] == 40 and card["structures"] == "here"
    figures = card["validation"]
    (name,) = {k.removeprefix("second_cost_") for k in figures if "second_cost" in k}
    assert figures[f"second_cost_{name}"] < figures[f"first_cost_{name}"] - 0.1


def test_errors_of_a_trace_leave_each_residue_its_own_readings(run):
    (folder,) = run[0].glob("chains-*")
    chains = load_chains(folder / "train-00000.npz")
    rng = np.random.default_rng(0)
    letters = {}
    for known, kind in zip(chains.known, chains.residue_type):
        letters.setdefault(known[:20].astype(np.float32).tobytes(), set()).add(int(kind))
    backwards = 0
    for _ in range(30):
        line = chain_training._as_traced(chains, rng)
        there = line.inputs[-1] > 0
        assert (line.residue_type[~there] == -1).all()
        assert not line.hidden[:, ~there].any()
        for column in np.flatnonzero(there & (line.residue_type >= 0)):
            own = letters[line.inputs[:20, column].tobytes()]
            assert int(line.residue_type[column]) in own
        order = [k for k in line.residue_type if k >= 0]
        native = [k for k in chains.residue_type if k >= 0]
        backwards += order[:5] not in [native[i : i + 5] for i in range(len(native))]
    assert 0 < backwards < 30


def test_the_command_trains(tmp_path, networks, monkeypatch, capsys):
    by_name = dict(zip(("network.safetensors", "residue.safetensors"), networks))
    monkeypatch.setattr("critasser.shipped.shipped", by_name.__getitem__)
    rows = "".join(f"{CHAIN}\t{split}\n" for split in ("train", "val"))
    (tmp_path / "index.tsv").write_text("file\tsplit\n" + rows)
    command = ["train", "chain", str(tmp_path), "-o", str(tmp_path / "run"), "--steps", "2",
               "--crops", "1", "--validation-crops", "1", "--batch", "2", "--width", "16",
               "--threads", "1"]  # fmt: skip
    assert main(command) == 0
    path = tmp_path / "run/chain.safetensors"
    assert capsys.readouterr().out.splitlines()[-1] == str(path)
    assert load_network(path).config["width"] == 16
