"""Which residue of a target each residue of a template stands for."""

import numpy as np

from critasser.structure import AMINO_ACIDS
from critasser.structure.substitution import GAP_EXTEND, GAP_OPEN
from critasser.templates.alignment import align, likeness
from critasser.templates.alignment_kernels import align_overlap

LETTERS = "MKVLAAGIVGLPNVGKSTLFNALTRAGAEAANYPFCTIEP"


def codes(letters: str):
    """Indices of letters; −1 for X."""
    return np.array([AMINO_ACIDS.find(letter) for letter in letters], dtype=np.int8)


def test_a_residue_that_nobody_knows_is_like_no_other():
    table = likeness(codes("AX"), codes("AX"))
    assert table[0, 0] > 0
    assert table[0, 1] == table[1, 0] == table[1, 1] < 0


def test_what_the_map_says_of_amino_acids_says_nothing_of_an_unknown_residue():
    profile = np.linspace(-2.0, 2.0, 20)[None]
    before, after = likeness(codes("A"), codes("AWX")), likeness(codes("A"), codes("AWX"), profile)
    assert (before[0, :2] != after[0, :2]).all()
    assert before[0, 2] == after[0, 2]


def test_unknown_residues_are_aligned_with_their_neighbours_and_are_not_identical():
    masked = LETTERS[:10] + "X" * 8 + LETTERS[18:]
    found = align(codes(masked), codes(masked))
    assert found.pairs.tolist() == [[i, i] for i in range(len(LETTERS))]
    assert found.identity == 1 - 8 / len(LETTERS)


def test_a_fold_that_suits_any_helical_sequence_stands_out_from_none():
    """Chance has helices too: pieces of the sequence stay together in it."""
    helices = np.tile(np.repeat([1.0, -1.0], 12), 5)
    fold, strange = np.outer(helices, helices), codes("G" * 120)
    other = np.random.default_rng(3).permutation(codes(LETTERS * 3)[:120])
    assert align(strange, other, fold=fold).z_score < 5.0
    table = likeness(strange, other, fold=fold)
    by_residues = [
        align_overlap(table[:, np.random.default_rng(k).permutation(120)], GAP_OPEN, GAP_EXTEND)[0]
        for k in range(24)
    ]
    score = align(strange, other, fold=fold).score
    assert (score - np.mean(by_residues)) / np.std(by_residues) > 10.0
