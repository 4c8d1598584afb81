"""Maps come in at the right place, whatever way they are stored."""

import gzip
import itertools
import shutil
import time

import gemmi
import mrcfile
import numpy as np
import pytest
from mrcfile.dtypes import HEADER_DTYPE

from critasser.density import Grid, read_map, read_map_header, sample, write_map

ORDERS = list(itertools.permutations((1, 2, 3)))


def store(
    path,
    grid,
    *,
    order=(1, 2, 3),
    start=(0, 0, 0),
    origin=(0.0, 0.0, 0.0),
    dtype=np.float32,
    byte_order="<",
    extended=b"",
    changes=(),
):
    """Write a file byte by byte; order is MAPC, MAPR, MAPS, start is along x, y, z."""
    axes = [order[2] - 1, order[1] - 1, order[0] - 1]  # Slowest first, as x, y, z numbers.
    stored = np.asarray(grid.values.transpose([2 - axis for axis in axes]), dtype=dtype)
    header = np.zeros((), dtype=HEADER_DTYPE.newbyteorder(byte_order))
    header["nz"], header["ny"], header["nx"] = stored.shape
    header["mode"] = mrcfile.utils.mode_from_dtype(np.dtype(dtype))
    header["mx"], header["my"], header["mz"] = grid.shape[::-1]
    for k, name in enumerate("xyz"):
        header["cella"][name] = grid.voxel_size[k] * grid.shape[2 - k]
        header["origin"][name] = origin[k]
    for name in ("alpha", "beta", "gamma"):
        header["cellb"][name] = 90
    for name, along in zip(("nxstart", "nystart", "nzstart"), order):
        header[name] = start[along - 1]
    header["mapc"], header["mapr"], header["maps"] = order
    header["ispg"] = 1
    header["nsymbt"] = len(extended)
    header["map"] = b"MAP "
    header["machst"] = (0x44, 0x44, 0, 0) if byte_order == "<" else (0x11, 0x11, 0, 0)
    for name, value in changes:
        header[name] = value
    path.write_bytes(
        header.tobytes() + extended + stored.astype(f"{byte_order}{stored.dtype.str[1:]}").tobytes()
    )
    return path


@pytest.fixture
def lopsided(piece):
    """Real density with another length and another voxel size along each axis."""
    return Grid(piece.values[3:33, 4:30, 5:31][:, :, :20], (0, 0, 0), (1.08, 1.2, 0.9))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("start", [(0, 0, 0), (-7, 12, -30)])
def test_every_axis_order_and_start_gives_the_same_density_in_the_same_place(
    tmp_path, lopsided, order, start
):
    path = store(tmp_path / "a.mrc", lopsided, order=order, start=start)
    found = read_map(path)
    assert np.array_equal(found.values, lopsided.values)
    np.testing.assert_allclose(found.origin, np.array(start) * lopsided.voxel_size, atol=1e-5)
    np.testing.assert_allclose(found.voxel_size, lopsided.voxel_size, rtol=1e-6)


@pytest.mark.parametrize("order", ORDERS)
def test_gemmi_sees_the_same_density_at_the_same_positions(tmp_path, lopsided, order):
    path = store(tmp_path / "a.ccp4", lopsided, order=order, start=(-4, 3, 9))
    found = read_map(path)
    theirs = gemmi.read_ccp4_map(str(path))
    theirs.setup(float("nan"))
    rng = np.random.default_rng(1)
    index = rng.integers(0, found.shape, (50, 3))
    for (z, y, x), position in zip(index, found.to_position(index)):
        there = theirs.grid.get_nearest_point(gemmi.Position(*position))
        assert there.value == found.values[z, y, x]


def test_the_origin_field_wins_over_start_indices(tmp_path, lopsided):
    path = store(tmp_path / "a.mrc", lopsided, start=(5, 5, 5), origin=(-10.5, 0, 33.25))
    np.testing.assert_allclose(read_map(path).origin, (-10.5, 0, 33.25))


@pytest.mark.parametrize("name", ["a.map", "a.ccp4", "a.map.gz", "a.mrc.map", "A.MAP"])
def test_ccp4_files_are_placed_by_start_indices_as_in_chimerax(tmp_path, lopsided, name):
    path = store(tmp_path / name, lopsided, start=(5, -5, 6), origin=(1, 2, 3))
    np.testing.assert_allclose(
        read_map(path).origin, np.array([5, -5, 6]) * lopsided.voxel_size, atol=1e-5
    )
    (note,) = read_map_header(path).notes
    assert "its origin field says 1, 2, 3 Å: name it .mrc" in note


@pytest.mark.parametrize(
    "name",
    ["a.mrc", "emd_1.map.mrc", "a.ccp4.mrc", "v1.map.flipped.mrc", "a.map.mrc.gz", "a", "a.rec"],
)
def test_only_the_end_of_a_name_says_what_file_it_is(tmp_path, lopsided, name):
    path = store(tmp_path / name, lopsided, start=(5, -5, 6), origin=(1, 2, 3))
    np.testing.assert_allclose(read_map(path).origin, (1, 2, 3))
    assert not read_map_header(path).notes


@pytest.mark.parametrize("word", [b"", b"MAP", b"map "])
def test_only_the_word_of_2000_gives_a_file_an_origin(tmp_path, lopsided, word):
    path = store(
        tmp_path / "a.mrc", lopsided, start=(5, 0, 6), origin=(1, 2, 3), changes=[("map", word)]
    )
    found = read_map(path).origin
    np.testing.assert_allclose(found, np.array([5, 0, 6]) * lopsided.voxel_size, atol=1e-5)


@pytest.mark.parametrize("angles", [(0, 0, 0), (90, 90, 180), (1, 1, 1e9), (-90, 90, 90)])
def test_angles_that_no_cell_can_have_are_right_ones(tmp_path, lopsided, angles):
    path = store(tmp_path / "a.mrc", lopsided, changes=[("cellb", angles)])
    np.testing.assert_array_equal(read_map(path).values, lopsided.values)


@pytest.fixture
def blob():
    """Smooth density with another extent along each axis."""
    z, y, x = np.indices((20, 24, 28))
    centre = np.exp(-((x - 9) ** 2 / 18 + (y - 13) ** 2 / 10 + (z - 11) ** 2 / 6))
    side = 0.6 * np.exp(-((x - 19) ** 2 + (y - 8) ** 2 + (z - 7) ** 2) / 6)
    return Grid(centre + side, (0, 0, 0), (1.1, 1.1, 1.1))


@pytest.mark.parametrize(
    ("label", "turned"),
    [
        ("0 0 1 90", lambda x, y, z: (-y, x, z)),
        ("1 0 0 180", lambda x, y, z: (x, -y, -z)),
        ("0 1 0 30", lambda x, y, z: (0.75**0.5 * x + 0.5 * z, y, 0.75**0.5 * z - 0.5 * x)),
    ],
)
def test_a_turned_map_is_resampled_upright_in_its_place(tmp_path, blob, label, turned):
    labels = np.zeros(10, dtype="S80")
    labels[0] = b"Made by hand"
    labels[3] = f"Chimera rotation: {label}".encode()
    path = store(
        tmp_path / "a.mrc", blob, origin=(10, -20, 30), changes=[("label", labels), ("nlabl", 4)]
    )
    found = read_map(path)
    assert found.same_frame(read_map_header(path))
    index = np.array([(11, 13, 9), (7, 8, 19), (9, 12, 12)])
    there = np.array([turned(*xyz) for xyz in blob.to_position(index)]) + (10, -20, 30)
    np.testing.assert_allclose(sample(found, there), blob.values[tuple(index.T)], atol=0.06)
    assert found.values.min() >= blob.values.min()
    assert found.values.max() <= blob.values.max() * (1 + 1e-6)
    assert "turned" in read_map_header(path).notes[0]


def test_a_turn_by_nothing_is_none(tmp_path, blob):
    labels = np.zeros(10, dtype="S80")
    labels[0] = b"Chimera rotation: 0 0 1 0"
    path = store(tmp_path / "a.mrc", blob, changes=[("label", labels)])
    assert read_map_header(path).turn is None
    np.testing.assert_array_equal(read_map(path).values, blob.values)


def test_origins_and_starts_that_nobody_meant_count_as_zero(tmp_path, lopsided):
    path = store(tmp_path / "a.mrc", lopsided, start=(10**9, 0, 0), origin=(1e30, np.nan, 0))
    np.testing.assert_array_equal(read_map(path).origin, 0)


@pytest.mark.parametrize("byte_order", ["<", ">"])
@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.float32, np.uint16, np.float16])
def test_every_mode_of_density_in_either_byte_order(tmp_path, lopsided, dtype, byte_order):
    whole = lopsided.with_values(np.round(lopsided.values / lopsided.values.max() * 100))
    path = store(tmp_path / "a.mrc", whole, dtype=dtype, byte_order=byte_order)
    np.testing.assert_array_equal(read_map(path).values, whole.values)


def test_a_wrong_machine_stamp_does_not_matter(tmp_path, lopsided):
    path = store(
        tmp_path / "a.mrc", lopsided, byte_order=">", changes=[("machst", (0x44, 0x44, 0, 0))]
    )
    np.testing.assert_array_equal(read_map(path).values, lopsided.values)


def test_files_from_before_2000_have_neither_tag_nor_stamp(tmp_path, lopsided):
    path = store(
        tmp_path / "a.mrc",
        lopsided,
        start=(1, 2, 3),
        changes=[("map", b""), ("machst", 0), ("mapc", 0), ("mapr", 0), ("maps", 0), ("cellb", 0)],
    )
    found = read_map(path)
    np.testing.assert_array_equal(found.values, lopsided.values)
    np.testing.assert_allclose(found.origin, np.array([1, 2, 3]) * lopsided.voxel_size, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "word", "stamp", "flags", "signed"),
    [
        ("a.mrc", b"MAP ", 0, 0, True),
        ("a.mrc", b"", 0, 0, False),
        ("a.mrc", b"MAP ", 1146047817, 0, False),
        ("a.mrc", b"MAP ", 1146047817, 1, True),
        ("a.rec", b"MAP ", 0, 0, False),
        ("a.rec", b"MAP ", 1146047817, 1, True),
        ("a.map", b"", 0, 0, True),
        ("a.map", b"MAP ", 1146047817, 0, True),
    ],
)
def test_bytes_have_a_sign_where_chimerax_gives_them_one(
    tmp_path, lopsided, name, word, stamp, flags, signed
):
    values = np.full(lopsided.shape, 200.0, dtype=np.float32)
    values[0, 0, 0] = 3
    path = store(
        tmp_path / name, lopsided.with_values(values), dtype=np.uint16, changes=[("map", word)]
    )
    raw = bytearray(path.read_bytes()[:1024])
    raw[12:16] = (0).to_bytes(4, "little")
    raw[152:156] = stamp.to_bytes(4, "little")
    raw[156:160] = flags.to_bytes(4, "little")
    path.write_bytes(raw + values.astype(np.uint8).tobytes())
    expected = np.where(values > 127, values - 256, values) if signed else values
    np.testing.assert_array_equal(read_map(path).values, expected)


def test_an_extended_header_is_skipped(tmp_path, lopsided):
    path = store(tmp_path / "a.mrc", lopsided, extended=b"X,  Y,  Z".ljust(160))
    np.testing.assert_array_equal(read_map(path).values, lopsided.values)


def test_symmetry_operators_that_are_announced_but_missing_do_not_shift_the_map(tmp_path, lopsided):
    path = store(tmp_path / "a.mrc", lopsided, changes=[("nsymbt", 80)])
    np.testing.assert_array_equal(read_map(path).values, lopsided.values)
    (tmp_path / "a.mrc.gz").write_bytes(gzip.compress(path.read_bytes()))
    np.testing.assert_array_equal(read_map(tmp_path / "a.mrc.gz").values, lopsided.values)


def test_gzipped_maps_are_recognised_by_content(tmp_path, piece, piece_path):
    with gzip.open(piece_path) as packed, (tmp_path / "plain.mrc").open("wb") as plain:
        shutil.copyfileobj(packed, plain)
    shutil.copy(piece_path, tmp_path / "packed.mrc")
    for name in ("plain.mrc", "packed.mrc"):
        found = read_map(tmp_path / name)
        assert found.same_frame(piece)
        assert np.array_equal(found.values, piece.values)


def test_what_is_written_is_read_back_in_place(tmp_path, piece):
    write_map(tmp_path / "a.mrc", piece)
    found = read_map(tmp_path / "a.mrc")
    assert found.same_frame(piece)
    assert np.array_equal(found.values, piece.values)
    assert mrcfile.validate(tmp_path / "a.mrc")
    assert [p.name for p in tmp_path.iterdir()] == ["a.mrc"]


def test_equal_maps_are_equal_files_whenever_they_are_written(tmp_path, piece):
    write_map(tmp_path / "now.mrc", piece)
    time.sleep(1.1)
    write_map(tmp_path / "later.mrc", piece)
    assert (tmp_path / "now.mrc").read_bytes() == (tmp_path / "later.mrc").read_bytes()


def test_a_failed_write_leaves_the_old_map(tmp_path, piece, monkeypatch):
    write_map(tmp_path / "a.mrc", piece)
    before = (tmp_path / "a.mrc").read_bytes()
    monkeypatch.setattr(mrcfile.mrcfile.MrcFile, "set_data", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_map(tmp_path / "a.mrc", piece)
    assert (tmp_path / "a.mrc").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.mrc"]


def test_the_header_alone_tells_the_frame(piece, piece_path):
    header = read_map_header(piece_path)
    assert header.shape == piece.shape
    assert piece.same_frame(header)
    assert header.data_bytes == piece.values.nbytes


def test_atoms_of_the_model_lie_in_the_density(piece, chain):
    inside = sample(piece, chain.calpha)
    assert np.mean(inside > 0) > 0.9
