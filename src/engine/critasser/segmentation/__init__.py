"""Divide a map into regions of about the size of a chain.

ChimeraX's side of Critasser has `basins`, `scales`, `regions` and `finding` as links to the files
here: they need nothing but NumPy and SciPy, import each other by relative names, and find the same
regions on both sides.
"""

from critasser.segmentation.map_regions import MapRegions, automatic_level, segment_map

__all__ = ["MapRegions", "automatic_level", "segment_map"]
