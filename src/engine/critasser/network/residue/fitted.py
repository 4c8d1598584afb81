"""Load the constants that weigh what the networks say of a Cα position, fitted to validation maps.

They are plain numbers in a JSON file, each part made by one command of ``benchmark.fitting``.
"""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import NamedTuple

from critasser.errors import InputError
from critasser.shipped import CALPHA_WEIGHTS, shipped
from critasser.writing import appearing

__all__ = [
    "AminoAcidWeights",
    "CalphaWeights",
    "FittedConstants",
    "StructureWeights",
    "read_constants",
    "shipped_constants",
    "write_constants",
]

LARGEST_FILE = 1 << 16
"""Bytes; a file of so few numbers is far smaller."""

CARD = "card"
"""Key of a part's description: data, command, date, figures."""


class CalphaWeights(NamedTuple):
    """Log-odds that a position is a Cα: a constant, and the weights of three terms.

    Attributes
    ----------
    constant : float
    map_network, residue_network : float
        Of the log-odds that each network gives.
    density : float
        Of the density around the position over that of the molecule.
    """

    constant: float
    map_network: float
    residue_network: float
    density: float


class StructureWeights(NamedTuple):
    """How helix, strand and coil by the networks and by the chain's geometry are combined.

    Attributes
    ----------
    networks : float
        Weight of the logarithms of the networks' probabilities.
    constant, links : float
        Geometry counts the softplus of this constant and this weight of the mean log-odds of the
        links of the chain around a position.
    """

    networks: float
    constant: float
    links: float


class AminoAcidWeights(NamedTuple):
    """Weights of the logarithms of both networks' probabilities of amino acids in their sum."""

    residue_network: float
    map_network: float


class FittedConstants(NamedTuple):
    """All parts of the file."""

    calpha_probability: CalphaWeights
    secondary_structure: StructureWeights
    amino_acid: AminoAcidWeights


_PARTS = {
    "calpha_probability": CalphaWeights,
    "secondary_structure": StructureWeights,
    "amino_acid": AminoAcidWeights,
}


def read_constants(path: Path) -> FittedConstants:
    """Read the constants.

    Raises
    ------
    InputError
        The file is missing, damaged, or lacks a finite number.
    """
    table = _read(path)
    return FittedConstants(**{part: _numbers(path, table, part) for part in _PARTS})


@cache
def shipped_constants() -> FittedConstants:
    """The constants that ship with Critasser."""
    return read_constants(shipped(CALPHA_WEIGHTS))


def write_constants(path: Path, values: NamedTuple, card: dict[str, object]) -> None:
    """Replace one part of a file of constants, which is made where it is missing.

    Parameters
    ----------
    path : Path
    values : CalphaWeights, StructureWeights or AminoAcidWeights
    card : dict
        Data, command, date and figures.
    """
    (part,) = (name for name, kind in _PARTS.items() if isinstance(values, kind))
    table = _read(path) if path.exists() else {}
    table[part] = {**values._asdict(), CARD: card}
    _numbers(path, table, part)
    with appearing(path) as temporary:
        temporary.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


def _read(path: Path) -> dict[str, object]:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise InputError(f"{path}: too large for fitted constants; get it again")
        table = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path}: no fitted constants ({reason}); get it again") from error
    if not isinstance(table, dict):
        raise InputError(f"{path}: no fitted constants (not an object); get it again")
    return table


def _numbers(path: Path, table: dict[str, object], part: str) -> NamedTuple:
    kind, given = _PARTS[part], table.get(part)
    if not isinstance(given, dict) or set(given) - {CARD} != set(kind._fields):
        wanted = ", ".join(kind._fields)
        raise InputError(f"{path}: {part} is not made of {wanted}; get it again")
    for name in kind._fields:
        value = given[name]
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not math.isfinite(value):
            raise InputError(f"{path}: {part} {name} is not a finite number; get it again")
    return kind(**{name: float(given[name]) for name in kind._fields})
