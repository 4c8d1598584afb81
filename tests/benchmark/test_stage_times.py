"""Seconds of stages are read from a job's markers, and how they grow is told."""

import json

import numpy as np
import pytest

from benchmark.stage_times import stage_seconds, table


@pytest.fixture
def job(tmp_path):
    """A finished job of 200 residues and two models."""
    (tmp_path / "stages").mkdir()
    (tmp_path / "4_assembly").mkdir()
    np.savez(tmp_path / "4_assembly" / "refined_1.npz", calpha=np.zeros((200, 3)))
    for name, seconds in {"trace": 8.0, "atomic_1": 3.0, "atomic_2": 5.0, "report": 0.01}.items():
        (tmp_path / "stages" / f"{name}.json").write_text(json.dumps({"cpu_seconds": seconds}))
    return tmp_path


def test_models_are_counted_and_their_seconds_averaged(job):
    assert stage_seconds(job) == {
        "residues": 200, "models": 2, "trace": 8.0, "atomic": 4.0, "report": 0.01
    }  # fmt: skip


def test_powers_tell_how_stages_grow(job):
    large = stage_seconds(job)
    small = large | {"residues": 100, "trace": 2.0, "atomic": 2.0}
    lines = table([small, large]).splitlines()
    assert lines[0] == "| CPU seconds | 100 residues | 200 residues |"
    assert "| trace | 2.0 | 8.0 |" in lines and "| atomic, each model | 2.0 | 4.0 |" in lines
    assert "| all, all models | 6 | 16 |" in lines
    assert "trace 2.00" in lines[-1] and "atomic 1.00" in lines[-1]
