"""What guides both rounds of the assembly: starts, Cα positions, map and contacts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from critasser.density import read_map
from critasser.errors import InputError
from critasser.job.arrays import load_calpha, load_templates, load_traces
from critasser.pipeline.files import CALPHA, DENSITY, TEMPLATES, TRACES
from critasser.pipeline.stage import Context
from critasser.structure import read_contacts

__all__ = ["EXTERNAL", "FACTS", "READS", "guides"]

READS = (DENSITY, CALPHA, TRACES, TEMPLATES)
FACTS: Mapping[str, str] = {"resolution": "density", "absent": "sequences"}
EXTERNAL = ("contacts", "assembly.npz")


def guides(context: Context) -> dict[str, Any]:
    """Arguments that `assemble` and `refine_centroids` share.

    Raises
    ------
    InputError
        There is neither trace nor template to start from.
    """
    starts = (*load_traces(context.read(TRACES)), *load_templates(context.read(TEMPLATES)))
    if not starts:
        raise InputError(
            f"{context.task.inputs.map}: neither trace nor template to start from; check "
            "resolution and hand of the map, or give structures by --templates"
        )
    calpha, _, trusted = load_calpha(context.read(CALPHA))
    return {
        "target": context.target,
        "starts": starts,
        "calpha": calpha,
        "density": read_map(context.read(DENSITY)),
        "resolution": context.fact("resolution"),
        "use_cnn": trusted,
        "contacts": _contacts(context),
    }


def _contacts(context: Context) -> NDArray[np.float64] | None:
    """Predicted contacts of the chains that are built, of the file, which counts all of them."""
    path = context.external("contacts")
    if path is None:
        return None
    whole = context.task.checked.target
    built = whole.rows_without(context.absent)
    return read_contacts(path, len(whole))[np.ix_(built, built)]
