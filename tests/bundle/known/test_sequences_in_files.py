"""Sequences are read from the files of databases, and compared."""

import pytest

from tests.bundle.known.database_server import LETTERS, OTHER, model


def test_sequences_of_entities_are_read_over_several_lines():
    from chimerax.critasser.known.cif import sequences_of

    assert sequences_of(model(entities=("1", "2")).decode()) == {"1": LETTERS, "2": LETTERS}


def test_one_entity_may_stand_in_pairs_and_rna_is_no_protein():
    from chimerax.critasser.known.cif import sequences_of

    text = (
        "data_x\n_entity_poly.entity_id 1\n_entity_poly.type 'polypeptide(L)'\n"
        "_entity_poly.nstd_monomer no\n_entity_poly.pdbx_seq_one_letter_code_can AC(MSE)D\n"
        "_entity_poly.pdbx_strand_id A\n#\n_other.x 1\n"
    )
    assert sequences_of(text) == {"1": "ACXD"}
    assert sequences_of(text.replace("polypeptide(L)", "polyribonucleotide")) == {}


def test_sequences_of_a_pdb_file_are_those_of_its_residues():
    from chimerax.critasser.known.cif import sequences_of

    lines = "".join(
        f"ATOM  {k:5d}  CA  {name} {chain}{k:4d}       0.000   0.000   0.000\n"
        for k, (name, chain) in enumerate([("ALA", "A"), ("GLY", "A"), ("TRP", "B")], 1)
    )
    assert sequences_of(lines + "ENDMDL\n" + lines) == {"A": "AG", "B": "W"}
    assert sequences_of("\0\1 nothing of the kind") == {}


def test_a_file_without_such_a_chain_is_told():
    from chimerax.critasser.known.cif import one_chain

    with pytest.raises(ValueError, match="entity 7"):
        one_chain(model().decode(), "7")
    with pytest.raises(ValueError, match="no atoms"):
        one_chain("data_x\n", "1")


@pytest.mark.parametrize(
    ("first", "second", "identity", "coverage"),
    [
        (LETTERS, LETTERS, 1.0, 1.0),
        (LETTERS, "GS" + LETTERS + "HHHHHH", 1.0, 1.0),
        (LETTERS, LETTERS[:16], 1.0, 0.5),
        (LETTERS, LETTERS[:16] + "AAA" + LETTERS[16:], 1.0, 1.0),
        (LETTERS, "", 0.0, 0.0),
    ],
)
def test_likeness_counts_what_is_aligned(first, second, identity, coverage):
    from chimerax.critasser.known.alignment import likeness

    found = likeness(first, second)
    assert found == pytest.approx((identity, coverage), abs=0.03)


@pytest.mark.parametrize("seed", range(3))
def test_long_sequences_of_which_half_is_the_same_are_alike_and_shuffled_ones_not(seed):
    import random

    from chimerax.critasser.known.alignment import LEAST_IDENTITY, likeness

    rng = random.Random(seed)
    wanted = "".join(rng.choices("ACDEFGHIKLMNPQRSTVWY", k=300))
    other = "".join(a if rng.random() < 0.5 else rng.choice("ACDEFGHIKLMNPQRSTVWY") for a in wanted)
    identity, coverage = likeness(wanted, other)
    assert 0.45 < identity < 0.6 and coverage > 0.9
    shuffled = "".join(rng.sample(other, len(other)))
    assert likeness(wanted, shuffled)[0] < LEAST_IDENTITY


def test_unrelated_sequences_are_not_alike():
    from chimerax.critasser.known.alignment import LEAST_COVERAGE, LEAST_IDENTITY, likeness

    identity, coverage = likeness(LETTERS, OTHER)
    assert identity < LEAST_IDENTITY or coverage < LEAST_COVERAGE


@pytest.mark.parametrize(
    ("header", "accession"),
    [
        ("sp|P00533|EGFR_HUMAN", "P00533"), ("tr|A0A024R161|A0A024R161_HUMAN", "A0A024R161"),
        ("P00533", "P00533"), ("p00533", "P00533"), ("chain A", ""), ("xx|P00533|y", ""),
        ("PROTEIN", ""),
    ],
)  # fmt: skip
def test_accessions_are_read_from_names(header, accession):
    from chimerax.critasser.known.found import accession_in

    assert accession_in(header) == accession
