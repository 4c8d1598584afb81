"""Cut a map into boxes around chains, each with all residues in it, as training reads them.

A box is a folder with ``map.mrc.gz`` (half precision, in units of its standard deviation),
``model.pdb.gz``, ``sequence.fasta`` and ``meta.json``.
"""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path

import gemmi
import numpy as np
from numpy.typing import NDArray

from critasser.data.refusal import Refusal
from critasser.density import Grid, crop, write_map
from critasser.structure import ONE_TO_THREE, ProteinChain
from critasser.writing import appearing

__all__ = ["MARGIN", "box_around", "part_of_chain", "residues_in_box", "write_box", "write_chain"]

MARGIN = 16.0
"""Å of the map around a chain; what packing keeps."""

NEIGHBOUR_EDGE = 8.0
"""Å from the faces of the box within which other chains are left out: a residue there would be
learnt from without what is around it."""

LEAST_INSIDE = 0.98
"""Share of a chain's residues that lie in the map."""

MOST_CHAINS = 62
"""In a PDB file: letters and digits."""

_NAMES = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_UNKNOWN = "UNK"


def box_around(grid: Grid, chain: ProteinChain) -> Grid:
    """The map around a chain.

    Raises
    ------
    Refusal
        The chain lies outside of the map.
    """
    positions = chain.positions
    index = grid.to_index(positions)
    inside = ((index >= 0) & (index <= np.array(grid.shape) - 1)).all(axis=1).mean()
    if inside < LEAST_INSIDE:
        raise Refusal(f"{1 - inside:.0%} of the atoms lie outside of the map")
    box = crop(grid, positions.min(axis=0) - MARGIN, positions.max(axis=0) + MARGIN)
    if box.values.min() == box.values.max():
        raise Refusal("the map is empty around the chain")
    return box


def residues_in_box(box: Grid, chain: ProteinChain) -> NDArray[np.bool_]:
    """Which residues (n,) of another chain have their Cα well within a box."""
    lower, upper = box.origin + NEIGHBOUR_EDGE, box.upper - NEIGHBOUR_EDGE
    # Residues without a Cα are NaN, which lies nowhere.
    return ((chain.calpha >= lower) & (chain.calpha <= upper)).all(axis=1)


def part_of_chain(chain: ProteinChain, kept: NDArray[np.bool_]) -> ProteinChain:
    """The residues (n,) of a chain that are kept, which are at least one."""
    number = np.cumsum(kept) - 1
    atoms = np.flatnonzero(kept[chain.residue])
    return ProteinChain(
        chain.name,
        "".join(letter for letter, keep in zip(chain.letters, kept) if keep),
        chain.residue_number[kept],
        tuple(chain.atom_names[k] for k in atoms),
        tuple(chain.elements[k] for k in atoms),
        number[chain.residue[atoms]],
        chain.positions[atoms],
        chain.b_factor[atoms],
    )


def write_box(folder: Path, box: Grid, chains: Sequence[ProteinChain]) -> None:
    """Write all of a box but its ``meta.json``; the first chain is the one that it is around."""
    folder.mkdir(parents=True, exist_ok=True)
    scaled = box.with_values((box.values - box.values.mean()) / box.values.std())
    write_map(folder / "map.mrc.gz", scaled, np.float16)
    write_chain(folder / "model.pdb.gz", chains[:MOST_CHAINS])
    with appearing(folder / "sequence.fasta") as temporary:
        temporary.write_text(
            "".join(
                f">{folder.name} {name}\n{chain.letters}\n" for name, chain in zip(_NAMES, chains)
            )
        )


def write_chain(path: Path, chains: Sequence[ProteinChain]) -> None:
    """Write chains as a gzipped PDB file, named A, B, …; residues are numbered from 1."""
    model = gemmi.Model(1)
    for name, chain in zip(_NAMES, chains):
        model.add_chain(_gemmi_chain(name, chain))
    structure = gemmi.Structure()
    structure.add_model(model)
    structure.setup_entities()
    text = structure.make_pdb_string()
    with appearing(path) as temporary:
        temporary.write_bytes(gzip.compress(text.encode("ascii"), mtime=0))


def _gemmi_chain(name: str, chain: ProteinChain) -> gemmi.Chain:
    made = gemmi.Chain(name)
    numbers = _numbers(chain)
    for number, letter in zip(numbers, chain.letters):
        residue = gemmi.Residue()
        residue.name = ONE_TO_THREE.get(letter, _UNKNOWN)
        residue.seqid = gemmi.SeqId(int(number), " ")
        residue.het_flag = "A"
        made.add_residue(residue)
    for k in range(len(chain.atom_names)):
        atom = gemmi.Atom()
        atom.name, atom.element = chain.atom_names[k], gemmi.Element(chain.elements[k])
        atom.pos = gemmi.Position(*chain.positions[k])
        atom.b_iso, atom.occ = float(np.clip(chain.b_factor[k], 0, 999)), 1.0
        made[int(chain.residue[k])].add_atom(atom)
    return made


def _numbers(chain: ProteinChain) -> NDArray[np.int64]:
    """From 1 on, with gaps as in the file where it has no insertion codes and no repeats."""
    step = np.diff(chain.residue_number)
    if len(step) and step.min() <= 0:
        return np.arange(1, len(chain) + 1)
    return chain.residue_number - chain.residue_number[0] + 1
