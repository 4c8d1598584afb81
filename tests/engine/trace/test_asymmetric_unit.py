"""Where a map holds several copies of a chain, one is traced, the others are images."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from critasser.density import FeatureMaps, simulate
from critasser.structure import (
    CalphaSet,
    CalphaTriples,
    Sequence,
    Symmetry,
    Target,
    Trace,
    symmetry_name,
)
from critasser.trace.asymmetric_unit import find_unit
from critasser.trace.symmetry import find_symmetry

UNITS = 3


def turns(count, axis):
    """Rotations about an axis along z through a point (x, y)."""
    for angle in 2 * np.pi * np.arange(count) / count:
        c, s = np.cos(angle), np.sin(angle)
        rotation = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
        yield rotation, axis - rotation @ axis


def looked_at(views):
    """Positions of several molecules together, chains told in one direction, in any order."""
    rng = np.random.default_rng(4)
    x = np.concatenate([view.calpha.positions for view in views])
    L = len(views[0].chain)
    residue = np.concatenate(
        [np.where(v.residue < 0, -10 * L, v.residue + 2 * L * k) for k, v in enumerate(views)]
    )
    place = {int(r): i for i, r in enumerate(residue) if r >= 0}
    triple = [(place[r - 1], i, place[r + 1]) for r, i in place.items()
              if r - 1 in place and r + 1 in place]  # fmt: skip
    found = CalphaSet(
        x,
        *(np.concatenate([getattr(view.calpha, name) for view in views])
          for name in ("probability", "amino_acid", "secondary_structure")),
        CalphaTriples(np.array(triple), np.full(len(triple), 2.0)),
    )  # fmt: skip
    return found.select(rng.permutation(len(x)))


def features_of(chain, operations):
    backbone = chain.backbone.reshape(-1, 3)
    backbone = backbone[np.isfinite(backbone).all(axis=1)]
    every = np.concatenate([backbone @ r.T + s for r, s in operations])
    trail = simulate(every, 1.0, 4.0, padding=6.0)
    backbone = trail.values / (trail.values + np.percentile(trail.values[trail.values > 0], 60))
    nothing = np.zeros(trail.shape, np.float16)
    return FeatureMaps(
        trail.origin, trail.voxel_size, nothing, backbone.astype(np.float32),
        np.zeros((3, *trail.shape), np.float16), np.zeros((20, *trail.shape), np.float16),
    )  # fmt: skip


def turned_copies(chain, seen, operations):
    """Each copy seen by itself: another noise, other positions missing."""
    views = []
    for k, (rotation, shift) in enumerate(operations):
        view = seen(chain, knowledge=3.0, jitter=0.4, seed=k)
        turned = replace(view.calpha, positions=view.calpha.positions @ rotation.T + shift)
        views.append(replace(view, calpha=turned))
    return views


@pytest.fixture(scope="module")
def operations(barnase):
    middle = barnase.calpha.mean(axis=0)
    return list(turns(UNITS, middle + [24.0, 0.0, 0.0]))


@pytest.fixture(scope="module")
def copies(barnase, seen, operations):
    return turned_copies(barnase, seen, operations)


@pytest.mark.parametrize("name", ["C2", "C3", "D3", "T"])
def test_all_operations_of_a_group_are_found(barnase, seen, name):
    group = Rotation.create_group(name).as_matrix()
    x = barnase.calpha
    middle = x.mean(axis=0) + [40.0, 25.0, 15.0]
    operations = [(rotation, middle - rotation @ middle) for rotation in group]
    found = find_symmetry(looked_at(turned_copies(barnase, seen, operations)))
    assert len(found) == len(group)
    for rotation, shift in operations:
        there = x @ rotation.T + shift
        off = np.sqrt(((found.images(x) - there) ** 2).sum(axis=2).mean(axis=1))
        assert off.min() < 0.5
    assert symmetry_name(found, x.mean(axis=0)) == name


def test_one_molecule_and_unlike_ones_have_no_symmetry(copies):
    assert len(find_symmetry(looked_at(copies[:1]))) == 1
    rng = np.random.default_rng(0)
    # Relatives of one fold: the same places, other residues.
    relatives = [
        replace(v, calpha=replace(v.calpha, amino_acid=v.calpha.amino_acid[:, rng.permutation(20)]))
        for v in copies
    ]
    assert len(find_symmetry(looked_at(relatives))) == 1
    without_ways = replace(looked_at(copies), triples=None)
    assert len(find_symmetry(without_ways)) == 1


def test_a_chain_of_which_no_piece_is_like_another_has_no_symmetry():
    n = 100
    walk = 3.0 * np.cumsum(np.random.default_rng(0).normal(size=(n, 3)), axis=0)
    triple = np.arange(n - 2)[:, None] + np.arange(3)
    found = CalphaSet(
        walk, np.ones(n), np.full((n, 20), 0.05), np.full((n, 3), 1 / 3),
        CalphaTriples(triple, np.full(n - 2, 2.0)),
    )  # fmt: skip
    assert len(find_symmetry(found)) == 1


def test_a_unit_holds_one_position_of_each_kind_and_of_one_molecule(barnase, copies, operations):
    target = Target((Sequence("A", barnase.letters),))
    unit = find_unit(looked_at(copies), features_of(barnase, operations), target)
    assert unit.units == UNITS and len(unit.target) == len(barnase)
    assert unit.built == 1 and unit.name == "C3"
    native = [barnase.calpha @ r.T + s for r, s in operations]
    near = [
        np.linalg.norm(unit.calpha.positions[:, None] - one, axis=2).min(axis=1) < 2
        for one in native
    ]
    assert max(one.mean() for one in near) > 0.85
    # What one copy lacks another has.
    best = max(range(UNITS), key=lambda k: near[k].mean())
    away = np.linalg.norm(native[best][:, None] - unit.calpha.positions, axis=2).min(axis=1)
    assert np.mean(away < 2) > max(len(v.calpha) - 5 for v in copies) / len(barnase) - 0.03


def test_each_chain_of_the_target_is_an_image_of_the_unit(barnase, copies, operations):
    target = Target(tuple(Sequence(name, barnase.letters) for name in "ABC"))
    unit = find_unit(looked_at(copies), features_of(barnase, operations), target)
    L = len(barnase)
    assert len(unit.target) == L and unit.built == 3
    positions = barnase.calpha.copy()
    positions[50:60] = np.nan
    # What follows a gap was found in the next copy.
    rotation, shift = operations[1]
    positions[60:] = positions[60:] @ rotation.T + shift
    whole = unit.whole(Trace(positions, np.linspace(0, 1, L), 5.0, "registration"))
    assert len(whole.positions) == 3 * L and whole.score == 5.0
    native = [barnase.calpha @ r.T + s for r, s in operations]
    seen = set()
    for part in target.chain_slices:
        one = whole.positions[part]
        placed = np.isfinite(one[:, 0])
        assert placed.sum() == L - 10
        off = [np.linalg.norm(one - other, axis=1)[placed].max() for other in native]
        assert min(off) < 1.5
        seen.add(int(np.argmin(off)))
        np.testing.assert_array_equal(whole.confidence[part], np.linspace(0, 1, L))
    assert seen == {0, 1, 2}


def test_without_symmetry_everything_stays(barnase, copies, operations):
    target = Target((Sequence("A", barnase.letters),))
    found = looked_at(copies[:1])
    unit = find_unit(found, features_of(barnase, operations[:1]), target)
    assert unit.calpha is found and unit.target is target and unit.units == 1
    trace = Trace(barnase.calpha, np.ones(len(barnase)), 1.0, "registration")
    np.testing.assert_array_equal(unit.whole(trace).positions, trace.positions)


def test_units_too_small_for_the_chain_are_repeats_within_it(barnase, copies, operations):
    one = Target((Sequence("A", barnase.letters * UNITS),))
    unit = find_unit(looked_at(copies), features_of(barnase, operations), one)
    assert unit.units == 1 and len(unit.calpha) == len(looked_at(copies))


@pytest.mark.parametrize(
    ("asked", "units"), [(1, UNITS), (2, UNITS), (UNITS, UNITS), (UNITS + 1, 1)]
)
def test_copies_that_are_not_whole_units_are_looked_for_in_the_whole_map(
    barnase, copies, operations, asked, units
):
    """Also where the symmetry is certain: its units have each sequence once, or none is used."""
    target = Target((Sequence("A", barnase.letters),) * asked)
    given = Symmetry(*(np.array(part) for part in zip(*operations)))
    calpha, features = looked_at(copies), features_of(barnase, operations)
    unit = find_unit(calpha, features, target, given, certain=True)
    assert unit.units == units
    assert len(unit.target.sequences) == (1 if units == UNITS else asked)
    if units == 1:
        assert len(unit.calpha) == len(calpha)
