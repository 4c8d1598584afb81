"""A person's model as mmCIF in the engine's coordinates: those of the map, whatever was moved.

ChimeraX's own ``save … relModel`` is not used: it takes the two positions in the wrong order, so
that a model and a map that have both been turned come apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from chimerax.core.errors import UserError
from chimerax.geometry import Place

from .inputs import frame, job_name
from .residue_names import ResidueName, names_of

__all__ = [
    "check_lies_in",
    "engine_place",
    "model_name",
    "stretches_of",
    "write_structure",
]

_COLUMNS = (
    "group_PDB", "id", "type_symbol", "label_atom_id", "label_alt_id", "label_comp_id",
    "label_asym_id", "label_entity_id", "label_seq_id", "Cartn_x", "Cartn_y", "Cartn_z",
    "occupancy", "B_iso_or_equiv", "auth_seq_id", "auth_asym_id", "pdbx_PDB_ins_code",
    "pdbx_PDB_model_num",
)  # fmt: skip

_MOST_ATOMS = 2_000_000

_SUFFIX = re.compile(r"\.(pdb|ent|cif|mmcif)(\.gz)?$", re.IGNORECASE)
"""Of a file that a structure was opened from and is called after."""


def model_name(structure) -> str:
    """A name for folder and models from that of a structure."""
    return job_name(_SUFFIX.sub("", structure.name))


def engine_place(volume, at: Sequence[float] | None = None) -> Place:
    """From the engine's coordinates, those of the written map, to the scene.

    Parameters
    ----------
    volume : chimerax.map.Volume
    at : three floats, optional
        Where the written map begins, in Å; unless given where the map does.
    """
    return volume.scene_position * Place(matrix=frame(volume.data, at))


def check_lies_in(structure, volume) -> None:
    """Refuse a model that does not lie in a map, before anything is written.

    Raises
    ------
    UserError
        None of its atoms is inside the map's box.
    """
    points = structure.scene_position * np.asarray(structure.atoms.coords, dtype=np.float64)
    index = volume.data.xyz_to_ijk(volume.scene_position.inverse() * points)
    if not ((index > -0.5) & (index < np.array(volume.data.size) - 0.5)).all(axis=1).any():
        raise UserError(
            f"{structure} lies outside {volume}: lay it into the map first, with: fitmap "
            f"{structure.atomspec} inMap {volume.atomspec}"
        )


def write_structure(path: Path, structure, volume, at: Sequence[float] | None = None) -> None:
    """Write all atoms of a structure where they lie in a map.

    Parameters
    ----------
    path : Path
    structure : chimerax.atomic.Structure
    volume : chimerax.map.Volume
        Both as they lie in the scene now.
    at : three floats, optional
        Where the written map begins, in Å; unless given where the map does.

    Raises
    ------
    UserError
        No atoms, or far too many.
    """
    atoms = structure.atoms
    if not 0 < len(atoms) <= _MOST_ATOMS:
        raise UserError(f"{structure} has {len(atoms)} atoms: no model that can be judged")
    place = engine_place(volume, at).inverse() * structure.scene_position
    positions = place * np.asarray(atoms.coords, dtype=np.float64)
    residues = atoms.residues
    known = names_of(structure.residues)
    columns = zip(
        atoms.element_names, atoms.names, residues.names, positions.tolist(), atoms.occupancies,
        atoms.bfactors, (known[residue] for residue in residues), residues.polymer_types,
    )  # fmt: skip
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write("data_model\nloop_\n")
        file.writelines(f"_atom_site.{column}\n" for column in _COLUMNS)
        parts: dict[tuple, int] = {}
        places: dict[tuple, int] = {}
        for serial, row in enumerate(columns, start=1):
            element, name, kind, (x, y, z), occupancy, bfactor, (chain, number, code), polymer = row
            # A chain's polymer and what else is called by its name are parts of their own.
            part = parts.setdefault((chain, polymer), len(parts) + 1)
            place = places.setdefault((part, number, code), len(places) + 1) if polymer else "."
            file.write(
                f"{'ATOM' if polymer else 'HETATM'} {serial} {_word(element)} {_word(name)} . "
                f"{_word(kind)} {part} {part} {place} {x:.3f} {y:.3f} {z:.3f} {occupancy:.2f} "
                f"{bfactor:.2f} {number} {_word(chain)} "
                f"{_word(code) if code else '?'} 1\n"
            )


def _word(text: str) -> str:
    """A value as mmCIF takes it."""
    text = " ".join(str(text).split()) or "."
    special = text[0] in "_#$'\"[];" or text in (".", "?") or " " in text or "'" in text
    if not special and not text.lower().startswith(("data_", "loop_", "save_")):
        return text
    return f"'{text}'" if '"' in text else f'"{text}"'


def stretches_of(residues: Sequence) -> str:
    """Residues of one structure as the engine's command takes them: ``A:45-80,B:10-20A``.

    Residues are one stretch as long as no other residue that is there lies between them, so that
    the two sides of a gap are one that spans it.

    A chain that has no name is ``_``.

    Raises
    ------
    UserError
        Residues that are no protein, or are of several models, or of a chain whose name has signs
        in it.
    """
    residues = list(residues)
    known = names_of(residues[0].structure.residues) if residues else {}
    return ",".join(
        f"{_chain(known[run[0]][0])}:{_number(known[run[0]])}-{_number(known[run[-1]])}"
        for run in _runs(residues, known)
    )


def _chain(name: str) -> str:
    if not re.fullmatch(r"\w[\w-]*", name, re.ASCII):
        raise UserError(
            f"the chain {name!r} cannot be told to the engine: give it a name of letters and "
            "digits first, with: changechains"
        )
    return name


def _runs(residues: Sequence, known: Mapping) -> Iterator[list]:
    """The stretches of `stretches_of`, as lists of residues."""
    chains: dict[str, list] = {}
    for residue in residues:
        if residue.chain is None:
            raise UserError(f"{residue} is no residue of a chain: give residues of protein only")
        chains.setdefault(residue.chain_id, []).append(residue)
    for mine in chains.values():
        order = {one: place for place, one in enumerate(mine[0].chain.existing_residues)}
        mine.sort(key=order.__getitem__)
        run = [mine[0]]
        for residue in mine[1:]:
            apart = known[residue][0] != known[run[-1]][0]
            if apart or order[residue] != order[run[-1]] + 1:
                yield run
                run = []
            run.append(residue)
        yield run


def _number(name: ResidueName) -> str:
    return f"{name[1]}{name[2]}"
