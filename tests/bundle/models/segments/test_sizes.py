"""Chains of several sizes: each region is about as large as one of them."""

import numpy as np
import pytest
from chimerax.critasser.engine.critasser.segmentation.finding import find_regions
from chimerax.critasser.engine.critasser.segmentation.sizes import differ
from chimerax.critasser.models.segments.expected import chain_lengths


def ball(shape, centre, radius):
    """A globular molecule: lumps of density 5 voxels apart within a radius."""
    grid = np.indices(shape).astype(float)
    found = np.zeros(shape)
    steps = 5.0 * np.arange(-4, 5)
    for z in steps:
        for y in steps:
            for x in steps:
                if z * z + y * y + x * x <= radius * radius:
                    spot = np.array(centre) + (z, y, x)
                    away = ((grid - spot[:, None, None, None]) ** 2).sum(axis=0)
                    found = np.maximum(found, np.exp(-away / 9.0))
    return found


@pytest.fixture(scope="module")
def complex_of_three():
    """A large molecule with two small ones beside it, which touch it."""
    shape = (40, 60, 84)
    parts = [((20, 30, 24), 15.0), ((20, 30, 52), 8.0), ((20, 30, 72), 8.0)]
    values = np.max([ball(shape, *part) for part in parts], axis=0)
    return values, [part[0] for part in parts]


def test_a_large_chain_stays_whole_and_small_ones_beside_it_are_apart(complex_of_three):
    values, centres = complex_of_three
    regions, every, _ = find_regions(values, 0.3, (1, 1, 1), smoothing=0.5, steps=1)
    volume = regions.residues(np.where(every > 0, 1, 0))[1]
    sizes = [0.7 * volume, 0.15 * volume, 0.15 * volume]
    regions, group, _ = find_regions(
        values, 0.3, (1, 1, 1), chain_residues=volume / 3, chains=3, sizes=sizes
    )
    index = regions.index_map(group)
    found = regions.residues(group)[1:]
    assert len(found) == 3
    assert found[0] == pytest.approx(sizes[0], rel=0.25)
    assert found[1:] == pytest.approx(sizes[1:], rel=0.5)
    assert len({int(index[centre]) for centre in centres}) == 3


def test_every_voxel_above_the_level_stays_in_a_region(complex_of_three):
    values, _ = complex_of_three
    regions, group, _ = find_regions(
        values, 0.3, (1, 1, 1), chain_residues=20, sizes=[60, 10], least=0.0
    )
    assert ((regions.index_map(group) > 0) == (values >= 0.3)).all()
    assert group[0] == 0 and set(np.unique(group[1:])) == set(range(1, int(group.max()) + 1))


def test_chains_of_one_size_are_found_as_before(complex_of_three):
    values, _ = complex_of_three
    _, alone, _ = find_regions(values, 0.3, (1, 1, 1), chain_residues=20, chains=2)
    _, given, _ = find_regions(
        values, 0.3, (1, 1, 1), chain_residues=20, chains=2, sizes=[22, 18]
    )
    assert (alone == given).all()
    assert not differ([100, 140]) and differ([100, 200])


def test_chains_are_counted_as_the_engine_counts_them(tmp_path):
    path = tmp_path / "a.fasta"
    path.write_text(">1ABC_1|Chains A, B|x\nAALEKAALEK\n>c\nMKV\n")
    assert chain_lengths(path) == [10, 10, 3]
