"""Constants fitted to maps: what tells nothing weighs nothing; one part of the file is replaced."""

import argparse
import json
from pathlib import Path

import numpy as np
import pytest

from benchmark.fitting import amino_acids, calpha_probability, secondary_structure
from benchmark.fitting.maps import KINDS, LIFELIKE, ReadMap
from critasser.network.residue.fitted import read_constants
from critasser.shipped import CALPHA_WEIGHTS, shipped
from critasser.structure import AMINO_ACIDS, CalphaSet, assign_secondary_structure, read_chains

CHAIN = read_chains(Path(__file__).parents[2] / "data" / "emd_6555_piece.pdb")[0]
SPURIOUS = 20
"""Positions that are no Cα."""


def read_map(name: str, kind: str, rng) -> ReadMap:
    """The residue network tells amino acids in two of three residues, the map network in none."""
    truth = CHAIN.calpha
    acids = np.array([AMINO_ACIDS.index(x) for x in CHAIN.letters])
    n = len(truth)
    positions = np.concatenate([truth, truth.mean(axis=0) + 60 + rng.normal(0, 9, (SPURIOUS, 3))])
    seen = np.where(rng.random(n) < 0.67, acids, rng.integers(0, 20, n))
    told = np.full((n + SPURIOUS, 20), 0.02)
    told[np.arange(n), seen] = 0.62
    structure = np.full((n + SPURIOUS, 3), 0.1)
    structure[np.arange(n), assign_secondary_structure(truth)] = 0.8

    def found(amino_acid):
        return CalphaSet(positions, np.full(n + SPURIOUS, 0.5), amino_acid, structure)

    right = np.arange(n + SPURIOUS) < n
    evidence = rng.normal(0, 1, (n + SPURIOUS, 3)) + np.outer(2 * right - 1.0, [1, 0, 0])
    guesses = found(rng.dirichlet(np.ones(20), n + SPURIOUS))
    return ReadMap(name, kind, guesses, found(told), evidence, truth, acids)


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Fits one part of a copy of the constants to made-up maps of some chains; reads them."""

    def fitted(command, chains=("a", "b")):
        rng = np.random.default_rng(5)
        seen = [read_map(name, kind, rng) for name in chains for kind in (*KINDS, LIFELIKE)]
        path = tmp_path / "constants.json"
        path.write_bytes(shipped(CALPHA_WEIGHTS).read_bytes())
        given = argparse.Namespace(data=tmp_path, chains=2, longest=99, output=path)
        monkeypatch.setattr(command, "arguments", lambda *_: given)
        monkeypatch.setattr(command, "read_maps", lambda *_: iter(seen))
        assert command.main() == 0
        return read_constants(path), json.loads(path.read_text())

    return fitted


def test_a_network_that_guesses_amino_acids_weighs_nothing(run):
    constants, _ = run(amino_acids)
    assert constants.amino_acid.residue_network > 0.5
    assert abs(constants.amino_acid.map_network) <= 0.2


def test_evidence_that_tells_calpha_weighs_most(run):
    constants, _ = run(calpha_probability)
    _, telling, *others = constants.calpha_probability
    assert telling > 1
    assert np.abs(others).max() <= 0.5


def test_one_part_is_replaced_and_says_what_it_was_fitted_to(run, capsys):
    before = json.loads(shipped(CALPHA_WEIGHTS).read_text())
    _, after = run(secondary_structure)
    assert {k: v for k, v in after.items() if before[k] != v}.keys() == {"secondary_structure"}
    card = after["secondary_structure"]["card"]
    assert card["maps"] == ["a", "b"]
    assert card["figures"]["right, clean"] == 1.0
    table = capsys.readouterr().out.splitlines()
    assert [title.strip() for title in table[0].split("  ")[-3:]] == [
        "networks", "as it is", "fitted"
    ]  # fmt: skip
    assert [line.split("  ")[0] for line in table[1:5]] == [*KINDS, LIFELIKE]


def test_one_chain_cannot_be_judged_by_others(run):
    with pytest.raises(SystemExit, match="one chain is not enough"):
        run(amino_acids, chains=("a",))
