"""Fitted constants are read as plain numbers, or not at all."""

import json

import pytest

from critasser.errors import InputError
from critasser.network.residue.fitted import (
    AminoAcidWeights,
    CalphaWeights,
    StructureWeights,
    read_constants,
    shipped_constants,
    write_constants,
)
from critasser.shipped import CALPHA_WEIGHTS, shipped


@pytest.fixture
def constants(tmp_path):
    path = tmp_path / "calpha.json"
    write_constants(path, CalphaWeights(-1.0, 2.0, 0.5, 1.5), {"data": "made up"})
    write_constants(path, StructureWeights(0.8, -7.0, 1.1), {"data": "made up"})
    write_constants(path, AminoAcidWeights(0.7, 0.4), {"data": "made up"})
    return path


def test_what_is_written_is_read_and_other_parts_stay(constants):
    write_constants(constants, CalphaWeights(-3.0, 2.0, 0.5, 1.5), {"data": "newer"})
    read = read_constants(constants)
    assert read.calpha_probability == CalphaWeights(-3.0, 2.0, 0.5, 1.5)
    assert read.secondary_structure == StructureWeights(0.8, -7.0, 1.1)
    assert read.amino_acid == AminoAcidWeights(0.7, 0.4)
    assert json.loads(constants.read_text())["calpha_probability"]["card"] == {"data": "newer"}


def test_those_that_ship_have_a_card_with_command_and_data():
    assert shipped_constants() == read_constants(shipped(CALPHA_WEIGHTS))
    for part in json.loads(shipped(CALPHA_WEIGHTS).read_text(encoding="utf-8")).values():
        assert part["card"]["command"].startswith("python -m benchmark.fitting.")
        assert {"data", "date"} <= set(part["card"]) or {"maps", "date"} <= set(part["card"])


@pytest.mark.parametrize(
    ("part", "changes", "reason"),
    [
        ("calpha_probability", {"constant": "1"}, "constant is not a finite number"),
        ("calpha_probability", {"constant": True}, "constant is not a finite number"),
        ("calpha_probability", {"density": float("nan")}, "density is not a finite number"),
        ("calpha_probability", {"density": float("inf")}, "density is not a finite number"),
        ("calpha_probability", {"density": [1.0]}, "density is not a finite number"),
        ("secondary_structure", {"more": 1.0}, "is not made of networks, constant, links"),
        ("amino_acid", {"map_network": None}, "map_network is not a finite number"),
    ],
)
def test_what_is_no_number_is_told(constants, part, changes, reason):
    table = json.loads(constants.read_text())
    table[part] |= changes
    constants.write_text(json.dumps(table))
    with pytest.raises(InputError, match=reason):
        read_constants(constants)


@pytest.mark.parametrize("text", ["", "[]", "{", "{}", "{}" + " " * 100_000])
def test_a_damaged_file_is_told_in_a_line(tmp_path, text):
    path = tmp_path / "calpha.json"
    path.write_text(text)
    with pytest.raises(InputError, match="get it again") as raised:
        read_constants(path)
    assert "\n" not in str(raised.value)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(InputError, match="no fitted constants"):
        read_constants(tmp_path / "nowhere.json")
