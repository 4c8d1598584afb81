"""What a person types, and what comes of it."""

import re
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest
from chimerax.atomic import AtomicStructure, Sequence, Structure
from chimerax.core.commands import AnnotationError
from chimerax.core.errors import UserError

SOURCE = Path(__file__).parents[3] / "src"


@pytest.fixture
def located(session, fake_engine):
    """The engine's Python is known."""
    from chimerax.critasser.commands import location

    location.command(session, sys.executable)
    return fake_engine


def build(session, *arguments, **keywords):
    from chimerax.critasser.commands import build as module

    return module.command(session, *arguments, **keywords)


def test_every_command_registers_with_a_synopsis():
    from chimerax.core.commands import REGISTERED
    from chimerax.critasser.commands import COMMANDS, register_command

    for name in COMMANDS:
        register_command(name, None)
    assert set(REGISTERED) == set(COMMANDS)
    for description, function in REGISTERED.values():
        assert description.synopsis and callable(function)


def test_sequence_is_both_positional_and_keyword():
    from chimerax.critasser.commands import build as module

    description = module.description()
    assert list(description.required) == ["volume"]
    assert list(description.optional) == ["sequence"]


def test_a_chain_swallowed_by_the_maps_specifier_is_explained(session, open_volume):
    from chimerax.critasser.commands.arguments import BuildMapArg

    volume = open_volume(session)
    session.models.add([Structure("model", session)])

    with pytest.raises(AnnotationError, match="critasser build #1 sequence #2/A"):
        BuildMapArg.parse("#1 #2/A resolution 4", session)
    assert BuildMapArg.parse("#1 sequence #2/A", session) == (volume, "#1", " sequence #2/A")
    with pytest.raises(AnnotationError, match="one map, got 0"):
        BuildMapArg.parse("#2 x", session)


def test_nothing_typed_where_something_belongs_is_told(session):
    from chimerax.critasser.commands import arguments, templates

    kinds = [one for module in (arguments, templates) for name, one in vars(module).items()
             if name.endswith("Arg") and one.__module__ == module.__name__]  # fmt: skip
    assert len(kinds) >= 8
    for kind in kinds:
        with pytest.raises(AnnotationError, match=r"\w"):
            kind.parse("", session)


def test_a_fasta_file_goes_before_letters(session, tmp_path, monkeypatch):
    from chimerax.critasser.commands.arguments import BuildSequenceArg

    monkeypatch.chdir(tmp_path)
    sequence, _, rest = BuildSequenceArg.parse("ACDEF resolution 4", session)
    assert sequence[0].characters == "ACDEF" and rest == " resolution 4"
    Path("ACDEF").write_text(">x\nGGG\n")
    sequence, _, rest = BuildSequenceArg.parse("ACDEF resolution 4", session)
    assert sequence == tmp_path / "ACDEF"
    with pytest.raises(AnnotationError, match="no such file"):
        BuildSequenceArg.parse("missing.fasta", session)


def test_build_runs_the_engine_on_files_in_its_folder(session, open_volume, located):
    from chimerax.critasser.jobs.queue import processes

    volume = open_volume(session)
    job = build(
        session,
        volume,
        [Sequence("x", "AALEKAALEK")],
        resolution=4.5,
        device="gpu",
        quality="draft",
        models=2,
        seed=7,
    )

    assert job.folder == Path.home() / "critasser" / "emd_1"
    words = shlex.split((job.folder / "command").read_text())
    inputs = job.folder / "inputs"
    assert words[1:] == [
        "build",
        *(str(inputs / name) for name in ("map.mrc", "sequence.fasta")),
        *("-o", str(job.folder)),
        *("--resolution", "4.5", "--device", "cuda", "--quality", "draft"),
        *("--models", "2", "--seed", "7"),
        *("--executor", f"local:{processes('gpu')}"),
    ]
    assert job.outcome == "finished"


@pytest.mark.parametrize("value", [True, False])
def test_what_is_said_of_density_and_sequences_reaches_the_engine(
    session, open_volume, located, value
):
    alanine = [Sequence("x", "A" * 20 if value else "MKVLA")]
    job = build(session, open_volume(session), alanine, trim=value, protein=value)
    words = shlex.split((job.folder / "command").read_text())
    for word in ("trim", "protein"):
        assert (f"--{word}" in words) == value
        assert (f"--no-{word}" in words) != value


def test_a_symmetry_reaches_the_engine_and_a_wrong_one_is_refused(
    session, open_volume, located
):
    from chimerax.critasser.commands.arguments import SymmetryArg

    name, _, rest = SymmetryArg.parse("helical:27.6,-166.5 quality draft", session)
    assert (name, rest) == ("helical:27.6,-166.5", " quality draft")
    job = build(session, open_volume(session), [Sequence("x", "MKVLA" * 5)], symmetry=name)
    words = shlex.split((job.folder / "command").read_text())
    assert words[words.index("--symmetry") + 1] == name
    with pytest.raises(AnnotationError, match="such as C4, D2, T, O, I"):
        SymmetryArg.parse("C4x", session)


def test_a_switch_given_anew_takes_the_place_of_its_opposite():
    from chimerax.critasser.commands.resume import _opposite

    assert [_opposite("--trim"), _opposite("--no-trim")] == ["--no-trim", "--trim"]


def test_poly_alanine_is_refused_unless_it_is_said_to_be_protein(session, open_volume, located):
    with pytest.raises(UserError, match="protein true"):
        build(session, open_volume(session), [Sequence("x", "A" * 20)])


def test_the_next_build_of_the_same_map_has_a_folder_and_a_name_of_its_own(
    session, open_volume, located
):
    volume = open_volume(session)
    first, second = (build(session, volume, [Sequence("x", "AAAAA")]) for _ in range(2))
    assert second.folder == first.folder.with_name("emd_1_2")
    assert (first.name, second.name) == ("emd_1", "emd_1_2")


def test_mask_near_and_templates_become_files(session, open_volume, located):
    from chimerax.core.commands import RUN

    volume = open_volume(session)
    mask = open_volume(session, "mask", np.ones((6, 5, 4)))
    template = Structure("1abc", session)
    session.models.add([template])
    job = build(session, volume, [Sequence("x", "AAAAA")], mask=mask, templates=[template])

    words = shlex.split((job.folder / "command").read_text())
    assert words[words.index("--mask") + 1] == str(job.folder / "inputs" / "mask.mrc")
    template_file = job.folder / "inputs" / "template_01_1abc.cif"
    assert words[words.index("--templates") + 1] == str(template_file)
    assert template_file.read_text() == "data_1abc\n"
    assert not [text for text in RUN if text.startswith("save")]  # it would be a recent file


def test_errors_of_templates_are_copied_in_their_order(session, open_volume, located, tmp_path):
    volume = open_volume(session)
    structures = [Structure(name, session) for name in ("one", "two")]
    session.models.add(structures)
    given = [tmp_path / "a.JSON.gz", tmp_path / "b.npz"]
    for path in given:
        path.write_text(path.name)
    sequence = [Sequence("x", "AAAAA")]
    job = build(session, volume, sequence, templates=structures, pae=[str(path) for path in given])
    words = shlex.split((job.folder / "command").read_text())
    kept = [job.folder / "inputs" / name for name in ("pae_01.json.gz", "pae_02.npz")]
    at = words.index("--pae")
    assert words[at + 1 : at + 3] == [str(path) for path in kept]
    assert [path.read_text() for path in kept] == ["a.JSON.gz", "b.npz"]


def test_half_maps_become_files_and_must_be_two_of_the_maps_size(session, open_volume, located):
    volume = open_volume(session)
    values = np.arange(120.0).reshape(6, 5, 4)
    halves = [open_volume(session, name, values + k) for k, name in enumerate(("one", "two"))]
    sequence = [Sequence("x", "AAAAA")]
    job = build(session, volume, sequence, half_maps=halves)
    words = shlex.split((job.folder / "command").read_text())
    place = words.index("--half-maps")
    files = [job.folder / "inputs" / f"half_map_{k}.mrc" for k in (1, 2)]
    assert words[place + 1 : place + 3] == [str(file) for file in files]
    assert all(file.stat().st_size > 4 * 120 for file in files)
    for wrong, why in (
        (halves[:1], "give two maps, not 1"),
        ([halves[0], volume], "the map itself"),
        ([halves[0], open_volume(session, "small", values[1:])], "4 × 5 × 5 voxels"),
    ):
        with pytest.raises(UserError, match=why):
            build(session, volume, sequence, half_maps=wrong)


@pytest.mark.parametrize(
    ("keywords", "why"),
    [
        ({"pae": ["x.json"]}, "give templates too"),
        ({"pae": ["x.json"], "templates": [1, 2]}, "1 pae files for 2 templates"),
        ({"pae": ["x.txt"], "templates": [1]}, "as .json or .npz"),
        ({"sequence": None}, "which sequence"),
        ({"range": 5.0}, "give near too"),
        ({"templates": []}, "no atomic models"),
        ({"near": []}, "no atoms"),
        ({"near": [1], "mask": "m"}, "not several"),
    ],
)
def test_mistakes_are_told_before_anything_is_written(session, open_volume, located, keywords, why):
    volume = open_volume(session)
    keywords = {"sequence": [Sequence("x", "AAAAA")], **keywords}
    with pytest.raises(UserError, match=why):
        build(session, volume, keywords.pop("sequence"), **keywords)
    assert not (Path.home() / "critasser").exists()


@pytest.mark.parametrize("sign", [".git", "bundle_info.xml"])
def test_jobs_do_not_lie_in_a_clone_of_the_repository(session, open_volume, located, sign):
    from chimerax.critasser.jobs.new_job import jobs_home

    (Path.home() / "critasser" / sign).mkdir(parents=True)
    job = build(session, open_volume(session), [Sequence("x", "AALEKAALEK")])
    assert job.folder == Path.home() / "critasser_jobs" / "emd_1"
    assert jobs_home() == Path.home() / "critasser_jobs"


def test_a_folder_with_something_in_it_is_refused_and_left_alone(
    session, open_volume, located, tmp_path
):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("x")
    with pytest.raises(UserError, match="not empty"):
        build(session, open_volume(session), [Sequence("x", "AAA")], folder=str(tmp_path / "mine"))
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.tex"]


def test_a_refused_map_leaves_no_folder_behind(session, open_volume, located):
    volume = open_volume(session, values=np.zeros((3, 3, 3)))
    with pytest.raises(UserError, match="no density"):
        build(session, volume, [Sequence("x", "AAA")])
    assert not list((Path.home() / "critasser").iterdir())


def test_a_full_disk_is_told_and_leaves_nothing_half_written(
    session, open_volume, located, monkeypatch
):
    from chimerax.critasser.jobs import inputs

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(inputs, "write_mrc", full)
    with pytest.raises(UserError, match="cannot write there, No space left"):
        build(session, open_volume(session), [Sequence("x", "AAA")])
    assert not list((Path.home() / "critasser").iterdir())


def test_without_a_location_the_remedy_is_told(session, open_volume, fake_engine):
    with pytest.raises(UserError, match="critasser install"):
        build(session, open_volume(session), [Sequence("x", "AAA")])


def test_a_location_is_saved_only_when_it_works(session, fake_engine, tmp_path):
    from chimerax.critasser.commands import location

    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho 'No module named torch' >&2\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(UserError, match="No module named torch"):
        location.command(session, str(broken))
    assert "python" not in session.disk.get("Critasser", {})
    location.command(session, sys.executable)
    assert session.disk["Critasser"]["python"] == sys.executable
    with pytest.raises(UserError, match="cannot be run"):
        location.command(session, str(tmp_path / "missing"))
    assert session.disk["Critasser"]["python"] == sys.executable


def test_the_folder_of_an_environment_is_as_good_as_its_python(session, fake_engine, tmp_path):
    from chimerax.critasser.commands import location

    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    location.command(session, str(tmp_path))
    assert session.disk["Critasser"]["python"] == str(tmp_path / "bin" / "python")


def test_the_real_engine_answers_to_the_location_check():
    from chimerax.critasser.installation.environment import check_python

    from critasser import __version__

    assert check_python(Path(sys.executable)) == __version__


@pytest.mark.parametrize(
    ("in_script", "is_gui", "told", "waits"),
    [
        (True, True, None, True),
        (False, False, None, True),
        (False, True, None, False),
        (True, False, False, False),
        (False, True, True, True),
    ],
)
def test_commands_block_in_scripts_and_without_a_gui(session, in_script, is_gui, told, waits):
    from chimerax.critasser.jobs import starting as running

    session.in_script, session.ui.is_gui = in_script, is_gui
    assert running.waits(session, told) is waits


def test_confidence_of_models_opened_as_any_file_is_adopted(session):
    from chimerax.critasser.commands import confidence

    model = AtomicStructure("model_1.cif", session)
    session.models.add([model])
    with pytest.raises(UserError, match="none of these models"):
        confidence.command(session)

    class FromFile:
        confidence_score = 71.0

    model.residues = [FromFile()]
    confidence.command(session)
    assert model.residues[0].critasser_confidence == 71.0


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (">x\nMKBBVLL\n", "position 3: B stands for D or N"),
        (">dna\nATGCGTACGTAGCTAGCTAGC\n", "this is DNA or RNA"),
        ("", "no sequence"),
    ],
)
def test_what_is_no_protein_is_refused_before_a_job_is_made(
    session, open_volume, tmp_path, content, told
):
    from chimerax.critasser.commands import build

    fasta, folder = tmp_path / "a.fasta", tmp_path / "job"
    fasta.write_text(content)
    with pytest.raises(UserError, match=told):
        build.command(session, open_volume(session), fasta, folder=str(folder))
    assert not folder.exists() and not len(session.tasks)


def test_the_help_page_names_every_keyword_of_every_command():
    from chimerax.core.commands import REGISTERED
    from chimerax.critasser.commands import COMMANDS, register_command

    page = (SOURCE / "docs/user/commands/critasser.html").read_text(encoding="utf-8")
    parts = re.split(r'<a name="(\w+)">', page)
    sections = dict(zip(parts[1::2], parts[2::2]))
    for name in COMMANDS:
        register_command(name, None)
        description, _ = REGISTERED[name]
        section = sections[name.split()[1]]
        for keyword in description.keyword:
            first, *others = keyword.split("_")
            word = first + "".join(other.title() for other in others)
            assert f"<b>{word}</b>" in section, (name, word)
