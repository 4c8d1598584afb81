"""Each option of a build changes what comes out, and can be given to a job that is gone on with."""

import json
import shutil
from pathlib import Path

import gemmi
import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from critasser.cli import _parsed, build
from critasser.density import Grid, crop, read_map, simulate, write_map
from critasser.job.arrays import load_arrays
from critasser.pipeline.build import BUILD
from critasser.pipeline.files import DECOYS, DENSITY, FEATURES, SEEN, SYMMETRY
from critasser.structure import ATOMIC_NUMBER, read_chains, screw_powers
from critasser.structure.geometry import CIS_LIMIT

DATA = Path(__file__).parents[2] / "data"
MAP = DATA / "emd_6555_piece.mrc.gz"
PIECE = DATA / "emd_6555_piece.pdb"
BETA = DATA / "3t30_C_piece.pdb.gz"
"""Two cis prolines."""

HELIX = DATA / "1gl2_D.pdb.gz"
"""A helix of a coiled coil."""

pytestmark = pytest.mark.slow


def atoms(path, first=0, last=None, without_side_chains=()):
    """Positions and amplitudes of the atoms of some residues of a chain, and their letters."""
    chain = read_chains(path)[0]
    shown = ~np.isin(chain.residue, without_side_chains)
    shown |= np.isin(chain.atom_names, ["N", "CA", "C", "O", "CB"])
    shown &= np.isin(chain.residue, np.arange(len(chain))[first:last])
    weight = np.array([float(ATOMIC_NUMBER[name.upper()]) for name in chain.elements])
    return chain.positions[shown], weight[shown], chain.letters[first:last]


def results(folder):
    return json.loads((folder / "results.json").read_text())


def described(folder):
    return json.loads((folder / "job.json").read_text())


def decoys(folder, *names):
    return load_arrays(folder / DECOYS, *names)


def sulphurs(chain, residue):
    """Where SG of a cysteine may be, (72, 3), by its first torsion."""
    named = zip(chain.residue, chain.atom_names, chain.positions)
    place = {name: position for owner, name, position in named if owner == residue}
    along = place["CB"] - place["CA"]
    along /= np.linalg.norm(along)
    normal = np.cross(place["CA"] - place["N"], along)
    normal /= np.linalg.norm(normal)
    turn = np.radians(np.arange(0, 360, 5))[:, None]
    around = np.cos(turn) * np.cross(normal, along) + np.sin(turn) * normal
    angle = np.radians(180.0 - 114.0)
    return place["CB"] + 1.81 * (np.cos(angle) * along + np.sin(angle) * around)


def test_records_of_a_fasta_file_are_chains_and_cysteines_that_meet_a_disulfide(
    critasser, tmp_path
):
    first, second = (sulphurs(read_chains(PIECE)[0], residue) for residue in (48, 55))
    off = np.abs(np.linalg.norm(first[:, None] - second, axis=2) - 2.05)
    a, b = np.unravel_index(off.argmin(), off.shape)
    positions, weight, letters = atoms(PIECE, without_side_chains=(48, 55))
    whole = letters[:48] + "C" + letters[49:55] + "C" + letters[56:]
    positions = np.vstack([positions, first[a], second[b]])
    grid = simulate(positions, np.append(weight, [16.0, 16.0]), 2.5, padding=6.0)
    write_map(tmp_path / "map.mrc", grid)
    (tmp_path / "two.fasta").write_text(f">first\n{whole[:50]}\n>second\n{whole[50:]}\n")
    critasser(
        "build", tmp_path / "map.mrc", tmp_path / "two.fasta", "-o", tmp_path / "job",
        "--resolution", 2.5, "--quality", "draft", "--models", 1,
    )  # fmt: skip
    (model,) = results(tmp_path / "job")["models"]
    first, second = read_chains(tmp_path / "job" / model["file"])
    assert (first.name, first.letters) == ("A", whole[:50])
    assert (second.name, second.letters) == ("B", whole[50:])
    assert model["disulfides"] == [["A:49", "B:6"]]
    block = gemmi.cif.read(str(tmp_path / "job" / model["file"])).sole_block()
    kinds = list(block.find_values("_struct_conn.conn_type_id"))
    assert kinds.count("disulf") == 1


@pytest.fixture(scope="module")
def with_template(critasser, tmp_path_factory) -> Path:
    """A build in a simulated map, with the structure that it was simulated from as template."""
    folder = tmp_path_factory.mktemp("template")
    positions, weight, letters = atoms(BETA)
    grid = simulate(positions, weight, 2.5, voxel_size=1.0, padding=6.0)
    write_map(folder / "map.mrc", grid)
    (folder / "a.fasta").write_text(f">beta\n{letters}\n")
    turned = gemmi.read_structure(str(BETA))
    turn = gemmi.Transform(gemmi.Mat33([[0, -1, 0], [1, 0, 0], [0, 0, 1]]), gemmi.Vec3(50, 0, -20))
    turned[0].transform_pos_and_adp(turn)
    turned.write_pdb(str(folder / "template.pdb"))
    critasser(
        "build", folder / "map.mrc", folder / "a.fasta", "-o", folder / "job", "--resolution", 2.5,
        "--quality", "shortest", "--models", 1, "--templates", folder / "template.pdb",
    )  # fmt: skip
    return folder / "job"


def test_a_template_is_placed_in_the_map_and_starts_models(with_template):
    native = read_chains(BETA)[0]
    (placed,) = read_chains(with_template / "3_templates/template_01.cif")
    assert np.median(np.linalg.norm(placed.calpha - native.calpha, axis=1)) < 1.0
    table = (with_template / "3_templates/templates.csv").read_text()
    assert len(table.splitlines()) == 2
    starts = decoys(with_template, "starts")[0]
    apart = np.linalg.norm(starts - placed.calpha, axis=2).max(axis=1)
    assert apart.min() < 0.5


def test_a_cis_peptide_of_a_template_is_cis_in_the_model_and_told(with_template):
    (model,) = results(with_template)["models"]
    (chain,) = read_chains(with_template / model["file"])
    step = np.linalg.norm(np.diff(chain.calpha, axis=0), axis=1)
    short = [[f"A:{i + 1}", f"A:{i + 2}"] for i in np.flatnonzero(step < CIS_LIMIT)]
    assert model["cis_peptides"] == short
    block = gemmi.cif.read(str(with_template / model["file"])).sole_block()
    table = block.find("_struct_mon_prot_cis.", ["auth_asym_id", "auth_seq_id"])
    assert [f"{row[0]}:{row[1]}" for row in table] == [first for first, _ in short]
    assert short and {tuple(pair) for pair in short} <= {("A:26", "A:27"), ("A:37", "A:38")}


def test_templates_can_be_taken_away(with_template, again, tmp_path):
    copy = Path(shutil.copytree(with_template, tmp_path / "job"))
    ran = again(copy, "--no-templates")
    assert {"templates", "trace", "assembly"} <= ran
    assert not ran & {"density", "network", "calpha"}
    assert not list((copy / "3_templates").glob("*.cif"))
    assert set(described(copy)["inputs"]) == {"map", "sequence"}
    with_, without = decoys(with_template, "starts")[0], decoys(copy, "starts")[0]
    assert with_.shape != without.shape or not np.allclose(with_, without)


@pytest.fixture(scope="module")
def two_helices(tmp_path_factory) -> Path:
    """A map of two helices, 25 Å apart, and a mask of the first; mirrored."""
    folder = tmp_path_factory.mktemp("helices")
    positions, weight, letters = atoms(HELIX, 5, 33)
    both = np.concatenate([positions, positions + [25.0, 0.0, 0.0]]) * [-1.0, 1.0, 1.0]
    grid = simulate(both, np.tile(weight, 2), 3.0, voxel_size=1.0, padding=8.0)
    near = simulate(both[: len(weight)], weight, 8.0, voxel_size=1.0, padding=8.0)
    inside = np.zeros(grid.shape)
    at = np.rint(grid.to_index(near.origin)).astype(int)
    z, y, x = (slice(a, a + n) for a, n in zip(at, near.shape))
    inside[z, y, x] = near.values > 0.2 * near.values.max()
    write_map(folder / "map.mrc", grid)
    write_map(folder / "mask.mrc", Grid(inside, grid.origin, grid.voxel_size))
    (folder / "a.fasta").write_text(f">helix\n{letters}\n")
    return folder


@pytest.fixture(scope="module")
def masked(two_helices, first_stages) -> tuple[Path, list[str]]:
    """The first stages of a build of one of the two helices, and their warnings."""
    warnings = first_stages(
        "calpha", "build", two_helices / "map.mrc", two_helices / "a.fasta",
        "-o", two_helices / "job", "--mask", two_helices / "mask.mrc",
    )  # fmt: skip
    return two_helices / "job", warnings


def test_a_mask_says_where_to_build_and_can_be_taken_away(masked, first_stages, tmp_path):
    copy = Path(shutil.copytree(masked[0], tmp_path / "job"))
    inside = read_map(copy / DENSITY)
    first_stages("density", "build", "--resume", copy, "--no-mask")
    whole = read_map(copy / DENSITY)
    extent = [np.ptp([grid.origin[0], grid.upper[0]]) for grid in (inside, whole)]
    assert extent[1] > extent[0] + 15.0
    assert "mask" not in described(copy)["inputs"]


def test_a_resolution_that_is_not_given_is_estimated_and_said(masked):
    folder, warnings = masked
    noted = json.loads((folder / "stages/density.json").read_text())["summary"]["resolution"]
    assert 2.0 < noted < 4.5
    assert f"no resolution given: {noted} Å estimated" in " ".join(warnings)


def test_a_mirrored_map_is_named(masked):
    assert "looks like the mirror image of a protein" in " ".join(masked[1])


def test_one_sequence_in_a_symmetric_map_is_built_once_and_the_others_are_its_copies(
    critasser, tmp_path
):
    positions, weight, letters = atoms(PIECE)
    moved = np.array([18.0, 0.0, 0.0]) - positions.mean(axis=0)
    positions = positions + moved
    both = np.concatenate([positions, positions * [-1.0, -1.0, 1.0]])
    write_map(tmp_path / "map.mrc", simulate(both, np.tile(weight, 2), 3.0, padding=6.0))
    (tmp_path / "a.fasta").write_text(f">one of two\n{letters}\n")
    critasser(
        "build", tmp_path / "map.mrc", tmp_path / "a.fasta", "-o", tmp_path / "job",
        "--resolution", 3.0, "--quality", "shortest", "--models", 1,
    )  # fmt: skip
    found = results(tmp_path / "job")
    assert found["symmetry"]["units"] == 2
    assert found["symmetry"]["built"] == 1
    structure = gemmi.read_structure(str(tmp_path / "job/5_models/model_1.cif"))
    naming = gemmi.HowToNameCopiedChain.Dup
    whole = gemmi.make_assembly(structure.assemblies[0], structure[0], naming)
    built = [a.pos.tolist() for c in whole for r in c for a in r if a.name == "CA"]
    native = read_chains(PIECE)[0].calpha + moved
    away = cKDTree(built).query(np.concatenate([native, native * [-1.0, -1.0, 1.0]]))[0]
    assert len(built) == 120
    assert np.mean(away < 2.0) > 0.9


def test_the_symmetry_of_a_filament_is_given_and_its_units_are_copies_or_none_is_used(
    critasser, first_stages, tmp_path
):
    positions, weight, letters = atoms(PIECE)
    own = positions + [14.0, 0.0, 0.0] - positions.mean(axis=0)
    turn = Rotation.from_rotvec([0, 0, np.radians(-120.0)]).as_matrix()
    steps = screw_powers(turn, np.array([0, 0, 22.0]), 3)
    every = steps.images(own).reshape(-1, 3)
    grid = simulate(every, np.tile(weight, len(steps)), 3.0, padding=5.0)
    shown = crop(grid, [*grid.origin[:2], -36.0], [*grid.upper[:2], 36.0])
    write_map(tmp_path / "map.mrc", shown)
    (tmp_path / "a.fasta").write_text(f">one of a filament\n{letters}\n")
    critasser(
        "build", tmp_path / "map.mrc", tmp_path / "a.fasta", "-o", tmp_path / "job",
        "--resolution", 3.0, "--quality", "shortest", "--models", 1,
        "--symmetry", "helical:22.5,-118",
    )  # fmt: skip
    found = results(tmp_path / "job")["symmetry"]
    name, rise, twist = found["name"].split(", ")
    assert name == "helical"
    assert float(rise.split()[1]) == pytest.approx(22.0, abs=0.3)
    assert float(twist.split()[1].strip("−°")) == pytest.approx(120.0, abs=1.0)
    assert (found["built"], found["correlation"] > 0.9) == (1, True)
    structure = gemmi.read_structure(str(tmp_path / "job/5_models/model_1.cif"))
    whole = gemmi.make_assembly(
        structure.assemblies[0], structure[0], gemmi.HowToNameCopiedChain.Dup
    )
    built = np.array([a.pos.tolist() for c in whole for r in c for a in r if a.name == "CA"])
    assert 2 <= found["units"] <= 4  # of the 3.3 rises that the box shows, those that are whole
    assert len(built) == 60 * found["units"]
    moved = [14.0, 0.0, 0.0] - positions.mean(axis=0)
    native = steps.images(read_chains(PIECE)[0].calpha + moved)
    assert np.mean(cKDTree(native.reshape(-1, 3)).query(built)[0] < 2.5) > 0.8
    warnings = first_stages("trace", "build", "--resume", tmp_path / "job", "--symmetry", "none")
    assert not any("symmetry" in one for one in warnings)
    assert len(load_arrays(tmp_path / "job" / SYMMETRY, "rotation")[0]) == 1
    warnings = first_stages("symmetry", "build", "--resume", tmp_path / "job", "--symmetry", "C5")
    assert any("the map does not have the symmetry C5" in one for one in warnings)


def test_another_seed_gives_other_decoys_from_the_same_map(copy, finished, again):
    ran = again(copy, "--seed", 2)
    assert {"assembly", "decoys"} <= ran
    assert not ran & {"density", "network", "calpha"}
    assert described(copy)["options"]["seed"] == 2
    (before,), (after,) = decoys(finished, "positions"), decoys(copy, "positions")
    assert before.shape != after.shape or not np.allclose(before, after)


def test_quality_says_how_much_work_is_done(copy, finished, again):
    ran = again(copy, "--quality", "shorter")
    assert {"assembly", "decoys"} <= ran
    assert not ran & {"density", "network", "calpha"}
    assert len(decoys(finished, "temperatures")[0]) == 4
    assert len(decoys(copy, "temperatures")[0]) == 5


def test_the_resolution_given_is_the_one_that_is_used(copy, finished, first_stages):
    first_stages("assembly", "build", "--resume", copy, "--resolution", 4.5)
    assert described(copy)["options"]["resolution"] == 4.5
    marker = json.loads((copy / "stages/density.json").read_text())
    assert marker["summary"]["resolution"] == 4.5
    assert (copy / SEEN).read_bytes() == (finished / SEEN).read_bytes()
    (before,), (after,) = decoys(finished, "energy"), decoys(copy, "energy")
    assert before.shape != after.shape or not np.allclose(before, after)


def test_weights_are_the_network_that_sees_the_map(
    copy, finished, first_stages, blind_network
):
    first_stages("network", "build", "--resume", copy, "--weights", blind_network)
    assert described(copy)["weights"]["path"] == str(blind_network)
    assert (copy / DENSITY).read_bytes() == (finished / DENSITY).read_bytes()
    assert (copy / FEATURES).read_bytes() != (finished / FEATURES).read_bytes()


def test_the_device_asked_for_is_the_one_taken(inputs, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)

    def device(*arguments):
        args = _parsed(["build", *map(str, inputs[:2]), "-o", str(tmp_path / "job"), *arguments])
        return BUILD.check(*build._resolve(args)).checked.device

    assert device() == device("--device", "auto") == "cuda"
    assert device("--device", "cpu") == "cpu"


