"""Sequences of one protein are found related, others are not."""

import itertools

import numpy as np
import pytest

from critasser.data.alignment_kernels import align_locally
from critasser.data.clusters import cluster_sequences, related
from critasser.structure import AMINO_ACIDS
from critasser.structure.substitution import GAP_EXTEND, GAP_OPEN, blosum62

CYTOCHROME = (
    "MGDVEKGKKIFIMKCSQCHTVEKGGKHKTGPNLHGLFGRKTGQAPGYSYTAANKNKGIIWGEDTLMEYLENPKKYIPGTKMIFVGIKKKEERADL"
    "IAYLKKATNE"
)
YEAST_CYTOCHROME = (
    "MTEFKAGSAKKGATLFKTRCLQCHTVEKGGPHKVGPNLHGIFGRHSGQAEGYSYTDANIKKNVLWDENNMSEYLTNPKKYIPGTKMAFGGLKKEK"
    "DRNDLITYLKKACE"
)
UBIQUITIN = "MQIFVKTLTGKTITLEVEPSDTIENVKAKIQDKEGIPPDQQRLIFAGKQLEDGRTLSDYNIQKESTLHLVLRLRGG"
MYOGLOBIN = (
    "MGLSDGEWQLVLNVWGKVEADIPGHGQEVLIRLFKGHPETLEKFDKFKHLKSEDEMKASEDLKKHGATVLTALGGILKKKGHHEAEIKPLAQSHA"
    "TKHKIPVKYLEFISECIIQVLQSKHPGDFGADAQGAMNKALELFRKDMASNYKELGFQG"
)
ALPHA_GLOBIN = (
    "MVLSPADKTNVKAAWGKVGAHAGEYGAEALERMFLSFPTTKTYFPHFDLSHGSAQVKGHGKKVADALTNAVAHVDDMPNALSALSDLHAHKLRVD"
    "PVNFKLLSHCLLVTLAAHLPAEFTPAVHASLDKFLASVSTVLTSKYR"
)
BETA_GLOBIN = (
    "MVHLTPEEKSAVTALWGKVNVDEVGGEALGRLLVVYPWTQRFFESFGDLSTPDAVMGNPKVKAHGKKVLGAFSDGLAHLDNLKGTFATLSELHCD"
    "KLHVDPENFRLLGNVLVCVLAHHFGKEFTPPVQAAYQKVVAGVANALAHKYH"
)


def best_local_score(first: np.ndarray, second: np.ndarray) -> float:
    """Every local alignment's score, slowly: all gaps of all lengths."""
    table = blosum62()
    value = np.zeros((len(first) + 1, len(second) + 1))
    for i, j in itertools.product(range(1, len(first) + 1), range(1, len(second) + 1)):
        gaps = [value[i - k, j] - GAP_OPEN - (k - 1) * GAP_EXTEND for k in range(1, i + 1)]
        gaps += [value[i, j - k] - GAP_OPEN - (k - 1) * GAP_EXTEND for k in range(1, j + 1)]
        pair = value[i - 1, j - 1] + table[first[i - 1], second[j - 1]]
        value[i, j] = max(0.0, pair, *gaps)
    return value.max()


def test_the_kernel_finds_the_best_local_alignment():
    rng = np.random.default_rng(0)
    for _ in range(60):
        first, second = (
            rng.integers(0, len(AMINO_ACIDS) + 1, rng.integers(1, 25)).astype(np.int8)
            for _ in range(2)
        )
        # Something in common, with a piece lost in the middle.
        second = np.concatenate([second, first[:5], first[7:]])
        score, same, pairs = align_locally(first, second, blosum62(), GAP_OPEN, GAP_EXTEND)
        assert score == pytest.approx(best_local_score(first, second), abs=1e-9)
        assert 0 <= same <= pairs <= min(len(first), len(second))


def test_the_kernel_counts_identical_pairs_across_a_gap():
    code = np.array([AMINO_ACIDS.index(letter) for letter in UBIQUITIN], np.int8)
    without = np.delete(code, slice(30, 33))
    _, same, pairs = align_locally(code, without, blosum62(), GAP_OPEN, GAP_EXTEND)
    assert same == pairs == len(UBIQUITIN) - 3


def test_proteins_of_one_family_are_related():
    assert related(CYTOCHROME, YEAST_CYTOCHROME)
    assert related(ALPHA_GLOBIN, BETA_GLOBIN)


def test_other_proteins_are_not():
    for first, second in itertools.combinations((CYTOCHROME, UBIQUITIN, MYOGLOBIN), 2):
        assert not related(first, second)


def test_a_domain_within_a_long_chain_is_related_to_it():
    assert related(CYTOCHROME, MYOGLOBIN * 3 + YEAST_CYTOCHROME)


def test_shuffled_sequences_are_not_related():
    rng = np.random.default_rng(0)
    for _ in range(20):
        assert not related(MYOGLOBIN, "".join(rng.permutation(list(MYOGLOBIN))))


def test_clusters_are_the_families_whatever_the_order():
    family = {CYTOCHROME: 0, YEAST_CYTOCHROME: 0, ALPHA_GLOBIN: 1, BETA_GLOBIN: 1, UBIQUITIN: 2}
    for order in itertools.permutations(family):
        numbers = cluster_sequences(order)
        assert len(set(numbers)) == 3
        assert len({(family[one], number) for one, number in zip(order, numbers)}) == 3


def test_known_sequences_are_compared_with_the_others_only():
    numbers = cluster_sequences([CYTOCHROME], known=[YEAST_CYTOCHROME, ALPHA_GLOBIN, BETA_GLOBIN])
    assert numbers.tolist() == [0, 0, 1, 2]
    # Unless another connects them.
    assert len(set(cluster_sequences([MYOGLOBIN, ALPHA_GLOBIN], known=[BETA_GLOBIN]))) <= 2


def test_equal_sequences_are_in_one_cluster_and_unknown_letters_do_no_harm():
    numbers = cluster_sequences([UBIQUITIN, "X" * 40, MYOGLOBIN, UBIQUITIN, "", "AC"])
    assert numbers[0] == numbers[3] and len(set(numbers)) == 5


def test_the_identity_that_is_asked_for_counts():
    assert len(set(cluster_sequences([ALPHA_GLOBIN, BETA_GLOBIN], identity=0.9))) == 2
