"""The template library: chains of known structure, Cα only, in one small file."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from critasser.errors import InputError
from critasser.structure import AMINO_ACIDS, ProteinChain
from critasser.structure.fold_classes import UNKNOWN_EXPOSURE, FoldClasses
from critasser.text import printable
from critasser.writing import appearing

__all__ = ["TemplateLibrary", "library_of", "load_library", "write_library"]

UNIT = 0.05
"""Å; Cα are kept as whole multiples of it, as differences from one residue to the next."""

SHORTEST = 30
"""Residues of a chain that is taken into a library: less is no fold."""

LARGEST_STEP = 0.9 * np.iinfo(np.int16).max * UNIT
"""Å between residues that follow each other in a chain; files with more are of something else."""

LARGEST_CONTENT = 1 << 28
"""Bytes that a library may have when unpacked: some thirty times what the shipped one has. It takes
three times as much memory."""

LONGEST_NAME = 40
"""Letters of a chain's name that are kept."""


@dataclass(frozen=True, eq=False)
class TemplateLibrary:
    """Chains of known structure; N chains of R residues in all.

    Attributes
    ----------
    names : tuple of str (N,)
    ends : ndarray (N,) int64
        Where each chain ends among the residues.
    codes : ndarray (R,) int8
        Indices into `AMINO_ACIDS`; -1 for X.
    calpha : ndarray (R, 3) float64
        Å; each chain in a frame of its own.
    structure : ndarray (R,) int8
        Helix, strand or coil, as `assign_secondary_structure` has them.
    side, back : ndarray (R,) int8
        Bins of half-sphere exposure by the chain's own Cα, see `critasser.structure.exposure`;
        `UNKNOWN_EXPOSURE` beside a break.
    """

    names: tuple[str, ...]
    ends: NDArray[np.int64]
    codes: NDArray[np.int8]
    calpha: NDArray[np.float64]
    structure: NDArray[np.int8]
    side: NDArray[np.int8]
    back: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.names)

    @property
    def starts(self) -> NDArray[np.int64]:
        """Where each chain begins among the residues."""
        return np.concatenate([[0], self.ends]).astype(np.int64)[:-1]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Residues of each chain."""
        return self.ends - self.starts

    def residues(self, number: int) -> slice:
        """Where the residues of a chain are."""
        return slice(int(self.starts[number]), int(self.ends[number]))

    def classes(self, number: int) -> FoldClasses:
        """Classes of the residues of a chain."""
        part = self.residues(number)
        return FoldClasses(self.structure[part], self.side[part], self.back[part])

    def chain(self, number: int) -> ProteinChain:
        """One chain, with Cα only."""
        part = self.residues(number)
        count = part.stop - part.start
        return ProteinChain(
            name=self.names[number],
            letters="".join(AMINO_ACIDS[c] if c >= 0 else "X" for c in self.codes[part]),
            residue_number=np.arange(1, count + 1),
            atom_names=("CA",) * count,
            elements=("C",) * count,
            residue=np.arange(count),
            positions=self.calpha[part],
            b_factor=np.zeros(count),
        )

    def select(self, pieces: Sequence[tuple[int, int, int]]) -> TemplateLibrary:
        """A library of pieces of chains: number of each, its first residue, and one past its last.
        """
        rows = [self.starts[k] + np.arange(first, last) for k, first, last in pieces]
        chosen = np.concatenate(rows) if rows else np.empty(0, dtype=np.int64)
        arrays = (self.codes, self.calpha, self.structure, self.side, self.back)
        return TemplateLibrary(
            tuple(self.names[k] for k, _, _ in pieces),
            np.cumsum([last - first for _, first, last in pieces], dtype=np.int64),
            *(one[chosen] for one in arrays),
        )


EMPTY = TemplateLibrary(
    (), np.empty(0, np.int64), np.empty(0, np.int8), np.empty((0, 3)),
    *(np.empty(0, np.int8) for _ in range(3)),
)  # fmt: skip
"""A library of no chain."""


def library_of(chains: Iterable[tuple[str, ProteinChain]]) -> TemplateLibrary:
    """A library of chains by name; residues without a Cα, and short chains, are left out."""
    names, lengths, columns = [], [], []
    for name, chain in chains:
        known = np.isfinite(chain.calpha).all(axis=1)
        if known.sum() < SHORTEST:
            continue
        calpha = chain.calpha[known]
        calpha = calpha[0] + np.cumsum(
            UNIT * np.diff(np.round(calpha / UNIT), axis=0, prepend=np.round(calpha[:1] / UNIT)),
            axis=0,
        )
        fold = FoldClasses.of(calpha)
        names.append(name)
        lengths.append(len(calpha))
        columns.append(
            (chain.codes[known], calpha - calpha[0], fold.structure, fold.side, fold.back)
        )
    if not names:
        raise InputError(f"no chain of {SHORTEST} residues or more: a library needs some")
    codes, calpha, structure, side, back = map(np.concatenate, zip(*columns))
    small = (one.astype(np.int8) for one in (structure, side, back))
    return TemplateLibrary(tuple(names), np.cumsum(lengths), codes, calpha, *small)


def write_library(path: Path, library: TemplateLibrary) -> None:
    """Write a library by atomic rename.

    Raises
    ------
    InputError
        Residues of a chain that follow each other lie too far apart for the file.
    """
    steps = np.diff(library.calpha, axis=0, prepend=library.calpha[:1])
    steps[library.starts] = 0.0
    if np.abs(steps).max(initial=0.0) > LARGEST_STEP:
        raise InputError(f"{path}: residues of a chain lie more than {LARGEST_STEP:.0f} Å apart")
    with appearing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file,
            names=np.array(library.names, dtype=str),
            ends=library.ends.astype(np.int32),
            codes=library.codes,
            steps=np.round(steps / UNIT).astype(np.int16).T,
            structure=library.structure,
            side=library.side,
            back=library.back,
        )


def load_library(path: Path) -> TemplateLibrary:
    """Read a library; no code of the file is run.

    Raises
    ------
    InputError
        The file is missing, damaged, far too large, or something else.
    """
    try:
        with zipfile.ZipFile(path) as packed:
            if sum(part.file_size for part in packed.infolist()) > LARGEST_CONTENT:
                raise InputError(f"{path}: far too large for a template library")
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in _KINDS}
        _check(arrays)
    except InputError:
        raise
    except Exception as error:  # a damaged archive raises whatever its parts do
        raise InputError(
            f"{path}: no template library ({printable(str(error))}); make one by `critasser data "
            "library`"
        ) from None
    steps = arrays["steps"].T.astype(np.float64)
    steps *= UNIT
    library = TemplateLibrary(
        tuple(printable(str(name))[:LONGEST_NAME] for name in arrays["names"]),
        arrays["ends"].astype(np.int64), arrays["codes"], np.cumsum(steps, axis=0, out=steps),
        *(arrays[name] for name in ("structure", "side", "back")),
    )  # fmt: skip
    calpha = library.calpha
    calpha -= np.repeat(calpha[library.starts], library.lengths, axis=0)
    return library


_KINDS = {
    "names": (1, "U"), "ends": (1, "i"), "codes": (1, "i"), "steps": (2, "i"),
    "structure": (1, "i"), "side": (1, "i"), "back": (1, "i"),
}  # fmt: skip
"""Arrays of a file: how many axes each has, and of what kind its values are."""


def _check(arrays: Mapping[str, NDArray]) -> None:
    """Raise `ValueError` where the parts of a library do not belong together."""
    for name, (axes, kind) in _KINDS.items():
        if arrays[name].ndim != axes or arrays[name].dtype.kind != kind:
            raise ValueError(f"its {name} are of another kind")
    ends, codes = arrays["ends"], arrays["codes"]
    count = len(codes)
    if len(ends) != len(arrays["names"]):
        raise ValueError("its chains and their names are not as many")
    if (np.diff(ends, prepend=0) <= 0).any() or ends[-1:].sum() != count:
        raise ValueError("its chains do not make up its residues")
    classes = [arrays[name] for name in ("structure", "side", "back")]
    if arrays["steps"].shape != (3, count) or any(len(one) != count for one in classes):
        raise ValueError("its arrays are of different lengths")
    if any(arrays[name].itemsize > size for name, size in _SIZES.items()):
        raise ValueError("its values are out of range")
    limits = (len(AMINO_ACIDS) - 1, 2, UNKNOWN_EXPOSURE, UNKNOWN_EXPOSURE)
    for values, least, most in zip((codes, *classes), (-1, 0, 0, 0), limits):
        if len(values) and (values.min() < least or values.max() > most):
            raise ValueError("its values are out of range")


_SIZES = {"codes": 1, "steps": 2, "structure": 1, "side": 1, "back": 1, "ends": 8}
"""Bytes of a value, at most."""
