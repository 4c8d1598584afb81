"""A bad map is told in one line: what, where and the remedy."""

import gzip
import os
import tracemalloc

import mrcfile
import numpy as np
import pytest

from critasser.density import Grid, read_map, read_mask, write_map
from critasser.errors import InputError


def told(path, reader=read_map, **options) -> str:
    with pytest.raises(InputError) as caught:
        reader(path, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert path.name in message
    return message


@pytest.fixture
def good(tmp_path, piece):
    write_map(tmp_path / "bad.mrc", piece)
    return tmp_path / "bad.mrc"


def change(path, **fields):
    with mrcfile.open(path, "r+") as mrc:
        for name, value in fields.items():
            mrc.header[name] = value
    return path


def test_no_such_file(tmp_path):
    assert "No such file" in told(tmp_path / "none.mrc")


def test_a_folder(tmp_path):
    assert "directory" in told(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"ATOM", b"HEADER  a PDB file\n" * 100, bytes(range(256)) * 8, bytes(4096)]
)
def test_not_a_map(tmp_path, content):
    path = tmp_path / "a.mrc"
    path.write_bytes(content)
    assert "not a map" in told(path)


def test_random_bytes_never_crash(tmp_path):
    rng = np.random.default_rng(3)
    for _ in range(300):
        path = tmp_path / "a.mrc"
        path.write_bytes(rng.bytes(2048))
        told(path)


def test_damaged_headers_never_crash(good):
    rng = np.random.default_rng(4)
    raw = good.read_bytes()
    for _ in range(300):
        damaged = bytearray(raw)
        for at in rng.integers(0, 224, 4):
            damaged[at] = rng.integers(256)
        good.write_bytes(damaged)
        try:
            read_map(good, max_bytes=1 << 24)
        except InputError as error:
            assert "\n" not in str(error)


def test_truncated(good):
    raw = good.read_bytes()
    good.write_bytes(raw[:-1000])
    assert "cut off" in told(good)
    good.write_bytes(raw[:1024])
    assert "cut off: 0 of" in told(good)


def test_truncated_or_damaged_gzip(good, piece_path):
    raw = piece_path.read_bytes()
    good.write_bytes(raw[: len(raw) // 2])
    assert "cut off or damaged" in told(good)
    damaged = bytearray(raw)
    damaged[len(raw) // 2 : len(raw) // 2 + 50] = bytes(50)
    good.write_bytes(damaged)
    assert "damaged" in told(good)


def test_an_extended_header_longer_than_the_file(good):
    raw = bytearray(good.read_bytes() + b"more")
    raw[92:96] = (1 << 20).to_bytes(4, "little")
    good.write_bytes(raw)
    assert "cut off within its extended header" in told(good)
    raw[92:96] = (2**31 - 1).to_bytes(4, "little")
    good.write_bytes(raw)
    assert "extended header of 2,147,483,647 bytes" in told(good)


def test_all_zero_or_constant(good, piece):
    write_map(good, piece.with_values(np.zeros(piece.shape)))
    assert "all its voxels are 0" in told(good)
    write_map(good, piece.with_values(np.full(piece.shape, 2.5)))
    assert "2.5" in told(good)


@pytest.mark.filterwarnings("ignore:Data array contains NaN")
def test_nan_and_infinity_are_counted(good, piece):
    values = piece.values.copy()
    values[3, 4, 5:8] = np.nan
    values[0, 0, 0] = -np.inf
    write_map(good, piece.with_values(values))
    assert f"4 of {values.size:,} voxels" in told(good)


def test_images_and_stacks(tmp_path, piece):
    path = tmp_path / "a.mrc"
    with mrcfile.new(path) as mrc:
        mrc.set_data(piece.values[0])
        mrc.voxel_size = 1.0
    assert "a 2D image (37 × 38 × 1)" in told(path)
    with mrcfile.new(path, overwrite=True) as mrc:
        mrc.set_data(piece.values)
        mrc.set_image_stack()
        mrc.voxel_size = 1.0
    assert f"a stack of {len(piece.values)} 2D images" in told(path)
    with mrcfile.new(path, overwrite=True) as mrc:
        mrc.set_data(np.stack([piece.values, piece.values]))
        mrc.voxel_size = 1.0
    assert "a stack of volumes" in told(path)
    with mrcfile.new(path, overwrite=True) as mrc:
        # Of one volume only, as cropping leaves it.
        mrc.set_data(piece.values)
        mrc.voxel_size = 1.0
        mrc.header.ispg = 401
    np.testing.assert_array_equal(read_map(path).values, piece.values)


def test_two_voxels_a_byte(good):
    change(good, mode=101)
    assert "two voxels a byte (MRC mode 101)" in told(good)


@pytest.mark.parametrize("value", [3e38, -2e31])
def test_values_that_no_density_has(good, piece, value):
    values = piece.values.copy()
    values[2:4, 5, 5] = value
    write_map(good, piece.with_values(values))
    assert f"2 of {values.size:,} voxels beyond ±1e+30" in told(good)


def test_only_regular_files_are_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.mrc")
    assert "a named pipe" in told(tmp_path / "pipe.mrc")
    (tmp_path / "endless.mrc").symlink_to("/dev/zero")
    assert "a device" in told(tmp_path / "endless.mrc")
    with pytest.raises(InputError, match="NUL character"):
        read_map("a\0.mrc")


def test_a_fourier_transform(tmp_path, piece):
    path = tmp_path / "a.mrc"
    with mrcfile.new(path) as mrc:
        mrc.set_data(piece.values.astype(np.complex64))
        mrc.voxel_size = 1.0
    assert "complex numbers" in told(path)


def test_too_large_is_known_from_the_header_alone(good, piece):
    assert "too large: 37 × 38 × 38 voxels" in told(good, max_bytes=piece.values.nbytes - 1)
    change(good, nx=2000, ny=2000, nz=2000)
    assert "29.8 GB" in told(good)


def test_a_gzip_bomb_is_not_unpacked(tmp_path, piece):
    path = tmp_path / "bomb.mrc.gz"
    write_map(tmp_path / "a.mrc", piece)
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write((tmp_path / "a.mrc").read_bytes())
        for _ in range(100):
            file.write(bytes(1 << 20))
    tracemalloc.start()
    read_map(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 << 20


def test_a_voxel_size_of_zero(good):
    change(good, cella=(0.0, 0.0, 0.0))
    assert "does not give its voxel size: in its header the cell is 0 × 0 × 0 Å" in told(good)


def test_a_voxel_size_in_nanometres_or_of_nonsense(good, piece):
    write_map(good, Grid(piece.values, piece.origin, piece.voxel_size * 1e-3))
    assert "voxel size" in told(good)
    change(good, mx=0)
    assert "MX, MY, MZ are 0, 38, 38" in told(good)


def test_a_cell_that_is_not_orthogonal(good):
    change(good, cellb=(90.0, 120.0, 90.0))
    assert "90, 120, 90°" in told(good)


def test_an_impossible_axis_order(good):
    change(good, mapc=2, mapr=2, maps=3)
    assert "[2, 2, 3]" in told(good)


def test_a_mask_on_another_grid(good, piece):
    write_map(good, Grid(piece.values, piece.origin + 3, piece.voxel_size))
    assert "another grid" in told(good, reader=lambda path: read_mask(path, piece))
    write_map(good, Grid(piece.values[1:], piece.origin, piece.voxel_size))
    assert "another grid" in told(good, reader=lambda path: read_mask(path, piece))


def test_an_empty_mask(good, piece):
    write_map(good, piece.with_values(np.zeros(piece.shape)))
    assert "is empty" in told(good, reader=lambda path: read_mask(path, piece))
