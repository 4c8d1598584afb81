"""Stage network: what the network says of every voxel of the map, as sharp as it reads it best."""

from __future__ import annotations

from collections.abc import Mapping

from critasser.density import FeatureMaps, Grid, read_map, write_map
from critasser.density.sharpening import sharpened
from critasser.network import predict
from critasser.pipeline.files import DENSITY, FEATURES, SEEN
from critasser.pipeline.stage import Context, Stage, Task
from critasser.pipeline.stages.sharpness import choose_bfactor
from critasser.pipeline.stages.voxel_size import told_scale
from critasser.shipped import CALPHA_WEIGHTS

__all__ = ["STAGE", "TILES", "VIEWS"]

VIEWS = (0, 7)
"""Rotations of the cube, by number, in which the network sees the map: as it is, and turned."""

SHARPNESS_SHARE, SIZE_SHARE = 0.45, 0.2
"""Shares of the stage's time for choosing how sharp the map is seen, and for checking its voxel
size. Measured on maps of 100 to 600 residues: 0.4 to 0.6, and 0.1 to 0.3."""

BEFORE = SHARPNESS_SHARE + SIZE_SHARE

TILES = (144, 112, 88, 64)
"""Voxels; sides of the largest tiles, each tried when the one before does not fit in memory."""


def network(context: Context) -> None:
    """Choose how sharp the map is to be seen, and predict."""
    # Where half maps tell the noise, networks see the map without it.
    (source,) = context.stage.reads
    whole = read_map(context.read(source))
    bfactor = choose_bfactor(
        whole,
        context.settings["length"],
        context.external("weights"),
        context.external("residue_weights"),
        device=context.device,
        progress=lambda done, message: context.progress(SHARPNESS_SHARE * done, message),
    )
    density = sharpened(whole, bfactor)
    write_map(context.file(SEEN), density)
    _check_voxel_size(context, density)
    features = _predict(context, density)
    maps = {
        "calpha_probability": features.calpha_grid,
        "backbone_probability": features.backbone_grid,
        "helix_probability": features.structure_grid(0),
        "strand_probability": features.structure_grid(1),
    }
    for name, grid in maps.items():
        write_map(context.file(f"1_calpha/{name}.mrc", "map", name), grid)
    if bfactor:
        did = "blurred" if bfactor > 0 else "sharpened"
        context.say(f"the networks see the map {did} by {abs(bfactor):g} Å²")
    context.say(f"predicted on {context.device}, for the map as it is and turned")


def _check_voxel_size(context: Context, density: Grid) -> None:
    """Warn of a map in which proteins are too large or too small."""
    scale = told_scale(
        density,
        context.external("weights"),
        context.external("residue_weights"),
        device=context.device,
        progress=lambda done, message: context.progress(
            SHARPNESS_SHARE + SIZE_SHARE * done, message
        ),
    )
    if scale != 1.0:
        large = "large" if scale < 1.0 else "small"
        context.warn(
            f"the map's voxel size looks wrong: proteins in it are too {large}, and it reads best "
            f"with voxels of {scale:.2f} times their size; look what it is, set it (ChimeraX: "
            "volume #1 voxelSize …; save it) and build again"
        )


def _predict(context: Context, density: Grid) -> FeatureMaps:
    for tile in TILES:
        try:
            return predict(
                density,
                context.external("weights"),
                device=context.device,
                tile=tile,
                views=context.settings["views"],
                file=context.file(FEATURES),
                progress=lambda done, message: context.progress(
                    BEFORE + (1.0 - BEFORE) * done, message
                ),
            )
        except MemoryError:
            context.warn(f"tiles of {tile} voxels do not fit in memory; smaller ones are used")
    raise MemoryError


def _settings(task: Task) -> Mapping[str, object]:
    return {"views": VIEWS, "length": len(task.checked.target)}


STAGE = Stage(
    "network",
    network,
    reads=(DENSITY,),
    settings=_settings,
    external=("weights", "residue_weights", CALPHA_WEIGHTS),
)
