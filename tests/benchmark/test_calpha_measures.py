"""What is counted of Cα positions is what is right about them."""

from pathlib import Path

import numpy as np
import pytest

from benchmark.baselines import highest_density, shifted_density
from benchmark.calpha import NO_NETWORK, Work, measure_map
from benchmark.calpha_cases import CalphaCase
from benchmark.measures import CalphaTruth, calpha_set_figures
from benchmark.noise import add_noise
from benchmark.records import Records
from critasser.density import model_mask, simulate
from critasser.structure import CalphaSet, read_chains

CHAIN = Path(__file__).parents[1] / "data" / "3wmi_A.pdb.gz"


@pytest.fixture(scope="module")
def truth():
    return CalphaTruth.of(read_chains(CHAIN), crowded=False)


def found_as(truth, positions, **more):
    """Positions in the order of the truth, with the right kinds."""
    n = len(positions)
    kinds = np.eye(20)[np.arange(n) % 20]
    kinds[: len(truth)] = np.eye(20)[truth.amino_acid][:n]
    structure = np.eye(3)[np.zeros(n, int)]
    structure[: len(truth)] = np.eye(3)[truth.secondary_structure][:n]
    given = {"amino_acid": kinds, "secondary_structure": structure} | more
    return CalphaSet(positions, np.ones(n), **given)


def test_the_truth_itself_is_worth_everything(truth):
    figures = calpha_set_figures(found_as(truth, truth.positions), truth)
    assert figures.pop("RMSD") == 0
    assert set(figures.values()) == {1.0}


def test_a_shift_counts_from_the_cutoff_that_is_longer(truth):
    figures = calpha_set_figures(found_as(truth, truth.positions + [0, 0, 1.5]), truth)
    assert figures["F1 1"] < 0.1
    assert figures["F1 2"] == figures["F1 3"] == 1
    assert figures["RMSD"] == pytest.approx(1.5)


def test_the_likeliest_five_amino_acids_hold_a_second_choice(truth):
    kinds = np.eye(20)[truth.amino_acid] * 0.4 + np.eye(20)[(truth.amino_acid + 1) % 20] * 0.6
    figures = calpha_set_figures(found_as(truth, truth.positions, amino_acid=kinds), truth)
    assert figures["top-1"] == 0 and figures["top-5"] == 1


def test_what_lies_far_from_the_model_counts_only_where_nothing_else_is(truth):
    far = np.concatenate([truth.positions, truth.positions[:20] + [200.0, 0, 0]])
    alone = calpha_set_figures(found_as(truth, far), truth)
    crowded = CalphaTruth(
        truth.positions, truth.amino_acid, truth.secondary_structure, crowded=True
    )
    among_neighbours = calpha_set_figures(found_as(truth, far), crowded)
    assert alone["precision 2"] == pytest.approx(len(truth) / len(far)) and alone["recall 2"] == 1
    assert among_neighbours["precision 2"] == among_neighbours["recall 2"] == 1


def test_finding_nothing_is_worth_nothing_and_no_error(truth):
    figures = calpha_set_figures(found_as(truth, truth.positions[:0]), truth)
    assert figures["F1 3"] == figures["CRscore"] == 0
    assert figures["RMSD"] is figures["top-1"] is figures["secondary structure"] is None


def test_noise_is_as_strong_as_asked_and_stops_at_the_resolution():
    positions = read_chains(CHAIN)[0].positions
    clean = simulate(positions, 6.0, 4.0, padding=12.0)
    noisy = add_noise(clean, positions, 4.0, 0.5, np.random.default_rng(0))
    noise = noisy.values.astype(float) - clean.values
    inside = clean.values[model_mask(clean, positions, 2.0)]
    assert inside.std() / noise.std() == pytest.approx(0.5**0.5, rel=1e-3)
    power = np.abs(np.fft.fftn(noise)) ** 2
    axes = np.meshgrid(*(np.fft.fftfreq(n) for n in noise.shape), indexing="ij")
    frequency = np.sqrt(sum(axis**2 for axis in axes))
    assert power[frequency > 1.3 / 4.0].sum() < 1e-3 * power.sum()
    low, high = (
        power[(frequency > a) & (frequency < b)].mean() for a, b in ((0.05, 0.1), (0.15, 0.2))
    )
    assert low == pytest.approx(high, rel=0.1)


def test_without_a_network_mean_shift_finds_what_picking_does_not():
    case = CalphaCase("3wmi_A", "3-4", None, 3.5, CHAIN, CHAIN, 100)
    density, truth = case.density(), case.truth()
    picked, shifted = (find(density, len(truth)) for find in (highest_density, shifted_density))
    assert len(picked) == len(shifted) == len(truth)
    figures = [calpha_set_figures(found, truth) for found in (picked, shifted)]
    assert 0.3 < figures[0]["F1 2"] < 0.7 < 0.8 < figures[1]["F1 2"]
    assert figures[0]["top-1"] is figures[1]["secondary structure"] is None


def test_a_map_is_the_same_map_in_every_run():
    case = CalphaCase("3wmi_A", "8-11", 1.0, 9.3, CHAIN, CHAIN, 100)
    assert np.array_equal(case.density().values, case.density().values)


def test_figures_outlive_a_kill_in_the_middle_of_a_line(tmp_path, capsys):
    case = CalphaCase("3wmi_A", "5-8", None, 6.0, CHAIN, CHAIN, 100)
    first = measure_map(Work(case, {NO_NETWORK: ("naive",)}, {}, "cpu"))
    path = tmp_path / "calpha.jsonl"
    Records(path).add(first)
    with path.open("a") as file:
        file.write('{"map": "3wmi_A 6 Å, "figu')
    again = Records(path)
    assert "cut line" in capsys.readouterr().err
    assert list(again.found.values()) == first
    again.add(measure_map(Work(case, {NO_NETWORK: ("mean-shift",)}, {}, "cpu")))
    assert {method for _, _, method in Records(path).found} == {"naive", "mean-shift"}


def test_neighbours_take_none_of_the_picks_of_a_method_without_a_network(truth):
    positions = read_chains(CHAIN)[0].positions
    both = np.concatenate([positions, positions + [90.0, 0, 0]])
    # The neighbour is the denser one.
    density = simulate(both, np.repeat([6.0, 9.0], len(positions)), 5.0, padding=10.0)
    crowd, alone = (highest_density(grid, len(truth)) for grid in (density, truth.alone(density)))
    assert np.mean(crowd.positions[:, 0] > positions[:, 0].max() + 10) > 0.5
    assert np.all(alone.positions[:, 0] < positions[:, 0].max() + 6)
