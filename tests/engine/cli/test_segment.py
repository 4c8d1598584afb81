"""Maps are segmented on the command line."""

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from critasser.density import FeatureMaps, read_map, simulate, write_map
from critasser.pipeline import segments
from critasser.structure import group_rotations, read_chains
from critasser.symmetry_text import PointGroup

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def density(tmp_path_factory):
    (chain,) = read_chains(DATA / "1a2p_A.pdb.gz")
    path = tmp_path_factory.mktemp("segment") / "map.mrc"
    write_map(path, simulate(chain.positions, chain.amplitudes, 4.0, padding=10.0))
    return path


def test_regions_are_printed_and_written(run, density, tmp_path):
    fasta = tmp_path / "a.fasta"
    fasta.write_text(f">a\n{read_chains(DATA / '1a2p_A.pdb.gz')[0].letters}\n")
    status, out, _ = run(
        "segment", density, "-o", tmp_path / "out", "--sequence", fasta, "--density-only"
    )
    assert status == 0
    assert ": 1 regions of" in out and str(tmp_path / "out" / "regions.mrc") in out
    assert read_map(tmp_path / "out" / "regions.mrc").values.max() == 1
    assert len((tmp_path / "out" / "regions.csv").read_text().splitlines()) == 2


def test_what_is_read_otherwise_than_it_stands_there_is_told(run, density, tmp_path):
    fasta = tmp_path / "a.fasta"
    fasta.write_text(f">1ABC_1|Chains A, B|x\n{'A' * 40}\n")
    told = run("segment", density, "--sequence", fasta, "--density-only")
    assert told[0] == 2 and "is DNA or RNA" in told[2]
    moved = tmp_path / "moved.map"
    moved.write_bytes(density.read_bytes())
    status, _, err = run("segment", moved, "--sequence", fasta, "--protein", "--density-only")
    assert status == 0
    assert "names the chains A, B: 2 copies" in err and "by its start indices" in err


@pytest.fixture(scope="module")
def ring(tmp_path_factory):
    """A map of three copies of barnase about a tilted axis, which do not touch."""
    (chain,) = read_chains(DATA / "1a2p_A.pdb.gz")
    tilt = Rotation.from_rotvec([0.3, -0.5, 0.2]).as_matrix()
    turns = tilt @ group_rotations(PointGroup("C3")) @ tilt.T
    own = chain.positions - chain.positions.mean(axis=0) + tilt @ [26.0, 0.0, 0.0]
    every = np.concatenate([own @ turn.T for turn in turns]) + [40.0, 50.0, 60.0]
    path = tmp_path_factory.mktemp("ring") / "map.mrc"
    write_map(path, simulate(every, np.tile(chain.amplitudes, 3), 6.0, padding=10.0))
    return path


def test_regions_that_a_symmetry_leads_onto_each_other_are_copies(run, ring, tmp_path):
    fasta = tmp_path / "a.fasta"
    letters = read_chains(DATA / "1a2p_A.pdb.gz")[0].letters
    fasta.write_text(f">a copies=3\n{letters}\n")
    asked = ("segment", ring, "-o", tmp_path, "--sequence", fasta, "--density-only")
    status, out, _ = run(*asked, "--symmetry", "C3")
    assert status == 0
    assert "C3: the map correlates with its images by 0.9" in out
    assert "3 of 3 regions have copies" in out
    rows = list(csv.DictReader((tmp_path / "regions.csv").open()))
    assert [row["copies"] for row in rows] == ["2 3", "1 3", "1 2"]
    assert "copies" not in run(*asked)[1]
    assert {row["copies"] for row in csv.DictReader((tmp_path / "regions.csv").open())} == {""}


@pytest.mark.parametrize(("given", "told"), [
    ("C4", "the map does not have the symmetry C4"), ("auto", "none is looked for here"),
    ("X", "give auto, none or one such as C4"),
])  # fmt: skip
def test_a_symmetry_that_the_map_does_not_have_is_refused(run, ring, given, told):
    status, out, err = run("segment", ring, "--density-only", "--symmetry", given)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert told in err


def volumes(out):
    """Å³ of the regions that are printed."""
    return [float(line.split()[2]) for line in out.splitlines()[2:] if line[:6].strip().isdigit()]


def test_a_higher_level_leaves_smaller_regions(run, density):
    low, high = np.array([0.1, 0.3]) * read_map(density).values.max()
    outs = [run("segment", density, "--density-only", "--level", level)[1] for level in (low, high)]
    assert sum(volumes(outs[0])) > 1.2 * sum(volumes(outs[1]))
    assert outs[0].startswith(f"level {low:.4g}:")


def test_what_lies_far_from_backbone_is_left_out_unless_that_is_not_wanted(
    run, density, monkeypatch
):
    asked = []

    def half(grid, weights, **options):
        """A network that sees backbone in one half of the map."""
        asked.append(options["device"])
        backbone = np.zeros(grid.shape, np.float32)
        backbone[: grid.shape[0] // 3] = 0.9
        empty = [np.zeros((*n, *grid.shape), np.float16) for n in ((), (3,), (20,))]
        return FeatureMaps(grid.origin, grid.voxel_size, empty[0], backbone, *empty[1:])

    monkeypatch.setattr(segments, "predict", half)
    plain = run("segment", density, "--density-only")[1]
    assert asked == []
    guided = run("segment", density, "--device", "cpu")[1]
    assert asked == ["cpu"]
    assert 0.2 * sum(volumes(plain)) < sum(volumes(guided)) < 0.7 * sum(volumes(plain))


@pytest.mark.parametrize(
    ("options", "says"),
    [(["--level", "1e9"], "nothing of the map is above the level"), (["-o", "FILE"], "is a file")],
)
def test_what_cannot_be_is_told_in_a_line(run, density, tmp_path, options, says):
    (tmp_path / "file").touch()
    given = [str(tmp_path / "file") if one == "FILE" else one for one in options]
    status, _, err = run("segment", density, "--density-only", *given)
    assert status == 2 and says in err and err.count("\n") == 1
