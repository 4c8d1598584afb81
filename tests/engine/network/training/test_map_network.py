"""Training lowers the loss, goes on after a stop and leaves a network with a card."""

import csv
import itertools
import json
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from critasser.cli import main
from critasser.errors import InputError
from critasser.network import load_network, read_card, weights
from critasser.network.device import autocast
from critasser.network.training import map_network
from critasser.network.training.distributed import Ranks
from critasser.network.training.map_learner import (
    SCHEDULES,
    Learner,
    TrainingOptions,
    automatic_batch,
)
from critasser.network.training.map_network import train_map_network
from critasser.network.training.packing import TrainingData, packed_structures
from critasser.network.training.simulation import Crops
from critasser.network.unet import UNet

CPU = torch.device("cpu")


class SmallUNet(UNet):
    def __init__(self, **_):
        super().__init__(stem=4, channels=(8, 8), blocks=(1, 1))


@pytest.fixture
def structures(tmp_path, small_chain):
    """A folder as the training command wants it, of one chain that is in both splits."""
    folder = tmp_path / "structures"
    folder.mkdir()
    rows = [f"{small_chain}\t{split}\n" for split in ("train", "val") for _ in range(8)]
    (folder / "index.tsv").write_text("file\tsplit\n" + "".join(rows))
    return folder


@pytest.fixture
def data(tmp_path, structures, monkeypatch):
    monkeypatch.setitem(weights.ARCHITECTURES, "unet", SmallUNet)
    chains = packed_structures(structures, "train", tmp_path / "train.npz", report=lambda _: None)
    return TrainingData(chains, chains, [], [], {"structures": "here"})


OPTIONS = TrainingOptions(
    steps=1, batch=2, side=16, validation_crops=2, validate_steps=10, rate=5e-3
)


def crops(count=2, side=16):
    random = torch.rand(count, side, side, side)
    classes = torch.randint(0, 3, random.shape)
    return Crops(random, random, random.round(), classes, classes, torch.ones_like(random),
                 torch.full((count,), 3.0))  # fmt: skip


def rows_of(folder):
    with (folder / "log.csv").open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_training_goes_on_where_it_stopped_and_the_loss_falls(tmp_path, data):
    lines, run = [], tmp_path / "run"
    for steps, rate in ((20, 5e-3), (60, 4e-3)):
        options = replace(OPTIONS, steps=steps, rate=rate, validate_steps=20)
        path = train_map_network(data, options, run, device=CPU, report=lines.append)
    assert "going on at step 20" in " ".join(lines)
    assert "changed since: rate was 0.005, is 0.004" in lines
    assert any("crops/s trained" in line and "waiting" in line for line in lines)
    assert isinstance(load_network(path), SmallUNet)
    card = read_card(path)
    assert card["steps"] == 60 and card["chains"] == 8 and card["structures"] == "here"
    assert card["crops_per_second"] > 0 and card["processes"] == 1
    assert json.loads((run / "card.json").read_text()) == card
    rows = rows_of(run)
    assert [int(row["step"]) for row in rows] == [20, 40, 60]
    assert float(rows[-1]["loss_3.5"]) < float(rows[0]["loss_3.5"])
    assert (run / "training.png").stat().st_size > 1000


def test_a_run_in_two_parts_is_the_run_in_one(tmp_path, data, monkeypatch):
    monkeypatch.setitem(SCHEDULES, "cosine", lambda share: 1.0)
    networks = []
    for name, parts in (("one", (6,)), ("two", (3, 6))):
        for steps in parts:
            path = train_map_network(
                data, replace(OPTIONS, steps=steps), tmp_path / name, device=CPU,
                report=lambda _: None,
            )  # fmt: skip
        networks.append(load_network(path).state_dict())
    for name, value in networks[0].items():
        assert torch.allclose(value, networks[1][name], atol=2e-3), name


def test_a_minute_budget_ends_and_figures_are_written_on_the_way(tmp_path, data, monkeypatch):
    # The clock goes on by 50 ms a look, so that a budget in minutes is as many steps anywhere.
    ticks = itertools.count()
    clock = SimpleNamespace(monotonic=lambda: 0.05 * next(ticks), perf_counter=time.perf_counter)
    monkeypatch.setattr(map_network, "time", clock)
    seen = []

    def watch(line):
        if line.startswith("loss_"):
            seen.append(len(rows_of(tmp_path)) and (tmp_path / "training.png").exists())

    options = replace(OPTIONS, steps=None, minutes=0.05, validate_steps=None, validate_minutes=0.02)
    train_map_network(data, options, tmp_path, device=CPU, report=watch)
    assert len(seen) >= 2 and all(seen)
    assert 0.05 <= float(rows_of(tmp_path)[-1]["minutes"]) < 0.2


def test_a_budget_is_in_minutes_or_in_steps():
    for budget in ({}, {"minutes": 1.0, "steps": 1}):
        with pytest.raises(ValueError, match="one of the two"):
            TrainingOptions(**budget)


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_learning_rate_rises_to_its_highest_and_falls_to_next_to_nothing(name):
    rates = np.array([SCHEDULES[name](share) for share in np.linspace(0, 1, 201)])
    top = rates.argmax()
    assert rates.max() == pytest.approx(1, abs=1e-3)
    assert np.all(np.diff(rates[: top + 1]) >= 0) and np.all(np.diff(rates[top:]) <= 0)
    assert 0 < rates[0] < 0.1 and 0 < rates[-1] < 0.02


def test_another_architecture_wants_another_folder(tmp_path, data):
    train_map_network(data, OPTIONS, tmp_path, device=CPU, report=lambda _: None)
    with pytest.raises(InputError, match="a run of unet"):
        train_map_network(data, replace(OPTIONS, architecture="resnet"), tmp_path, device=CPU)


def test_a_step_never_waits_for_the_device(data):
    """Tensors without values raise an error where the host would have to read one."""
    learner = Learner(OPTIONS, CPU, Ranks())
    with FakeTensorMode(allow_non_fake_inputs=True):
        for _ in range(2):
            learner.step(crops(), 1e-3)


def test_a_step_whose_gradient_is_not_finite_is_left_out(data):
    learner = Learner(OPTIONS, CPU, Ranks())
    learner.step(crops(), 1e-3)
    before = {name: p.clone() for name, p in learner.network.named_parameters()}
    bad = crops()
    bad.calpha[0, 0, 0, 0] = float("nan")
    learner.step(bad, 1e-3)
    assert all(torch.equal(p, before[name]) for name, p in learner.network.named_parameters())
    assert int(learner.left_out) == 1
    assert all(np.isfinite(value) for value in learner.losses().values())
    learner.step(crops(), 1e-3)
    assert not all(torch.equal(p, before[name]) for name, p in learner.network.named_parameters())


def test_two_crops_are_a_step_on_processors():
    assert automatic_batch("unet", 48, CPU) == 2


def test_float16_is_for_inference_only(monkeypatch):
    monkeypatch.setattr("critasser.network.device.short_type", lambda _: torch.float16)
    product = torch.ones(2, 2)
    with autocast(CPU):
        assert (product @ product).dtype == torch.float16
    with autocast(CPU, training=True):
        assert (product @ product).dtype == torch.float32


def test_the_command_trains_validates_and_says_where_the_network_is(
    tmp_path, structures, monkeypatch, capsys
):
    monkeypatch.setitem(weights.ARCHITECTURES, "unet", SmallUNet)
    run = tmp_path / "run"
    status = main([
        "train", "network", str(structures), "-o", str(run), "--steps", "2", "--side", "16",
        "--device", "cpu", "--without", "noise", "background", "--schedule", "one-cycle",
    ])  # fmt: skip
    assert status == 0
    assert str(run / "network.safetensors") in capsys.readouterr().out
    card = json.loads((run / "card.json").read_text())
    assert card["options"]["without"] == ["noise", "background"] and card["options"]["batch"] == 2
    assert card["command"].startswith("critasser train network")
    assert card["split"] == "train"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ([], "give one of --minutes, --steps"),
        (["--steps", "2", "--minutes", "1"], "exclude each other"),
        (["--steps", "0"], "a number from 1"),
        (["--steps", "2", "--corruption", "2"], "from 0 to 1"),
        (["--steps", "2", "--without", "gravity"], "no corruption 'gravity'; there are voxel_size"),
        (["--steps", "2", "--side", "20"], "multiple of 8"),
    ],
)
def test_a_mistake_in_the_options_is_told_in_a_line(tmp_path, structures, options, reason, capsys):
    command = ["train", "network", str(structures), "-o", str(tmp_path / "run"), *options]
    try:
        status = main(command)
    except SystemExit as stopped:
        status = stopped.code
    message = capsys.readouterr().err
    assert status == 2 and reason in message and message.count("\n") == 1
