"""Models that fit are trusted, residues that do not fit are not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from critasser.density import simulate
from critasser.quality import (
    Calibration,
    assess,
    cluster_confidence,
    estimated_tm,
    local_confidence,
    local_correlation,
)
from critasser.quality.calibration import TRACED_FEATURES
from critasser.structure import (
    AtomicModel,
    CalphaSet,
    Sequence,
    Target,
    Template,
    Trace,
    read_chains,
)

DATA = Path(__file__).parents[2] / "data"
RESOLUTION = 3.0


@pytest.fixture(scope="module")
def model():
    chain = read_chains(DATA / "1gl2_D.pdb.gz")[0]
    target = Target((Sequence("1gl2", chain.letters),))
    names, elements, residue, positions = [], [], [], []
    for i in range(len(chain.letters)):
        for k, name in enumerate(("N", "CA", "C", "O")):
            if np.isnan(chain.backbone[i, k]).any():
                continue
            names.append(name)
            elements.append(name[0])
            residue.append(i)
            positions.append(chain.backbone[i, k])
    return AtomicModel(
        target, tuple(names), tuple(elements), np.array(residue), np.array(positions)
    )


@pytest.fixture(scope="module")
def density(model):
    return simulate(model.positions, model.amplitudes, RESOLUTION, padding=12.0)


def calpha_set(positions):
    n = len(positions)
    return CalphaSet(positions, np.ones(n), np.full((n, 20), 0.05), np.full((n, 3), 1 / 3))


def shifted(model, residues, by):
    positions = model.positions.copy()
    positions[np.isin(model.residue, residues)] += by
    return model.with_positions(positions)


def test_one_tight_cluster_on_the_predicted_calpha_is_trusted(model, density):
    found = assess(
        [model], calpha_set(model.calpha), density, RESOLUTION,
        size=np.array([100]), mean_rmsd=np.array([0.2]), total=100,
    )  # fmt: skip
    assert found.etm[0] > 0.95
    assert found.pcc_box[0] > 0.99 and found.pcc_mask[0] > 0.99
    assert np.all(found.local_pcc > 0.99)
    assert np.all(found.shown > 90)


def test_equation_9_falls_with_spread_and_with_a_small_cluster():
    value = cluster_confidence(np.array([0.9, 0.9]), np.array([50, 10]), np.array([2.0, 2.0]), 100)
    assert value[0] > value[1]
    assert value == pytest.approx(
        [0.9 / (1 + 0.05 * 100 * 2 / 50), 0.9 / (1 + 0.05 * 100 * 2 / 10)], rel=0.1
    )


def test_a_decoy_without_neighbours_is_no_sure_thing():
    alone, many = cluster_confidence(
        np.array([0.9, 0.9]), np.array([1, 60]), np.array([0.0, 1.0]), 100
    )
    assert alone < 0.5 * many


def test_equation_8_lets_a_model_lean_on_a_better_one_that_is_alike():
    tm = np.array([[1.0, 0.9], [0.9, 1.0]])
    etm = estimated_tm(np.array([0.2, 0.8]), tm)
    assert etm == pytest.approx([0.18 + 0.82 * (0.9 - 0.1), 0.18 + 0.82 * 0.8])
    assert estimated_tm(np.array([0.5]), np.eye(1)) == pytest.approx([0.18 + 0.41])


def test_a_residue_outside_its_density_has_a_low_local_correlation(model, density):
    wrong = np.arange(20, 24)
    local = local_correlation(shifted(model, wrong, [0, 5.0, 5.0]), density, RESOLUTION)
    right = np.setdiff1d(np.arange(len(local)), np.arange(17, 28))
    assert local[wrong].max() < local[right].min()
    far = local_correlation(shifted(model, wrong, [500.0, 0, 0]), density, RESOLUTION)
    assert np.all(far[wrong] == 0)


def test_local_confidence_has_the_mean_of_etm_and_falls_where_models_differ(model):
    other = shifted(model, np.arange(10), [6.0, 0, 0])
    calpha = np.stack([model.calpha, other.calpha])
    etm = np.array([0.8, 0.7])
    local = local_confidence(calpha, np.ones((2, calpha.shape[1])), etm)
    assert local.mean(axis=1) == pytest.approx(etm)
    assert local[0, :10].max() < local[0, 10:].min()
    printed = local_confidence(calpha, np.ones((2, calpha.shape[1])), etm, as_printed=True)
    assert printed.mean() > 10


def test_models_are_ordered_by_what_they_are_worth(model, density):
    poor = shifted(model, np.arange(40), [9.0, 4.0, 0])
    found = assess(
        [poor, model], calpha_set(model.calpha), density, RESOLUTION,
        size=np.array([10, 60]), mean_rmsd=np.array([3.0, 1.0]), total=100,
    )  # fmt: skip
    assert list(found.order) == [1, 0]
    assert found.etm[1] > found.etm[0]
    worse = Calibration(np.zeros(7), np.ones(7), -np.eye(7)[0], 0.0)  # the lower eTM, the better
    again = assess(
        [poor, model], calpha_set(model.calpha), density, RESOLUTION,
        size=np.array([10, 60]), mean_rmsd=np.array([3.0, 1.0]), total=100, calibration=worse,
    )  # fmt: skip
    assert list(again.order) == [0, 1]
    assert found.rmsd_matrix[0, 1] == pytest.approx(found.rmsd_matrix[1, 0])


def test_a_trace_makes_surer_where_it_is_sure_unless_templates_led_it(model, density):
    length = len(model.target)
    alone = Calibration(np.zeros(7), np.ones(7), np.zeros(7), -1.0)
    last = 6.0 * np.eye(6)[-1]
    by_trace = Calibration(np.zeros(6), np.ones(6), last, -3.0, names=TRACED_FEATURES)
    calibration = replace(alone, traced=by_trace)
    sure = np.where(np.arange(length) < 30, 1.0, 0.0)
    given = {"traces": [Trace(model.calpha, sure, 1.0, "x")], "calibration": calibration}
    calpha = calpha_set(model.calpha)
    found = assess([model], calpha, density, RESOLUTION, **given)
    assert found.first_trace[0] == pytest.approx(sure)
    assert found.shown[0, :30].min() > 90 and found.shown[0, 30:].max() < 10
    template = Template(model.calpha + 100.0, 0.0, "elsewhere")
    led = assess([model], calpha, density, RESOLUTION, templates=[template], **given)
    assert np.isnan(led.first_trace).all()
    assert led.shown == pytest.approx(100 / (1 + np.exp(1.0)))


def test_a_tag_without_density_takes_nothing_from_the_rest_and_is_not_believed(model, density):
    length, tag = len(model.target), 20
    letters = "M" * tag + model.target.letters
    top = model.positions.max(axis=0)
    tail = top + np.array([0.0, 0.0, 3.8]) * np.arange(tag, 0, -1)[:, None]
    tagged = AtomicModel(
        Target((Sequence("tagged", letters),)),
        ("CA",) * tag + model.atom_names,
        ("C",) * tag + model.elements,
        np.concatenate([np.arange(tag), model.residue + tag]),
        np.concatenate([tail, model.positions]),
    )
    unseen = np.arange(length + tag) < tag
    calibration = Calibration(np.zeros(7), np.ones(7), np.array([1.0, 1, 0, 1, 1, 0, 0]), 0.0)
    calpha = calpha_set(model.calpha)
    bare = assess([model], calpha, density, RESOLUTION, calibration=calibration)
    found = assess(
        [tagged], calpha, density, RESOLUTION, unseen=unseen, calibration=calibration
    )
    assert found.etm == pytest.approx(bare.etm)
    assert found.mean == pytest.approx(bare.mean)
    assert found.shown[0, tag:] == pytest.approx(bare.shown[0])
    assert found.shown[0, :tag].max() < 1
    assert found.seen.tolist() == (~unseen).tolist()
    judged_whole = assess([tagged], calpha, density, RESOLUTION, calibration=calibration)
    assert judged_whole.etm < bare.etm - 0.1
