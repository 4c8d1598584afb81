"""Training of the residue network goes on, keeps the best, and is not too sure."""

import itertools
import json
from types import SimpleNamespace

import pytest
import torch

from critasser.density import normalise, simulate
from critasser.network import load_network
from critasser.network.residue.network import ResidueNetwork
from critasser.network.training import residue_network as residue_training
from critasser.network.training.packing import (
    Pair,
    TrainingData,
    atoms_of,
    packed_structures,
    read_structure,
)
from critasser.network.training.residue_network import (
    ResidueTraining,
    tempered,
    train_residue_network,
)


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """The clock goes on by 50 ms a look, so that a budget in minutes is as many steps anywhere."""
    ticks = itertools.count()
    monkeypatch.setattr(
        residue_training, "time", SimpleNamespace(monotonic=lambda: 0.05 * next(ticks))
    )


def test_training_goes_on_where_it_stopped(tmp_path, small_chain):
    with (tmp_path / "index.tsv").open("w") as out:
        out.write("file\tsplit\n" + f"{small_chain}\ttrain\n" * 4)
    chains = packed_structures(tmp_path, "train", tmp_path / "train.npz")
    lines = []
    for minutes in (0.05, 0.1):
        options = ResidueTraining(
            minutes=minutes, batch=64, side=40, width=32, blocks=1, validate_minutes=0.04
        )
        path = train_residue_network(
            TrainingData(chains, chains, [], []), options, tmp_path, device=torch.device("cpu"),
            report=lines.append,
        )  # fmt: skip
    assert any(line.startswith("going on at step") for line in lines)
    assert load_network(path).config["width"] == 32
    figures = [line for line in lines if line.startswith("amino_acid")]
    first, last = (
        dict(zip(line.split()[::2], map(float, line.split()[1::2]))) for line in
        (figures[0], figures[-1])
    )  # fmt: skip
    assert last["direction_3.5"] >= first["direction_3.5"] - 0.05
    assert last["error_3.5"] < 1.0


def test_the_network_that_reads_held_out_maps_best_is_kept(tmp_path, small_chain, monkeypatch):
    atoms = atoms_of(read_structure(small_chain))
    grid = normalise(simulate(atoms.positions, atoms.amplitude, 3.0, voxel_size=1.0, padding=12.0))
    pair = Pair("held", grid.values, grid.origin, atoms, 3.0)
    costs = iter([2.0, 1.0, 3.0])
    monkeypatch.setattr(
        residue_training,
        "validate",
        lambda network, sets: {"tempered_maps": next(costs, 4.0)} if "maps" in sets else {},
    )
    options = ResidueTraining(
        minutes=0.08, batch=64, side=40, width=32, blocks=1, validate_minutes=0.02
    )
    train_residue_network(
        TrainingData([atoms], [], [], [pair]), options, tmp_path, device=torch.device("cpu"),
        report=lambda line: None,
    )  # fmt: skip
    assert json.loads((tmp_path / "residue.json").read_text())["validation"]["tempered_maps"] == 1.0


def test_tempered_logits_are_divided_and_nothing_else_changes():
    torch.manual_seed(0)
    network = ResidueNetwork(32, 1).eval()
    inputs = torch.randn(5, network.body[0].in_features)
    before, after = network(inputs), tempered(network, 2.0)(inputs)
    assert torch.allclose(after[:, :20], before[:, :20] / 2, atol=1e-5)
    assert torch.equal(after[:, 20:], before[:, 20:])
