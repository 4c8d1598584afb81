"""From Cα to all atoms: backbone, side chains, relaxation under a force field in the map."""

from critasser.atomic.building import SCHEDULES, Schedule, build_atoms
from critasser.atomic.report import AtomicReport

__all__ = ["SCHEDULES", "AtomicReport", "Schedule", "build_atoms"]
