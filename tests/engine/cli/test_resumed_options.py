"""What a job takes over from one before, and what is given anew or taken away."""

import dataclasses
import json
from pathlib import Path

import pytest

from critasser import __version__, cli
from critasser.cli import build, rebuild, score
from critasser.errors import InputError
from critasser.job.folder import FORMAT

RESUMED = {
    "map": "map.mrc", "sequence": "s.fasta", "mask": "mask.mrc", "contacts": "c.rr",
    "template_01": "a.pdb", "template_02": "b.pdb", "pae_02": "b.json",
    "half_map_1": "1.mrc", "half_map_2": "2.mrc",
}  # fmt: skip
GIVEN = {"resolution": 3.5, "weights": "/net.safetensors", "trim": True}


@pytest.fixture
def resumed(tmp_path):
    """Gives inputs and options of a job with all kinds of them, resumed with arguments."""

    def resolved(*arguments, module=build):
        kind = module.__name__.split(".")[-1]
        files = RESUMED if kind == "build" else {"map": "map.mrc", "model": "m.pdb"}
        job = {"format": FORMAT, "version": __version__, "kind": kind, "options": GIVEN,
               "inputs": {role: {"path": f"/{name}"} for role, name in files.items()}}  # fmt: skip
        (tmp_path / "job.json").write_text(json.dumps(job))
        args = cli._parsed([kind, "--resume", str(tmp_path), *arguments])
        inputs, options, *_ = module._resolve(args)
        return inputs, options

    return resolved


@pytest.mark.parametrize(
    ("flag", "role", "nothing"),
    [("--no-mask", "mask", None), ("--no-contacts", "contacts", None),
     ("--no-pae", "pae", ()), ("--no-half-maps", "half_maps", ())],
)  # fmt: skip
def test_inputs_can_be_taken_from_a_resumed_job(resumed, flag, role, nothing):
    before, after = resumed()[0], resumed(flag)[0]
    assert getattr(before, role)
    assert after == dataclasses.replace(before, **{role: nothing})


@pytest.mark.parametrize("module", [build, rebuild, score])
@pytest.mark.parametrize(
    ("flag", "name"), [("--no-resolution", "resolution"), ("--no-weights", "weights")]
)
def test_what_a_job_was_given_can_be_taken_away(resumed, module, flag, name):
    before, after = resumed(module=module)[1], resumed(flag, module=module)[1]
    assert getattr(before, name)
    assert after == dataclasses.replace(before, **{name: None})


def test_templates_are_taken_from_a_resumed_job_with_their_errors(resumed):
    before, after = resumed()[0], resumed("--no-templates")[0]
    assert before.templates and before.pae
    assert after == dataclasses.replace(before, templates=(), pae=())


def test_other_templates_of_a_resumed_job_leave_the_errors_of_the_old_behind(resumed, tmp_path):
    for name in ("a.pdb", "AF-P1-F1-model_v4.cif", "AF-P1-F1-predicted_aligned_error_v4.json"):
        (tmp_path / name).write_text("")
    other = resumed("--templates", str(tmp_path / "a.pdb"))[0]
    assert other.pae == ()
    predicted = tmp_path / "AF-P1-F1-model_v4.cif"
    found = resumed("--templates", str(tmp_path / "a.pdb"), str(predicted))[0]
    assert found.pae == (None, tmp_path / "AF-P1-F1-predicted_aligned_error_v4.json")
    given = resumed("--pae", "/elsewhere.json", "-")[0]
    assert given.pae == (Path("/elsewhere.json"), None)
    assert given.templates == resumed()[0].templates
    with pytest.raises(InputError, match="1 predicted aligned errors for 2 templates"):
        resumed("--pae", "/elsewhere.json")


@pytest.mark.parametrize(
    ("flags", "trim", "protein"),
    [((), True, False), (("--no-trim",), False, False), (("--protein",), True, True)],
)
def test_what_is_not_given_anew_stays_as_the_job_had_it(resumed, flags, trim, protein):
    _, options = resumed(*flags)
    assert (options.trim, options.protein) == (trim, protein)


def test_templates_may_be_given_together_or_one_by_one(resumed):
    for arguments in (["--templates", "/a.pdb", "/b.cif"],
                      ["--templates", "/a.pdb", "--templates", "/b.cif"]):  # fmt: skip
        assert resumed(*arguments)[0].templates == (Path("/a.pdb"), Path("/b.cif"))


def test_half_maps_can_be_given_to_a_resumed_job(resumed):
    assert resumed()[0].half_maps == (Path("/1.mrc"), Path("/2.mrc"))
    given = resumed("--half-maps", "/b.mrc", "/a.mrc")[0]
    assert given.half_maps == (Path("/b.mrc"), Path("/a.mrc"))


def test_one_file_given_to_a_resumed_job_is_its_map_or_its_sequences(resumed):
    assert resumed("/other.fasta")[0].sequence == Path("/other.fasta")
    assert resumed("/other.fasta")[0].map == Path("/map.mrc")
    assert resumed("/other.mrc")[0].map == Path("/other.mrc")
    both = resumed("/other.mrc", "/other.txt")[0]
    assert (both.map, both.sequence) == (Path("/other.mrc"), Path("/other.txt"))


@pytest.fixture
def from_model(tmp_path):
    """Gives inputs and options of a job that begins with the model of a build."""
    folder = tmp_path / "job"
    (folder / "5_models").mkdir(parents=True)
    for name in ("model_1.cif", "model_2.cif"):
        (folder / "5_models" / name).write_text("")
    job = {"format": FORMAT, "version": __version__, "kind": "build", "options": GIVEN,
           "inputs": {role: {"path": f"/{name}"} for role, name in RESUMED.items()}}  # fmt: skip
    (folder / "job.json").write_text(json.dumps(job))

    def resolved(module, model, *arguments):
        kind = module.__name__.split(".")[-1]
        args = cli._parsed([kind, str(folder / model), "-o", str(tmp_path / "o"), *arguments])
        inputs, options, *_ = module._resolve(args)
        return inputs, options

    return resolved


@pytest.mark.parametrize(
    ("module", "arguments"), [(rebuild, ["--stretch", "A:1-5"]), (score, [])]
)
@pytest.mark.parametrize(
    ("model", "file"),
    [(".", "5_models/model_1.cif"), ("5_models/model_2.cif", "5_models/model_2.cif")],
)
def test_a_model_of_a_job_knows_map_mask_and_resolution(
    from_model, module, arguments, model, file, tmp_path
):
    inputs, options = from_model(module, model, *arguments)
    assert inputs.model == tmp_path / "job" / file
    assert (inputs.map, inputs.mask) == (Path("/map.mrc"), Path("/mask.mrc"))
    assert (options.resolution, options.weights) == (3.5, Path("/net.safetensors"))
    assert options.trim is False
    given = from_model(module, model, *arguments, "--resolution", "4", "--mask", "/m.mrc")
    assert given[1].resolution == 4 and given[0].mask == Path("/m.mrc")


def test_a_map_given_with_a_jobs_model_is_another_one(from_model):
    inputs, options = from_model(score, ".", "/other.mrc")
    assert inputs.map == Path("/other.mrc") and inputs.mask is None
    assert options.resolution is None


@pytest.mark.parametrize(
    ("module", "arguments"), [(rebuild, ["--stretch", "A:1-5"]), (score, [])]
)
@pytest.mark.parametrize(
    ("model", "told"),
    [("gone.cif", "no such file"), ("5_models", "no Critasser job there"),
     ("job.json", "is not from a Critasser job")],
)  # fmt: skip
def test_a_model_of_no_job_needs_a_map(from_model, module, arguments, model, told):
    with pytest.raises(InputError, match=told):
        from_model(module, model, *arguments)


def test_a_job_without_models_is_told_to_go_on(from_model, tmp_path):
    (tmp_path / "job/5_models/model_1.cif").unlink()
    with pytest.raises(InputError, match="has no model yet"):
        from_model(score, ".")
