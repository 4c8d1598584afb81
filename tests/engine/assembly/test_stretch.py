"""A stretch is found again in the map; what is held does not move by a bit."""

import numpy as np
import pytest

from critasser.assembly import complete, sample_stretches
from critasser.structure import Trace


def held(scene, low, high, extra=None):
    """The native chain as a start, a stretch of it missing or somewhere else."""
    positions = scene.native.copy()
    positions[low:high] = np.nan if extra is None else extra
    mobile = np.zeros(len(positions), dtype=bool)
    mobile[low:high] = True
    confidence = np.where(mobile, 0.0, 1.0)
    return Trace(positions, confidence, 0.0, "held"), mobile


def sampled(scene, low, high, **options):
    start, mobile = held(scene, low, high)
    arguments = {"count": 2, "replicas": 8, "sweeps": 100, "refinement_sweeps": 50} | options
    return mobile, sample_stretches(
        scene.target, [start], mobile, scene.calpha, scene.density, scene.resolution,
        rng=np.random.default_rng(0), **arguments,
    )  # fmt: skip


def rmsd(a, b):
    return np.sqrt(np.mean(np.sum((a - b) ** 2, axis=1)))


@pytest.mark.parametrize(("low", "high"), [(40, 52), (0, 8), (100, 108)])
def test_a_stretch_is_found_again_and_all_else_stays(barnase, low, high):
    mobile, found = sampled(barnase, low, high)
    assert rmsd(found.positions[0, mobile], barnase.native[mobile]) < 1.5
    assert np.array_equal(
        found.positions[:, ~mobile], np.broadcast_to(
            barnase.native[~mobile], found.positions[:, ~mobile].shape
        )
    )  # fmt: skip
    bonds = np.linalg.norm(np.diff(found.positions[0], axis=0), axis=1)
    assert np.all((bonds > 2.6) & (bonds < 4.3))
    assert np.all(np.diff(found.energy) >= 0)


def test_candidates_differ(barnase):
    mobile, found = sampled(barnase, 60, 70, count=5)
    for a in range(len(found.energy)):
        for b in range(a):
            assert rmsd(found.positions[a, mobile], found.positions[b, mobile]) >= 1.0


def test_what_is_held_is_not_given_up_when_gaps_are_closed(barnase):
    start, mobile = held(barnase, 40, 52)
    start.positions[44] = barnase.native[44] + [60.0, 0.0, 0.0]
    start.confidence[44] = 0.99
    whole = complete(
        barnase.target, start, barnase.guide, rng=np.random.default_rng(0), mobile=mobile
    )
    assert np.array_equal(whole.positions[~mobile], barnase.native[~mobile])
    assert np.linalg.norm(whole.positions[44] - barnase.native[44]) < 20.0
