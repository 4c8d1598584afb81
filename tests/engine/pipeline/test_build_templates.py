"""What is done with templates shows in what a build starts from, in small builds."""

import json
import shutil
from pathlib import Path

import gemmi
import numpy as np
import pytest

from critasser.density import simulate, write_map
from critasser.structure import ATOMIC_NUMBER, kabsch, read_chains

DATA = Path(__file__).parents[2] / "data"
PIECE = DATA / "emd_6555_piece.pdb"
FOREIGN = DATA / "1gl2_D.pdb.gz"
"""A helix of a coiled coil, which is not in the maps."""

WAVE, ACROSS = 2.5, 9.0
"""Å by which a template is bent, and over which."""

pytestmark = pytest.mark.slow


def write_template(path: Path, letters: str, wave: float = 0.0) -> None:
    """The piece's backbone, bent by a wave of so many Å, by other letters."""
    names = [gemmi.expand_one_letter(one, gemmi.ResidueKind.AA) for one in letters]
    structure = gemmi.read_structure(str(PIECE))
    structure.remove_ligands_and_waters()
    for residue, name in zip(structure[0][0], names, strict=True):
        residue.name = name
        for k in reversed(range(len(residue))):
            if residue[k].name not in ("N", "CA", "C", "O"):
                del residue[k]
        for atom in residue:
            x, y, z = atom.pos.tolist()
            atom.pos = gemmi.Position(
                x + wave * np.sin(z / ACROSS), y + wave * np.cos(x / ACROSS), z
            )
    structure.write_pdb(str(path))


def with_residues(chain, order):
    """Atoms of a chain's residues, in another order, on its own backbone: where they lie (m, 3),
    and which of its atoms they are (m,)."""
    backbone = np.stack([chain.atom(name) for name in ("N", "CA", "C")], axis=1)
    positions, atoms = [], []
    for place, residue in enumerate(order):
        own = np.flatnonzero(chain.residue == residue)
        rotation, shift = kabsch(backbone[residue], backbone[place])
        positions.append(chain.positions[own] @ rotation.T + shift)
        atoms.append(own)
    return np.concatenate(positions), np.concatenate(atoms)


def apart(a, b):
    """Root mean square distance in Å of paired positions."""
    return float(np.sqrt(np.mean(np.sum((a - b) ** 2, axis=1))))


def as_rigid(a, b):
    """The same at its least, as rigid bodies."""
    rotation, shift = kabsch(a, b)
    return apart(a @ rotation.T + shift, b)


@pytest.fixture(scope="module")
def of_the_piece(finished, first_stages, tmp_path_factory) -> Path:
    """The finished build, gone on with up to the traces with a bent template and one more sequence,
    of which a structure is given, too; nothing of it is in the map."""
    folder = tmp_path_factory.mktemp("templates")
    copy = Path(shutil.copytree(finished, folder / "job"))
    letters, other = read_chains(PIECE)[0].letters, read_chains(FOREIGN)[0].letters
    (folder / "two.fasta").write_text(f">piece\n{letters}\n>foreign\n{other}\n")
    write_template(folder / "bent.pdb", letters, WAVE)
    told = first_stages(
        "trace", "build", "--resume", copy, folder / "two.fasta",
        "--templates", folder / "bent.pdb", FOREIGN,
    )  # fmt: skip
    (folder / "told.json").write_text(json.dumps(told))
    return folder


def test_a_bent_template_starts_the_build_as_the_map_has_it(of_the_piece):
    native, bent = (read_chains(path)[0].calpha for path in (PIECE, of_the_piece / "bent.pdb"))
    assert as_rigid(bent, native) > 1.0
    (placed,) = read_chains(of_the_piece / "job/3_templates/template_01.cif")
    assert len(placed) > 55  # without what the map contradicts
    away = apart(placed.calpha, native[placed.residue_number - 1])
    assert away < 0.75 * as_rigid(bent, native)
    told = json.loads((of_the_piece / "told.json").read_text())
    assert any("bent into the map's density by" in line and "bent.pdb" in line for line in told)


def test_what_neither_map_nor_template_shows_is_not_built(of_the_piece):
    job = of_the_piece / "job"
    assert [len(chain) for chain in read_chains(job / "2_traces/trace_01.cif")] == [60]
    noted = json.loads((job / "stages/templates.json").read_text())["summary"]
    assert noted["absent"] == [1]
    told = json.loads((of_the_piece / "told.json").read_text())
    assert any(line.startswith("nothing is built of foreign (55 residues)") for line in told)


def test_templates_of_relatives_get_a_place_each(first_stages, tmp_path):
    """Each alone would take the place of which the map shows more."""
    chain = read_chains(PIECE)[0]
    weight = np.array([float(ATOMIC_NUMBER[name.upper()]) for name in chain.elements])
    moved = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    middle, shift = chain.positions.mean(axis=0), np.array([2.0, 3.0, 33.0])

    def elsewhere(positions):
        return (positions - middle) @ moved.T + middle + shift

    order = np.random.default_rng(3).permutation(len(chain))
    other, of_atom = with_residues(chain, order)
    both = np.concatenate([chain.positions, elsewhere(other)])
    grid = simulate(both, np.concatenate([weight, 0.8 * weight[of_atom]]), 4.0, padding=6.0)
    write_map(tmp_path / "map.mrc", grid)
    letters = chain.letters
    relative = "".join(letters[k] for k in order)
    (tmp_path / "two.fasta").write_text(f">first\n{letters}\n>relative\n{relative}\n")
    write_template(tmp_path / "first.pdb", letters)
    write_template(tmp_path / "relative.pdb", relative)
    first_stages(
        "templates", "build", tmp_path / "map.mrc", tmp_path / "two.fasta",
        "-o", tmp_path / "job", "--resolution", 4.0, "--quality", "shortest",
        "--templates", tmp_path / "first.pdb", tmp_path / "relative.pdb",
    )  # fmt: skip
    natives = chain.calpha, elsewhere(chain.calpha)
    whole = [
        placed
        for path in (tmp_path / "job/3_templates").glob("template_??.cif")
        if len(placed := read_chains(path)) == 2
    ]
    assert whole
    for placed in whole:
        away = np.array(
            [[apart(one.calpha, native[one.residue_number - 1]) for native in natives]
             for one in placed]
        )  # fmt: skip
        assert sorted(away.argmin(axis=1)) == [0, 1]
        assert (away.min(axis=1) < 1.0).all()


def test_a_template_that_lies_in_the_density_is_refused_by_side_chains_alone(
    finished, first_stages, tmp_path
):
    """The piece's own backbone, by other letters; by its own, bent, it is taken (above)."""
    letters = read_chains(PIECE)[0].letters
    other = "".join(np.random.default_rng(1).permutation(list(letters)))
    job = Path(shutil.copytree(finished, tmp_path / "job"))
    (tmp_path / "other.fasta").write_text(f">other\n{other}\n")
    write_template(tmp_path / "other.pdb", other)
    told = first_stages(
        "templates", "build", "--resume", job, tmp_path / "other.fasta",
        "--templates", tmp_path / "other.pdb",
    )  # fmt: skip
    (line,) = [line for line in told if "is not used" in line]
    assert "where side chains suit its letters better than by chance" in line
    assert not list((job / "3_templates").glob("template_*.cif"))
