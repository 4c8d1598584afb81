"""The network that tells nucleic acid from protein is trained on what its crops show."""

import csv

import numpy as np
import pytest
import torch

from critasser.cli import main
from critasser.network.nucleic.network import CLASSES, NUCLEIC_CLASS, NucleicNetwork
from critasser.network.training.corruption import RandomNumbers
from critasser.network.training.crops import NO_DEGRADATION
from critasser.network.training.nucleic_crops import (
    UNKNOWN,
    MatterCrops,
    MatterMaker,
    _loosened,
    _matter,
    matter_loss,
)
from critasser.network.training.nucleic_geometry import B_DNA
from critasser.network.training.nucleic_structures import double_helix
from critasser.network.training.simulation import NUCLEIC, gather_atoms, place
from critasser.network.unet import UNet
from critasser.network.weights import load_network, read_card, save_network

CPU = torch.device("cpu")


@pytest.fixture
def side_by_side(helix):
    """A double helix and a helix of protein in a crop of 64 Å, 24 Å apart."""
    nucleic = double_helix(B_DNA, 10, np.random.default_rng(0))
    return [
        place(nucleic, np.eye(3), nucleic.positions.mean(axis=0), 64),
        place(helix, np.eye(3), helix.positions.mean(0), 64, offset=np.array([24.0, 0, 0])),
    ]


def test_classes_are_those_of_the_nearest_atoms(side_by_side):
    classes = _matter(gather_atoms([side_by_side], CPU), torch.zeros(1, 64, 64, 64))[0].numpy()
    assert classes.shape == (32, 32, 32)
    for part, name in zip(side_by_side, ("nucleic acid", "protein")):
        at = np.round((part.positions - 0.5) / 2).astype(int)
        assert (classes[tuple(at.T)] == CLASSES.index(name)).mean() > 0.95
    assert classes[0, 0, 0] == 0 and set(np.unique(classes)) == {0, 1, NUCLEIC_CLASS}


def test_where_there_is_density_molecules_reach_farther(side_by_side):
    molecules = gather_atoms([side_by_side], CPU)
    faint, shown = (_matter(molecules, torch.full((1, 64, 64, 64), level)) for level in (0.0, 1.0))
    assert (faint > 0).sum() < (shown > 0).sum()
    np.testing.assert_array_equal(shown[faint > 0], faint[faint > 0])


def test_only_nucleic_acid_is_loosened_and_each_crop_by_its_own(side_by_side):
    molecules = gather_atoms([side_by_side, side_by_side], CPU)
    made = _loosened(molecules, RandomNumbers(np.random.default_rng(0), CPU))
    added = [made.bfactor[(made.crop == k) & (made.kind == NUCLEIC)].unique() for k in (0, 1)]
    assert len(added[0]) == len(added[1]) == 1 and added[0] != added[1]
    assert (made.bfactor[made.kind != NUCLEIC] == 0).all()


def test_crops_hold_proteins_nucleic_acids_and_both(helix, weights):
    make = MatterMaker(
        [helix], [], NO_DEGRADATION, batch=3, side=32, experimental=0.3, alone=0.4, seed=0,
        device=CPU, map_network=load_network(weights),
    )  # fmt: skip
    both = [make(number) for number in range(3)]
    classes = torch.cat([one.classes for one in both]).flatten(1)
    kinds = {tuple(sorted(set(one.tolist()) - {0, CLASSES.index("other")})) for one in classes}
    assert {(CLASSES.index("protein"),), (NUCLEIC_CLASS,)} & kinds and len(kinds) > 1
    assert both[0].inputs.shape == (3, 26, 16, 16, 16)
    torch.testing.assert_close(make(1).inputs, both[1].inputs)


def test_the_loss_asks_nothing_of_unknown_voxels_and_no_nucleic_acid_of_others():
    logits = torch.zeros(1, 4, 2, 2, 2)
    inputs = torch.ones(1, 26, 2, 2, 2)
    classes = torch.full((1, 2, 2, 2), UNKNOWN)
    assert matter_loss(logits, MatterCrops(inputs, classes)) == 0
    classes[0, 0, 0, 0] = -2
    asked = float(matter_loss(logits, MatterCrops(inputs, classes)))
    assert asked == pytest.approx(-np.log(3 / 4))
    logits[:, NUCLEIC_CLASS] = 9.0
    assert matter_loss(logits, MatterCrops(inputs, classes)) > 7


@pytest.fixture
def weights(tmp_path):
    """An untrained map network."""
    torch.manual_seed(0)
    path = tmp_path / "map.safetensors"
    save_network(path, UNet(4, (8, 8, 8), (1, 1, 1)).eval(), "unet", {})
    return path


def test_the_command_trains_and_a_stopped_run_goes_on(
    tmp_path, weights, small_chain, capsys, monkeypatch
):
    from critasser.network.training import nucleic_crops, nucleic_network

    monkeypatch.setattr(nucleic_network, "RESOLUTIONS", (4.0,))
    monkeypatch.setattr(nucleic_network, "VALIDATION_CROPS", 1)
    monkeypatch.setattr(nucleic_crops, "POOL", 3)
    (tmp_path / "structures").mkdir()
    rows = "".join(f"{small_chain}\t{split}\n" for split in ("train", "val"))
    (tmp_path / "structures/index.tsv").write_text("file\tsplit\n" + rows)
    run = tmp_path / "run"
    for steps, batch in ((1, 2), (3, 2), (4, 1)):
        status = main([
            "train", "nucleic", str(tmp_path / "structures"), "-o", str(run), "--steps",
            str(steps), "--batch", str(batch), "--validate-steps", "2", "--weights", str(weights),
            "--threads", "1", "--device", "cpu",
        ])  # fmt: skip
        assert status == 0
    assert "going on at step 1 of 3" in capsys.readouterr().out
    assert isinstance(load_network(run / "nucleic.safetensors"), NucleicNetwork)
    assert read_card(run / "nucleic.safetensors")["steps"] == 4
    with (run / "log.csv").open() as lines:
        assert [row["step"] for row in csv.DictReader(lines)] == ["1", "2", "3", "4"]
    # Crops that were made once are seen again, by runs that would make the same.
    made = sorted(run.glob("crops-*/*"))
    assert [path.name for path in made] == ["00000.npz"] * 2
    assert sorted(len(np.load(path)["inputs"]) for path in made) == [1, 2]


def test_a_map_that_is_not_there_cannot_be_held_out_or_have_nucleic_acid(tmp_path, weights,
                                                                        small_chain, capsys):
    (tmp_path / "index.tsv").write_text(f"file\tsplit\n{small_chain}\ttrain\n{small_chain}\tval\n")
    for option in ("--hold-out", "--unmodelled"):
        status = main([
            "train", "nucleic", str(tmp_path), "-o", str(tmp_path / "run"), option, "EMD-1",
            "--weights", str(weights),
        ])  # fmt: skip
        assert status == 2
        assert f"{option} EMD-1: no such map to train on" in capsys.readouterr().err
