"""What is best by the map starts replicas, wherever it comes from."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from critasser.assembly import assemble, refine_centroids
from critasser.assembly.energy_kernels import PAIR, PLACE
from critasser.assembly.starts import (
    BOTH,
    MOST_STARTS,
    MOST_TEMPLATES,
    TEMPLATE,
    TRACE,
    choose_starts,
    combinations,
    dealt_out,
    shares_by_energy,
)
from critasser.atomic import build_atoms
from critasser.decoys import cluster
from critasser.quality import assess, read_calibration
from critasser.shipped import CALIBRATION, shipped
from critasser.structure import Template, Trace, tm_score
from critasser.templates import survey


def wrong_traces(scene, count):
    """Traces through the right places in the wrong order."""
    rng = np.random.default_rng(0)
    n = len(scene.target)
    return [
        Trace(np.roll(scene.native, rng.integers(10, n - 10), axis=0), np.full(n, 0.9), 1.0, "w")
        for _ in range(count)
    ]


def test_the_best_of_each_source_comes_first_and_the_others_by_energy():
    energy = 1000.0 * np.array([-5.0, -9.0, -1.0, -8.0, -8.5])
    source = np.array([TRACE, TEMPLATE, BOTH, TEMPLATE, BOTH])
    assert choose_starts(energy, source).tolist() == [1, 4, 0, 3]


def test_a_start_that_cannot_be_believed_has_one_replica_at_most():
    share = shares_by_energy(np.array([-1000.0, -200.0, -990.0]))
    assert dealt_out(share, 3, 6).tolist() == [0, 1, 2, 0, 2, 0]
    assert dealt_out(None, 3, 6).tolist() == [0, 1, 2, 0, 1, 2]


def test_no_more_templates_start_than_the_paper_has():
    energy = -1000.0 + np.arange(100.0)
    source = np.repeat([TEMPLATE, TRACE], 50)
    chosen = choose_starts(energy, source)
    assert len(chosen) == MOST_STARTS
    assert np.sum(source[chosen] == TEMPLATE) == MOST_TEMPLATES


def test_a_template_and_a_trace_fill_each_others_gaps(barnase):
    n = len(barnase.native)
    front, back = barnase.native.copy(), barnase.native.copy()
    front[60:], back[:40] = np.nan, np.nan
    template = Template(front, 0.8, "front")
    trace = Trace(back, np.where(np.arange(n) < 40, 0.0, 0.5), 0.7, "back")
    by_trace, by_template = combinations([template], [trace])
    np.testing.assert_allclose(by_trace.positions, barnase.native)
    np.testing.assert_allclose(by_template.positions, barnase.native)
    assert by_trace.confidence[50] == 0.8 and by_template.confidence[50] == 0.5


def test_what_clashes_with_the_other_is_not_filled_in(barnase):
    n = len(barnase.native)
    front, elsewhere = barnase.native.copy(), barnase.native.copy()
    front[60:] = np.nan
    # The end of the trace lies on the template's first residues.
    elsewhere[:40], elsewhere[90:] = np.nan, barnase.native[: n - 90]
    trace = Trace(elsewhere, np.where(np.arange(n) < 40, 0.0, 0.5), 0.7, "folded back")
    filled, _ = combinations([Template(front, 0.8, "front")], [trace])
    assert filled.placed[60:90].mean() > 0.9
    assert not filled.placed[95:].any()


@pytest.mark.parametrize("traces", [1, 8])
def test_a_template_reaches_the_decoys_whatever_the_number_of_traces(barnase, traces):
    template = Template(barnase.noisy_trace(0, missing=0.05).positions, 0.8, "its own")
    decoys = assemble(
        barnase.target, [*wrong_traces(barnase, traces), template], barnase.calpha,
        barnase.density, barnase.resolution, rng=np.random.default_rng(0), replicas=4, sweeps=40,
    )  # fmt: skip
    best = decoys.positions[decoys.weight.argmax()].astype(float)
    assert tm_score(best, barnase.native) > 0.95
    likely = decoys.weight > 0.01
    tm = [tm_score(x.astype(float), barnase.native) for x in decoys.positions[likely]]
    assert np.median(tm) > 0.9


def test_a_template_leads_from_its_file_to_the_first_model(barnase):
    """A structure in another frame, beside more wrong traces than there are replicas."""
    turn = Rotation.from_rotvec([0.4, -1.1, 0.7]).as_matrix()
    moved = replace(barnase.chain, positions=barnase.chain.positions @ turn.T + [60.0, -30.0, 9.0])
    templates = survey([moved], barnase.calpha, barnase.target).templates
    options = {
        "calpha": barnase.calpha, "density": barnase.density, "resolution": barnase.resolution,
    }  # fmt: skip

    def first_model(starts):
        rng = np.random.default_rng(0)
        decoys = assemble(barnase.target, starts, rng=rng, replicas=4, sweeps=40, **options)
        clusters = cluster(decoys.positions, 2, decoys.weight)
        refined = refine_centroids(
            clusters.centroid, barnase.target, starts, rng=rng, sweeps=40, **options
        )
        models = [
            build_atoms(
                barnase.target, calpha, barnase.density, barnase.resolution, rng=rng,
                schedule="draft",
            )[0]
            for calpha in refined
        ]  # fmt: skip
        quality = assess(
            models, **options, size=clusters.size, mean_rmsd=clusters.mean_rmsd,
            total=clusters.total, z_score=1.0, calibration=read_calibration(shipped(CALIBRATION)),
        )  # fmt: skip
        return models[quality.order[0]]

    traces = wrong_traces(barnase, 6)
    assert tm_score(first_model([*traces, *templates]).calpha, barnase.native) > 0.97
    assert tm_score(first_model(traces).calpha, barnase.native) < 0.6


def test_without_templates_traces_start_as_they_are_given(small):
    traces = [small.noisy_trace(seed) for seed in range(3)]
    decoys = assemble(
        small.target, traces, small.calpha, small.density, small.resolution,
        rng=np.random.default_rng(0), replicas=2, sweeps=5,
    )  # fmt: skip
    assert len(decoys.starts) == 3
    for start, trace in zip(decoys.starts, traces):
        off = np.linalg.norm(start - trace.positions, axis=1)
        assert np.nanmedian(off) < 0.6


def test_traces_that_claim_no_register_are_starts_without_restraints(small):
    traces = [
        replace(small.noisy_trace(seed), confidence=np.zeros(len(small.target)))
        for seed in range(2)
    ]
    decoys = assemble(
        small.target, traces, small.calpha, small.density, small.resolution,
        rng=np.random.default_rng(0), replicas=2, sweeps=5,
    )  # fmt: skip
    assert np.isfinite(decoys.positions).all() and np.isfinite(decoys.energy).all()
    for term in (PLACE, PAIR):
        assert (decoys.components[:, term] == 0).all()
