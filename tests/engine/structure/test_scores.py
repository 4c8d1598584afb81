"""Scores mean what their papers say."""

import numpy as np
import pytest
import tmtools
from scipy.optimize import minimize
from scipy.spatial.transform import Rotation

from critasser.structure import (
    cr_score,
    d0,
    greedy_pairs,
    kabsch,
    match_one_to_one,
    rmsd,
    tm_score,
)
from critasser.structure.kernels import kabsch_kernel


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def moved(positions, rng):
    return positions @ Rotation.random(random_state=int(rng.integers(1000))).as_matrix().T + 30.0


def test_the_distance_scale_has_its_published_values():
    assert d0(100) == pytest.approx(1.24 * 85 ** (1 / 3) - 1.8)
    assert d0(16) == d0(15) == d0(3) == 0.5


def test_kabsch_undoes_a_motion_and_keeps_the_hand(chain, rng):
    there = moved(chain.calpha, rng)
    rotation, translation = kabsch(chain.calpha, there)
    np.testing.assert_allclose(chain.calpha @ rotation.T + translation, there, atol=1e-9)
    rotation, _ = kabsch(chain.calpha, -chain.calpha)
    assert np.linalg.det(rotation) == pytest.approx(1)
    for points in (chain.calpha[:1], chain.calpha[:2], chain.calpha[:3] * 0):
        rotation, _ = kabsch(points, points + 1)
        assert np.linalg.det(rotation) == pytest.approx(1)


def test_weights_say_which_pairs_matter(chain, rng):
    there = moved(chain.calpha, rng)
    there[40:] += 20
    rotation, translation = kabsch(chain.calpha, there, np.arange(60) < 40)
    np.testing.assert_allclose(
        (chain.calpha @ rotation.T + translation)[:40], there[:40], atol=1e-9
    )


def test_the_kernel_superposes_as_kabsch_does(chain, rng):
    noisy = moved(chain.calpha, rng) + rng.normal(0, 2, (60, 3))
    chosen = rng.permutation(60)
    rotation, translation = kabsch_kernel(chain.calpha, noisy, chosen, 25)
    expected = kabsch(chain.calpha[chosen[:25]], noisy[chosen[:25]])
    np.testing.assert_allclose(rotation, expected[0], atol=1e-8)
    np.testing.assert_allclose(translation, expected[1], atol=1e-7)


def test_rmsd_leaves_out_what_is_missing(chain, rng):
    other = moved(chain.calpha, rng)
    other[5] = np.nan
    assert rmsd(chain.calpha, other) == pytest.approx(0, abs=1e-6)
    assert rmsd(chain.calpha, chain.calpha + (3, 4, 0), superpose=False) == pytest.approx(5)
    assert np.isnan(rmsd(chain.calpha, chain.calpha * np.nan))


def greedy_by_definition(a, b):
    distance = np.linalg.norm(a[:, None] - b[None], axis=2)
    pairs = []
    while np.isfinite(distance).any():
        i, j = np.unravel_index(np.argmin(distance), distance.shape)
        pairs.append((i, j))
        distance[i], distance[:, j] = np.inf, np.inf
    return pairs


@pytest.mark.parametrize(
    ("n", "m", "spread"), [(40, 40, 10), (30, 45, 60), (25, 10, 500), (1, 1, 1)]
)
def test_pairs_are_taken_shortest_first_each_atom_once(rng, n, m, spread):
    a, b = rng.normal(0, spread, (n, 3)), rng.normal(5, spread, (m, 3))
    assert greedy_pairs(a, b).tolist() == [list(p) for p in greedy_by_definition(a, b)]
    near = [p for p in greedy_by_definition(a, b) if np.linalg.norm(a[p[0]] - b[p[1]]) <= 9]
    assert greedy_pairs(a, b, cutoff=9.0).tolist() == [list(p) for p in near]


def test_no_points_make_no_pairs():
    assert greedy_pairs(np.zeros((0, 3)), np.zeros((4, 3))).shape == (0, 2)
    assert match_one_to_one(np.zeros((0, 3)), np.zeros((4, 3)), 2.0).shape == (0, 2)


def test_crscore_is_equation_one(chain, rng):
    model = chain.calpha[rng.permutation(60)[:50]] + rng.normal(0, 1.5, (50, 3))
    total = sum(
        1 / (1 + np.sum((model[i] - chain.calpha[j]) ** 2) / d0(60) ** 2)
        for i, j in greedy_by_definition(model, chain.calpha)
    )
    assert cr_score(model, chain.calpha, 60) == pytest.approx(total / 60)
    assert cr_score(chain.calpha[::-1], chain.calpha, 60) == pytest.approx(1)
    gappy = chain.calpha.copy()
    gappy[:30] = np.nan
    assert cr_score(gappy, chain.calpha, 60) == pytest.approx(0.5)


def test_one_to_one_matching_finds_most_pairs_then_the_nearest():
    a = np.array([[0.0, 0, 0], [1.9, 0, 0], [50, 0, 0]])
    b = np.array([[1.0, 0, 0], [-1.5, 0, 0], [-9, 0, 0]])
    # Shortest first would take (1, 0) or (0, 0) and could strand the other.
    assert match_one_to_one(a, b, 2.0).tolist() == [[0, 1], [1, 0]]


@pytest.mark.parametrize("noise", [0.5, 2.0, 5.0])
def test_tm_score_is_not_beaten_by_direct_optimisation(chain, rng, noise):
    model = moved(chain.calpha + rng.normal(0, noise, (60, 3)), rng)
    scale = d0(60)

    def negative(parameters):
        at = Rotation.from_rotvec(parameters[:3]).apply(model) + parameters[3:]
        return -np.mean(1 / (1 + np.sum((at - chain.calpha) ** 2, axis=1) / scale**2))

    best = 0.0
    for start in range(0, 50, 5):
        rotation, translation = kabsch(model[start : start + 15], chain.calpha[start : start + 15])
        begin = [*Rotation.from_matrix(rotation).as_rotvec(), *translation]
        best = max(best, -minimize(negative, begin, method="BFGS").fun)
    assert tm_score(model, chain.calpha) >= best - 0.01
    assert tm_score(model, chain.calpha) <= best + 0.01


@pytest.mark.parametrize("noise", [0.3, 1.0])
def test_tm_score_agrees_with_tm_align_where_the_alignment_is_clear(chain, rng, noise):
    model = moved(chain.calpha + rng.normal(0, noise, (60, 3)), rng)
    theirs = tmtools.tm_align(model, chain.calpha, chain.letters, chain.letters).tm_norm_chain2
    assert tm_score(model, chain.calpha) == pytest.approx(theirs, abs=0.005)


def test_half_a_model_scores_half(chain, rng):
    half = moved(chain.calpha, rng)
    half[30:] = np.nan
    assert tm_score(half, chain.calpha) == pytest.approx(0.5)
    assert tm_score(half, half * np.nan) == 0
    assert tm_score(chain.calpha, half) == pytest.approx(1)
    assert tm_score(chain.calpha, half, length=60) == pytest.approx(0.5)


def test_a_hinge_is_scored_by_its_larger_half(chain, rng):
    bent = chain.calpha.copy()
    bent[40:] = moved(bent[40:], rng)
    assert 40 / 60 <= tm_score(bent, chain.calpha) < 0.8


def test_the_mirror_image_scores_low(chain):
    assert tm_score(chain.calpha * (1, 1, -1), chain.calpha) < 0.5


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_very_few_residues_do_not_crash(chain, count):
    assert tm_score(chain.calpha[:count] + 1, chain.calpha[:count]) == pytest.approx(1, abs=1e-6)
