"""Units of a symmetric molecule, and residues without density, in the report."""

from pathlib import Path

import numpy as np
import pytest

from critasser.density import normalise, simulate
from critasser.report import ReportContent, write_report
from critasser.structure import Sequence, Target, read_chains

DATA = Path(__file__).parents[2] / "data"
JOB = {
    "inputs": {"map": {"path": "map.mrc"}, "sequence": {"path": "sequence.fasta"}},
    "options": {"quality": "draft", "seed": 1},
    "device": "cpu",
    "machine": {"system": "any", "cpus": 2},
    "versions": {"critasser": "1.0"},
    "version": "1.0",
}
MODEL = {
    "rank": 1, "file": "model_1.cif", "mean_confidence": 80.0, "etm": 0.8, "crscore": 0.9,
    "pcc_mask": 0.7,
}  # fmt: skip
RESULTS = {
    "models": [MODEL],
    "timings": {"trace": 1.0},
    "warnings": [],
    "stages": {},
    "resolution": 4.0,
    "peak_memory_bytes": 1,
    "finished": "2026-01-01",
}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    chain = read_chains(DATA / "3wmi_A.pdb.gz")[0]
    density = normalise(simulate(chain.positions, chain.amplitudes, 4.0, padding=20.0))
    path = tmp_path_factory.mktemp("report") / "report.html"

    def page(symmetry=None, others=0, calpha=chain.calpha, **more):
        write_report(
            path,
            ReportContent(
                JOB,
                {**RESULTS, "symmetry": symmetry, **more},
                Target((Sequence("A", chain.letters),)),
                density,
                [calpha],
                [np.full(len(chain.calpha), 80.0)],
                others=chain.calpha + np.array([[[9.0, 0.0, 0.0]]])[:others],
            ),
        )  # fmt: skip
        return path.read_text()

    return page


def test_other_units_are_drawn_and_told(page):
    alone = page(None, 0)
    assert "units alike" not in alone
    one = page({"name": "C2", "units": 2, "built": 1}, 1)
    assert "holds 2 units alike (C2)" in one and "assembly 1" in one
    first_picture = [text.split('src="', 1)[1].split('"', 1)[0] for text in (alone, one)]
    assert first_picture[0] != first_picture[1]


def test_units_that_were_all_built_are_no_assembly(page):
    every = page({"name": "", "units": 2, "built": 2}, 0)
    assert "holds 2 units alike; 2 of them were built" in every and "assembly 1" not in every


def test_residues_without_density_are_named_and_may_be_missing(page):
    calpha = read_chains(DATA / "3wmi_A.pdb.gz")[0].calpha.copy()
    calpha[:9] = np.nan
    told = "Residues A:1-9 have no density; scores are those of the others."
    assert told in page(unseen=["A:1-9"], trimmed=True, calpha=calpha)
    assert told not in page(unseen=[], trimmed=False)
