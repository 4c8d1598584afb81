"""Models, Cα traces and unassigned positions to mmCIF files."""

from __future__ import annotations

import os
from collections.abc import Mapping

import gemmi
import numpy as np
from numpy.typing import ArrayLike, NDArray

import critasser
from critasser.structure.bonds import Bonds, add_bonds, addresses_of
from critasser.structure.calpha import CalphaSet
from critasser.structure.metrics import add_metrics
from critasser.structure.model import AtomicModel
from critasser.structure.quotation import quote_foreign_values
from critasser.structure.sequence import Target
from critasser.structure.symmetry import Symmetry
from critasser.writing import appearing

__all__ = [
    "assembly_of",
    "chain_names",
    "mmcif_document",
    "write_calpha",
    "write_model",
    "write_positions",
]

HIGHEST_CONFIDENCE = 100.0


def write_model(
    path: str | os.PathLike,
    model: AtomicModel,
    confidence: ArrayLike,
    *,
    title: str = "Critasser model",
    scores: Mapping[str, float] | None = None,
    details: str = "",
    sources: ArrayLike | None = None,
    symmetry: Symmetry | None = None,
    bonds: Bonds | None = None,
) -> None:
    """Write a model as mmCIF that says how far each residue can be trusted.

    Chains are A, B, … in the order of the target's sequences (equal sequences are one entity) and
    residues have their numbers in their own sequence. Disulfides are `_struct_conn`, cis peptides
    `_struct_mon_prot_cis`. Confidence stands in the B-factor column
    and, as ModelCIF has it, in `_ma_qa_metric_local`.

    Parameters
    ----------
    path : path
        Appears whole, by atomic rename.
    model : AtomicModel
    confidence : array_like (L,)
        0 … 100 for every residue.
    title : str
    scores : mapping of str to float, optional
        Scores of the model as a whole, such as ``{"eTM": 0.83}``; written as global metrics.
    details : str
        Anything else about how it was made, for `_struct.pdbx_model_details`.
    sources : array_like (L,), optional
        Where residues come from: 0 neither, 1 map, 2 template, 3 both; a local metric too.
    symmetry : Symmetry, optional
        Operations that make the whole molecule of the model; written as assembly 1, which viewers
        can show.
    bonds : Bonds, optional
        Cis peptides and disulfides.

    Raises
    ------
    ValueError
        Confidence is not one number from 0 to 100 for every residue.
    """
    _write(
        path,
        model.target,
        model.atom_names,
        model.elements,
        model.residue,
        model.positions,
        _checked_confidence(confidence, model.target),
        title,
        scores or {},
        details,
        symmetry,
        None if sources is None else np.asarray(sources),
        bonds,
    )


def write_calpha(
    path: str | os.PathLike,
    positions: ArrayLike,
    target: Target,
    confidence: ArrayLike,
    *,
    title: str = "Critasser trace",
    scores: Mapping[str, float] | None = None,
    details: str = "",
) -> None:
    """Write Cα positions as mmCIF; see `write_model`.

    Parameters
    ----------
    path : path
    positions : array_like (L, 3)
        Å; residues at NaN are in the file's sequence but have no atom.
    target : Target
    confidence : array_like (L,)
        0 … 100.
    title, scores, details
        As for `write_model`.
    """
    positions = np.asarray(positions, dtype=np.float64)
    if positions.shape != (len(target), 3):
        raise ValueError(f"positions have shape {positions.shape}, not {(len(target), 3)}")
    placed = np.flatnonzero(np.isfinite(positions).all(axis=1))
    _write(
        path,
        target,
        ("CA",) * len(placed),
        ("C",) * len(placed),
        placed,
        positions[placed],
        _checked_confidence(confidence, target),
        title,
        scores or {},
        details,
    )


def write_positions(
    path: str | os.PathLike, calpha: CalphaSet, *, title: str = "Critasser CA positions"
) -> None:
    """Write Cα positions that belong to no residue yet, as unconnected UNK residues 1, 2, …

    The B-factor is 100 times the probability.
    """
    structure = _empty(title)
    chain = gemmi.Chain("A")
    for number, (position, probability) in enumerate(
        zip(calpha.positions, calpha.probability), start=1
    ):
        residue = _residue("UNK", number, "A", "1")
        residue.het_flag = "H"
        residue.entity_type = gemmi.EntityType.NonPolymer
        residue.add_atom(_atom("CA", "C", position, 100.0 * float(probability), number))
        chain.add_residue(residue)
    structure[0].add_chain(chain)
    entity = gemmi.Entity("1")
    entity.entity_type = gemmi.EntityType.NonPolymer
    entity.subchains = ["A"]
    structure.entities.append(entity)
    _save(path, mmcif_document(structure, ""))


def chain_names(count: int) -> list[str]:
    """A, B, … Z, AA, BA, … as the PDB counts on."""
    names = []
    for number in range(count):
        name = ""
        rest = number
        while True:
            name += chr(ord("A") + rest % 26)
            rest = rest // 26 - 1
            if rest < 0:
                break
        names.append(name)
    return names


def _checked_confidence(confidence: ArrayLike, target: Target) -> NDArray[np.float64]:
    confidence = np.asarray(confidence, dtype=np.float64)
    if confidence.shape != (len(target),):
        raise ValueError(f"confidence has shape {confidence.shape}, not {(len(target),)}")
    if not np.all((confidence >= 0) & (confidence <= HIGHEST_CONFIDENCE)):
        raise ValueError("confidence goes from 0 to 100")
    return confidence


def _write(
    path: str | os.PathLike,
    target: Target,
    names: tuple[str, ...],
    elements: tuple[str, ...],
    owner: NDArray[np.int64],
    positions: NDArray[np.float64],
    confidence: NDArray[np.float64],
    title: str,
    scores: Mapping[str, float],
    details: str,
    symmetry: Symmetry | None = None,
    sources: NDArray | None = None,
    bonds: Bonds | None = None,
) -> None:
    if not np.isfinite(positions).all():
        raise ValueError("an atom has no position")
    structure = _empty(title)
    entities: dict[tuple[str, ...], gemmi.Entity] = {}
    for name, sequence in zip(chain_names(len(target.sequences)), target.sequences):
        entity = entities.get(sequence.residue_names)
        if entity is None:
            entity = gemmi.Entity(str(len(entities) + 1))
            entity.entity_type = gemmi.EntityType.Polymer
            entity.polymer_type = gemmi.PolymerType.PeptideL
            entity.full_sequence = list(sequence.residue_names)
            entities[sequence.residue_names] = entity
        entity.subchains = [*entity.subchains, name]
        structure[0].add_chain(gemmi.Chain(name))
    for entity in entities.values():
        structure.entities.append(entity)
    _add_residues(structure, target, names, elements, owner, positions, confidence)
    if bonds is not None:
        add_bonds(structure, bonds, addresses_of(target, chain_names(len(target.sequences))))
    if symmetry is not None and len(symmetry) > 1:
        structure.assemblies.append(assembly_of(symmetry, chain_names(len(target.sequences))))
    document = mmcif_document(structure, details)
    described = {s.residue_names: s.name for s in reversed(target.sequences)}
    table = document.sole_block().find("_entity.", ["id", "type"])
    table.loop.add_columns(["_entity.pdbx_description"], "?")
    for row, entity in enumerate(entities):
        table.loop[row, 2] = gemmi.cif.quote(described[entity] or "?")
    has_atoms = np.zeros(len(target), dtype=bool)
    has_atoms[owner] = True
    asyms = chain_names(len(target.sequences))
    residues = np.flatnonzero(has_atoms)
    names_of = [
        (asyms[target.chain_index[i]], int(target.residue_number[i]), target.residue_names[i])
        for i in residues
    ]
    local = [(*name, confidence[i]) for name, i in zip(names_of, residues)]
    marks = [] if sources is None else [(*name, sources[i]) for name, i in zip(names_of, residues)]
    add_metrics(document.sole_block(), local, scores, marks)
    _save(path, document)


def assembly_of(symmetry: Symmetry, chains: list[str]) -> gemmi.Assembly:
    """All units of a molecule, made of the chains of one."""
    assembly = gemmi.Assembly("1")
    assembly.software_determined = True
    generator = gemmi.Assembly.Gen()
    generator.subchains = chains
    for number, (rotation, shift) in enumerate(zip(symmetry.rotation, symmetry.shift), 1):
        operator = gemmi.Assembly.Operator()
        operator.name = str(number)
        operator.type = "identity operation" if number == 1 else ""
        operator.transform.mat.fromlist(rotation.tolist())
        operator.transform.vec.fromlist(shift.tolist())
        generator.operators.append(operator)
    assembly.generators.append(generator)
    return assembly


def _add_residues(
    structure: gemmi.Structure,
    target: Target,
    names: tuple[str, ...],
    elements: tuple[str, ...],
    owner: NDArray[np.int64],
    positions: NDArray[np.float64],
    confidence: NDArray[np.float64],
) -> None:
    chain_of = dict(enumerate(chain_names(len(target.sequences))))
    entity_of = {name: e.name for e in structure.entities for name in e.subchains}
    order = np.argsort(owner, kind="stable")
    bounds = np.searchsorted(owner[order], np.arange(len(target) + 1))
    serial = 0
    for index in range(len(target)):
        atoms = order[bounds[index] : bounds[index + 1]]
        if len(atoms) == 0:
            continue
        name = chain_of[int(target.chain_index[index])]
        number = int(target.residue_number[index])
        residue = _residue(target.residue_names[index], number, name, entity_of[name])
        residue.label_seq = number
        residue.entity_type = gemmi.EntityType.Polymer
        for atom in atoms:
            serial += 1
            residue.add_atom(
                _atom(
                    names[atom],
                    elements[atom],
                    positions[atom],
                    float(confidence[index]),
                    serial,
                )
            )
        structure[0][name].add_residue(residue)


def _empty(title: str) -> gemmi.Structure:
    structure = gemmi.Structure()
    structure.name = "critasser"
    structure.info = gemmi.InfoMap({"_struct.title": title})
    structure.add_model(gemmi.Model(1))
    return structure


def _residue(name: str, number: int, chain: str, entity: str) -> gemmi.Residue:
    residue = gemmi.Residue()
    residue.name = name
    residue.seqid = gemmi.SeqId(str(number))
    residue.subchain = chain
    residue.entity_id = entity
    return residue


def _atom(
    name: str, element: str, position: NDArray[np.float64], b_factor: float, serial: int
) -> gemmi.Atom:
    atom = gemmi.Atom()
    atom.name = name
    atom.element = gemmi.Element(element)
    atom.pos = gemmi.Position(*(float(x) for x in position))
    atom.b_iso = b_factor
    atom.occ = 1.0
    atom.serial = serial
    return atom


def mmcif_document(structure: gemmi.Structure, details: str = "") -> gemmi.cif.Document:
    """A structure as mmCIF that names Critasser as the software."""
    groups = gemmi.MmcifOutputGroups(True)
    # There is no crystal, and a cell of 1 Å makes some programs look for one.
    groups.cell = groups.symmetry = False
    document = structure.make_mmcif_document(groups)
    block = document.sole_block()
    quote = gemmi.cif.quote
    quote_foreign_values(block)
    if details:
        block.set_pair("_struct.pdbx_model_details", quote(details))
    block.set_pairs(
        "_software.",
        {
            "pdbx_ordinal": "1",
            "name": "Critasser",
            "version": quote(critasser.__version__),
            "classification": quote("model building"),
        },
        raw=True,
    )
    return document


def _save(path: str | os.PathLike, document: gemmi.cif.Document) -> None:
    with appearing(path) as temporary:
        document.write_file(str(temporary))
