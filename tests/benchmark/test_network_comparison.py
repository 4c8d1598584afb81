"""Networks are compared map by map, by resolution shell."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmark.calpha import helix_strand
from benchmark.calpha_cases import EXPERIMENTAL, CalphaCase, lifelike
from benchmark.measures import CalphaTruth
from benchmark.network_comparison import FIGURES, compare, shell_of
from critasser.structure import CalphaSet


def record(**figures):
    given = {name.replace("_", " "): value for name, value in figures.items()}
    return {"figures": dict.fromkeys(FIGURES, 0.5) | given}


def case(group, resolution, snr=None):
    return CalphaCase("x", group, snr, resolution, Path("m"), Path("m"), 100)


def test_the_difference_is_over_maps_that_both_networks_have_a_figure_of():
    pairs = [(record(F1_2=a), record(F1_2=b)) for a, b in ((0.5, 0.6), (0.7, 0.9), (0.4, None))]
    old, new, change, error = compare(pairs)["F1 2"]
    assert (old, new) == (pytest.approx(0.6), pytest.approx(0.75))
    assert change == pytest.approx(0.15)
    assert error == pytest.approx(0.05)
    assert np.isnan(compare([(record(F1_1=None), record())])["F1 1"]).all()


def test_maps_are_sorted_by_kind_and_resolution():
    assert shell_of(case(EXPERIMENTAL, 3.4)) == "experimental, 0–3.4 Å"
    assert shell_of(case(EXPERIMENTAL, 7.9)) == "experimental, 6–10 Å"
    assert shell_of(case("lifelike 4-5", 4.2)) == "lifelike, 4-5 Å"
    assert shell_of(case("5-8", 6.0, 1.0)) == "simulated, 5-8 Å, SNR 1"


def test_helices_and_strands_count_where_they_are_found():
    positions = np.arange(12.0).reshape(4, 3) * 5
    truth = CalphaTruth(positions, np.zeros(4, int), np.array([0, 0, 1, 2]), False)
    seen = np.eye(3)[[0, 2, 1, 0]]
    found = CalphaSet(positions, np.ones(4), np.full((4, 20), 0.05), seen)
    assert helix_strand(found, truth) == {"helix, strand": pytest.approx(2 / 3)}
    assert helix_strand(found.select([0, 3]), truth) == {"helix, strand": 1.0}
    unknown = replace(found, secondary_structure=np.full((4, 3), np.nan))
    assert helix_strand(unknown, truth) == {"helix, strand": None}


def test_lifelike_maps_are_the_same_every_time_and_every_second_has_a_neighbour(tmp_path):
    (tmp_path / "structures").mkdir()
    rows = [f"{k}abc_A\tval\t{100 + k}\tpdb/{k}abc_A.pdb.gz\n" for k in range(6)]
    table = tmp_path / "structures" / "index.tsv"
    table.write_text("id\tsplit\tlength\tfile\n" + "".join(rows))
    few, more = (list(lifelike(tmp_path, count, ["4-5", "8-10"])) for count in (2, 4))
    assert set(few) < set(more)
    assert [c.neighbour is not None for c in more] == [False, True] * 4
    assert all(4 <= c.resolution <= 5 for c in more if c.group == "lifelike 4-5")
    assert all(c.neighbour != c.source for c in more)
