"""Maps with headers of any kind: placed where their header says, or refused."""

import gzip
import itertools
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npy

from critasser.density import Grid, read_map
from critasser.density.half_maps import read_half_maps
from critasser.density.masks import read_soft_mask
from critasser.segmentation.finding import regions_from_labels
from tests.fuzzing.mutation import mutated

MODES = {0: "i1", 1: "i2", 2: "f4", 6: "u2", 12: "f2"}


def header(
    columns, mode, starts, samples, cell, order, *, angles=(90, 90, 90), origin=(0, 0, 0),
    group=1, extended=0, endian="<",
):  # fmt: skip
    """The first 1024 bytes of a map."""
    words = struct.pack(
        f"{endian}10i6f3i3f2i", *columns, mode, *starts, *samples, *cell, *angles, *order,
        0, 0, 0, group, extended,
    )  # fmt: skip
    stamp = b"\x44\x44\0\0" if endian == "<" else b"\x11\x11\0\0"
    place = struct.pack(f"{endian}3f", *origin) + b"MAP " + stamp
    return words.ljust(196, b"\0") + place + bytes(1024 - 216)


VALUES = np.random.default_rng(0).integers(-90, 90, (4, 5, 6))
GOOD = header((6, 5, 4), 2, (0, 0, 0), (6, 5, 4), (6, 5, 4), (1, 2, 3))
GOOD += VALUES.astype("<f4").tobytes()


@st.composite
def whole_maps(draw):
    """A map that the standard allows, and where its first voxel and all its values are."""
    mode = draw(st.sampled_from(list(MODES)))
    endian = draw(st.sampled_from("<>"))
    order = draw(st.sampled_from(list(itertools.permutations((1, 2, 3)))))
    shape = draw(st.tuples(*[st.integers(2, 6)] * 3))  # x, y, z
    step = draw(st.tuples(*[st.sampled_from((0.5, 1.0, 1.5))] * 3))
    starts = draw(st.tuples(*[st.integers(-50, 50)] * 3))
    origin = draw(st.tuples(*[st.sampled_from((0.0, 0.0, -8.5, 120.25))] * 3))
    more = draw(st.sampled_from((0, 80, 1024)))
    low = 0 if mode == 6 else -100
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    values = rng.integers(low, 100, shape[::-1]).astype(MODES[mode])
    stored = values.transpose([2 - (order[k] - 1) for k in (2, 1, 0)])
    raw = header(
        stored.shape[::-1], mode, [starts[axis - 1] for axis in order], shape,
        np.multiply(shape, step), order, origin=origin, extended=more, endian=endian,
    )  # fmt: skip
    raw += bytes(more) + stored.astype(f"{endian}{MODES[mode]}").tobytes()
    suffix = draw(st.sampled_from((".mrc", ".map", ".ccp4", ".MRC")))
    by_start = suffix in (".map", ".ccp4") or not any(origin)
    place = np.multiply(starts, step) if by_start else np.array(origin)
    if by_start and np.any(np.abs(starts) > 10 * max(shape)):
        place = np.zeros(3)
    packed = draw(st.booleans())
    content = gzip.compress(raw) if packed else raw
    return content, suffix + ".gz" * (packed and draw(st.booleans())), place, step, values


@given(whole_maps())
def test_a_map_by_the_standard_is_where_and_what_its_header_says(outcome, one):
    content, suffix, place, step, values = one
    if values.min() == values.max():
        return
    grid, line = outcome(read_map, content, f"map{suffix}")
    assert line == ""
    assert np.array_equal(grid.values, values)
    assert grid.origin == pytest.approx(place, abs=1e-3)
    assert grid.voxel_size == pytest.approx(step, rel=1e-5)


@given(mutated(GOOD, gzip.compress(GOOD)), st.sampled_from((".mrc", ".map", ".rec", ".mrcs")))
def test_a_damaged_map_is_read_or_refused(outcome, content, suffix):
    grid, line = outcome(read_map, content, f"map{suffix}")
    assert line or np.isfinite(grid.values).all()


numbers = st.one_of(st.integers(-(2**31), 2**31 - 1), st.integers(-10, 10))
floats = st.floats(width=32)


@given(
    st.tuples(*[st.integers(-2, 40)] * 3), st.one_of(st.sampled_from(list(MODES)), numbers),
    st.tuples(*[numbers] * 3), st.tuples(*[numbers] * 3), st.tuples(*[floats] * 3),
    st.one_of(st.permutations((1, 2, 3)), st.tuples(*[numbers] * 3)),
    st.tuples(*[st.one_of(st.just(90.0), floats)] * 3), st.tuples(*[floats] * 3), numbers, numbers,
    st.sampled_from("<>"), st.binary(max_size=400),
)  # fmt: skip
def test_any_header_is_read_or_refused(
    outcome, columns, mode, starts, samples, cell, order, angles, origin, group, more, endian, rest
):
    raw = header(
        columns, mode, starts, samples, cell, order, angles=angles, origin=origin, group=group,
        extended=more, endian=endian,
    )  # fmt: skip
    grid, line = outcome(read_map, raw + rest, "map.mrc")
    assert line or (np.isfinite(grid.origin).all() and (grid.voxel_size > 0).all())


LIKE = Grid(np.zeros((4, 5, 6), np.float32), np.zeros(3), np.ones(3))
SOFT = np.clip(np.abs(VALUES) / 60, 0, 1)
MASKS = [GOOD[:1024] + SOFT.astype("<f4").tobytes(),
         GOOD[:1024] + (SOFT > 0.5).astype("<f4").tobytes()]  # fmt: skip


@given(mutated(*MASKS))
def test_a_damaged_mask_is_read_or_refused(outcome, content):
    mask, line = outcome(lambda path: read_soft_mask(path, LIKE), content, "mask.mrc")
    assert line or (mask.inside.any() and 0 <= mask.weight.min() <= mask.weight.max() <= 1)


WHOLE = Grid(VALUES.astype(np.float32), np.zeros(3), np.ones(3))
NOISE = np.random.default_rng(1).normal(0, 30, (2, *VALUES.shape)).astype("<f4")
HALVES = [GOOD[:1024] + (VALUES + noise).astype("<f4").tobytes() for noise in NOISE]


@given(mutated(*HALVES))
def test_a_damaged_half_map_is_read_or_refused(outcome, tmp_path_factory, content):
    other = tmp_path_factory.getbasetemp() / "other.mrc"
    other.write_bytes(HALVES[1])
    halves, line = outcome(
        lambda path: read_half_maps((path, other), WHOLE, other), content, "half.mrc", named=False
    )
    assert line or all(np.isfinite(half.values).all() for half in halves)
    if line:
        assert "half.mrc" in line or "other.mrc" in line


@given(
    npy.arrays(np.int32, st.tuples(*[st.integers(1, 6)] * 3),
               elements=st.sampled_from((0, 0, 0, 1, 2, 3, 7, 100))),
    npy.arrays(np.float32, 4, elements=st.floats(-1e6, 1e6, width=32)), st.floats(0.3, 4),
)  # fmt: skip
def test_voxels_of_any_labels_stay_in_their_regions(labels, heights, step):
    values = np.resize(heights, labels.shape)
    regions, group = regions_from_labels(values, labels, (step,) * 3)
    assert np.array_equal(regions.index_map(group), labels)
