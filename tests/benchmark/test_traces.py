"""What is counted of traces is what is right about them."""

from pathlib import Path

import numpy as np
import pytest

from benchmark.sets import BenchmarkTarget
from benchmark.trace import figures, perfect, table
from critasser.structure import CalphaSet, Trace, read_chains

CHAIN = Path(__file__).parents[1] / "data" / "3wmi_A.pdb.gz"


@pytest.fixture(scope="module")
def target():
    return BenchmarkTarget("3wmi_A", "high", "hard", 3.0, read_chains(CHAIN), CHAIN, True)


def positions_of(target, order):
    n = len(target.native)
    found = CalphaSet(target.native, np.ones(n), np.full((n, 20), 0.05), np.full((n, 3), 1 / 3))
    return found.select(order)


def test_perfect_puts_every_position_at_its_residue(target):
    order = np.random.default_rng(0).permutation(len(target.native))
    trace = perfect(positions_of(target, order), target.native)
    assert np.allclose(trace.positions, target.native)


def test_a_register_that_is_off_by_one_covers_all_and_has_nothing_right(target):
    native = target.native
    shifted = Trace(np.roll(native, 1, axis=0), np.full(len(native), 0.95), 1.0, "test")
    right = Trace(native, np.full(len(native), 0.95), 0.5, "test")
    found = figures((shifted, right), target, shifted.positions)
    assert found["coverage"] == 1 and found["in register"] < 0.02
    assert found["sure"] == 1 and found["sure and right"] < 0.02
    assert found["first TM"] < found["best TM"] == pytest.approx(1)


def test_no_trace_counts_as_nothing_in_the_table(target):
    def record(told):
        return {"method": "joining", "figures": told, "residues": 10, "seconds": 1.0}

    whole = {"recall": 1.0, "coverage": 1.0, "in register": 1.0, "first TM": 1.0,
             "whole TM": 1.0, "best TM": 1.0}  # fmt: skip
    printed = table([(target, record(whole)), (target, record({}))], each=False)
    assert "| 0.50 | 0.50 | 0.50 | 0.50 | 0.50 | 0.50 |" in printed


def test_targets_at_another_resolution_or_noise_have_other_folders(target):
    from dataclasses import replace

    others = [replace(target, resolution=4.0), replace(target, snr=3.0)]
    assert len({one.folder for one in [target, *others]}) == 3
