"""Residues read in their own frames: the same from every side, moved to where they are."""

import json

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from critasser.density import normalise, simulate
from critasser.network import load_network, read_residues
from critasser.network.residue.frames import local_frames, sample_balls
from critasser.network.residue.network import ResidueNetwork
from critasser.network.residue.reading import _together
from critasser.network.training import residue_network as residue_training
from critasser.network.training.experimental import signed_permutations
from critasser.network.training.packing import Pair, atoms_of, packed_structures
from critasser.network.training.packing import _read as read_structure
from critasser.network.training.residue_examples import Examples
from critasser.network.training.residue_network import (
    ResidueTraining,
    tempered,
    train_residue_network,
)
from critasser.network.training.residue_source import SHELLS, ExampleSource
from critasser.shipped import shipped
from critasser.structure import AMINO_ACIDS, CalphaSet, read_chains


@pytest.fixture(scope="module")
def chain_file():
    from pathlib import Path

    return Path(__file__).parents[3] / "data" / "1gl2_D.pdb.gz"


@pytest.fixture(scope="module")
def density(chain_file):
    atoms = atoms_of(read_structure(chain_file))
    return normalise(simulate(atoms.positions, atoms.amplitude, 3.0, voxel_size=1.0, padding=12.0))


def blurred(chain, rng):
    """Cα positions off by half an Å, of which nothing else is known."""
    native = chain.calpha
    n = len(native)
    return CalphaSet(
        native + rng.normal(scale=0.3, size=native.shape),
        np.full(n, 0.9),
        np.full((n, 20), 0.05),
        np.full((n, 3), 1 / 3),
    )


def test_a_ball_looks_the_same_from_every_side():
    rng = np.random.default_rng(0)
    cube = torch.as_tensor(rng.normal(size=(31, 31, 31)), dtype=torch.float32)
    points = torch.as_tensor(rng.normal(scale=3.0, size=(3, 3)), dtype=torch.float32)
    middle = 15.0
    for matrix in signed_permutations()[:12]:
        turn = torch.as_tensor(matrix, dtype=torch.float32)
        index = np.stack(np.meshgrid(*[np.arange(31) - 15] * 3, indexing="ij"), -1)
        # The turned map holds at R x what the map holds at x; arrays are z y x.
        source = (index[..., ::-1] @ matrix + 15).round().astype(int)
        turned = cube[source[..., 2], source[..., 1], source[..., 0]]
        one, other = (
            sample_balls(volume, p[1:2] + middle, local_frames(p[:1], p[1:2], p[2:]), 1.0)
            for volume, p in ((cube, points), (turned, points @ turn.T))
        )
        assert torch.allclose(one, other, atol=1e-3)


def test_frames_are_right_handed_also_on_a_straight_line():
    before = torch.tensor([[0.0, 0, 0], [0, 0, 0]])
    middle = torch.tensor([[3.0, 2, 0], [3.8, 0, 0]])
    after = torch.tensor([[6.0, 0, 0], [7.6, 0, 0]])
    frames = local_frames(before, middle, after)
    assert torch.allclose(frames @ frames.transpose(1, 2), torch.eye(3).expand(2, 3, 3), atol=1e-5)
    assert torch.allclose(torch.linalg.det(frames), torch.ones(2), atol=1e-5)
    assert torch.allclose(frames[0, 1], torch.tensor([0.0, 1.0, 0.0]), atol=1e-5)


def test_positions_move_to_the_calpha_and_tell_their_residues(density, chain_file):
    (chain,) = read_chains(chain_file)
    found = blurred(chain, np.random.default_rng(0))
    read = read_residues(density, found, shipped("residue.safetensors"), len(found), device="cpu")
    order = np.argsort(cdist(read.positions, found.positions).argmin(axis=1))
    read = read.select(order)
    before = np.linalg.norm(found.positions - chain.calpha, axis=1)
    after = np.linalg.norm(read.positions - chain.calpha, axis=1)
    assert np.sqrt((after**2).mean()) < 0.65 * np.sqrt((before**2).mean())
    codes = np.array([AMINO_ACIDS.index(letter) for letter in chain.letters])
    assert np.mean(read.amino_acid[1:-1].argmax(axis=1) == codes[1:-1]) > 0.7
    assert np.allclose(read.amino_acid.sum(axis=1), 1) and np.all(read.amino_acid > 0)
    step = np.diff(read.triples.triple, axis=1)
    forward, back = (step == 1).all(axis=1), (step == -1).all(axis=1)
    assert np.mean(read.triples.log_odds[forward] > 0) > 0.9
    assert np.mean(read.triples.log_odds[back] < 0) > 0.9


def test_a_position_alone_keeps_what_the_map_network_said(density, chain_file):
    (chain,) = read_chains(chain_file)
    found = blurred(chain, np.random.default_rng(1)).select([3])
    read = read_residues(density, found, shipped("residue.safetensors"), 1, device="cpu")
    assert read.triples is None
    assert np.array_equal(read.positions, found.positions)
    assert np.array_equal(read.amino_acid, found.amino_acid)


def test_training_goes_on_where_it_stopped(tmp_path, chain_file):
    with (tmp_path / "index.tsv").open("w") as out:
        out.write("file\tsplit\n" + f"{chain_file}\ttrain\n" * 4)
    chains = packed_structures(tmp_path, "train", tmp_path / "train.npz")
    told = []
    for minutes in (0.05, 0.1):
        options = ResidueTraining(
            minutes=minutes, batch=64, side=40, width=32, blocks=1, validate_minutes=0.04
        )
        path = train_residue_network(
            chains, [], chains, options, tmp_path, device=torch.device("cpu"), report=told.append
        )
    assert any(line.startswith("going on at step") for line in told)
    assert load_network(path).config["width"] == 32
    figures = [line for line in told if line.startswith("amino_acid")]
    first, last = (
        dict(zip(line.split()[::2], map(float, line.split()[1::2]))) for line in
        (figures[0], figures[-1])
    )  # fmt: skip
    assert last["direction_3.5"] >= first["direction_3.5"] - 0.05
    assert last["error_3.5"] < 1.0


def test_the_network_that_reads_held_out_maps_best_is_kept(tmp_path, chain_file, monkeypatch):
    atoms = atoms_of(read_structure(chain_file))
    grid = normalise(simulate(atoms.positions, atoms.amplitude, 3.0, voxel_size=1.0, padding=12.0))
    pair = Pair("held", grid.values, grid.origin, atoms, 3.0)
    costs = iter([2.0, 1.0, 3.0])
    monkeypatch.setattr(
        residue_training,
        "validate",
        lambda network, sets: {"tempered_maps": next(costs, 4.0)} if "maps" in sets else {},
    )
    options = ResidueTraining(
        minutes=0.3, batch=64, side=40, width=32, blocks=1, validate_minutes=0.02
    )
    train_residue_network(
        [atoms], [], [], options, tmp_path, device=torch.device("cpu"), held_out_pairs=[pair],
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


def test_amino_acids_are_surer_where_both_networks_agree():
    one = np.full((1, 20), 0.6 / 19)
    one[0, 3] = 0.4
    other = np.full((1, 20), 0.6 / 19)
    other[0, 7] = 0.4
    agreed, torn = _together(one, one)[0], _together(one, other)[0]
    assert agreed.argmax() == 3
    assert agreed[3] > 0.4
    assert torn[3] > torn[7] > torn[0]
    assert agreed.sum() == pytest.approx(1)


def test_examples_made_by_processes_are_those_made_here(chain_file):
    atoms = atoms_of(read_structure(chain_file))

    def drawn(workers: int) -> Examples:
        source = ExampleSource(
            [atoms], [], SHELLS, crops=1, side=40, experimental=0.0, device=torch.device("cpu"),
            seed=(3, 0), workers=workers,
        )  # fmt: skip
        try:
            return Examples.joined([source.next() for _ in range(3)])
        finally:
            source.close()

    for here, there in zip(drawn(0).tensors(), drawn(1).tensors()):
        assert torch.allclose(here.float(), there.float(), atol=1e-3)
