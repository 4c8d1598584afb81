"""Describes the molecule to OpenMM: topology with hydrogens, force field, restraints."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import openmm
from numpy.typing import NDArray
from openmm import app, unit

from critasser.atomic.chemistry import (
    CA,
    CB,
    HYDROGENS,
    OXT,
    SIDE_CHIRALITY,
    C,
    N,
    atom_slot,
    bonds_of,
)
from critasser.atomic.hydrogens import hydrogen_positions
from critasser.atomic.residue_atoms import atom_list
from critasser.structure import ATOMIC_NUMBER, ONE_TO_THREE, Target

__all__ = [
    "ANGSTROM_PER_NM",
    "GROUP_MAP",
    "GROUP_RESTRAINT",
    "Molecule",
    "base_system",
    "full_system",
    "molecule_of",
    "soft_system",
]

FORCE_FIELD = "amber14/protein.ff14SB.xml"
ANGSTROM_PER_NM = 10.0
"""OpenMM measures in nm."""

CUTOFF = 0.9
"""nm, of Lennard-Jones and Coulomb forces."""

HYDROGEN_MASS = 3.0
"""amu; heavier hydrogens vibrate more slowly, so that steps of 1 fs are safe."""

GROUP_FIELD, GROUP_RESTRAINT, GROUP_MAP = 0, 1, 2

# Soft spheres.
SOFT_RADIUS = {"C": 0.165, "N": 0.145, "O": 0.140, "S": 0.170, "H": 0.105}
"""nm; a little less than van der Waals radii."""

POLAR_HYDROGEN_RADIUS = 0.045
"""nm, of hydrogens on N and O, which may come as near as a hydrogen bond."""

BRIDGE_SHARE = 0.4
"""Share of their radii that the sulphurs of two cysteines may overlap: they may be a disulfide."""

SOFT_CUTOFF = 0.36
"""nm; more than twice the largest radius."""

EXCLUDED_BONDS = 3
"""Atoms that so many bonds part are not pushed apart."""

NO_LENGTH_SQUARED = 1e-10
"""nm²; keeps the root's slope finite where an atom is at its place."""

CHIRAL_ANGLE = 0.35
"""Radians (20°) of an improper torsion below which a chiral centre is on its way through the plane;
it is 0.6 (34°) in good geometry."""


@dataclass(frozen=True, eq=False)
class Molecule:
    """A target's atoms with hydrogens; heavy atoms first in each residue.

    Attributes
    ----------
    target : Target
    topology : openmm.app.Topology
    residue, slot : ndarray (a,) int64
        Of every atom; slot −1 for hydrogens.
    elements : tuple of str (a,)
    heavy_index : ndarray (L, SLOTS) int64
        Atom index of each heavy atom; −1 where there is none.
    parent : ndarray (a,) int64
        Heavy atom that a hydrogen is on; −1 for heavy atoms.
    neighbours : tuple of tuple of int (a,)
        Heavy atoms bonded to each heavy atom.
    disulfides : tuple of (int, int)
    """

    target: Target
    topology: app.Topology
    residue: NDArray[np.int64]
    slot: NDArray[np.int64]
    elements: tuple[str, ...]
    heavy_index: NDArray[np.int64]
    parent: NDArray[np.int64]
    neighbours: tuple[tuple[int, ...], ...]
    disulfides: tuple[tuple[int, int], ...]

    @property
    def heavy(self) -> NDArray[np.int64]:
        """Indices of the heavy atoms."""
        return np.flatnonzero(self.slot >= 0)

    @property
    def atomic_numbers(self) -> NDArray[np.float64]:
        """Of every atom (a,)."""
        return np.array([ATOMIC_NUMBER[element] for element in self.elements], dtype=np.float64)

    def with_hydrogens(self, heavy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Positions (a, 3) of all atoms from those of heavy atoms (L, SLOTS, 3), Å."""
        positions = np.full((len(self.residue), 3), np.nan)
        chosen = self.heavy
        positions[chosen] = heavy[self.residue[chosen], self.slot[chosen]]
        for element, parents, around, beyond, children in self._hydrogen_groups:
            positions[children] = hydrogen_positions(
                element,
                positions[parents],
                positions[around],
                None if beyond is None else positions[beyond],
                children.shape[1],
            )
        return positions

    @cached_property
    def _hydrogen_groups(self) -> list[tuple[str, NDArray, NDArray, NDArray | None, NDArray]]:
        """Heavy atoms alike in element, number of neighbours and number of hydrogens, together."""
        children: dict[int, list[int]] = {}
        for hydrogen in np.flatnonzero(self.parent >= 0):
            children.setdefault(int(self.parent[hydrogen]), []).append(int(hydrogen))
        alike: dict[tuple[str, int, int], list[int]] = {}
        for parent, own in children.items():
            kind = (self.elements[parent], len(self.neighbours[parent]), len(own))
            alike.setdefault(kind, []).append(parent)
        groups = []
        for (element, arms, _), parents in alike.items():
            around = [self.neighbours[parent] for parent in parents]
            beyond = None
            if arms == 1:
                beyond = np.array(
                    [
                        next(n for n in self.neighbours[near[0]] if n != parent)
                        for parent, near in zip(parents, around, strict=True)
                    ]
                )
            own = np.array([children[parent] for parent in parents])
            groups.append((element, np.array(parents), np.array(around), beyond, own))
        return groups

    def heavy_positions(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Heavy atoms (L, SLOTS, 3) out of all atoms (a, 3); NaN where there is none."""
        result = positions[self.heavy_index]
        result[self.heavy_index < 0] = np.nan
        return result


def molecule_of(target: Target, disulfides: tuple[tuple[int, int], ...] = ()) -> Molecule:
    """The atoms and bonds of a target at neutral pH with charged ends."""
    letters, bonded = target.letters, target.bonded
    first = np.concatenate([[True], ~bonded])
    bridged = {residue for pair in disulfides for residue in pair}
    heavy_residue, heavy_slot, heavy_names = atom_list(target)
    topology = app.Topology()
    chain = None
    residue, slot, elements, parents = [], [], [], []
    heavy_index = np.full((len(letters), OXT + 1), -1)
    atoms: list[dict[str, app.topology.Atom]] = []
    place = 0
    for index, letter in enumerate(letters):
        if first[index]:
            chain = topology.addChain()
        group = topology.addResidue(ONE_TO_THREE[letter], chain)
        names: dict[str, app.topology.Atom] = {}
        while place < len(heavy_residue) and heavy_residue[place] == index:
            name = heavy_names[place]
            names[name] = topology.addAtom(name, app.Element.getBySymbol(name[0]), group)
            heavy_index[index, heavy_slot[place]] = names[name].index
            residue.append(index)
            slot.append(int(heavy_slot[place]))
            elements.append(name[0])
            parents.append(-1)
            place += 1
        for a, b in (*bonds_of(letter), *((("C", "OXT"),) if "OXT" in names else ())):
            topology.addBond(names[a], names[b])
        for parent, hydrogens in _hydrogens(letter, bool(first[index]), index in bridged):
            for name in hydrogens:
                atom = topology.addAtom(name, app.element.hydrogen, group)
                topology.addBond(names[parent], atom)
                residue.append(index)
                slot.append(-1)
                elements.append("H")
                parents.append(names[parent].index)
        atoms.append(names)
        if not first[index]:
            topology.addBond(atoms[index - 1]["C"], names["N"])
    for a, b in disulfides:
        topology.addBond(atoms[a]["SG"], atoms[b]["SG"])
    neighbours: list[list[int]] = [[] for _ in elements]
    for bond in topology.bonds():
        a, b = bond[0].index, bond[1].index
        if elements[a] != "H" and elements[b] != "H":
            neighbours[a].append(b)
            neighbours[b].append(a)
    return Molecule(
        target,
        topology,
        np.array(residue, dtype=np.int64),
        np.array(slot, dtype=np.int64),
        tuple(elements),
        heavy_index,
        np.array(parents, dtype=np.int64),
        tuple(tuple(row) for row in neighbours),
        tuple(disulfides),
    )


def _hydrogens(letter: str, first: bool, bridged: bool) -> list[tuple[str, tuple[str, ...]]]:
    """(heavy atom, hydrogens) of a residue where it stands."""
    groups = [
        group
        for group in HYDROGENS[letter]
        if group[0] != "N" and not (bridged and group[0] == "SG")
    ]
    if first:
        groups.insert(0, ("N", ("H2", "H3") if letter == "P" else ("H1", "H2", "H3")))
    elif letter != "P":
        groups.insert(0, ("N", ("H",)))
    return groups


def base_system(molecule: Molecule) -> openmm.System:
    """The molecule under the force field as it stands."""
    system = app.ForceField(FORCE_FIELD).createSystem(
        molecule.topology,
        nonbondedMethod=app.CutoffNonPeriodic,
        nonbondedCutoff=CUTOFF * unit.nanometer,
        constraints=None,
        removeCMMotion=False,
        hydrogenMass=HYDROGEN_MASS * unit.amu,
    )
    for force in system.getForces():
        force.setForceGroup(GROUP_FIELD)
    return system


def full_system(base: openmm.System, charge_scale: float) -> openmm.System:
    """The force field with charges scaled down, which stands for the missing water."""
    system = deepcopy(base)
    # Bare numbers, not quantities: units on 20,000 exceptions cost a second.
    for force in system.getForces():
        if isinstance(force, openmm.NonbondedForce):
            for index in range(force.getNumParticles()):
                charge, *rest = (value._value for value in force.getParticleParameters(index))
                force.setParticleParameters(index, charge * charge_scale, *rest)
            for index in range(force.getNumExceptions()):
                a, b, *values = force.getExceptionParameters(index)
                product, *rest = (value._value for value in values)
                force.setExceptionParameters(index, a, b, product * charge_scale**2, *rest)
    return system


def soft_system(molecule: Molecule, base: openmm.System) -> openmm.System:
    """Bonded terms of the force field and soft spheres that any start survives."""
    system = deepcopy(base)
    for index in reversed(range(system.getNumForces())):
        if isinstance(system.getForce(index), openmm.NonbondedForce):
            system.removeForce(index)
    soft = openmm.CustomNonbondedForce(
        "soft_strength*step(touch-r)*(touch-r)^2; "
        f"touch=(radius1+radius2)*(1-{BRIDGE_SHARE}*bridge1*bridge2)"
    )
    soft.addGlobalParameter("soft_strength", 0.0)
    soft.addPerParticleParameter("radius")
    # Cysteines that are not bridged yet may come as near as those that are.
    soft.addPerParticleParameter("bridge")
    for index, element in enumerate(molecule.elements):
        radius = SOFT_RADIUS[element]
        if element == "H" and molecule.elements[molecule.parent[index]] in "NO":
            radius = POLAR_HYDROGEN_RADIUS
        cysteine = element == "S" and molecule.target.letters[molecule.residue[index]] == "C"
        soft.addParticle([radius, float(cysteine)])
    soft.createExclusionsFromBonds(
        [(bond[0].index, bond[1].index) for bond in molecule.topology.bonds()], EXCLUDED_BONDS
    )
    soft.setNonbondedMethod(openmm.CustomNonbondedForce.CutoffNonPeriodic)
    soft.setCutoffDistance(SOFT_CUTOFF)
    soft.setForceGroup(GROUP_FIELD)
    system.addForce(soft)
    return system


def add_calpha_restraint(
    system: openmm.System,
    molecule: Molecule,
    calpha: NDArray[np.float64],
    weights: NDArray[np.float64],
    tolerance: float,
) -> openmm.CustomExternalForce:
    """Hold Cα within `tolerance` Å of positions (L, 3); strength ``hold`` in kJ/mol/Å²."""
    force = openmm.CustomExternalForce(
        "hold*weight*max(0, "
        f"{ANGSTROM_PER_NM}*sqrt((x-x0)^2+(y-y0)^2+(z-z0)^2+{NO_LENGTH_SQUARED})-tolerance)^2"
    )
    force.addGlobalParameter("hold", 0.0)
    force.addGlobalParameter("tolerance", tolerance)
    for name in ("weight", "x0", "y0", "z0"):
        force.addPerParticleParameter(name)
    for index, position, weight in zip(molecule.heavy_index[:, CA], calpha, weights, strict=True):
        force.addParticle(int(index), [float(weight), *(position / ANGSTROM_PER_NM)])
    force.setForceGroup(GROUP_RESTRAINT)
    system.addForce(force)
    return force


def add_shape_restraints(system: openmm.System, molecule: Molecule, cis: NDArray[np.bool_]) -> None:
    """Keep peptides trans (or cis where so marked) and chiral centres on their side."""
    letters, heavy = molecule.target.letters, molecule.heavy_index
    peptide = openmm.CustomTorsionForce("planar*(1-cos(theta-wanted))")
    peptide.addGlobalParameter("planar", 0.0)
    peptide.addPerTorsionParameter("wanted")
    for i in np.flatnonzero(molecule.target.bonded):
        peptide.addTorsion(
            int(heavy[i, CA]), int(heavy[i, C]), int(heavy[i + 1, N]), int(heavy[i + 1, CA]),
            [0.0 if cis[i] else np.pi],
        )  # fmt: skip
    peptide.setForceGroup(GROUP_RESTRAINT)
    system.addForce(peptide)
    chiral = openmm.CustomTorsionForce(f"chiral*max(0, {CHIRAL_ANGLE}-theta)^2")
    chiral.addGlobalParameter("chiral", 0.0)
    for i, letter in enumerate(letters):
        if letter != "G":
            chiral.addTorsion(*(int(heavy[i, s]) for s in (CA, N, C, CB)))
        if letter in SIDE_CHIRALITY:
            slots = [atom_slot(letter, name) for name in SIDE_CHIRALITY[letter]]
            chiral.addTorsion(*(int(heavy[i, s]) for s in slots))
    chiral.setForceGroup(GROUP_RESTRAINT)
    system.addForce(chiral)
