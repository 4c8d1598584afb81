"""Models compared with native structures."""

from pathlib import Path

import pytest

from critasser.cli.comparison import compare
from critasser.structure import read_chains

DATA = Path(__file__).parents[2] / "data"
MODEL = DATA / "emd_6555_piece.pdb"


def test_residues_are_paired_by_sequence_not_by_number(tmp_path):
    chain = read_chains(MODEL)[0]
    lines = []
    for line in MODEL.read_text().splitlines():
        # Renumber, drop the first ten residues and move all by 3 Å along x.
        if line.startswith("ATOM"):
            number = int(line[22:26])
            if number < chain.residue_number[10]:
                continue
            x = float(line[30:38]) + 3.0
            line = f"{line[:22]}{number + 500:4d}{line[26:30]}{x:8.3f}{line[38:]}"
        lines.append(line)
    (tmp_path / "moved.pdb").write_text("\n".join(lines) + "\n")
    scores = compare(read_chains(tmp_path / "moved.pdb"), [chain])
    assert scores["paired_residues"] == 50
    assert scores["rmsd"] < 1e-3
    assert scores["rmsd_in_place"] == pytest.approx(3.0, abs=1e-3)
    assert scores["tm_score"] == pytest.approx(50 / 60, abs=1e-3)
