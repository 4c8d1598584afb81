"""Regions of a map: found, grouped, chosen, shown.

Basins, scales and sizes of regions are found by the engine's `critasser.segmentation`, whose files
the bundle shares. `mates`, `palette` and `voxelise` work on arrays alone and import nothing of
ChimeraX. Grids are indexed [z, y, x], positions in them likewise.
"""
