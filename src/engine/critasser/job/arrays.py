"""Stage results to and from files of the job folder.

What other programs read is mmCIF, MRC, CSV and JSON. Beside it lie ``.npz`` files with the same
numbers unrounded: a resumed run reads those, and so does a run that was never interrupted, so that
both compute with the same values.
"""

from __future__ import annotations

import csv
import math
import os
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from critasser.density import FeatureMaps, read_blocks, read_map_header
from critasser.errors import InputError
from critasser.structure import (
    AtomicModel,
    CalphaSet,
    CalphaTriples,
    Symmetry,
    Target,
    Template,
    Trace,
)
from critasser.writing import appearing

__all__ = [
    "load_arrays",
    "load_atoms",
    "load_calpha",
    "load_features",
    "load_region",
    "load_symmetry",
    "load_templates",
    "load_traces",
    "save_arrays",
    "save_atoms",
    "save_calpha",
    "save_region",
    "save_symmetry",
    "save_templates",
    "save_traces",
    "write_table",
]


BITS = 8
"""Of a byte."""


def save_arrays(path: Path, **arrays: object) -> None:
    """Write arrays as ``.npz`` by atomic rename."""
    for name, array in arrays.items():
        if np.asarray(array).dtype.hasobject:
            raise ValueError(f"{name} is not a plain array")
    with appearing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def load_arrays(path: Path, *names: str) -> list[NDArray]:
    """Read arrays that `save_arrays` wrote; never unpickles.

    Raises
    ------
    InputError
        Not such a file.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return [file[name] for name in names]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: damaged ({error}); delete it and resume the job") from None


def write_table(
    path: str | os.PathLike,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    digits: Mapping[str, int] = MappingProxyType({}),
) -> None:
    """Write CSV by atomic rename.

    Parameters
    ----------
    path : path
    columns : sequence of str
    rows : iterable of sequence
    digits : mapping of str to int
        Digits behind the point, by column; numbers of others are written in full, so that reading
        gives them back.
    """
    shapes = [f".{digits[column]}f" if column in digits else "" for column in columns]
    with (
        appearing(path) as temporary,
        temporary.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(columns)
        for row in rows:
            writer.writerow(
                [
                    value if not isinstance(value, (float, np.floating))
                    else format(float(value), shape) if shape else repr(float(value))
                    for value, shape in zip(row, shapes)
                ]
            )  # fmt: skip


def load_features(path: Path, density: Path) -> FeatureMaps:
    """What `critasser.network.predict` wrote, on the grid of the map that it was given.

    Raises
    ------
    InputError
        Not such a file, or of another map.
    """
    frame = read_map_header(density)
    try:
        blocks = read_blocks(path, frame.shape)
        return FeatureMaps.from_blocks(frame.origin, frame.voxel_size, blocks)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{path}: damaged ({error}); delete it and resume the job") from None


def save_calpha(path: Path, calpha: CalphaSet, agreement: float, trusted: bool) -> None:
    """Cα positions with all that the networks say of them, and how well its
    predictions for the map as it is and turned agree."""
    triples = calpha.triples or CalphaTriples(np.zeros((0, 3), np.int64), np.zeros(0))
    save_arrays(
        path,
        positions=calpha.positions,
        probability=calpha.probability,
        amino_acid=calpha.amino_acid,
        secondary_structure=calpha.secondary_structure,
        triple=triples.triple,
        log_odds=triples.log_odds,
        agreement=np.float64(agreement),
        trusted=np.bool_(trusted),
    )


def load_calpha(path: Path) -> tuple[CalphaSet, float, bool]:
    """What `save_calpha` wrote: positions, agreement, whether they may guide the assembly."""
    names = ("positions", "probability", "amino_acid", "secondary_structure")
    *columns, triple, log_odds, agreement, trusted = load_arrays(
        path, *names, "triple", "log_odds", "agreement", "trusted"
    )
    return CalphaSet(*columns, CalphaTriples(triple, log_odds)), float(agreement), bool(trusted)


def save_region(path: Path, region: NDArray[np.bool_]) -> None:
    """Which voxels (nz, ny, nx) of a map are meant, a bit for each."""
    save_arrays(path, bits=np.packbits(region), shape=np.array(region.shape))


def load_region(path: Path) -> NDArray[np.bool_]:
    """What `save_region` wrote.

    Raises
    ------
    InputError
        Not such a file.
    """
    bits, shape = load_arrays(path, "bits", "shape")
    count = math.prod(shape.tolist())
    whole = shape.shape == (3,) and shape.dtype.kind == "i" and (shape > 0).all()
    if not whole or bits.dtype != np.uint8 or bits.shape != (-(-count // BITS),):
        raise InputError(f"{path}: damaged; delete it and resume the job")
    return np.unpackbits(bits, count=count).astype(bool).reshape(shape)


def save_traces(path: Path, traces: Sequence[Trace], length: int) -> None:
    """Traces in order."""
    save_arrays(
        path,
        positions=np.array([t.positions for t in traces]).reshape(-1, length, 3),
        confidence=np.array([t.confidence for t in traces]).reshape(-1, length),
        score=np.array([t.score for t in traces], dtype=np.float64),
        source=np.array([t.source for t in traces], dtype=np.str_),
    )


def load_traces(path: Path) -> tuple[Trace, ...]:
    """What `save_traces` wrote."""
    columns = load_arrays(path, "positions", "confidence", "score", "source")
    return tuple(
        Trace(positions, confidence, float(score), str(source))
        for positions, confidence, score, source in zip(*columns)
    )


def save_symmetry(path: Path, symmetry: Symmetry) -> None:
    """Operations that bring what is built onto all that the map holds."""
    save_arrays(path, rotation=symmetry.rotation, shift=symmetry.shift)


def load_symmetry(path: Path) -> Symmetry:
    """What `save_symmetry` wrote."""
    return Symmetry(*load_arrays(path, "rotation", "shift"))


def save_templates(path: Path, templates: Sequence[Template], length: int) -> None:
    """Templates in order."""
    save_arrays(
        path,
        positions=np.array([t.positions for t in templates]).reshape(-1, length, 3),
        score=np.array([t.score for t in templates], dtype=np.float64),
        source=np.array([t.source for t in templates], dtype=np.str_),
        identity=np.array([t.identity for t in templates], dtype=np.float64),
        z_score=np.array([t.z_score for t in templates], dtype=np.float64),
        values=np.array([t.values for t in templates]).reshape(-1, length),
    )


def load_templates(path: Path) -> tuple[Template, ...]:
    """What `save_templates` wrote."""
    names = ("positions", "score", "source", "identity", "z_score", "values")
    return tuple(
        Template(positions, float(score), str(source), float(identity), float(z_score), values)
        for positions, score, source, identity, z_score, values in zip(*load_arrays(path, *names))
    )


def save_atoms(path: Path, model: AtomicModel) -> None:
    """An atomic model without rounding."""
    save_arrays(
        path,
        atom_names=np.array(model.atom_names, dtype=np.str_),
        elements=np.array(model.elements, dtype=np.str_),
        residue=model.residue,
        positions=model.positions,
    )


def load_atoms(path: Path, target: Target) -> AtomicModel:
    """What `save_atoms` wrote."""
    names, elements, residue, positions = load_arrays(
        path, "atom_names", "elements", "residue", "positions"
    )
    return AtomicModel(target, tuple(names.tolist()), tuple(elements.tolist()), residue, positions)
