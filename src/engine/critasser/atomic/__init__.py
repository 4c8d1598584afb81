"""Build all atoms on Cα: backbone, side chains, relaxation under a force field in the map."""

from critasser.atomic.bonds import bonds_of_model
from critasser.atomic.building import build_atoms
from critasser.atomic.report import AtomicReport
from critasser.atomic.residue_atoms import atoms_of_model, model_of_atoms, written_atoms
from critasser.atomic.schedules import SCHEDULES, Schedule
from critasser.atomic.stretch import rebuild_atoms

__all__ = [
    "SCHEDULES",
    "AtomicReport",
    "Schedule",
    "atoms_of_model",
    "bonds_of_model",
    "build_atoms",
    "model_of_atoms",
    "rebuild_atoms",
    "written_atoms",
]
