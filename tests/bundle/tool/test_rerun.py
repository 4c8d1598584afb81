"""A build is set up again from its job's folder, as far as that can be trusted."""

import json

import pytest
from chimerax.critasser.tool.rerun import earlier_build


@pytest.fixture
def job(tmp_path):
    """A folder whose job was given everything."""
    folder = tmp_path / "job"
    (folder / "inputs").mkdir(parents=True)
    for name in ("map.mrc", "mask.mrc", "contacts.txt", "template_01.cif", "half_map_1.mrc",
                 "half_map_2.mrc", "pae_01.json"):  # fmt: skip
        (folder / "inputs" / name).write_text("x")
    (folder / "inputs/sequence.fasta").write_text(">a\nAALEKAALEKAALEKAALEK\n")

    def describe(**changed):
        inputs = {
            "map": "map.mrc", "sequence": "sequence.fasta", "mask": "mask.mrc",
            "contacts": "contacts.txt", "template_01": "template_01.cif",
            "half_map_1": "half_map_1.mrc", "half_map_2": "half_map_2.mrc", "pae_01": "pae_01.json",
        }  # fmt: skip
        given = {role: {"path": str(folder / "inputs" / name)} for role, name in inputs.items()}
        options = {"quality": "draft", "device": "cuda", "models": 3, "seed": 7, "resolution": 3.4,
                   "trim": True, "protein": True, "symmetry": "D2"}  # fmt: skip
        content = {"kind": "build", "inputs": given, "options": options}
        content.update(changed)
        (folder / "job.json").write_text(json.dumps(content))
        return folder

    return describe


def test_all_that_was_given_is_there_again(job):
    folder = job()
    found = earlier_build(folder)
    plan = found.plan
    assert [(one.name, len(one.letters)) for one in plan.entries] == [("a", 20)]
    assert (plan.quality, plan.device, plan.models, plan.seed) == ("draft", "gpu", 3, 7)
    assert plan.resolution == 3.4 and plan.place == "mask" and plan.trim and plan.protein
    assert plan.symmetry == "D2"
    assert found.half_maps == ("half_map_1", "half_map_2")
    assert plan.pae == (folder / "inputs/pae_01.json",)
    assert plan.contacts == str(folder / "inputs/contacts.txt")
    assert found.mask == folder / "inputs/mask.mrc"
    assert found.templates == (folder / "inputs/template_01.cif",) and not found.missing


def test_a_job_that_looked_for_no_templates_looks_for_none_again(job):
    def chosen(**options):
        return earlier_build(job(options={"quality": "draft", **options})).plan.known

    assert chosen(template_search=False) == "none"
    assert chosen(template_search=True) == chosen() != "none"


def test_a_library_of_the_job_is_there_again_and_one_from_elsewhere_is_told(job):
    content = json.loads((job() / "job.json").read_text())
    folder = job(inputs={**content["inputs"], "library": {"path": "/elsewhere/own.npz"}})
    assert earlier_build(folder).missing == ("the library of known folds",)
    path = folder / "inputs/library.npz"
    path.write_text("x")
    job(inputs={**content["inputs"], "library": {"path": str(path)}})
    found = earlier_build(folder)
    assert found.plan.library == str(path) and not found.missing


def test_a_folder_that_was_moved_is_as_good(job, tmp_path):
    folder = job()
    moved = tmp_path / "elsewhere"
    folder.rename(moved)
    found = earlier_build(moved)
    assert found.mask == moved / "inputs/mask.mrc" and not found.missing


def test_files_elsewhere_are_not_taken_and_that_is_told(job, tmp_path):
    secret = tmp_path / "secret.fasta"
    secret.write_text(">s\nMKV\n")
    given = {
        "sequence": {"path": str(secret)}, "mask": {"path": "/etc/passwd"}, "contacts": 7,
        "template_01": {"path": "../../x.cif"},
    }  # fmt: skip
    found = earlier_build(job(inputs=given))
    assert not found.plan.entries and found.mask is None and not found.templates
    assert found.missing == ("the sequence", "the contacts", "the mask", "templates")


def test_damaged_options_are_as_usual(job):
    options = {"quality": "best", "device": 1, "models": 1e9, "seed": -5, "resolution": "x"}
    plan = earlier_build(job(options=options)).plan
    assert (plan.quality, plan.device, plan.models, plan.seed) == ("standard", "auto", 20, 0)
    assert plan.resolution is None
    assert earlier_build(job(inputs=None, options=[])) is not None


def test_a_score_is_no_build(job, tmp_path):
    assert earlier_build(job(kind="score")) is None
    assert earlier_build(tmp_path) is None
