"""From Cα to all atoms: backbone, side chains, relaxation under a force field in the map."""

from critasser.atomic.building import build_atoms
from critasser.atomic.report import AtomicReport
from critasser.atomic.schedules import SCHEDULES, Schedule

__all__ = ["SCHEDULES", "AtomicReport", "Schedule", "build_atoms"]
