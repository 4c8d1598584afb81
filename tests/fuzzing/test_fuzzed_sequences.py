"""Sequences and contacts of any kind: every letter and every line counts, or is told."""

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from critasser.structure import read_contacts, read_sequences
from tests.fuzzing.mutation import mutated

FASTA = b">1ABC_1|Chains A, B|lysozyme|Gallus\nKVFGRCELAAAMKRHGLDNYRGYSLGNWVC\n>b\nACDEFGHIKL*\n"

LETTERS = "ACDEFGHIKLMNPQRSTVWY"
HEADERS = ("chain A", "sp|P00698|LYSC_CHICK Lysozyme", "1ABC_1|Chain A|x", "x copies=2", "",
           "A protein", "P1;1ABC", "tr|Q|DNA polymerase", "\u00e4 \u4e2d", "A\tB")  # fmt: skip
TEXT = st.text(alphabet=LETTERS + "XUO" + "acgtx", min_size=1, max_size=40)
ODD = st.text(alphabet=LETTERS + "XUBZJ*-. 0123456789\t;\u200b", max_size=40)


@given(mutated(FASTA, FASTA.decode().encode("utf-16")))
def test_a_damaged_fasta_file_is_read_or_refused(outcome, content):
    found, line = outcome(read_sequences, content, "a.fasta")
    assert line or all(set(one.letters) <= set(LETTERS) for one in found.target.sequences)


def letters_of(header: str, lines: list[str]) -> str:
    """Titles of PIR, comments, white space, numbers at the edges and a last stop do not count."""
    titled = header.startswith("P1;") and not header.endswith("\n\n")
    rows = "\n".join(lines).splitlines()[int(titled) :]
    text = "".join(row for row in rows if not row.startswith(";"))
    return re.sub(r"[\s\u200b\d]", "", text).rstrip("*").upper()


@given(
    st.lists(st.tuples(st.sampled_from(HEADERS), st.lists(st.one_of(TEXT, ODD), min_size=1,
                                                          max_size=3)), max_size=4),
    st.sampled_from(("\n", "\r\n", "\r", "\n\n")),
    st.sampled_from(("utf-8", "utf-8-sig", "utf-16")),
)  # fmt: skip
def test_no_letter_of_a_sequence_is_dropped_without_a_line(outcome, records, ending, encoding):
    text = ending.join(f">{header}{ending}{ending.join(lines)}" for header, lines in records)
    found, line = outcome(read_sequences, (text + ending).encode(encoding), "a.fasta")
    if line or found.notes or any("copies" in header for header, _ in records):
        return
    letters = [letters_of(header + ending, lines) for header, lines in records]
    assert [one.letters for one in found.target.sequences] == letters


CONTACTS = b"PFRMAT RR\nTARGET x\nMODEL 1\nACDEFGHIKLMNPQRSTVWY\n1 9 0 8 0.7\n3 15 0 8 0.25\nEND\n"


@given(mutated(CONTACTS))
def test_damaged_contacts_are_read_or_refused(outcome, content):
    table, line = outcome(lambda path: read_contacts(path, 20), content, "a.rr")
    assert line or (table.min() >= 0 and table.max() <= 1 and np.array_equal(table, table.T))


PAIRS = st.tuples(st.integers(1, 20), st.integers(1, 20)).filter(lambda pair: pair[0] != pair[1])


@given(st.dictionaries(PAIRS, st.integers(1, 100), min_size=1, max_size=30))
def test_every_contact_is_in_the_table(outcome, given_pairs):
    pairs = {tuple(sorted(pair)): share / 100 for pair, share in given_pairs.items()}
    text = "".join(f"{i} {j} 0 8 {p}\n" for (i, j), p in pairs.items())
    table, line = outcome(lambda path: read_contacts(path, 20), text.encode(), "a.rr")
    assert line == ""
    assert np.count_nonzero(table) == 2 * len(pairs)
    assert all(table[i - 1, j - 1] == p for (i, j), p in pairs.items())
