"""Sampling makes models no worse, and the same ones every time."""

import numpy as np
import pytest

from critasser.assembly import assemble, complete
from critasser.errors import Cancelled
from critasser.structure import CalphaSet, Template, Trace, tm_score


def run(scene, starts, *, target=None, seed=0, replicas=6, sweeps=60, **options):
    return assemble(
        target or scene.target, starts, scene.calpha, scene.density, scene.resolution,
        rng=np.random.default_rng(seed), replicas=replicas, sweeps=sweeps, **options,
    )  # fmt: skip


@pytest.fixture(scope="module")
def sampled(barnase):
    """Starts and decoys of barnase from noisy traces with 10 % missing."""
    starts = [barnase.noisy_trace(seed) for seed in range(6)]
    return starts, run(barnase, starts)


def test_near_correct_traces_become_better_not_worse(barnase, sampled):
    starts, decoys = sampled
    best = max(tm_score(start.positions, barnase.native) for start in starts)
    whole = [
        complete(barnase.target, start, barnase.guide, rng=np.random.default_rng(0)).positions
        for start in starts
    ]
    best = max(best, *(tm_score(x, barnase.native) for x in whole))
    after = [tm_score(x.astype(float), barnase.native) for x in decoys.positions[::10]]
    assert np.mean(after) >= best - 0.01
    coldest = decoys.positions[decoys.energy.argmin()].astype(float)
    assert tm_score(coldest, barnase.native) > best


def test_energy_falls_and_cold_replicas_have_the_lowest(sampled):
    _, decoys = sampled
    assert decoys.trajectory[-1, 0] < decoys.start_energy.min()
    late = decoys.trajectory[len(decoys.trajectory) // 2 :].mean(axis=0)
    assert late[0] < late[-1]
    np.testing.assert_allclose(decoys.components.sum(axis=1), decoys.trajectory[:, 0], rtol=1e-9)


def test_sampling_ends_where_nothing_changes_any_more(small):
    """On an easy map that saves most of the run, and the decoys are as good as the rest's."""
    starts = [small.noisy_trace(seed) for seed in range(4)]
    decoys = run(small, starts, replicas=10, sweeps=1000)
    cycles = len(decoys.trajectory)
    assert decoys.planned == 200 and 40 <= cycles <= 80
    assert len(decoys.components) == cycles
    assert int(0.3 * cycles) <= decoys.cycle.min() and decoys.cycle.max() < cycles
    scores = [tm_score(x.astype(float), small.native) for x in decoys.positions]
    first, last = np.array_split(np.array(scores), 2)
    assert abs(first.mean() - last.mean()) < 0.02


def test_sampling_goes_on_where_replicas_disagree(small):
    """On a hard map, in which there is another place for the chain as good as the first."""
    other = Template(small.native[::-1].copy(), 0.9, "the same way backwards")
    starts = [Template(small.native, 0.9, "right"), other]
    blind = CalphaSet(np.zeros((0, 3)), np.zeros(0), np.zeros((0, 20)), np.zeros((0, 3)))
    decoys = assemble(
        small.target, starts, blind, small.density, small.resolution,
        rng=np.random.default_rng(0), replicas=10, sweeps=300, use_cnn=False,
    )  # fmt: skip
    assert len(decoys.trajectory) == decoys.planned == 60


def test_one_replica_which_agrees_with_none_is_sampled_to_the_end(small):
    decoys = run(small, [small.noisy_trace(0)], replicas=1, sweeps=250)
    assert len(decoys.trajectory) == decoys.planned == 50


def test_decoys_come_from_the_eight_lowest_temperatures(small):
    decoys = run(small, [small.noisy_trace(0)], replicas=12, sweeps=20)
    assert set(decoys.level) == set(range(8))
    assert len(decoys.positions) == len(decoys.energy) == len(decoys.replica) == len(decoys.cycle)
    assert decoys.positions.dtype == np.float32


def test_a_seed_gives_the_same_bytes_on_any_number_of_threads(small):
    starts = [small.noisy_trace(seed) for seed in range(3)]
    one = run(small, starts, sweeps=20, threads=1)
    two = run(small, starts, sweeps=20, threads=3)
    other = run(small, starts, sweeps=20, seed=1)
    assert one.positions.tobytes() == two.positions.tobytes()
    assert one.trajectory.tobytes() == two.trajectory.tobytes()
    assert one.positions.tobytes() != other.positions.tobytes()


def test_poor_starts_stay_finite_and_become_chains(small):
    rng = np.random.default_rng(0)
    n = len(small.target)
    scattered = small.native[rng.permutation(n)]
    none = np.full((n, 3), np.nan)
    starts = [
        Trace(scattered, np.full(n, 0.5), 0.0, "scattered"),
        Trace(none, np.zeros(n), 0.0, "nothing"),
        Template(small.native + 200.0, 0.1, "far outside the map"),
    ]
    decoys = run(small, starts, sweeps=40)
    assert np.isfinite(decoys.positions).all() and np.isfinite(decoys.energy).all()
    bonds = np.linalg.norm(np.diff(decoys.positions, axis=1), axis=2)
    assert np.median(bonds) == pytest.approx(3.8, abs=0.15)


def test_several_chains_and_no_trusted_calpha_are_sampled_too(small):
    target = small.two_chains
    decoys = run(small, [small.noisy_trace(0)], target=target, sweeps=20, use_cnn=False)
    assert np.isfinite(decoys.energy).all()
    empty = CalphaSet(np.zeros((0, 3)), np.zeros(0), np.zeros((0, 20)), np.zeros((0, 3)))
    decoys = assemble(
        target, [small.noisy_trace(0)], empty, small.density, small.resolution,
        rng=np.random.default_rng(0), replicas=2, sweeps=5,
    )  # fmt: skip
    assert np.isfinite(decoys.energy).all()


def test_cancelling_ends_the_run(small):
    said = []

    def stop(fraction, message):
        said.append((fraction, message))
        if fraction > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        run(small, [small.noisy_trace(0)], sweeps=100, progress=stop)
    fractions = [fraction for fraction, _ in said]
    assert fractions == sorted(fractions)
    assert any("energy" in message for _, message in said)
