"""The self-test finds what is broken, and says nothing is where nothing is."""

import json
import sys

import pytest

from critasser import __version__, cli, selftest, shipped


def test_here_everything_works(capsys):
    assert cli.main(["selftest", "--device", "cpu", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["version"] == __version__ and told["ok"]
    names = [check["name"] for check in told["checks"]]
    assert set(selftest.PACKAGES) <= set(names)
    assert {
        "learnt files", "network", "kernels", "molecular dynamics", "small build", "memory", "disk"
    } <= set(names)  # fmt: skip


def test_a_package_that_is_missing_is_named_and_all_else_is_tried(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "openmm", None)
    monkeypatch.setattr(selftest, "_network", lambda device: "not tried here")
    monkeypatch.setattr(selftest, "_dynamics", lambda: "not tried here")
    monkeypatch.setattr(selftest, "_build", lambda device: "not tried here")
    assert cli.main(["selftest"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"critasser {__version__}"
    assert next(line for line in lines if line.startswith("FAIL")).split()[1] == "openmm"
    assert len(lines) == len(selftest.PACKAGES) + 10


def test_a_learnt_file_that_was_changed_is_found(tmp_path, monkeypatch):
    folder = shipped.shipped("network.safetensors").parent
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    with (tmp_path / "trace.npz").open("r+b") as file:
        file.write(b"XX")
    monkeypatch.setattr(shipped, "_folders", lambda: [tmp_path])
    with pytest.raises(Exception, match=r"trace\.npz is not the file that ships"):
        selftest._learnt()


def test_every_learnt_file_has_its_checksum():
    # Made by: cd weights && sha256sum *.npz *.safetensors *.json > SHA256SUMS
    folder = shipped.shipped("network.safetensors").parent
    listed = {line.split("  ")[1] for line in (folder / "SHA256SUMS").read_text().splitlines()}
    kinds = (".npz", ".safetensors", ".json")
    assert listed == {path.name for path in folder.iterdir() if path.suffix in kinds}
    assert selftest._learnt().startswith(str(len(listed)))
