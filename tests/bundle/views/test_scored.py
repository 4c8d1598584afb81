"""A person's own model: scored where it lies, and stretches of it built again."""

import json
import shlex
import sys
from types import SimpleNamespace

import gemmi
import numpy as np
import pytest
from chimerax.core.commands import RUN
from chimerax.core.errors import UserError
from chimerax.geometry import Place

TURNED = Place([[0, -1, 0, 5], [1, 0, 0, -2], [0, 0, 1, 7]])
ELSEWHERE = Place([[1, 0, 0, 30], [0, 0, -1, 4], [0, 1, 0, -11]])


@pytest.fixture
def located(session, fake_engine):
    from chimerax.critasser.commands import location

    location.command(session, sys.executable)
    return fake_engine


class Residues(list):
    """Residues of several models or none, with the little that is asked of a collection."""

    unique_structures = property(lambda self: list({r.structure: None for r in self}))


NAMES = [("A", -1, ""), ("A", 1, ""), ("A", 1, "A"), ("A", 5, ""), ("B", 1, "")]


def coordinates(path):
    lines = [line.split() for line in path.read_text().splitlines()]
    return np.array(
        [[float(x) for x in w[9:12]] for w in lines if w and w[0] in ("ATOM", "HETATM")]
    )


def score(session, *arguments, **keywords):
    from chimerax.critasser.commands import score as module

    return module.command(session, *arguments, **keywords)


def rebuild(session, *arguments, **keywords):
    from chimerax.critasser.commands import rebuild as module

    return module.command(session, *arguments, **keywords)


@pytest.mark.parametrize("rotation", [None, ((0, 1, 0), (-1, 0, 0), (0, 0, 1))])
def test_a_model_is_written_where_it_lies_in_the_map_wherever_both_were_moved(
    session, open_volume, open_model, tmp_path, rotation
):
    from chimerax.critasser.jobs.inputs import frame
    from chimerax.critasser.jobs.model_file import write_structure

    volume = open_volume(session, rotation=rotation)
    volume.scene_position = TURNED
    structure, _ = open_model(session, NAMES, ELSEWHERE)
    write_structure(tmp_path / "m.cif", structure, volume)

    in_scene = ELSEWHERE * structure.atoms.coords
    back = volume.scene_position * (Place(frame(volume.data)) * coordinates(tmp_path / "m.cif"))
    assert back == pytest.approx(in_scene, abs=2e-3)


def test_names_that_mmcif_would_misread_are_quoted(session, open_volume, open_model, tmp_path):
    from chimerax.critasser.jobs.model_file import write_structure

    structure, _ = open_model(session, [("_", 1, ""), ("data_x", 2, ""), ("'", 3, "")])
    names = ["O5'", "CA", "C\"1'", "O"]
    structure.atoms.names = names
    write_structure(tmp_path / "m.cif", structure, open_volume(session))
    block = gemmi.cif.read(str(tmp_path / "m.cif")).sole_block()
    atoms = block.find("_atom_site.", ["label_atom_id", "auth_asym_id"])
    assert [row.str(0) for row in atoms] == names
    assert [row.str(1) for row in atoms] == ["_", "data_x", "'", "A"]


def test_a_score_is_put_on_the_persons_model_and_changes_nothing_else(
    session, open_volume, open_model, located
):
    volume = open_volume(session)
    structure, residues = open_model(session, NAMES, ELSEWHERE)
    before = session.models.list()
    job = score(session, structure, in_map=volume, resolution=3.2, device="cpu")

    assert job.outcome == "finished"
    words = shlex.split((job.folder / "command").read_text())
    assert words[1] == "score" and words[-4:] == ["--resolution", "3.2", "--device", "cpu"]
    confidence = [getattr(r, "critasser_confidence", "?") for r in structure.residues]
    assert confidence == [0.0, 10.0, 20.0, 30.0, 40.0, None]
    local_pcc = [r.critasser_local_pcc for r in residues]
    assert local_pcc == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])
    assert session.models.list() == before
    colored = [text for text in RUN if text.startswith("color")]
    assert len(colored) == 1
    assert f"{structure.atomspec}::critasser_confidence>=0 " in colored[0]
    assert [text for text in RUN if text.startswith("key")]
    assert "eTM 0.80, CRscore 0.70, PCC 0.60" in session.logger.text("info")
    assert "a stand-in judged this" in session.logger.text("warning")


def test_a_scored_model_is_seen_through_an_opaque_map_and_the_job_has_its_name(
    session, open_volume, open_model, located
):
    volume = open_volume(session)
    volume.surfaces = [SimpleNamespace(display=True, style="surface", rgba=(1, 1, 1, 1))]
    structure, _ = open_model(session, NAMES)
    structure.name = "model.pdb.gz"
    RUN.clear()
    job = score(session, structure, in_map=volume)
    assert job.name == "model_score"
    assert f"volume {volume.atomspec} transparency 0.6" in RUN


def test_a_model_alone_with_a_map_is_scored_in_it_and_with_several_asks_in_which(
    session, open_volume, open_model, located
):
    structure, _ = open_model(session, NAMES)
    with pytest.raises(UserError, match=r"in which map.*critasser score #1 inMap #1"):
        score(session, structure)
    volume = open_volume(session)
    words = shlex.split((score(session, structure, seed=5).folder / "command").read_text())
    assert words[-2:] == ["--seed", "5"]
    assert f"in {volume}, since no other map was given" in session.logger.text("info")
    open_volume(session, "other")
    with pytest.raises(UserError, match="in which map"):
        score(session, structure)


def test_a_jobs_model_is_scored_in_the_jobs_map_at_its_resolution(
    session, open_volume, open_model, located, tmp_path
):
    from chimerax.critasser.models.job_group import JobGroup

    open_volume(session, "other")
    volume = open_volume(session, "its own")
    structure, _ = open_model(session, NAMES)
    group = JobGroup(session, "x", tmp_path, volume)
    session.models.add([group])
    structure.parent = group
    (tmp_path / "results.json").write_text(json.dumps({"resolution": 4.5}))
    words = shlex.split((score(session, structure).folder / "command").read_text())
    assert words[words.index("--resolution") + 1] == "4.5"
    given = shlex.split((score(session, structure, resolution=3).folder / "command").read_text())
    assert given[given.index("--resolution") + 1] == "3"
    assert f"in {volume}, since no other map was given" in session.logger.text("info")


def test_scores_of_residues_that_were_deleted_meanwhile_are_told(
    session, open_volume, open_model, located
):
    from chimerax.critasser.views.scored import ScoredModel

    structure, _ = open_model(session, NAMES)
    job = score(session, structure, in_map=open_volume(session))
    structure.residues = structure.residues[1:]
    ScoredModel(session, "x", job.folder, structure).finish()
    assert "1 residues that were scored are no more" in session.logger.text("warning")


def test_the_score_of_a_model_that_was_closed_is_in_its_table(
    session, open_volume, open_model, located
):
    from chimerax.critasser.views.scored import ScoredModel

    structure, _ = open_model(session, NAMES)
    job = score(session, structure, in_map=open_volume(session))
    structure.delete()
    RUN.clear()
    ScoredModel(session, "x", job.folder, structure).finish()
    assert "model_1.csv" in session.logger.text("info")
    assert not RUN


def test_an_engine_that_left_no_scores_is_told(session, open_model, tmp_path):
    from chimerax.critasser.views.scored import ScoredModel

    structure, _ = open_model(session, NAMES)
    (tmp_path / "results.json").write_text('{"models": "none", "warnings": 7}')
    ScoredModel(session, "x", tmp_path, structure).finish()
    assert "left no scores" in session.logger.text("warning")


@pytest.mark.parametrize("warnings", ["beware", 7, {"beware": 1}])
def test_warnings_that_are_no_list_are_left_out(
    session, open_volume, open_model, located, warnings
):
    from chimerax.critasser.views.scored import ScoredModel

    structure, _ = open_model(session, NAMES)
    job = score(session, structure, in_map=open_volume(session))
    results = json.loads((job.folder / "results.json").read_text())
    (job.folder / "results.json").write_text(json.dumps({**results, "warnings": warnings}))
    session.logger.said.clear()
    ScoredModel(session, "x", job.folder, structure).finish()
    assert not session.logger.text("warning") and "eTM 0.80" in session.logger.text("info")


def test_a_score_is_resumed_by_the_command_that_began_it(session, open_volume, open_model, located):
    from chimerax.critasser.commands import resume

    structure, residues = open_model(session, NAMES)
    job = score(session, structure, in_map=open_volume(session))
    residues[1].critasser_confidence = None
    again = resume.command(session, job.folder)
    assert again.outcome == "finished"
    assert residues[1].critasser_confidence == 10.0
    with pytest.raises(UserError, match="a score has no quality"):
        resume.command(session, job.folder, quality="draft")


def test_a_score_knows_no_sequence_and_nothing_is_written_for_it(
    session, open_volume, open_model, located
):
    from chimerax.atomic import Sequence
    from chimerax.critasser.commands import resume

    structure, _ = open_model(session, NAMES)
    job = score(session, structure, in_map=open_volume(session))
    with pytest.raises(UserError, match="a score has no sequence"):
        resume.command(session, job.folder, sequence=[Sequence("x", "AAKK")])
    assert not (job.folder / "inputs/run_2").exists()


def test_a_rebuild_is_gone_on_with_by_another_sequence_but_no_templates(
    session, open_volume, open_model, located
):
    from chimerax.atomic import Sequence
    from chimerax.critasser.commands import resume

    structure, residues = open_model(session, NAMES)
    job = rebuild(session, residues[1:3], in_map=open_volume(session))
    with pytest.raises(UserError, match="a rebuild has no templates"):
        resume.command(session, job.folder, templates=[structure])
    assert not (job.folder / "inputs/run_2").exists()
    resume.command(session, job.folder, sequence=[Sequence("x", "AAKK")])
    words = shlex.split((job.folder / "command").read_text())
    fasta = str(job.folder / "inputs/run_2/sequence.fasta")
    assert words[1:-2] == ["rebuild", "--resume", str(job.folder), "--sequence", fasta]


def test_residues_are_stretches_by_their_numbers_and_one_across_a_gap(session, open_model):
    from chimerax.critasser.jobs.model_file import stretches_of

    _, residues = open_model(session, [("A", n, "") for n in (1, 2, 3, 8, 9)] + NAMES[2:])
    assert stretches_of([residues[2], residues[1], residues[3]]) == "A:2-8"
    assert stretches_of([residues[0], residues[2]]) == "A:1-1,A:3-3"
    assert stretches_of([residues[4], residues[5], residues[7]]) == "A:9-1A,B:1-1"


def test_a_stretch_ends_where_another_chain_of_the_same_name_begins(session, open_model):
    from chimerax.critasser.jobs.model_file import stretches_of

    _, residues = open_model(session, [(" ", n, "") for n in (1, 2, 3, 1, 2, 3)])
    assert stretches_of(residues[1:5]) == "_:2-3,_-2:1-2"


def test_scores_of_chains_that_share_a_name_come_to_their_own_residues(
    session, open_volume, open_model, tmp_path
):
    from chimerax.critasser.jobs.model_file import write_structure
    from chimerax.critasser.views.scored import ScoredModel

    structure, residues = open_model(session, [(" ", n, "") for n in (1, 2, 1, 2)])
    write_structure(tmp_path / "m.cif", structure, open_volume(session))
    block = gemmi.cif.read(str(tmp_path / "m.cif")).sole_block()
    chains = [row.str(0) for row in block.find("_atom_site.", ["auth_asym_id"])]
    assert chains == ["_", "_", "_-2", "_-2", "A"]

    (tmp_path / "5_models").mkdir()
    rows = [f"{chain},{n},,A,{conf}" for chain, n, conf in
            (("_", 1, 10), ("_", 2, 20), ("_-2", 1, 30), ("_-2", 2, 40))]  # fmt: skip
    table = tmp_path / "5_models/model_1.csv"
    table.write_text("\n".join(["chain,residue,insertion,letter,confidence", *rows]) + "\n")
    (tmp_path / "results.json").write_text('{"models": [{"mean_confidence": 25}]}')
    ScoredModel(session, "mine", tmp_path, structure).finish()
    assert [r.critasser_confidence for r in residues] == [10, 20, 30, 40]
    assert "no more" not in session.logger.text("warning")


def test_what_is_no_protein_has_no_stretches(session, open_model):
    from chimerax.critasser.jobs.model_file import stretches_of

    structure, _ = open_model(session, NAMES)
    with pytest.raises(UserError, match="no residue of a chain"):
        stretches_of(structure.residues[-1:])


def test_a_model_of_no_job_is_rebuilt_in_the_map_that_is_named(
    session, open_volume, open_model, located
):
    volume = open_volume(session)
    volume.scene_position = TURNED
    _, residues = open_model(session, NAMES, ELSEWHERE, volume)
    job = rebuild(session, residues[1:3], in_map=volume, quality="draft", models=2)
    assert job.outcome == "finished"
    words = shlex.split((job.folder / "command").read_text())
    assert words[1:3] == ["rebuild", str(job.folder / "inputs/model.cif")]
    assert words[words.index("--map") + 1] == str(job.folder / "inputs/map.mrc")
    assert words[words.index("--stretch") + 1] == "A:1-1A"
    assert words[-6:-2] == ["--quality", "draft", "--models", "2"]
    assert "--sequence" not in words
    assert job.view.group.position.matrix == pytest.approx(TURNED.matrix)


def test_whole_sequences_that_the_model_knows_reach_the_engine(
    session, open_volume, open_model, located
):
    _, residues = open_model(session, [("A", 1, ""), ("A", 2, "")])
    chain = residues[0].chain
    chain.full_sequence_known, chain.structure, chain.chain_id = True, residues[0].structure, "A"
    chain.ungapped = lambda: "MKTAY"
    job = rebuild(session, residues[:1], in_map=open_volume(session))
    assert "MKTAY" in (job.folder / "inputs/sequence.fasta").read_text()


def test_a_model_of_a_job_is_rebuilt_from_its_file_beside_it(
    session, open_volume, open_model, located
):
    from chimerax.atomic import Sequence
    from chimerax.critasser.commands import build

    volume = open_volume(session)
    volume.scene_position = TURNED
    first = build.command(session, volume, [Sequence("x", "AALEK")])
    model = next(m for m in session.models.list() if m.name.startswith("model 1"))
    model.scene_position = ELSEWHERE
    _, residues = open_model(session, [("A", 2, ""), ("A", 3, "")])
    for residue in residues:
        residue.structure = model
    model.residues = residues

    job = rebuild(session, residues)
    assert job.outcome == "finished"
    words = shlex.split((job.folder / "command").read_text())
    assert words[2] == str(first.folder / "5_models/model_1.cif")
    assert "--map" not in words and words[words.index("--stretch") + 1] == "A:2-3"
    group = job.view.group
    assert group is not first.view.group and group.position.matrix == pytest.approx(
        ELSEWHERE.matrix
    )
    placed = [json.loads((j.folder / "inputs/chimerax.json").read_text()) for j in (first, job)]
    assert placed[0]["frame"] == placed[1]["frame"]
    assert job.name == f"{first.name}_rebuilt"


def test_a_rebuild_whose_sequence_cannot_be_read_leaves_no_folder(
    session, open_volume, open_model, located, tmp_path
):
    from chimerax.atomic import Sequence
    from chimerax.critasser.commands import build

    build.command(session, open_volume(session), [Sequence("x", "AALEK")])
    model = next(m for m in session.models.list() if m.name.startswith("model 1"))
    _, residues = open_model(session, [("A", 2, ""), ("A", 3, "")])
    for residue in residues:
        residue.structure = model
    model.residues = residues
    with pytest.raises(UserError, match="cannot write there"):
        rebuild(session, residues, sequence=tmp_path / "gone.fasta", folder=str(tmp_path / "new"))
    assert not (tmp_path / "new").exists()


def test_rebuilding_needs_one_model_and_a_map(session, open_model, located):
    _, one = open_model(session, NAMES)
    _, other = open_model(session, NAMES)
    with pytest.raises(UserError, match="one model, not of 2"):
        rebuild(session, Residues([*one[:2], *other[:2]]))
    with pytest.raises(UserError, match="inMap"):
        rebuild(session, one[:2])


def test_what_cannot_be_judged_or_rebuilt_is_refused_before_anything_is_made(
    session, open_volume, open_model, located, tmp_path
):
    from chimerax.critasser.jobs.engine_job import jobs_of

    volume = open_volume(session)
    away, residues = open_model(session, NAMES)
    away.scene_position = Place([[1, 0, 0, 500], [0, 1, 0, 0], [0, 0, 1, 0]])
    for command, what in ((score, away), (rebuild, residues)):
        with pytest.raises(UserError, match=r"lies outside emd_1.map #1: .* fitmap #2 inMap #1"):
            command(session, what, in_map=volume)
    trace, residues = open_model(session, NAMES)
    trace.atoms.names = ["CA"] * len(trace.atoms)
    with pytest.raises(UserError, match="is a trace of Cα"):
        rebuild(session, residues, in_map=volume)
    assert not jobs_of(session) and not (tmp_path / "home" / "critasser").exists()
