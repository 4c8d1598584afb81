"""Stage nucleic: what in the map is DNA or RNA, which is not built."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from critasser.calpha import leaves_room
from critasser.density import FeatureMaps, Grid, read_map, write_map
from critasser.job.arrays import load_features, load_region, save_region
from critasser.network.nucleic.finding import (
    TRUSTED_RESOLUTION,
    NucleicAcid,
    find_regions,
    nucleic_probability,
)
from critasser.pipeline.files import DENSITY, FEATURES, NUCLEIC, NUCLEIC_MAP, SEEN
from critasser.pipeline.stage import Context, Stage, Task
from critasser.shipped import NUCLEIC_NETWORK

__all__ = ["NUCLEIC_FACTS", "STAGE", "nucleic_facts", "protein_density", "protein_features"]

TILES = (144, 112, 96)
"""Voxels; as of the stage network, but no smaller than what this network sees around a voxel."""

NUCLEIC_FACTS = {"nucleic_acid": "nucleic"}
"""For `nucleic_facts`."""


def protein_density(context: Context) -> Grid:
    """The density without what is nucleic acid; stages that ask declare `DENSITY`, `NUCLEIC`."""
    return read_map(context.read(DENSITY)).without(load_region(context.read(NUCLEIC)))


def protein_features(context: Context) -> FeatureMaps:
    """What the network saw, without what is nucleic acid; as above, and `FEATURES`."""
    features = load_features(context.read(FEATURES), context.read(DENSITY))
    return features.without(load_region(context.read(NUCLEIC)))


def nucleic(context: Context) -> None:
    """Find nucleic acid, and write it as a map."""
    density = read_map(context.read(DENSITY))
    found = _found(context)
    doubt = _doubt(context, found)
    save_region(context.file(NUCLEIC), found.region & (doubt is None))
    context.note(
        nucleic_acid={
            "volume": found.volume,
            "regions": found.regions,
            "left_out": found.regions > 0 and doubt is None,
        }
    )
    if found.regions:
        context.say(
            f"nucleic acid: {found.volume:,.0f} Å³, where no Cα are looked for"
            if doubt is None
            else f"nucleic acid, or protein: {found.volume:,.0f} Å³; {doubt}"
        )
        write_map(
            context.file(NUCLEIC_MAP, "map", "nucleic acid"),
            density.with_values(np.where(found.region, density.values, np.float32(0))),
        )
    else:
        context.say("no nucleic acid seen")


def _doubt(context: Context, found: NucleicAcid) -> str | None:
    """Why what looks like nucleic acid is not left out; None where it is."""
    if context.fact("resolution") > TRUSTED_RESOLUTION:
        return (
            f"in maps poorer than {TRUSTED_RESOLUTION:g} Å the two are not told apart well enough "
            "to leave it out"
        )
    if not context.settings["named"]:
        return "no sequence of DNA or RNA is given, so it is not left out"
    length = context.settings["length"]
    features = load_features(context.read(FEATURES), context.read(DENSITY))
    if found.regions and not leaves_room(features, found.region, length):
        return (
            f"without it there is no room for {length} residues, so it is taken for protein and "
            "not left out"
        )
    return None


def _found(context: Context) -> NucleicAcid:
    seen = read_map(context.read(SEEN))
    return find_regions(seen, _probability(context, seen))


def _probability(context: Context, seen: Grid) -> NDArray[np.float32]:
    features = load_features(context.read(FEATURES), context.read(DENSITY))
    for tile in TILES:
        try:
            return nucleic_probability(
                seen,
                features,
                context.external(NUCLEIC_NETWORK),
                device=context.device,
                tile=tile,
                progress=context.progress,
            )
        except MemoryError:
            context.warn(f"tiles of {tile} voxels do not fit in memory; smaller ones are used")
    raise MemoryError


def nucleic_facts(context: Context) -> dict[str, Any]:
    """What `results.json` says of nucleic acid, found in the map and named by the sequences."""
    found = context.fact("nucleic_acid") or {"volume": 0.0, "regions": 0, "left_out": False}
    records = [
        {"name": one.name, "nucleotides": one.nucleotides} for one in context.task.checked.nucleic
    ]
    return {"nucleic_acid": {**found, "file": NUCLEIC_MAP if found["regions"] else None,
                             "records": records}}  # fmt: skip


def _settings(task: Task) -> Mapping[str, object]:
    return {"length": len(task.checked.target), "named": bool(task.checked.nucleic)}


STAGE = Stage(
    "nucleic",
    nucleic,
    reads=(DENSITY, SEEN, FEATURES),
    facts={"resolution": "density"},
    settings=_settings,
    external=(NUCLEIC_NETWORK,),
)
