"""What a build starts from: chosen structures, or known ones that come by themselves."""

import json
import shlex
import sys
from hashlib import sha256
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from chimerax.atomic import AtomicStructure, Residue, Sequence
from chimerax.core.commands import AnnotationError
from chimerax.core.errors import UserError

from tests.bundle.known.conftest import offline, server  # noqa: F401, fixtures
from tests.bundle.known.database_server import ACCESSION, BAD, LETTERS, NAME, PAE, error, model

HELIX = "AALEKAALEKAALEKAALEKAALEK"


@pytest.fixture
def located(session, fake_engine):
    from chimerax.critasser.commands import location

    location.command(session, sys.executable)
    return fake_engine


@pytest.fixture
def asked(monkeypatch):
    """What a person is asked; the answers are those that are put there."""
    found = SimpleNamespace(questions=[], answers=[])

    def ask(session, question, buttons=None, default=None, info=None, title=None):
        found.questions.append(f"{question} {info}")
        return found.answers.pop(0)

    module = ModuleType("chimerax.ui.ask")
    module.ask = ask
    monkeypatch.setitem(sys.modules, "chimerax.ui", ModuleType("chimerax.ui"))
    monkeypatch.setitem(sys.modules, "chimerax.ui.ask", module)
    return found


def build(session, *arguments, **keywords):
    from chimerax.critasser.commands import build as module

    return module.command(session, *arguments, **keywords)


def resume(session, *arguments, **keywords):
    from chimerax.critasser.commands import resume as module

    return module.command(session, *arguments, **keywords)


def words(job):
    return shlex.split((job.folder / "command").read_text())


def templates(job):
    """The files that the engine was given as templates."""
    given = words(job)
    if "--templates" not in given:
        return []
    after = given[given.index("--templates") + 1 :]
    return [Path(word) for word in after[: next((k for k, w in enumerate(after) if w[0] == "-"),
                                                len(after))]]  # fmt: skip


def typed(name=ACCESSION, letters=LETTERS):
    one = Sequence(name, letters)
    if name == ACCESSION:
        one.uniprot_accession = name  # as ChimeraX does where it has fetched the sequence
    return [one]


def open_structure(session, letters, name="mine.cif", path=None):
    three = {"A": "ALA", "L": "LEU", "E": "GLU", "K": "LYS"}
    structure = AtomicStructure(name, session)
    structure.residues = [
        Residue("A", number, 20.0, three.get(letter, "GLY"), (3.8 * number, 0, 0), structure)
        for number, letter in enumerate(letters, 1)
    ]
    structure.filename = path
    session.models.add([structure])
    return structure


def test_known_structures_are_copied_into_the_job_with_checksums(
    session, open_volume, located, server  # noqa: F811
):
    server.like_the_real_ones()
    job = build(session, open_volume(session), typed(), templates="auto")
    assert job.outcome == "finished"
    inputs = job.folder / "inputs"
    assert templates(job)[0] == inputs / f"{NAME}.cif"
    assert (inputs / f"{NAME}.cif").read_bytes() == model()
    assert (inputs / f"{PAE}.json").is_file()
    assert [path.name for path in templates(job)] == [
        f"{NAME}.cif", "known_02_1abc-1.cif", "known_03_2def-2.cif"
    ]  # fmt: skip
    listed = json.loads((inputs / "known.json").read_text())["structures"]
    assert [one["source"] for one in listed] == ["AlphaFold DB", "PDB", "PDB"]
    assert listed[0]["sha256"] == {
        f"{NAME}.cif": sha256(model()).hexdigest(),
        f"{PAE}.json": sha256(error(len(LETTERS))).hexdigest(),
    }
    assert listed[1]["address"].endswith("/download/1abc.cif")
    told = session.logger.text("info")
    assert told.index("is sent the UniProt accession") < told.index("known structures: AF-")
    assert f"{NAME} (AlphaFold DB, 100% identical over 100% of {ACCESSION}, with PAE)" in told


def test_a_resumed_job_needs_no_network(session, open_volume, located, server):  # noqa: F811
    server.like_the_real_ones()
    job = build(session, open_volume(session), typed(), templates="auto")
    server.asked.clear()
    resume(session, job.folder)
    assert server.asked == []


def test_without_a_network_a_line_is_told_and_the_build_goes_on(
    session, open_volume, located, offline  # noqa: F811
):
    job = build(session, open_volume(session), typed(), templates="auto")
    assert job.outcome == "finished" and templates(job) == []
    told = session.logger.text("warning")
    assert "127.0.0.1 cannot be reached: is there a network connection?; the build goes on" in told
    listed = json.loads((job.folder / "inputs/known.json").read_text())
    assert listed["structures"] == [] and listed["trouble"]


def test_a_service_that_floods_does_not_hold_a_build_up(
    session, open_volume, located, server  # noqa: F811
):
    server.like_the_real_ones()
    server.answers["/search"] = BAD["floods"]
    job = build(session, open_volume(session), typed(), templates="auto")
    assert [path.name for path in templates(job)] == [f"{NAME}.cif"]
    assert "sends more than 32 MB" in session.logger.text("warning")


def test_local_looks_at_open_models_and_downloads_and_asks_nobody(
    session, open_volume, located, server, tmp_path  # noqa: F811
):
    server.like_the_real_ones()
    downloads = tmp_path / "home/Downloads/ChimeraX/AlphaFold"
    downloads.mkdir(parents=True)
    (downloads / "AF-Q00001-F1-model_v4.cif").write_bytes(model(HELIX))
    open_structure(session, HELIX)
    open_structure(session, "G" * 30, "stranger.cif")
    job = build(session, open_volume(session), typed("helix", HELIX), templates="local")
    assert server.asked == []
    assert sorted(path.name for path in templates(job)) == ["AF-Q00001-F1-model_v4.cif",
                                                            "template_01_mine.cif"]  # fmt: skip
    told = session.logger.text("info")
    assert "mine.cif (open, 100% identical" in told and "stranger" not in told


def test_an_open_prediction_goes_along_as_its_file_with_its_error(
    session, open_volume, located, tmp_path
):
    path = tmp_path / "AF-Q00001-F1-model_v4.cif"
    path.write_bytes(model(HELIX))
    path.with_name("AF-Q00001-F1-predicted_aligned_error_v4.json").write_bytes(error(len(HELIX)))
    open_structure(session, HELIX, path=str(path))
    job = build(session, open_volume(session), typed("helix", HELIX), templates="local")
    inputs = job.folder / "inputs"
    assert templates(job) == [inputs / path.name]
    assert (inputs / "AF-Q00001-F1-predicted_aligned_error_v4.json").is_file()


def test_results_of_a_job_are_no_templates_of_the_next_one(session, open_volume, located):
    build(session, open_volume(session), typed("helix", HELIX), templates="none")
    job = build(session, open_volume(session), typed("helix", HELIX), templates="local")
    assert templates(job) == []


def test_in_scripts_nothing_is_looked_for_unless_the_command_says_so(
    session, open_volume, located, server  # noqa: F811
):
    from chimerax.critasser.session.settings import remember_known

    server.like_the_real_ones()
    remember_known(session, "auto")
    job = build(session, open_volume(session), typed())
    assert templates(job) == [] and server.asked == []
    assert not (job.folder / "inputs/known.json").exists()


def test_files_and_models_can_be_given_together(session, open_volume, located, tmp_path):
    from chimerax.critasser.commands.templates import TemplatesArg

    first = open_structure(session, HELIX)
    path = tmp_path / "AF-Q00001-F1-model_v4.cif"
    path.write_bytes(model())
    path.with_name("AF-Q00001-F1-predicted_aligned_error_v4.json").write_bytes(error(3))
    plain = tmp_path / "homologue.pdb"
    plain.write_text("ATOM\n")
    chosen, _, rest = TemplatesArg.parse(f"#1,{path},{plain} quality draft", session)
    assert chosen == [first, path, plain] and rest.strip() == "quality draft"
    job = build(session, open_volume(session), typed("helix", HELIX), templates=chosen)
    assert [one.name for one in templates(job)] == [
        "template_01_mine.cif", path.name, "known_02_homologue.pdb"
    ]  # fmt: skip
    assert (job.folder / "inputs/AF-Q00001-F1-predicted_aligned_error_v4.json").is_file()


@pytest.mark.parametrize("word", ["auto", "LOCAL", "none"])
def test_words_for_where_to_look_are_read(session, word):
    from chimerax.critasser.commands.templates import TemplatesArg

    assert TemplatesArg.parse(f"{word} quality draft", session)[0] == word.lower()


def test_templates_that_are_not_there_are_told(session, tmp_path):
    from chimerax.critasser.commands.templates import TemplatesArg

    for text in (f"{tmp_path}/none.cif", "none.cif", f"#1,{tmp_path}/none.pdb"):
        with pytest.raises(AnnotationError, match=r"no such file: .*none"):
            TemplatesArg.parse(text, session)


def test_a_person_is_asked_once_and_told_what_is_sent(new_session, asked):
    from chimerax.critasser.known.consent import where_to_look

    session = new_session(is_gui=True)
    asked.answers = ["only here"]
    assert where_to_look(session, None) == "local"
    assert where_to_look(session, None) == "local"
    (question,) = asked.questions
    assert "alphafold.ebi.ac.uk is sent the UniProt accession or an MD5" in question
    assert "search.rcsb.org the sequence itself" in question


def test_what_was_said_before_is_remembered_by_the_next_chimerax(new_session, asked):
    from chimerax.critasser.known.consent import where_to_look

    disk = {}
    asked.answers = ["search online"]
    assert where_to_look(new_session(is_gui=True, disk=disk), None) == "auto"
    assert where_to_look(new_session(is_gui=True, disk=disk), "auto") == "auto"
    assert len(asked.questions) == 1


def test_auto_is_not_done_by_somebody_who_had_said_no_before_asking_again(gui_session, asked):
    from chimerax.critasser.known.consent import where_to_look
    from chimerax.critasser.session.settings import remember_known

    remember_known(gui_session, "none")
    assert where_to_look(gui_session, None) == "none"
    assert where_to_look(gui_session, "local") == "local"
    asked.answers = ["no"]
    assert where_to_look(gui_session, "auto") == "none"
    assert len(asked.questions) == 1


def test_who_wants_no_templates_gets_none_of_the_engines_library_either(
    session, open_volume, located
):
    def looked(job):
        asked = json.loads((job.folder / "inputs/request.json").read_text())["arguments"]
        return "--no-template-search" not in asked, "--template-search" in asked

    assert looked(build(session, open_volume(session), typed())) == (True, False)
    job = build(session, open_volume(session), typed(), templates="none")
    assert looked(job) == (False, False)
    assert looked(resume(session, job.folder, templates="local")) == (True, True)
    assert looked(resume(session, job.folder, templates="none")) == (False, False)


def test_who_said_no_before_gets_none_of_the_library_unless_asked_for_now(new_session, asked):
    from chimerax.critasser.commands.templates import Templates
    from chimerax.critasser.session.settings import remember_known

    session = new_session(is_gui=True, disk={})
    asked.answers = ["no"]
    assert Templates.of(session, None).refused
    assert not Templates.of(session, "local").refused
    assert Templates.of(session, None).refused and len(asked.questions) == 1
    remember_known(session, "local")
    assert not Templates.of(session, None).refused
    remember_known(session, "none")
    session.in_script = True  # it is nobody's who could have been asked
    assert not Templates.of(session, None).refused


def test_a_job_can_be_gone_on_with_other_templates_or_none(
    session, open_volume, located, server  # noqa: F811
):
    server.like_the_real_ones()
    job = build(session, open_volume(session), typed(), templates="none")
    again = resume(session, job.folder, templates="auto")
    request = json.loads((job.folder / "inputs/request.json").read_text())["arguments"]
    assert "--templates" in request
    assert (job.folder / f"inputs/run_2/{NAME}.cif").is_file()
    assert again.outcome == "finished"
    resume(session, job.folder, templates="none")
    request = json.loads((job.folder / "inputs/request.json").read_text())["arguments"]
    assert "--no-templates" in request and "--templates" not in request


def test_a_job_with_known_structures_can_be_deleted_as_a_whole(
    session, open_volume, located, server  # noqa: F811
):
    from chimerax.critasser.jobs.deletion import delete_job

    server.like_the_real_ones()
    job = build(session, open_volume(session), typed(), templates="auto")
    delete_job(job.folder)
    assert not job.folder.exists()


def test_no_models_are_refused(session, open_volume, located):
    with pytest.raises(UserError, match="no atomic models"):
        build(session, open_volume(session), typed(), templates=[])
