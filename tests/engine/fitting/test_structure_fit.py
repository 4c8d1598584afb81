"""Domains of a structure find their places together."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from critasser.fitting import (
    Fields,
    Placement,
    Poses,
    RigidFit,
    fit_structure,
    network_fields,
    structure_fit,
)
from critasser.fitting.body import Body
from critasser.fitting.choice import Candidate, choose_together
from critasser.fitting.structure_fit import _core, _run_lengths, _without_own_images
from critasser.structure import Symmetry, kabsch


def distance(a, b):
    """Root mean square distance in Å of paired positions."""
    return np.sqrt(np.nanmean(np.sum((a - b) ** 2, axis=1)))


@pytest.fixture(scope="module")
def two_domains(barnase, globin):
    """Native Cα, the same with its second domain turned at the joint, and the joint."""
    second = globin - globin[0] + barnase[-1] + np.array([3.0, 2.0, 1.0])
    # Away from the first domain, so that the two do not touch.
    out = barnase[-1] - barnase.mean(axis=0)
    now = second.mean(axis=0) - second[0]
    turn, _ = Rotation.align_vectors([out], [now])
    second = (second - second[0]) @ turn.as_matrix().T + second[0]
    native = np.concatenate([barnase, second])
    bend = Rotation.from_rotvec(np.radians(35.0) * np.array([0.0, 0.0, 1.0])).as_matrix()
    bent = native.copy()
    bent[len(barnase) :] = (second - second[0]) @ bend.T + second[0]
    frame = Rotation.random(random_state=4).as_matrix()
    return native, bent @ frame.T + 30.0, len(barnase)


def test_both_domains_of_a_bent_structure_find_their_places(look, two_domains):
    native, bent, joint = two_domains
    fields = network_fields(look([native]))
    error = np.full((len(native),) * 2, 25.0)
    error[:joint, :joint] = error[joint:, joint:] = 1.0
    (placement,) = fit_structure(bent, fields, rng=np.random.default_rng(0), error=error)
    assert placement.placed == (True, True)
    assert distance(placement.positions, native) < 1.5


def test_domains_that_are_found_in_other_units_come_to_lie_in_one(two_domains, monkeypatch):
    """The second domain is found where its image is, where no linker reaches."""
    native, bent, joint = two_domains
    turn = np.diag([-1.0, -1.0, 1.0])
    far = native.mean(axis=0) + [70.0, 0.0, 0.0]
    symmetry = Symmetry(np.stack([np.eye(3), turn]), np.stack([np.zeros(3), far - turn @ far]))
    other = symmetry.images(native)[1]
    there = {joint: native[:joint], len(native) - joint: other[joint:], len(native): native + 20.0}
    worth = {joint: 3.0, len(native) - joint: 2.0, len(native): 0.0}

    def found(body, fields, **_):
        place, detail = there[len(body)], worth[len(body)]
        rotation, _ = kabsch(body.points, place)
        poses = Poses(rotation[None], place.mean(axis=0)[None], np.array([detail]))
        return RigidFit(poses, np.array([detail]))

    monkeypatch.setattr(structure_fit, "fit_body", found)
    every = np.concatenate([native, other])
    size = np.ceil(np.ptp(every, axis=0)).astype(int)[::-1] + 41
    empty = Fields(np.zeros((3, *size), np.float32), every.min(axis=0) - 20.0, 1.0, np.zeros(3))
    error = np.full((len(native),) * 2, 25.0)
    error[:joint, :joint] = error[joint:, joint:] = 1.0
    asked = {"rng": np.random.default_rng(0), "error": error}
    (apart,) = fit_structure(bent, empty, **asked)
    assert np.isfinite(apart.positions[:, 0]).tolist() == [True] * joint + [False] * 142
    (together,) = fit_structure(bent, empty, symmetry=symmetry, **asked)
    assert together.placed == (True, True)
    assert distance(together.positions, native) < 0.1


@pytest.mark.parametrize(
    ("placed", "joined", "bodies"),
    [("11", "11", 1), ("11", "00", 2), ("111", "110", 2), ("110", "011", 2), ("00", "00", 0)],
)
def test_domains_that_lie_as_in_the_whole_are_one_body(placed, joined, bodies):
    flags = [tuple(one == "1" for one in some) for some in (placed, joined)]
    lies = Placement(np.zeros((0, 3)), np.zeros(0, int), (), flags[0], joined=flags[1])
    assert lies.bodies == bodies


@pytest.mark.parametrize(("alike", "left"), [(True, [0, 2]), (False, [0, 1, 2])])
def test_places_in_which_equal_chains_change_places_are_one(globin, alike, left):
    half_turn = np.diag([-1.0, -1.0, 1.0])
    one = globin - globin.mean(axis=0) + [25.0, 0.0, 0.0]
    dimer = np.concatenate([one, one @ half_turn])
    dimer -= dimer.mean(axis=0)
    kinds = np.tile(np.arange(len(one)), 2) if alike else np.arange(len(dimer))
    rotations = np.array([np.eye(3), half_turn, Rotation.from_euler("x", 90, True).as_matrix()])
    poses = Poses(rotations, np.zeros((3, 3)), np.array([3.0, 2.9, 1.0]))
    fit = RigidFit(poses, np.array([0.9, 0.8, 0.1]))
    found = _without_own_images(fit, Body.of(dimer, np.ones(len(dimer))), dimer, kinds)
    assert found.poses.score.tolist() == [poses.score[k] for k in left]
    assert found.score.tolist() == [fit.score[k] for k in left]
    assert len(found.everywhere if alike else found.detail) == 3  # by which chance is judged


def test_short_runs_of_a_domain_do_not_tell_where_it_may_lie():
    domain = np.repeat([0, 1, 0, 1, 0], [4, 40, 15, 10, 50])
    assert _run_lengths(domain)[[0, 4, 44, 59, -1]].tolist() == [4, 40, 15, 10, 50]
    rows = np.flatnonzero(domain == 1)
    assert np.array_equal(rows[_core(rows)], np.arange(4, 44))
    short = np.arange(7)
    assert _core(short).all()


def test_residues_of_low_confidence_take_no_part_but_come_along(look, barnase):
    fields = network_fields(look([barnase]))
    astray = barnase.copy()
    astray[:12] += np.array([25.0, 0.0, 0.0])
    trusted = np.arange(len(barnase)) >= 12
    (placement,) = fit_structure(astray, fields, rng=np.random.default_rng(0), trusted=trusted)
    assert distance(placement.positions[12:], barnase[12:]) < 1.0
    assert np.isfinite(placement.positions[:12]).all()


def test_two_copies_are_both_placed(look, barnase):
    copy = barnase @ np.diag([-1.0, -1.0, 1.0]) + np.array([0.0, 0.0, 60.0])
    fields = network_fields(look([barnase, copy]))
    placements = fit_structure(barnase + 7.0, fields, rng=np.random.default_rng(0), copies=2)
    assert len(placements) == 2
    for native in (barnase, copy):
        assert min(distance(one.positions, native) for one in placements) < 1.0


def candidate(body, positions, gain, *, residues=None, chain=0):
    residues = np.arange(len(positions)) if residues is None else residues
    return Candidate(body, chain, residues, np.asarray(positions, float), gain)


def line(x, count=10):
    return np.stack([np.full(count, x), np.zeros(count), 4.0 * np.arange(count)], axis=1)


def test_bodies_that_lie_in_each_other_are_not_chosen_together():
    chosen = choose_together(
        [candidate(0, line(0.0), 5.0, chain=0), candidate(1, line(0.5), 4.0, chain=1),
         candidate(1, line(20.0), 3.0, chain=1)]
    )  # fmt: skip
    assert chosen == [0, 2]


def test_a_linker_that_cannot_reach_excludes_a_place():
    far = candidate(1, line(200.0), 9.0, residues=np.arange(12, 22))
    near = candidate(1, line(8.0)[::-1], 2.0, residues=np.arange(12, 22))
    assert choose_together([candidate(0, line(0.0), 9.5), far, near]) == [0, 2]


def test_what_is_worth_nothing_is_left_out():
    assert choose_together([candidate(0, line(0.0), -1.0)]) == []
