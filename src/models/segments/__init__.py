"""Regions of a map: found, grouped, chosen, shown.

Modules that work on arrays alone (`basins`, `scales`, `regions`, `mates`, `palette`, `voxelise`)
import nothing of ChimeraX. Grids are indexed [z, y, x], positions in them likewise.
"""
