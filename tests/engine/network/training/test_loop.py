"""A training run of small networks can be stopped at any step, and ends as if it had not been."""

import csv

import numpy as np
import pytest
import torch
from torch import nn

from critasser.network.training.loop import StepBudget, train_in_steps

BUDGET = StepBudget(steps=12, rate=0.05, validate_steps=4, average=0.9)


def fitted(folder, stop_before=None):
    """A line through noisy points, with dropout; stopped before a step if that is given."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(1, 8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 1))
    calls = iter(range(BUDGET.steps))

    def loss_of(network, rng):
        if next(calls) == stop_before:
            raise KeyboardInterrupt
        x = torch.from_numpy(rng.normal(size=(32, 1)).astype(np.float32))
        return (network(x) - 2 * x).square().mean()

    def validate(network):
        assert not network.training
        return {"at_one": float(network(torch.ones(1, 1)))}

    lines = []
    return train_in_steps(network, BUDGET, folder, loss_of, validate, lines.append), lines


def test_a_run_that_was_stopped_ends_with_the_same_network(tmp_path):
    whole, _ = fitted(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        fitted(tmp_path / "parts", stop_before=7)
    gone_on, lines = fitted(tmp_path / "parts")
    assert lines[0] == "going on at step 7 of 12"
    for name, value in whole.state_dict().items():
        assert torch.equal(gone_on.state_dict()[name], value), name
    rows = list(csv.DictReader((tmp_path / "parts/log.csv").open()))
    assert [row["step"] for row in rows] == ["4", "8", "12"]


def test_the_mean_of_the_weights_is_returned_not_the_last(tmp_path):
    mean, _ = fitted(tmp_path)
    last = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["network"]
    assert not torch.equal(mean.state_dict()["0.weight"], last["0.weight"])
