"""A structure is found in its map from any pose, and not in a map of something else."""

import numpy as np
import pytest
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from critasser.errors import Cancelled
from critasser.fitting import FINE_BLUR, Body, Poses, fit_body, network_fields
from critasser.fitting.refinement import pose_scores
from critasser.fitting.search import search_poses
from critasser.structure import Symmetry


def elsewhere(calpha, seed=5):
    """The same chain in another frame."""
    turn = Rotation.random(random_state=seed).as_matrix()
    return calpha @ turn.T + np.array([40.0, -70.0, 12.0])


def away(fit, body, k, moved, native):
    """Root mean square distance in Å of pose k from the native positions."""
    placed = fit.poses.apply(body, k, moved)
    return np.sqrt(np.nanmean(np.sum((placed - native) ** 2, axis=1)))


@pytest.fixture(scope="module")
def fields(look, barnase):
    return network_fields(look([barnase]))


@pytest.fixture(scope="module")
def fit(fields, barnase):
    return fit_body(Body.of(elsewhere(barnase)), fields, rng=np.random.default_rng(0))


def test_a_chain_is_found_whatever_its_orientation(fit, barnase):
    moved = elsewhere(barnase)
    body = Body.of(moved)
    assert fit.found
    assert fit.unique
    assert away(fit, body, 0, moved, barnase) < 1.0


def test_the_same_input_gives_the_same_pose(fit, fields, barnase):
    again = fit_body(Body.of(elsewhere(barnase)), fields, rng=np.random.default_rng(0))
    assert np.array_equal(fit.poses.centre, again.poses.centre)
    assert np.array_equal(fit.poses.rotation, again.poses.rotation)


def test_another_fold_scores_far_below_the_right_one(fit, fields, globin):
    wrong = fit_body(Body.of(elsewhere(globin)), fields, rng=np.random.default_rng(0))
    assert wrong.score[0] < fit.score[0] - 0.5


def test_a_pose_has_a_score_by_the_fields_and_one_by_their_detail(fit, fields, barnase):
    body = Body.of(elsewhere(barnase))
    assert np.all(np.diff(fit.detail) <= 0.0)
    assert fit.z_score[0] == fit.z_of(fit.detail[0])
    assert fit.lead == fit.z_score[0] - fit.z_score[1]
    for own, found in ((fields, fit.score), (fields.detail, fit.detail)):
        assert np.allclose(found, pose_scores(body, own.blurred(FINE_BLUR), fit.poses))


HALF_TURN, UP = np.diag([-1.0, -1.0, 1.0]), np.array([0.0, 0.0, 60.0])


def test_two_equal_places_are_not_unique(look, barnase):
    copy = barnase @ HALF_TURN + UP
    fields = network_fields(look([barnase, copy]))
    moved = elsewhere(barnase)
    body = Body.of(moved)
    fit = fit_body(body, fields, rng=np.random.default_rng(0))
    assert fit.found
    assert not fit.unique
    assert fit.equals() == 2
    for native in (barnase, copy):
        assert min(away(fit, body, k, moved, native) for k in range(2)) < 1.0


def test_of_poses_that_are_images_of_each_other_the_best_is_kept(barnase):
    body = Body.of(elsewhere(barnase))
    symmetry = Symmetry(np.stack([np.eye(3), HALF_TURN]), np.array([[0.0, 0, 0], [60.0, 0, 0]]))
    turn = Rotation.random(3, random_state=1).as_matrix()
    first = Poses(turn, np.array([[5.0, 0, 0], [0, 9.0, 40.0], [-8.0, 3.0, 7.0]]), np.arange(3.0))
    image = first.images(symmetry, 0).select([1]).scored(np.array([5.0]))
    every = Poses(
        *(np.concatenate([getattr(one, name) for one in (first, image)])
          for name in ("rotation", "centre", "score"))
    )  # fmt: skip
    assert every.distinct(body, 3.0, 9).score.tolist() == [5.0, 2.0, 1.0, 0.0]
    assert every.distinct(body, 3.0, 9, symmetry).score.tolist() == [5.0, 2.0, 1.0]


def beside(chain, other, way):
    """A chain (n, 3) moved along a way from another's middle until their Cα are 5 Å apart."""
    moved, tree = chain - chain.mean(axis=0) + other.mean(axis=0), cKDTree(other)
    while tree.query(moved)[0].min() < 5.0:
        moved = moved + way
    return moved


def test_among_neighbours_a_chain_is_not_drawn_to_the_middle_of_the_complex(look, barnase, globin):
    """As blurred as at 10 Å; by the blurred fields themselves its place comes 167th."""
    own, other = (chain[np.isfinite(chain).all(axis=1)] for chain in (barnase, globin))
    x, y = np.eye(3)[:2]
    ways = (x, (0, 1, 2)), (-x, (1, 2, 0)), (y, (2, 0, 1)), (-y, (0, 1, 2))
    neighbours = [beside(other[:, axes], own, way) for way, axes in ways]
    fields = network_fields(look([own, *neighbours])).blurred(3.0)
    moved = elsewhere(own)
    body = Body.of(moved)
    poses = search_poses(body, fields.detail.sampled(4.0), kept=5)
    placed = [poses.apply(body, k, moved) for k in range(5)]
    assert min(np.sqrt(np.mean(np.sum((one - own) ** 2, axis=1))) for one in placed) < 4.0


def test_a_search_can_be_cancelled(fields, barnase):
    def stop(fraction, message):
        raise Cancelled

    with pytest.raises(Cancelled):
        fit_body(Body.of(barnase), fields, rng=np.random.default_rng(0), progress=stop)
