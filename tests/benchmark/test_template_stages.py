"""What a build loses is told at the stage that lost it, and of the residues that lost it."""

from pathlib import Path

import numpy as np
import pytest

from benchmark.measures import target_of
from benchmark.sets import BenchmarkTarget
from benchmark.template_cases import TemplateCase
from benchmark.template_stages import STAGES, shares, stages_of, table
from critasser.job.arrays import save_arrays, save_templates, save_traces
from critasser.pipeline.files import CENTROID, CLUSTERS, DECOYS, TEMPLATES, TRACES, of_model
from critasser.structure import Template, Trace, read_chains, write_calpha

SOURCE = Path(__file__).parents[1] / "data" / "1a2p_A.pdb.gz"
RELEASED = slice(40, 50)
"""Residues that the map contradicted."""


@pytest.fixture
def build(tmp_path):
    """A job that had everything right but for atoms, which are off at the end of the chain."""
    target = BenchmarkTarget("1a2p_A", "lifelike", "x", 6.0, read_chains(SOURCE), SOURCE, True)
    case = TemplateCase("predicted", target, SOURCE, "kind")
    case.write(tmp_path)
    native, job = target.native, tmp_path / "job"
    for stage in ("2_traces", "3_templates", "4_assembly", "5_models"):
        (job / stage).mkdir(parents=True)
    kept, spoilt = native.copy(), native.copy()
    kept[RELEASED] = np.nan
    spoilt[-20:] += 5.0
    save_templates(job / TEMPLATES, [Template(kept, 0.9, "template.pdb")], len(native))
    save_traces(job / TRACES, [Trace(native, np.ones(len(native)), 1.0, "trace")], len(native))
    save_arrays(job / DECOYS, starts=np.array([spoilt, native]), start_energy=[-1.0, -2.0])
    save_arrays(job / CLUSTERS, centroid=native[None])
    save_arrays(job / of_model(CENTROID, 0), calpha=native)
    write_calpha(job / "5_models/model_1.cif", spoilt, target_of(target), np.zeros(len(native)))
    return case, stages_of(case, tmp_path)


def test_a_loss_is_told_at_its_stage(build):
    case, stages = build
    lost = [1.0 - case.target.tm(stages.positions[one]) for one in STAGES]
    assert max(lost[:-1]) < 0.001 and lost[-1] > 0.1
    assert table([build]).splitlines()[2].startswith("| 1a2p_A, kind | 6 | 1.000 | 1.000 |")


def test_what_was_released_is_where_the_template_would_have_it(build):
    case, stages = build
    assert np.array_equal(np.flatnonzero(~stages.kept), np.arange(RELEASED.start, RELEASED.stop))
    away = stages.positions["in place"] - case.target.native
    assert np.abs(away).max() < 0.01
    share = shares(stages.positions["model"], case.target.native)
    assert share[~stages.kept].sum() == pytest.approx(10 / len(share), abs=1e-3)
    assert share[-20:].sum() < 0.5 * 20 / len(share)
