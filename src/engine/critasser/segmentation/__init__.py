"""Regions of a map: watershed basins, grouped over scales.

`basins`, `scales`, `regions`, `sizes`, `finding` and `mates` are what ChimeraX segments with, too,
so that both find the same regions. They need nothing but NumPy and SciPy, import each other by
relative names only, and nothing is imported here: ChimeraX has not got the engine's packages.
"""
