"""A sequence finds its own structure, and those of its family, among others."""

from pathlib import Path

import numpy as np
import pytest

from critasser.errors import Cancelled
from critasser.shipped import LIBRARY, shipped
from critasser.structure import AMINO_ACIDS, read_chains
from critasser.structure.sequence_profile import sequence_profile
from critasser.structure.substitution import GAP_EXTEND, GAP_OPEN, blosum62
from critasser.templates.alignment_kernels import align_overlap
from critasser.threading import library_of, load_library, order_z_score, rank
from critasser.threading.ranking_kernels import overlap_scores

DATA = Path(__file__).parents[2] / "data"


GLOBINS = {"1a6m_A", "1a6k_A", "1naz_A", "1eco_A", "1gdj_A", "3aq5_A", "1it2_A", "1cqx_A"}


def told(codes):
    profile = sequence_profile(codes, np.zeros(len(codes), dtype=np.int64))
    return profile.structure, profile.side, profile.back


def test_scores_are_those_of_the_alignment(rng):
    """The kernel beside the one that also gives the alignment."""
    names = ("1a2p_A", "1gl2_D", "3wmi_A")
    library = library_of((name, read_chains(DATA / f"{name}.pdb.gz")[0]) for name in names)
    length = 37
    likeness = blosum62()[:, rng.integers(0, 20, length)]
    tables = [rng.normal(size=(count, length)) for count in (3, 9, 9)]
    scores = overlap_scores(
        library.ends, library.codes, library.structure, library.side, library.back,
        likeness, *tables, GAP_OPEN, GAP_EXTEND,
    )  # fmt: skip
    for number in range(len(library)):
        part = library.residues(number)
        table = likeness[library.codes[part].astype(int)]
        for values, own in zip(tables, (library.structure, library.side, library.back)):
            table = table + values[own[part]]
        score, _ = align_overlap(table, GAP_OPEN, GAP_EXTEND)
        assert scores[number] == pytest.approx(score)


@pytest.fixture(scope="module")
def library():
    return load_library(shipped(LIBRARY))


def test_a_globin_finds_globins(library):
    """Haemoglobin's beta chain; the others of its family have some 20 % in common with it."""
    globin = read_chains(DATA / "7jy3_B_calpha.pdb.gz")[0]
    z_scores = rank(library, globin.codes, *told(globin.codes))
    best = [library.names[k] for k in np.argsort(-z_scores)[:3]]
    assert set(best) <= GLOBINS
    assert np.sort(z_scores)[-3] > 4
    assert np.median(z_scores) < 1.5


def test_a_shuffled_sequence_finds_nothing(library, rng):
    codes = rng.permutation(read_chains(DATA / "7jy3_B_calpha.pdb.gz")[0].codes)
    assert rank(library, codes, *told(codes)).max() < 6.0


@pytest.mark.parametrize("letters", ["G" * 60, "C" * 60, "P" * 60, "EK" * 50, "GGGGS" * 20])
def test_few_letters_suit_chains_that_have_many_of_them_in_any_order(library, letters, rng):
    codes = np.array([AMINO_ACIDS.index(one) for one in letters], dtype=np.int8)
    z_scores = rank(library, codes, *told(codes))
    best = np.argsort(-z_scores)[:4]
    assert z_scores[best[0]] > 7.0  # as relatives have
    ordered = [order_z_score(library, int(k), codes, *told(codes), rng) for k in best]
    assert max(ordered) < 8.0


def test_a_relative_suits_the_order_of_the_residues(library, rng):
    globin = read_chains(DATA / "7jy3_B_calpha.pdb.gz")[0]
    codes = globin.codes
    number = library.names.index("1eco_A")
    assert order_z_score(library, number, codes, *told(codes), rng) > 10.0
    # A stretch of one letter keeps its place in the sequences that it is compared with.
    tail = np.concatenate([codes, np.full(60, AMINO_ACIDS.index("G"), dtype=np.int8)])
    glycines = library.names.index("7nx3_F")
    assert order_z_score(library, glycines, tail, *told(tail), rng) < 6.0
    short = codes[:12]
    assert np.isfinite(order_z_score(library, number, short, *told(short), rng))


def test_what_the_sequence_tells_of_the_structure_counts(library):
    globin = read_chains(DATA / "7jy3_B_calpha.pdb.gz")[0]
    structure, side, back = told(globin.codes)
    with_all = rank(library, globin.codes, structure, side, back)
    for silent in ((0 * structure, side, back), (structure, 0 * side, back)):
        assert not np.allclose(with_all, rank(library, globin.codes, *silent))
    helical = library.structure == 0
    share = np.add.reduceat(helical, library.starts) / library.lengths
    alone = rank(library, np.full(120, -1, dtype=np.int8), np.tile([2.0, -2.0, -1.0], (120, 1)),
                 np.zeros((120, 8)), np.zeros((120, 8)))  # fmt: skip
    assert share[np.argsort(-alone)[:20]].mean() > 0.7


def test_a_few_chains_tell_nothing_of_chance():
    names = ("1a2p_A", "1gl2_D", "3wmi_A")
    few = library_of((name, read_chains(DATA / f"{name}.pdb.gz")[0]) for name in names)
    codes = few.chain(0).codes
    assert not rank(few, codes, *told(codes)).any()


def test_the_ranking_tells_how_far_it_is_and_can_be_stopped(library):
    def stop(done):
        seen.append(done)
        if done > 0:
            raise Cancelled("asked to stop")

    seen = []
    codes = read_chains(DATA / "1a2p_A.pdb.gz")[0].codes
    with pytest.raises(Cancelled):
        rank(library, codes, *told(codes), progress=stop)
    assert len(seen) == 2
