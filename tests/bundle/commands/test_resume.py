"""A job is gone on with, with other inputs and options than it had."""

import json
import sys

import numpy as np
import pytest
from chimerax.core.errors import UserError


@pytest.fixture
def resume(session, fake_engine, monkeypatch):
    """Goes on with a job; what the engine is told besides its folder."""
    from chimerax.critasser.commands import location
    from chimerax.critasser.commands import resume as module

    location.command(session, sys.executable)
    prepared = []

    def start(*given, prepare, **_):
        prepared.append(prepare)
        return list(given[3])

    monkeypatch.setattr(module, "start", start)

    def go_on(folder, **keywords):
        words = module.command(session, folder, **keywords)
        if prepared and prepared[-1] is not None:
            words += prepared[-1]()
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
        ("fit", {"half_maps": []}, "a fit has no halfMaps"),
        ("build", {"half_maps": []}, "give two maps, not 0"),
        ("build", {"without": ["halfMaps"], "half_maps": []}, "give halfMaps, or go on without"),
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


def test_each_input_and_option_that_the_engine_takes_anew_can_be_given_here():
    """A word of the command for each option of the engine's, and for each that takes one away."""
    import argparse

    from chimerax.critasser.commands import resume as module

    from critasser.cli import build, fit, rebuild, score

    elsewhere = {"--output", "--resume", "--weights", "--no-weights", "--executor", "--stretch",
                 "--map", "--help", "--no-trim", "--no-protein",
                 "--template-search", "--no-template-search"}  # fmt: skip
    words = {"--no-" + module._FLAGS.get(one, one) for one in module._OPTIONAL}
    words |= {f"--{one.replace('_', '-')}" for one in module.description().keyword}
    for one in (build, score, rebuild, fit):
        parser = argparse.ArgumentParser()
        one.add_args(parser)
        flags = {f for action in parser._actions for f in action.option_strings if f[:2] == "--"}
        missing = flags - elsewhere - words - {"--domains"}
        assert not missing, (one.__name__, missing)
        kind = one.__name__.split(".")[-1]
        asked = [
            module._FLAGS.get(word, word) for word in
            ("sequence", "templates", "contacts", "quality", "models", "seed", "protein", "rigid",
             "pae", "symmetry", "halfMaps", "trim", "resolution", "library", "mask")
        ]  # fmt: skip
        for word in asked:
            takes = f"--{word}" in flags or (kind == "build" and word == "sequence")
            given = next((k for k, v in module._FLAGS.items() if v == word), word)
            try:
                module._check_has(kind, [given])
                assert takes, (kind, word)
            except UserError:
                assert not takes, (kind, word)
        for word in module._OPTIONAL:
            takes = f"--no-{module._FLAGS.get(word, word)}" in flags
            try:
                module._taken_away(kind, [word], {})
                assert takes, (kind, word)
            except UserError:
                assert not takes, (kind, word)


def test_half_maps_are_given_to_a_job_and_taken_from_it(resume, folder, session, open_volume):
    from chimerax.critasser.jobs.inputs import PlacedMap, write_map

    build = folder("build")
    values = np.arange(120.0).reshape(6, 5, 4)
    halves = [open_volume(session, name, values + k) for k, name in enumerate(("one", "two"))]
    small = open_volume(session, "small", values[1:])
    (build / "inputs").mkdir()
    write_map(build / "inputs/map.mrc", PlacedMap.of(open_volume(session, "map", values)))

    with pytest.raises(UserError, match="4 × 5 × 5 voxels, the map 4 × 5 × 6"):
        resume(build, half_maps=[halves[0], small])
    files = [build / "inputs/run_2" / f"half_map_{k}.mrc" for k in (1, 2)]
    assert resume(build, half_maps=halves) == ["--half-maps", *map(str, files)]
    written = [np.frombuffer(file.read_bytes()[1024:], "<f4") for file in files]
    assert np.array_equal(written[0], values.ravel()) and written[1][0] == 1.0
    assert resume(build, without=["halfMaps", "resolution"]) == [
        "--no-half-maps", "--no-resolution",
    ]  # fmt: skip


def test_a_job_is_given_another_part_of_its_map(resume, folder, session, open_volume):
    from chimerax.critasser.jobs.inputs import PlacedMap, write_map

    build = folder("build")
    values = np.arange(120.0).reshape(6, 5, 4)
    volume = open_volume(session, "map", values)
    inside = open_volume(session, "inside", (values > 100.0).astype(float))
    (build / "inputs").mkdir()
    path = build / "inputs/map.mrc"
    write_map(path, PlacedMap.of(volume))
    with pytest.raises(UserError, match=r"not open.*: critasser open .*build.* withMap true"):
        resume(build, mask=inside)
    volume.data.path = str(path)
    file = build / "inputs/run_2/mask.mrc"
    assert resume(build, mask=inside) == ["--mask", str(file)]
    written = np.frombuffer(file.read_bytes()[1024:], "<f4")
    assert np.array_equal(written, (values > 100.0).ravel())
    from chimerax.critasser.jobs.deletion import files_of_job

    assert files_of_job(build)[1] == []
    with pytest.raises(UserError, match="give mask, or go on without, not both"):
        resume(build, mask=inside, without=["mask"])
    with pytest.raises(UserError, match="give one of segments, mask and near"):
        resume(build, mask=inside, segments=inside)
    write_map(path, PlacedMap.of(open_volume(session, "larger", np.arange(210.0).reshape(7, 6, 5))))
    with pytest.raises(UserError, match="has other voxels than the map that the job was given"):
        resume(build, mask=inside)


def test_a_score_is_given_another_seed(resume, folder):
    assert resume(folder("score"), seed=7, trim=True) == ["--seed", "7", "--trim"]
