"""Maps: reading, writing, cutting, resampling, simulating, comparing.

Everywhere: values are indexed ``[z, y, x]``, positions are ``x, y, z`` in Å in the frame of the
map as it came.
"""

from critasser.density.blocks import BLOCK, SparseBlocks, read_blocks, write_blocks
from critasser.density.contrast import looks_inverted
from critasser.density.correlation import pcc
from critasser.density.cropping import crop, crop_to_molecule
from critasser.density.features import FeatureMaps
from critasser.density.grid import Grid
from critasser.density.mapfile import read_map, read_map_header, write_map
from critasser.density.mapheader import MapHeader
from critasser.density.masks import Mask, looks_like_mask, read_mask, read_soft_mask
from critasser.density.normalise import background, normalise
from critasser.density.placement import Placement, find_placement
from critasser.density.resampling import resample
from critasser.density.sampling import sample, trilinear
from critasser.density.simulation import kernel_width, model_mask, simulate, soft_model_mask
from critasser.density.unit_average import averaged_over_units

__all__ = [
    "BLOCK",
    "FeatureMaps",
    "Grid",
    "MapHeader",
    "Mask",
    "Placement",
    "SparseBlocks",
    "averaged_over_units",
    "background",
    "crop",
    "crop_to_molecule",
    "find_placement",
    "kernel_width",
    "looks_inverted",
    "looks_like_mask",
    "model_mask",
    "normalise",
    "pcc",
    "read_blocks",
    "read_map",
    "read_map_header",
    "read_mask",
    "read_soft_mask",
    "resample",
    "sample",
    "simulate",
    "soft_model_mask",
    "trilinear",
    "write_blocks",
    "write_map",
]
