"""Symmetric units, chains, where residues come from and which have no density, in the report."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from critasser.density import normalise, simulate
from critasser.report import ReportContent, figures, write_report
from critasser.report.sections import _subtitle, _title
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
COUNTED = {"neither": 3, "map": 5, "template": 7, "both": 11}
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

    def page(symmetry=None, others=0, sources=None, calpha=chain.calpha, **more):
        write_report(
            path,
            ReportContent(
                JOB,
                {
                    **RESULTS, "symmetry": symmetry, "models": [{**MODEL, "sources": COUNTED}],
                    **more,
                },
                Target((Sequence("A", chain.letters),)),
                density,
                [calpha],
                [np.full(len(chain.calpha), 80.0)],
                sources=sources,
                others=chain.calpha + np.array([[[9.0, 0.0, 0.0]]])[:others],
            ),
        )
        return path.read_text()

    return page


GIVEN = {"origin": "given", "structure": None, "by_sequence": None, "by_map": None,
         "source": "chain A of <mine>.pdb, 45% identical"}  # fmt: skip
FOUND = {"origin": "known fold", "structure": "1hpm_A", "by_sequence": 7.2, "by_map": 5.1,
         "source": "chain 1hpm_A of the library, 20% identical"}  # fmt: skip
USED = {"crscore": 0.5, "placed": 80, "register_z_score": 3.0}
LOOKED = {"sequences": ["actin"], "words": "the sequence", "library": "that ships",
          "structures": 3603}  # fmt: skip


def test_templates_are_listed_with_where_they_come_from_and_what_is_not_used_with_why(page):
    templates = {
        "used": [{**GIVEN, **USED}, {**FOUND, **USED}],
        "refused": [{**FOUND, "by_map": None, "reason": "has no place"}],
    }
    told = page(templates=templates, known_folds=LOOKED)
    assert "given: chain A of &lt;mine&gt;.pdb, 45% identical" in told
    assert "<td>2, known fold: chain 1hpm_A of the library, 20% identical</td><td>7.2</td>" in told
    assert "nor does a structure that was given lie there" in told
    assert "20% identical (by sequence z 7.2)</td><td>has no place" in told
    assert "3,603 known structures of the library that ships were looked through, and 2" in told
    assert "To build without them: --no-template-search" in told


def test_that_known_folds_were_looked_for_in_vain_is_told_too(page):
    assert "<h2>Templates</h2>" not in page(known_folds={"sequences": [], "reason": "not needed"})
    assert "<h2>Templates</h2>" not in page()
    told = page(templates={"used": [], "refused": []}, known_folds=LOOKED)
    assert "None is used." in told and "and none tried as templates" in told
    assert "that was given" not in told


def test_other_units_are_drawn_and_told(page):
    alone = page(None, 0)
    assert "units alike" not in alone and "units in the map" not in alone
    one = page({"name": "C2", "units": 2, "built": 1}, 1)
    assert "Symmetry: C2, 2 units in the map" in one and "assembly 1" in one
    first_picture = [text.split('src="', 1)[1].split('"', 1)[0] for text in (alone, one)]
    assert first_picture[0] != first_picture[1]


def test_units_that_were_all_built_are_no_assembly(page):
    every = page({"name": "", "units": 2, "built": 2}, 0)
    assert "holds 2 units alike; 2 of them were built" in every and "assembly 1" not in every


def test_where_residues_come_from_is_drawn_and_told_where_templates_led(page):
    assert "Where residues come from" not in page(None, 0)
    length = len(read_chains(DATA / "3wmi_A.pdb.gz")[0])
    told, other = (page(None, 0, np.full(length, kind)) for kind in (1, 3))
    assert "11 are where both" in told and "5 where the map alone" in told
    assert "7 where a template alone" in told and "3 where neither" in told
    assert told != other


def test_of_several_chains_each_has_its_confidence_and_what_is_not_built_is_told(page):
    one = {"chain": "A", "sequence": "alpha", "residues": 80, "z_score": 5.04}
    other = {"chain": None, "sequence": "beta", "residues": 90, "z_score": 0.3}
    chains = [{**one, "mean_confidence": 77.6}, {**other, "mean_confidence": None}]
    cells = "".join(f"<td>{cell}</td>" for cell in ("A", "alpha", 80, "5.0", 78))
    assert cells in page(None, 0, chains=chains)
    cells = "".join(f"<td>{cell}</td>" for cell in ("not built", "beta", 90, "0.3", "–"))
    assert cells in page(None, 0, chains=chains)
    assert "<h2>Chains</h2>" not in page(None, 0, chains=chains[:1])


def test_residues_without_density_are_named_and_may_be_missing(page):
    calpha = read_chains(DATA / "3wmi_A.pdb.gz")[0].calpha.copy()
    calpha[:9] = np.nan
    told = "Residues A:1-9 have no density; scores are those of the others."
    assert told in page(unseen=["A:1-9"], trimmed=True, calpha=calpha)
    assert told not in page(unseen=[], trimmed=False)


def test_the_title_says_what_was_built_and_the_job_of_a_model(page, tmp_path):
    built = page()
    assert "<title>A</title>" in built and "sequence.fasta in map.mrc" in built
    chain = read_chains(DATA / "3wmi_A.pdb.gz")[0]
    names = [f"chain {k}" for k in range(6)]
    target = Target(tuple(Sequence(name, "AG") for name in names))
    content = ReportContent(
        {**JOB, "inputs": {**JOB["inputs"], "model": {"path": "m.pdb"}}}, RESULTS, target, None,
        [chain.calpha[:12]], [np.full(12, 80.0)], folder="my job",
    )  # fmt: skip
    assert _title(content) == "my job"
    assert _subtitle(content).startswith("m.pdb in map.mrc · job my job · Critasser 1.0")
    of_build = dataclasses.replace(content, job=JOB)
    assert _title(of_build) == "chain 0, chain 1, chain 2, chain 3 and 2 more"


def test_times_are_told_as_everywhere_else(page):
    assert "7 min 21 s" in page(timings={"trace": 400.0, "report": 41.0})


def test_cycles_are_whole_numbers_and_every_line_is_named(monkeypatch):
    monkeypatch.setattr(figures, "_svg", lambda figure: figure)
    cycle = np.arange(1.0, 4.0)
    drawn = figures.assembly(cycle, -cycle, -0.5 * cycle, cycle, cycle / 4, [2, 1], 3)
    left, middle, _ = drawn.axes
    assert all(tick == round(tick) for axis in (left, middle) for tick in axis.get_xticks())
    assert "arbitrary units" in left.get_title(loc="left")
    names = [[text.get_text() for text in axis.get_legend().get_texts()] for axis in (left, middle)]
    assert names == [
        ["mean of replicas", "lowest replica"], ["one decoy", "mean of a cycle's decoys"],
    ]  # fmt: skip


def test_nucleic_acid_is_named_with_its_volume_and_its_records(page):
    assert "Nucleic acid" not in page(
        nucleic_acid={"volume": 0.0, "regions": 0, "file": None, "records": []}
    )
    record = {"name": "guide", "nucleotides": 20}
    found = page(
        nucleic_acid={
            "volume": 12300.0, "regions": 2, "left_out": True, "file": "1_calpha/nucleic_acid.mrc",
            "records": [record],
        }
    )  # fmt: skip
    assert "<td>guide</td><td>20 nucleotides, not built</td>" in found
    assert "<td>12,300 Å³ in 2 regions</td>" in found
    assert "1_calpha/nucleic_acid.mrc" in found
    unseen = page(
        nucleic_acid={"volume": 0.0, "regions": 0, "file": None, "records": [record]}
    )
    assert "<td>none seen</td>" in unseen
