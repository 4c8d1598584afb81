"""What commands give back can be sent to programs that run them from outside."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from chimerax.atomic import AtomicStructure, Residue, Sequence
from chimerax.core.commands import JSONResult
from chimerax.core.objects import Objects
from chimerax.geometry import Place


@pytest.fixture
def call(session):
    """Call a registered command as remote control does."""
    from chimerax.core.commands import REGISTERED
    from chimerax.critasser.commands import COMMANDS, register_command

    for name in COMMANDS:
        register_command(name, None)
    called = set()

    def call_one(name, *arguments, **keywords):
        called.add(name)
        result = REGISTERED[f"critasser {name}"][1](
            session, *arguments, return_json=True, **keywords
        )
        assert isinstance(result, JSONResult)
        assert json.loads(result.json_value) == result.python_value
        return result.python_value

    call_one.called = called
    return call_one


def protein(session, name, shift=0.0):
    structure = AtomicStructure(name, session)
    structure.residues = [
        Residue("A", n, 10.0 * n, "ALA", np.array([3.8 * n, shift, 0.0]), structure)
        for n in range(1, 7)
    ]
    (whole,) = structure.chains
    for residue in structure.residues:
        residue.chain = whole
        residue.critasser_confidence = 10.0 * residue.number
    session.models.add([structure])
    return structure


class Some(list):
    """Residues of one model."""


def test_every_command_gives_plain_values(
    call, session, fake_engine, open_volume, tmp_path, monkeypatch
):
    from chimerax.critasser.commands import (
        COMMANDS,
        example,
        fit,
        install,
        rebuild,
        refine,
        report,
        score,
    )
    from chimerax.critasser.jobs import model_inputs

    volume = open_volume(session)
    assert call("location", sys.executable) == sys.executable
    job = call("build", volume, [Sequence("x", "AALEKAALEK")])
    assert isinstance(job, int)
    folder = session.tasks[job].folder
    monkeypatch.setattr(report.webbrowser, "open", lambda address: True)
    assert call("report", folder) == (folder / "report.html").as_uri()
    assert call("open", folder).startswith("#")
    assert isinstance(call("resume", folder), int)
    assert all(isinstance(one, int) for one in call("jobs"))
    assert call("show", None, ["models"])[0].startswith("#")
    assert call("hide", None, ["models"]) is None

    first, second = protein(session, "first"), protein(session, "second", 5.0)
    pairs, rmsd, *_ = call("compare", [first, second])
    assert (pairs, rmsd) == (6, 5.0)
    assert call("confidence", [first], below=35.0) is None
    assert call("confidence next", [first]) == "A 1–3, confidence 20"
    assert call("confidence previous", [first]) == "A 1–3, confidence 20"
    assert call("confidence end") is None

    monkeypatch.setattr(
        model_inputs, "write_structure", lambda path, *_: path.write_text("data_x\n")
    )
    for module in (score, rebuild):
        monkeypatch.setattr(module, "check_lies_in", lambda *_: None)
    assert isinstance(call("score", first, in_map=volume), int)
    monkeypatch.setattr(fit, "_FEWEST", 3)
    assert isinstance(call("fit", first, in_map=volume), int)
    residues = Some(first.residues[1:4])
    residues.unique_structures = [first]
    first.residues[0].atom.name = "CB"  # a model of Cα alone cannot be rebuilt
    residues.chains = []
    assert isinstance(call("rebuild", residues, in_map=volume, sequence=[Sequence("x", "A" * 6)],
                           wait=False), int)  # fmt: skip
    for task in list(session.tasks.values()):
        task.wait()

    other = list(session.tasks.values())[-1]

    values = np.zeros((12, 12, 12), dtype=np.float32)
    values[2:5, 2:5, 2:5] = values[7:10, 7:10, 7:10] = 1.0
    values[3, 3, 3] = values[8, 8, 8] = 2.0
    regions = open_volume(session, "regions", values)
    spec = call("segment", regions, level=0.5, smoothing=1.0, min_size=1.0)
    (made,) = [model for model in session.models.list() if model.atomspec == spec]
    saved = call("segment save", made, str(tmp_path / "index.mrc"))
    assert saved == str(tmp_path / "index.mrc") and Path(saved).exists()
    regions.data.symmetries = [Place()]
    assert call("segment mates", list(made.segments.values())[:1])[0].startswith(spec)
    assert call("segment merge", list(made.segments.values())).startswith(spec)
    assert call("segment undo", made) is None
    merged = call("segment merge", list(made.segments.values()))
    (whole,) = made.segments.values()
    assert merged == whole.atomspec and len(call("segment split", [whole])) == 2
    assert call("segment delete", list(made.segments.values())[:1]) is None

    first.residues[2].phi, first.residues[2].psi = 100.0, -100.0
    assert call("validate", [first]) == ["A 3, Ramachandran outlier"]
    assert call("validate next") == call("validate previous") == "A 3, Ramachandran outlier"
    assert call("validate place", 1, checked=True) == "A 3, Ramachandran outlier"
    assert call("validate end") is None
    monkeypatch.setattr(refine, "_hand_to_isolde", lambda *_: None)
    assert call("refine", first, in_map=volume) is None

    waiting = session.tasks[job]
    monkeypatch.setattr(waiting, "outcome", "running")
    monkeypatch.setattr(waiting, "terminate", lambda: None)
    assert call("stop", "all") == [job]
    monkeypatch.setattr(waiting, "outcome", "finished")
    assert call("jobs rename", folder, "other") is None
    assert str(call("jobs clear", other.folder)) == str([str(other.folder)])
    assert call("jobs delete", folder, confirm=True) is None
    monkeypatch.setattr(example, "run", lambda *_: [volume])
    assert call("example")[0] == volume.atomspec
    assert call("executor", "local:2") == call("executor") == "local:2"
    monkeypatch.setattr(install, "Removal", _Removal)
    assert isinstance(call("install", str(tmp_path / "engine"), remove=True), int)
    assert {f"critasser {name}" for name in call.called} == set(COMMANDS)


class _Removal:
    """A removal that has nothing to do."""

    def __new__(cls, session, folder):
        from chimerax.core.tasks import Job

        task = Job(session)
        task.start = task.wait = lambda: None
        return task


def test_scripts_are_given_jobs_themselves(session, fake_engine, open_volume):
    from chimerax.core.commands import REGISTERED
    from chimerax.critasser.commands import location, register_command

    location.command(session, sys.executable)
    register_command("critasser build", None)
    build = REGISTERED["critasser build"][1]
    assert build(session, open_volume(session), [Sequence("x", "AALEKAALEK")]).outcome == "finished"


@pytest.mark.parametrize(
    ("value", "plain_value"),
    [
        (None, None), (True, True), (2.5, 2.5), (float("nan"), None), (Path("/a b"), "/a b"),
        (np.float32(0.5), 0.5), (np.arange(3), [0, 1, 2]),
        ([Path("/x"), (1, "y")], ["/x", [1, "y"]]),
    ],
)  # fmt: skip
def test_values_become_text_numbers_and_lists(value, plain_value):
    from chimerax.critasser.commands.values import plain

    assert plain(value) == plain_value
    with pytest.raises(TypeError, match="Objects"):
        plain(Objects())
