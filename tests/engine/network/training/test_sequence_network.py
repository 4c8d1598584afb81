"""The network of sequences is trained, goes on after a stop, and reads the same without torch."""

import csv
import json

import numpy as np
import pytest
import torch
from safetensors import safe_open

from critasser.cli import main
from critasser.errors import InputError
from critasser.network.training.packing import TrainingData, packed_structures
from critasser.network.training.sequence_network import (
    SequenceConvolutions,
    SequenceTraining,
    train_sequence_network,
)
from critasser.structure.sequence_profile import load_sequence_network, sequence_profile

SMALL = SequenceTraining(steps=2, batch=2, width=32, validate_steps=2)


@pytest.fixture(autouse=True)
def one_thread():
    """So small a network is not worth more."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def structures(tmp_path, small_chain):
    """A folder as the training command wants it, of one chain that is in both splits."""
    folder = tmp_path / "structures"
    folder.mkdir()
    rows = [f"{small_chain}\t{split}\n" for split in ("train", "val") for _ in range(2)]
    (folder / "index.tsv").write_text("file\tsplit\n" + "".join(rows))
    return folder


@pytest.fixture
def data(tmp_path, structures):
    chains = packed_structures(structures, "train", tmp_path / "train.npz", report=lambda _: None)
    return TrainingData(chains, chains, [], [], {"structures": "here"})


def test_a_chain_seen_often_is_learnt_by_heart_and_a_stopped_run_goes_on(tmp_path, data):
    lines, run = [], tmp_path / "run"
    for steps in (6, 18):
        options = SequenceTraining(steps=steps, batch=2, width=32, rate=1e-2, validate_steps=6)
        path = train_sequence_network(data, options, run, report=lines.append)
    assert "going on at step 6 of 18" in lines
    with safe_open(path, framework="np") as file:
        card = json.loads(file.metadata()["card"])
    assert card["steps"] == 18 and card["chains"] == 2 and card["structures"] == "here"
    losses = [float(row["loss"]) for row in csv.DictReader((run / "log.csv").open())]
    assert losses[-1] < losses[0] - 0.1
    assert (run / "log.csv").read_text().count("\n") == 4


def test_numpy_reads_what_torch_does(tmp_path, data):
    network = load_sequence_network(train_sequence_network(data, SMALL, tmp_path / "run"))
    twin = SequenceConvolutions(SMALL.width).eval()
    twin.load_state_dict({n: torch.from_numpy(v) for n, v in network.tensors.items()
                          if n != "background"})  # fmt: skip
    # The second convolution of each block starts as nothing: give it something to do.
    for k in range(len(twin.blocks)):
        weight = 0.1 * torch.randn(twin.blocks[k][1].weight.shape)
        twin.blocks[k][1].weight.data = weight
        network.tensors[f"blocks.{k}.1.weight"][:] = weight.numpy()
    codes = np.random.default_rng(0).integers(0, 20, 45).astype(np.int8)
    x = torch.zeros(1, 22, 60)
    x[0, torch.from_numpy(codes).long(), torch.arange(45)] = 1.0
    x[0, -1, :45] = 1.0
    with torch.no_grad():
        expected = twin(x)[0, :, :45].numpy()
    np.testing.assert_allclose(network.logits(codes), expected, atol=1e-4)


def test_chains_of_a_target_do_not_see_each_other(tmp_path, data):
    network = load_sequence_network(train_sequence_network(data, SMALL, tmp_path / "run"))
    codes = np.arange(40, dtype=np.int8) % 20
    alone = sequence_profile(codes[:20], np.zeros(20, np.int64), network)
    beside = sequence_profile(codes, np.repeat([0, 1], 20), network)
    np.testing.assert_allclose(beside.side[:20], alone.side)


def test_the_command_trains(tmp_path, structures, capsys):
    command = ["train", "sequence", str(structures), "-o", str(tmp_path / "run"), "--steps", "2",
               "--batch", "2", "--width", "32", "--threads", "1"]  # fmt: skip
    assert main(command) == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(tmp_path / "run/sequence.safetensors")
    assert load_sequence_network(tmp_path / "run/sequence.safetensors").dilations == (1, 2, 3)


@pytest.mark.parametrize("damage", ["cut", "other", "part", "missing"])
def test_a_file_that_is_no_such_network_is_refused(tmp_path, data, damage):
    path = train_sequence_network(data, SMALL, tmp_path / "run")
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:1000])
    elif damage == "other":
        from safetensors.numpy import save_file

        save_file({"first.weight": np.zeros((4, 22, 3), np.float32)}, path)
    elif damage == "part":
        from safetensors import safe_open
        from safetensors.numpy import save_file

        with safe_open(path, framework="np") as file:
            about = file.metadata()
            kept = {n: file.get_tensor(n) for n in file.keys() if n != "background"}  # noqa: SIM118
        save_file(kept, path, metadata=about)
    else:
        path.unlink()
    with pytest.raises(InputError, match="no network of sequences"):
        load_sequence_network(path)
