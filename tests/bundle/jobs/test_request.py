"""What a waiting job was asked for is kept in its folder, and trusted as little as the folder."""

import json
import shutil

import pytest
from chimerax.core.errors import UserError


@pytest.mark.parametrize(
    "arguments",
    [
        ["/etc/passwd", {"path": "inputs/sequence.fasta"}],
        ["inputs/map.mrc", {"path": "inputs/sequence.fasta"}],
        [{"path": "/etc/passwd"}],
        [{"path": "../../elsewhere"}],
        [{"path": "map"}, {"path": "fasta"}, "-x"],
        [{"path": "map"}, "--weights", {"path": "code"}],
        [{"path": "map"}, "-o", {"path": "elsewhere"}],
        [{"path": "map"}, "--templates", "/etc/passwd"],
        [{"path": "map"}, "--stretch", "--weights=/tmp/x"],
        [{"job": "/etc", "path": "passwd"}],
        [7],
        "no list",
    ],
)
@pytest.mark.parametrize("command", ["build", "rebuild"])
def test_a_request_that_leads_out_of_its_folder_is_refused(tmp_path, arguments, command):
    from chimerax.critasser.jobs.request import read_request

    (tmp_path / "inputs").mkdir()
    (tmp_path / "inputs/request.json").write_text(
        json.dumps({"arguments": arguments, "command": command})
    )
    with pytest.raises(UserError, match=r"refused|damaged|not there any more"):
        read_request(tmp_path)


def test_a_rebuild_of_a_jobs_model_is_kept_with_its_stretches(tmp_path):
    from chimerax.critasser.jobs.deletion import files_of_job
    from chimerax.critasser.jobs.request import read_request, write_request

    build, folder = tmp_path / "build", tmp_path / "rebuilt"
    (build / "5_models").mkdir(parents=True)
    (folder / "inputs").mkdir(parents=True)
    model, fasta = build / "5_models/model_1.cif", folder / "inputs/mine.fasta"
    for file in (model, build / "job.json", fasta):
        file.write_text("{}")
    given = [str(model), "-o", str(folder), "--stretch", "A:45-56,B:-3-10A"]
    given += ["--sequence", str(fasta), "--resolution", "3.5"]
    write_request(folder, "rebuild", given)

    request = read_request(folder)
    assert request.command == "rebuild" and request.arguments() == given
    model.unlink()
    with pytest.raises(UserError, match="not there any more"):
        read_request(folder)
    assert files_of_job(folder)[1] == []


def test_a_request_moves_with_its_folder(tmp_path):
    from chimerax.critasser.jobs.request import read_request, write_request

    here, there = tmp_path / "here", tmp_path / "there"
    (here / "inputs").mkdir(parents=True)
    given = [str(here / "inputs/map.mrc"), str(here / "inputs/s.fasta"), "-o", str(here)]
    given += ["--resolution", "3.5", "--templates", str(here / "inputs/t.cif")]
    write_request(here, "build", given)
    shutil.move(here, there)
    request = read_request(there)
    assert request.inputs == (str(there / "inputs/map.mrc"), str(there / "inputs/s.fasta"))
    assert request.options["-o"] == (str(there),)
    assert request.options["--resolution"] == ("3.5",)


def test_each_option_of_a_command_is_read_again(tmp_path):
    from chimerax.critasser.jobs.new_job import engine_options
    from chimerax.critasser.jobs.request import read_request, write_request

    options = engine_options(3.5, "gpu", "draft", 2, 7, True, False, "helical:27.6,-166.5")
    assert len(options) == 8
    write_request(tmp_path, "build", [w for name, given in options.items() for w in (name, *given)])
    assert read_request(tmp_path).options == options
