"""A job is gone on with, with other inputs and options than it had."""

import json
import sys

import pytest
from chimerax.core.errors import UserError


@pytest.fixture
def resume(session, fake_engine, monkeypatch):
    """Goes on with a job; what the engine is told besides its folder."""
    from chimerax.critasser.commands import location
    from chimerax.critasser.commands import resume as module

    location.command(session, sys.executable)
    monkeypatch.setattr(module, "start", lambda *given, **_: list(given[3]))

    def go_on(folder, **keywords):
        words = module.command(session, folder, **keywords)
        return words[words.index("--resume") + 2 :]

    return go_on


@pytest.fixture
def folder(tmp_path):
    """Makes the folder of a job of some kind that has ended."""

    def make(kind):
        folder = tmp_path / kind
        folder.mkdir()
        (folder / "job.json").write_text(json.dumps({"kind": kind}))
        return folder

    return make


def test_a_fit_is_given_another_error_and_another_form(resume, folder, tmp_path):
    (tmp_path / "new.json").write_text('{"pae": [[0]]}')
    fit = folder("fit")
    words = resume(fit, pae=[str(tmp_path / "new.json")], rigid=False)
    copied = fit / "inputs/run_2/pae_01.json"
    assert words == ["--pae", str(copied), "--domains"]
    assert copied.read_text() == (tmp_path / "new.json").read_text()
    assert resume(fit, rigid=True, without=["pae"]) == ["--no-pae", "--rigid"]


@pytest.mark.parametrize(
    ("kind", "keywords", "said"),
    [
        ("build", {"rigid": True}, "a build has no rigid"),
        ("score", {"rigid": True, "pae": ["x.json"]}, "a score has no rigid and no pae"),
        ("fit", {"trim": True}, "a fit has no trim"),
        ("rebuild", {"without": ["pae"]}, "a rebuild cannot do without pae"),
        ("fit", {"pae": ["x.json", "y.json"]}, "2 pae files for one model: give one"),
        ("fit", {"pae": ["x.txt"]}, "x.txt: give a predicted aligned error as .json or .npz"),
        ("fit", {"pae": ["x.json"], "without": ["pae"]}, "give pae, or go on without, not both"),
        ("build", {"pae": ["x.json"]}, "pae is of templates; give templates too"),
    ],
)
def test_what_a_job_has_no_use_for_is_refused(resume, folder, kind, keywords, said):
    with pytest.raises(UserError, match=said):
        resume(folder(kind), **keywords)
