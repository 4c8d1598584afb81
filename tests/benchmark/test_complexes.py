"""Packed complexes touch and do not clash; copies are judged wherever they were built."""

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import cKDTree

from benchmark.complexes import chain_figures, clashes
from benchmark.packing import TOUCHING, packed
from critasser.structure import ProteinChain, read_chains

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def chains(tmp_path_factory):
    """One chain, another, and the first again."""
    paths = [DATA / "1gl2_D.pdb.gz", DATA / "3wmi_A.pdb.gz", DATA / "1gl2_D.pdb.gz"]
    path = tmp_path_factory.mktemp("packed") / "native.cif"
    structure = packed(paths, np.random.default_rng(0), ways=4)
    structure.setup_entities()
    structure.make_mmcif_document().write_file(str(path))
    return tuple(read_chains(path))


def moved(chain, name, shift=0.0):
    return ProteinChain(
        name, chain.letters, chain.residue_number, chain.atom_names, chain.elements, chain.residue,
        chain.positions + shift, chain.b_factor,
    )  # fmt: skip


def numbered(chain):
    """The chain as a build numbers it: from 1."""
    number = np.arange(1, len(chain) + 1)
    return ProteinChain(
        chain.name, chain.letters, number, chain.atom_names, chain.elements, chain.residue,
        chain.positions, chain.b_factor,
    )  # fmt: skip


def test_chains_touch_and_do_not_clash(chains):
    assert [chain.name for chain in chains] == ["A", "B", "C"]
    for k, chain in enumerate(chains[1:], 1):
        before = np.concatenate([other.positions for other in chains[:k]])
        nearest = cKDTree(before).query(chain.positions)[0].min()
        assert TOUCHING - 0.01 <= nearest < TOUCHING + 1.0
    assert clashes(list(chains)) == 0
    assert clashes([*chains, moved(chains[0], "D", 0.5)]) >= len(chains[0])


def test_copies_are_judged_where_they_lie_in_any_order(chains):
    first, other, again = (numbered(chain) for chain in chains)
    figures = chain_figures(chains, [again, other, first])
    assert np.array(figures) == pytest.approx(1.0, abs=1e-6)


def test_a_right_fold_beside_its_place_is_not_in_place(chains):
    first, other, again = (numbered(chain) for chain in chains)
    figures = chain_figures(chains, [first, moved(other, "B", 15.0), again])
    assert figures[1][0] < 0.3 and figures[1][1] == pytest.approx(1.0, abs=1e-6)


def test_what_is_not_built_counts_nothing(chains):
    assert chain_figures(chains, [numbered(chains[0])])[1] == (0.0, 0.0)
