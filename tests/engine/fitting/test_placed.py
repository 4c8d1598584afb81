"""What is said of the places of a structure's domains."""

import numpy as np
import pytest

from critasser.fitting import (
    Placement,
    Poses,
    RigidFit,
    enough_placed,
    fit_structure,
    moves_of,
    network_fields,
    placed_domains,
    share_near,
)


def apart(a, b):
    """Root mean square distance in Å of paired positions."""
    return float(np.sqrt(np.nanmean(np.sum((a - b) ** 2, axis=1))))


def placed(calpha, fields, **options):
    """Placements, and what is said of the domains of each."""
    found = fit_structure(calpha, fields, rng=np.random.default_rng(0), equals=True, **options)
    return found, [placed_domains(one, len(found)) for one in found]


@pytest.fixture(scope="module")
def pair(look, barnase):
    """What two copies of barnase look like, one turned by half a circle, and their Cα."""
    copy = barnase @ np.diag([-1.0, -1.0, 1.0]) + np.array([0.0, 0.0, 60.0])
    return network_fields(look([barnase, copy])), (barnase, copy)


def test_a_structure_that_is_there_once_has_a_unique_place(look, barnase):
    _, ((domain,),) = placed(barnase + 9.0, network_fields(look([barnase])))
    assert domain.placed and domain.verdict == "unique" and domain.places == 1
    assert domain.z_score > domain.runner_up + 3.0
    assert len(domain.rows) == len(barnase)


def test_a_structure_that_is_there_twice_is_placed_twice_and_said_to_be(pair, barnase):
    fields, natives = pair
    placements, told = placed(barnase + 9.0, fields)
    assert len(placements) == 2
    assert all(domain.verdict == "equal" and domain.places == 2 for (domain,) in told)
    for native in natives:
        assert min(apart(one.positions, native) for one in placements) < 1.0


def test_a_structure_of_another_fold_has_no_place(look, barnase, globin):
    _, told = placed(globin, network_fields(look([barnase])))
    assert not any(domain.placed for domains in told for domain in domains)


def test_a_domain_that_is_not_in_the_map_goes_along_and_is_not_called_placed(
    look, barnase, globin
):
    chain = np.concatenate([barnase, globin - globin[0] + barnase[-1] + 4.0])
    error = np.full((len(chain),) * 2, 25.0)
    joint = len(barnase)
    error[:joint, :joint] = error[joint:, joint:] = 1.0
    (placement,), (told,) = placed(chain, network_fields(look([barnase])), error=error)
    by_rows = {int(one.rows[0]): one for one in told}
    assert by_rows[0].placed and not by_rows[joint].placed
    assert by_rows[joint].verdict == ""
    moves, body = moves_of(placement, told, chain, np.arange(len(chain)))
    assert len(moves) == 1 and set(body) == {0}
    rotation, shift = moves[0]
    assert apart(chain[:joint] @ rotation.T + shift, barnase) < 1.0


@pytest.mark.slow
def test_chains_of_a_complex_are_placed_wherever_they_are_to_each_other(look, barnase, globin):
    native = np.concatenate([barnase, globin - globin.mean(axis=0) + barnase.mean(axis=0) + 45.0])
    apart_now = native.copy()
    apart_now[len(barnase) :] = globin - globin.mean(axis=0) + barnase.mean(axis=0) - 200.0
    numbers = np.concatenate([np.arange(len(barnase)), 10_000 + np.arange(len(globin))])
    fields = network_fields(look([barnase, native[len(barnase) :]]))
    (placement,), (told,) = placed(apart_now, fields, numbers=numbers)
    assert [one.placed for one in told] == [True, True]
    assert apart(placement.positions, native) < 1.0


def test_as_a_rigid_body_a_structure_keeps_its_shape(look, barnase, globin):
    chain = np.concatenate([barnase, globin - globin[0] + barnase[-1] + 4.0])
    (placement, *_), _ = placed(chain, network_fields(look([barnase])), rigid=True)
    assert set(placement.domain) == {0} and len(placement.fits) == 1


@pytest.mark.parametrize(
    ("residues", "everything", "enough"),
    [(53, 141, False), (75, 141, True), (108, 700, True), (40, 60, True)],
)
def test_a_small_part_does_not_tell_that_a_structure_is_there(residues, everything, enough):
    assert enough_placed(residues, everything) == enough


def fit_of(detail, score):
    """A fit whose poses have these scores."""
    count = len(detail)
    poses = Poses(np.tile(np.eye(3), (count, 1, 1)), np.zeros((count, 3)), np.array(detail))
    return RigidFit(poses, np.array(score))


def verdict(fit, rank=0, residues=150):
    """What is said of a chain that lies in one of the poses of a fit."""
    lies = Placement(
        np.zeros((residues, 3)), np.zeros(residues, int), (fit,), (True,),
        (float(fit.score[rank]),), (float(fit.detail[rank]),), (False,),
    )  # fmt: skip
    (domain,) = placed_domains(lies, 1)
    return domain


OTHERS = [0.02, 0.01, 0.0, -0.01]
"""Detail of poses by chance."""


@pytest.mark.parametrize("of_runner_up", [-1.1, -0.2])
def test_a_clear_place_is_taken_though_its_score_is_poor_whatever_the_runner_up_has(of_runner_up):
    """By the fields as they are a runner-up across two chains may lie better."""
    fit = fit_of([1.0, 0.5, *OTHERS], [-0.6, of_runner_up, -1.0, -1.1, -1.2, -1.3])
    assert fit.clear
    assert verdict(fit).placed and verdict(fit).verdict == "unique"
    assert not verdict(fit, rank=1).placed  # its detail is not that of the clear one


def test_a_place_that_is_not_clear_is_taken_by_its_score_alone():
    detail = [1.0, 0.99, *OTHERS]
    others = [-1.0, -1.1, -1.2, -1.3]
    assert not verdict(fit_of(detail, [-0.6, -0.7, *others])).placed
    assert verdict(fit_of(detail, [0.3, -0.7, *others])).placed


def test_what_hardly_lies_in_density_is_not_taken_however_clear_its_place_is():
    fit = fit_of([1.0, 0.5, *OTHERS], [-0.9, -1.1, -1.0, -1.1, -1.2, -1.3])
    assert fit.found and not verdict(fit).placed


def test_z_score_and_runner_up_are_told_by_one_measure():
    fit = fit_of([1.0, 0.9, *OTHERS], [0.3, 0.5, -1.0, -1.1, -1.2, -1.3])
    domain = verdict(fit)
    assert (domain.z_score, domain.runner_up) == tuple(fit.z_score[:2])
    assert domain.z_score > domain.runner_up
    assert (domain.score, domain.detail) == (0.3, 1.0)


def test_the_share_near_counts_residues_that_are_there():
    calpha = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 10.0], [np.nan] * 3])
    share, distance = share_near(calpha, [[0.0, 2.0, 0.0]])
    assert share == 0.5
    assert distance[0] == 2.0 and np.isnan(distance[2])
    assert share_near(calpha, np.empty((0, 3)))[0] == 0.0
