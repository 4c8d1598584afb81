"""Coordinate files of any kind: no residue of them is dropped without a line."""

import gzip
from pathlib import Path

import gemmi
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from critasser.structure import ModelFile, read_protein
from tests.fuzzing.mutation import mutated

DATA = Path(__file__).parents[1] / "data"

HEAD = "HEADER    PROTEIN                                 01-JAN-00   1ABC\n"
PIECE = HEAD + "".join((DATA / "emd_6555_piece.pdb").read_text().splitlines(True)[:60]) + "END\n"


def as_mmcif(text: str) -> str:
    structure = gemmi.read_pdb_string(text)
    structure.setup_entities()
    return structure.make_mmcif_document().as_string()


PDB, MMCIF = PIECE.encode(), as_mmcif(PIECE).encode()


def told(protein) -> None:
    """Whatever is in no chain has its line, and what is in one is whole."""
    places = {place for chain in protein.chains for place in chain.place}
    count = sum(len(chain) for chain in protein.structure[0])
    assert len(places) == sum(map(len, protein.chains))
    assert len(places) == count or protein.notes
    for chain in protein.chains:
        assert np.isfinite(chain.positions).all()
        assert len(chain.letters) == len(chain.residue_number) == len(chain.insertion)


def read(outcome, content, name):
    protein, line = outcome(read_protein, content, name)
    if protein is not None:
        told(protein)
    return protein, line


@given(mutated(PDB, gzip.compress(PDB)), st.sampled_from((".pdb", ".ent", ".cif", "")))
def test_a_damaged_pdb_file_is_read_or_refused(outcome, content, suffix):
    read(outcome, content, f"model{suffix}")


@given(mutated(MMCIF))
def test_a_damaged_mmcif_file_is_read_or_refused(outcome, content):
    read(outcome, content, "model.cif")


NAMES = ("ALA", "GLY", "HSD", "MSE", "UNK", "HOH", "WAT", "DA", "A", "ACE", "NME", "SEP", "CYX",
         "NALA", "ZN", "ATP", "LIG", "PRO", "***", "")  # fmt: skip
ATOMS = (" N  ", " CA ", " C  ", " O  ", " CB ", " H  ", "CA  ", " P  ", "1HB ")


@st.composite
def residues(draw):
    """A residue's lines, as some program writes them."""
    chain = draw(st.sampled_from(("A", "A", "B", " ", "AB", "*")))
    number = draw(st.one_of(st.integers(1, 9), st.integers(-20, 9999), st.just("A000")))
    insertion = draw(st.sampled_from(("", "", "", "A", "B")))
    name = draw(st.sampled_from(NAMES))
    tag = draw(st.sampled_from(("ATOM", "ATOM", "HETATM", "atom")))
    at = draw(st.tuples(*[st.floats(-999, 9999)] * 3))
    lines = []
    for k, atom in enumerate(draw(st.lists(st.sampled_from(ATOMS), min_size=1, max_size=5))):
        other = draw(st.sampled_from(("", "", "", "A", "B")))
        x, y, z = (value + 1.4 * k for value in at)
        tail = draw(st.sampled_from(("  1.00 20.00           C", "", "  1.00", "  0.00 20.00")))
        lines.append(
            f"{tag:<6}{k % 99999:>5} {atom}{other:1}{name:>3} {chain[-1]}{number!s:>4}"
            f"{insertion:1}   {x:8.3f}{y:8.3f}{z:8.3f}{tail}"
        )
    return lines


PARTS = ("TER", "END", "ENDMDL", "MODEL        1", "MODEL", "REMARK x", "", "CONECT 1 2",
         "garbage", "ANISOU", "MODRES 1ABC SEP A    1  SER", "HELIX    1",
         "CRYST1 1 1 1 90 90 90 P 1")  # fmt: skip


@given(
    st.lists(st.one_of(residues(), st.sampled_from(PARTS).map(lambda one: [one])), max_size=12),
    st.sampled_from(("\n", "\r\n", "\r")),
)
def test_no_residue_of_a_pdb_file_is_dropped_without_a_line(outcome, blocks, ending):
    text = ending.join(line for block in blocks for line in block) + ending
    read(outcome, text.encode(), "model.pdb")


COLUMNS = ("group_PDB", "id", "type_symbol", "label_atom_id", "label_alt_id", "label_comp_id",
           "label_asym_id", "label_seq_id", "pdbx_PDB_ins_code", "Cartn_x", "Cartn_y", "Cartn_z",
           "occupancy", "B_iso_or_equiv", "auth_seq_id", "auth_comp_id", "auth_asym_id",
           "auth_atom_id", "pdbx_PDB_model_num")  # fmt: skip
PLAIN = {"type_symbol": "C", "occupancy": "1.0", "B_iso_or_equiv": "20"}


@st.composite
def mmcif(draw):
    """A table of atoms with some of the columns, in any order, in one or more blocks."""
    text = ""
    for block in range(draw(st.integers(1, 2))):
        columns = draw(st.permutations(COLUMNS))
        columns = columns[: draw(st.integers(len(COLUMNS) - 6, len(COLUMNS)))]
        text += f"data_{block}\nloop_\n" + "".join(f"_atom_site.{c}\n" for c in columns)
        for k in range(draw(st.integers(1, 12))):
            number = draw(st.sampled_from(("1", "2", str(1 + k // 4), ".", "?", "-3", "x")))
            row = {
                **dict.fromkeys(COLUMNS, "A"), **PLAIN, "id": str(k),
                "group_PDB": draw(st.sampled_from(("ATOM", "HETATM"))),
                "label_atom_id": (atom := draw(st.sampled_from(("N", "CA", "C", "O", "ZN")))),
                "auth_atom_id": atom, "label_alt_id": draw(st.sampled_from((".", "?", "A", "B"))),
                "label_comp_id": (name := draw(st.sampled_from([n or "." for n in NAMES]))),
                "auth_comp_id": name, "label_seq_id": number, "auth_seq_id": number,
                "pdbx_PDB_ins_code": draw(st.sampled_from((".", "?", "A"))),
                "pdbx_PDB_model_num": draw(st.sampled_from(("1", "1", "2", "x"))),
                "label_asym_id": draw(st.sampled_from(("A", "B", ".", "'A b'"))),
                "Cartn_x": draw(st.sampled_from(("1.5", "99.25", "-3", "?", "nan", "1.5(3)"))),
                "Cartn_y": str(k), "Cartn_z": str(1.4 * k),
            }  # fmt: skip
            text += " ".join(row[column] for column in columns) + "\n"
    return text


@given(mmcif())
def test_no_residue_of_an_mmcif_file_is_dropped_without_a_line(outcome, text):
    read(outcome, text.encode(), "model.cif")


@given(mutated(PDB, MMCIF, most=3))
def test_a_model_written_again_has_the_same_protein(outcome, tmp_path_factory, content):
    model, _ = outcome(ModelFile.read, content, "model.pdb")
    if model is None:
        return
    residues = model.residues()
    written = tmp_path_factory.getbasetemp() / "written.cif"
    model.write(written, dict.fromkeys(residues, 50.0), title="fuzzed")
    again = ModelFile.read(written)
    assert [(one.chain, one.number, one.letter) for one in again.residues()] == [
        (one.chain, one.number, one.letter) for one in residues
    ]
