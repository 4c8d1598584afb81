"""Shipped files are found wherever the engine runs from."""

import pytest

from critasser import shipped as module
from critasser.errors import InputError
from critasser.shipped import shipped


@pytest.fixture
def installed(tmp_path, monkeypatch):
    def place(package, weights):
        package, weights = tmp_path / package, tmp_path / weights
        package.mkdir(parents=True)
        weights.mkdir(parents=True, exist_ok=True)
        (weights / "net.pt").write_bytes(b"")
        monkeypatch.setattr(module, "_PACKAGE", package)
        return weights / "net.pt"

    return place


@pytest.mark.parametrize(
    ("package", "weights"),
    [
        ("repository/src/engine/critasser", "repository/weights"),
        ("site-packages/critasser", "site-packages/critasser/weights"),
        ("chimerax/critasser/engine/critasser", "chimerax/critasser/weights"),
    ],
    ids=["source tree", "wheel", "bundle"],
)
def test_weights_are_found(installed, package, weights):
    file = installed(package, weights)
    assert shipped("net.pt") == file


def test_what_is_not_there_is_told(installed):
    installed("site-packages/critasser", "site-packages/critasser/weights")
    with pytest.raises(InputError, match=r"weights/none\.pt is missing .* install Critasser again"):
        shipped("none.pt")
