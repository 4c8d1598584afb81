"""Nothing that comes from outside is run as a command: chains, names of files, what a job says."""

import ast
import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote

import numpy as np
import pytest
from chimerax.atomic import AtomicStructure, Residue, Sequence
from chimerax.core.commands import LOGGED, RUN, next_token
from chimerax.core.errors import UserError

SOURCE = Path(__file__).parents[2] / "src"

CHAINS = (
    "A;runscript /x.py;select /A", "A; runscript /x.py", 'A" ;runscript /x.py;"', "A' ;runscript x",
    "A\nrunscript /x.py", "*", "A:1 models; runscript /x.py",
    '<a href="cxcmd:runscript /x.py">A</a>', "-o", "",
)  # fmt: skip
"""Identifiers of chains as a file may have them."""

FOLDERS = (
    "a;runscript x", "a; runscript x", 'a" ;runscript x', "a' b\" c;runscript x", "a\nrunscript x",
    "%22%3Brunscript x", '<a href="cxcmd:runscript x">', "a\udcff",
)  # fmt: skip
"""Names of folders."""

FOREIGN = '<a href="cxcmd:runscript /x.py">x</a>\x1b]2;x\x07;runscript /x.py'
"""Text that a job may say anywhere."""


def commands_in(text):
    """First words of the commands that ChimeraX would run, one after the other."""
    found, rest, words = [], text, []
    while rest.strip():
        word, _, rest = next_token(rest.lstrip())
        if word == ";":
            found.append(words)
            words = []
        else:
            words.append(word)
    return [words[0] for words in [*found, words] if words]


class Links(HTMLParser):
    """Addresses of all links of a page, and its tags."""

    def __init__(self, html):
        super().__init__()
        self.addresses, self.tags = [], set()
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.addresses += [value for name, value in attributes if name == "href"]


OURS = {
    "select", "view", "surface", "color", "key", "critasser", "hide", "show", "sym", "save",
    "volume", "open", "graphics",
}  # fmt: skip


def check_harmless(session):
    """What was run, logged as run, or offered as a link is what this bundle runs, and no more."""
    links = []
    for text in session.logger.html:
        page = Links(text)
        assert page.tags <= {"a", "table", "tr", "td", "th", "br", "pre"}
        assert all(address.startswith("cxcmd:") for address in page.addresses)
        links += [unquote(address.removeprefix("cxcmd:")) for address in page.addresses]
    for text in [*RUN, *LOGGED, *links]:
        assert "\n" not in text
        found = commands_in(text)
        assert len(found) <= 2 and set(found) <= OURS, text
    return links


def model(session, chain, name="model", shift=0.0):
    structure = AtomicStructure(name, session)
    structure.residues = [
        Residue(chain, n, 30.0, "ALA", np.array([3.8 * n, shift if n > 4 else 0.0, 0]), structure)
        for n in range(1, 9)
    ]
    for residue in structure.residues:
        residue.critasser_confidence = 10.0 if 3 <= residue.number <= 5 else 90.0
    session.models.add([structure])
    return structure


def selected(structure):
    return [atom.residue.number for atom in structure.atoms if atom.selected]


@pytest.mark.parametrize("chain", CHAINS)
def test_places_are_gone_to_whatever_the_chain_is_called(gui_session, open_volume, chain):
    from chimerax.critasser.commands import confidence_end, confidence_next, confidence_previous
    from chimerax.std_commands.view import VIEWED

    volume = open_volume(gui_session)
    volume.surfaces = [SimpleNamespace(
        atomspec="#1.1", deleted=False, triangles=[1], auto_remask_triangles=None,
        triangle_mask=None, display=True, style="surface", rgba=(1, 1, 1, 1),
    )]  # fmt: skip
    structure = model(gui_session, chain)
    for module in (confidence_next, confidence_previous):
        module.command(gui_session)
        assert selected(structure) == [3, 4, 5]
        assert VIEWED[-1] == [(chain, n) for n in (3, 4, 5)]
    confidence_end.command(gui_session)
    check_harmless(gui_session)


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("scheme", ["confidence", "chain"])
def test_models_are_coloured_with_a_key_whatever_the_chains_are_called(gui_session, chain, scheme):
    from chimerax.critasser.commands import confidence

    structure = model(gui_session, chain)
    structure.residues += [Residue("B", 1, 0.0, structure=structure)]
    confidence.command(gui_session, [structure], show=scheme, select=True, below=40.0)
    assert any(text.startswith("key ") for text in RUN)
    check_harmless(gui_session)


@pytest.mark.parametrize("chain", CHAINS)
def test_models_are_compared_whatever_chains_and_models_are_called(gui_session, chain):
    from chimerax.critasser.commands import compare

    first = model(gui_session, chain, FOREIGN)
    second = model(gui_session, chain, "second", shift=9.0)
    compare.command(gui_session, [first, second])
    assert not check_harmless(gui_session)
    assert gui_session.logger.html


def test_residues_of_an_ordinary_chain_have_their_link(gui_session):
    from chimerax.critasser.commands import compare

    first, second = (model(gui_session, "A", shift=shift) for shift in (0.0, 9.0))
    compare.command(gui_session, [first, second])
    assert check_harmless(gui_session) == ["select #1/A:5-8 #2/A:5-8; view sel"]


@pytest.mark.parametrize("chain", CHAINS)
def test_the_panel_selects_residues_whatever_the_chain_is_called(gui_session, chain):
    from chimerax.critasser.tool.scene import less_sure_command, only_commands, select_stretch

    structure = model(gui_session, chain)
    select_stretch(gui_session, structure.chains[0], 2, 4)
    assert selected(structure) == [3, 4, 5]
    select_stretch(gui_session, structure.chains[0], 0, 0, add=True)
    assert not LOGGED
    RUN.extend([less_sure_command(structure, 50), *only_commands([structure], [structure])])
    check_harmless(gui_session)


@pytest.mark.parametrize("chain", CHAINS)
def test_stretches_are_one_argument_of_the_engine_or_are_refused(session, chain):
    from chimerax.critasser.jobs.model_file import stretches_of

    structure = model(session, chain)
    (whole,) = structure.chains
    for residue in structure.residues:
        residue.chain = whole
    if chain.strip():
        with pytest.raises(UserError, match="chain"):
            stretches_of(structure.residues[2:5])
    else:
        assert stretches_of(structure.residues[2:5]) == "_:3-5"


@pytest.mark.parametrize("name", FOLDERS)
def test_the_panel_builds_one_command_of_any_files(session, tmp_path, name):
    from chimerax.critasser.jobs.sequences import Entry
    from chimerax.critasser.tool.plan import Plan, build_command, obstacle

    entries = (Entry(name, "AALEKAALEKAALEK" * 20),)
    for plan in (Plan("#1", entries, folder=f"/x/{name}"),
                 Plan("#1", entries, fasta=Path(f"/x/{name}.fasta"))):  # fmt: skip
        if not obstacle(plan):
            assert commands_in(build_command(plan, Path("/s"))) == ["critasser"]
    # A record's name becomes the name of a file.
    assert commands_in(build_command(Plan("#1", entries), Path("/s"))) == ["critasser"]


def hostile_job(folder):
    """A finished job that says foreign text wherever it says anything."""
    for name in ("inputs", "5_models", "stages"):
        (folder / name).mkdir(parents=True)
    (folder / "5_models" / "x.cif").write_text("")
    content = {"kind": FOREIGN, "inputs": {"map": {"path": FOREIGN}}, "options": {FOREIGN: FOREIGN}}
    (folder / "job.json").write_text(json.dumps(content))
    line = {"stage": FOREIGN, "state": "finished", "message": FOREIGN, "artifact": FOREIGN}
    (folder / "progress.jsonl").write_text(json.dumps(line) + "\n")
    results = {
        "models": [{"file": "5_models/x.cif", "etm": 0.5, "crscore": FOREIGN},
                   {"file": FOREIGN, "etm": 10**400}],
        "warnings": [FOREIGN, 7],
        "timings": {FOREIGN: 1.0},
        "symmetry": {"built": 1, "units": FOREIGN},
    }  # fmt: skip
    (folder / "results.json").write_text(json.dumps(results))
    (folder / "report.html").write_text(FOREIGN)
    (folder / "log.txt").write_text(FOREIGN)
    (folder / "inputs/chimerax.json").write_text(json.dumps({"name": FOREIGN}))
    return folder


@pytest.fixture(params=FOLDERS)
def folder(request, tmp_path):
    return hostile_job(tmp_path / request.param.replace("/", "_"))


@pytest.mark.parametrize("kind", ["build", "score"])
def test_a_foreign_job_is_opened_and_listed(gui_session, folder, kind):
    from chimerax.critasser.commands import jobs
    from chimerax.critasser.commands import open as open_command
    from chimerax.critasser.session.settings import remember_job

    job = json.loads((folder / "job.json").read_text())
    (folder / "job.json").write_text(json.dumps({**job, "kind": kind}))
    open_command.command(gui_session, folder)
    remember_job(gui_session, str(folder))
    jobs.command(gui_session)
    check_harmless(gui_session)
    assert "\x1b" not in "".join(text for _, text in gui_session.logger.said)


@pytest.mark.parametrize("state", ["finished", "cancelled", "failed"])
def test_a_foreign_job_that_ended_meanwhile_is_told_of(gui_session, folder, state):
    from chimerax.critasser.jobs.record import read_record
    from chimerax.critasser.session.settings import remember_open
    from chimerax.critasser.views import reattach

    line = json.dumps({"stage": FOREIGN, "state": state, "message": FOREIGN})
    (folder / "progress.jsonl").write_text(line + "\n")
    remember_open(gui_session, str(folder), True)
    reattach._attach(gui_session, [(str(folder), read_record(folder))])
    assert gui_session.logger.html
    check_harmless(gui_session)


def test_a_session_with_a_foreign_job_is_opened(gui_session, folder):
    from chimerax.critasser.models.job_group import JobGroup
    from chimerax.critasser.views.restored import _find_job

    group = JobGroup(gui_session, FOREIGN, folder)
    gui_session.models.add([group])
    _find_job(gui_session, group, True)
    assert gui_session.logger.html
    check_harmless(gui_session)


def test_the_report_is_shown_by_the_systems_browser_alone(gui_session, folder, monkeypatch):
    from chimerax.critasser.commands import report

    opened = []
    monkeypatch.setattr(report.webbrowser, "open", lambda address: opened.append(address) or True)
    if "\udcff" not in folder.name:
        assert report.command(gui_session, folder) == opened[0] == (folder / "report.html").as_uri()
    (folder / "report.html").unlink()
    with pytest.raises(UserError, match="no report"):
        report.command(gui_session, folder)
    assert not RUN


def test_a_name_that_a_job_gives_itself_makes_no_folder_elsewhere(
    gui_session, fake_engine, tmp_path
):
    from chimerax.critasser.commands import location, rebuild
    from chimerax.critasser.models.job_group import JobGroup, mark_file

    location.command(gui_session, sys.executable)
    folder = hostile_job(tmp_path / "job")
    (folder / "5_models/model_1.cif").write_text("")
    (folder / "inputs/chimerax.json").write_text(json.dumps({"name": "../../../elsewhere"}))
    structure = model(gui_session, "A")
    (whole,) = structure.chains
    for residue in structure.residues:
        residue.chain = whole
    group = JobGroup(gui_session, "job", folder)
    gui_session.models.add([group])
    structure.parent = group
    mark_file(structure, "5_models/model_1.cif", "models", 1)
    residues = SimpleNamespace(
        unique_structures=[structure], __iter__=lambda: iter(structure.residues)
    )

    class Some(list):
        unique_structures = residues.unique_structures

    job = rebuild.command(gui_session, Some(structure.residues[2:5]), wait=True)
    assert job.folder.parent == Path.home() / "critasser"


def test_names_of_sequences_stay_in_their_files(session, fake_engine, open_volume):
    from chimerax.critasser.commands import build, location

    location.command(session, sys.executable)
    for name in (FOREIGN, "x\n>y\nAAAA", "--weights=/x"):
        job = build.command(session, open_volume(session), [Sequence(name, "AALEKAALEK")])
        words = (job.folder / "command").read_text()
        assert "runscript" not in words and "--weights" not in words
        records = (job.folder / "inputs/sequence.fasta").read_text()
        assert records.count("\n") == 2 and records.startswith(">")
    check_harmless(session)


def calls(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func
            yield node, name.id if isinstance(name, ast.Name) else name


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(SOURCE.rglob("*.py")) if SOURCE / "engine" not in path.parents],
    ids=lambda path: path.relative_to(SOURCE).as_posix(),
)
def test_commands_are_made_by_the_quoting_module_only(path):
    if path.stem == "quoting":
        return
    text = path.read_text(encoding="utf-8")
    assert "cxcmd" not in re.sub(r'""".*?"""', "", text, flags=re.DOTALL)
    assert "href=" not in text
    for node, name in calls(ast.parse(text)):
        if name not in ("run", "_run", "log_equivalent_command", "command_link"):
            continue
        for argument in node.args:
            made = [one for one in ast.walk(argument) if isinstance(one, ast.FormattedValue)]
            # A number or a constant of ours may stand in a text of ours.
            assert not [one for one in made if one.format_spec is None], ast.unparse(node)
            assert not isinstance(argument, ast.BinOp), ast.unparse(node)
