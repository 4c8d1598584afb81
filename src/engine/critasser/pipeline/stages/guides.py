"""What guides both rounds of the Monte Carlo: starting chains, Cα positions, map and contacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from critasser.errors import InputError
from critasser.job.arrays import load_arrays, load_calpha, load_templates, load_traces
from critasser.pipeline.files import CALPHA, DENSITY, NUCLEIC, TEMPLATES, TRACES, UNSEEN
from critasser.pipeline.stage import Context
from critasser.pipeline.stages.nucleic import protein_density
from critasser.structure import Target, Template, Trace, read_contacts

__all__ = ["EXTERNAL", "FACTS", "READS", "guides", "only_seen"]

READS = (DENSITY, NUCLEIC, CALPHA, TRACES, TEMPLATES, UNSEEN)
FACTS: Mapping[str, str] = {
    "resolution": "density", "absent": "templates", "trusted": "unseen",
}  # fmt: skip
EXTERNAL = ("contacts", "assembly.npz")


def guides(context: Context) -> dict[str, Any]:
    """Arguments that `assemble` and `refine_centroids` share, of the residues that are seen.

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
    calpha, _, _ = load_calpha(context.read(CALPHA))
    (unseen,) = load_arrays(context.read(UNSEEN), "unseen")
    target, starts, contacts = only_seen(context.target, starts, _contacts(context), unseen)
    return {
        "target": target,
        "starts": starts,
        "calpha": calpha,
        "density": protein_density(context),
        "resolution": context.fact("resolution"),
        "use_cnn": context.fact("trusted"),
        "contacts": contacts,
    }


def only_seen(
    target: Target,
    starts: Sequence[Trace | Template],
    contacts: NDArray[np.float64] | None,
    unseen: NDArray[np.bool_],
) -> tuple[Target, tuple[Trace | Template, ...], NDArray[np.float64] | None]:
    """What is to be assembled, without residues (L,) that have no density."""
    if not unseen.any():
        return target, tuple(starts), contacts
    seen = ~unseen
    cut = tuple(start.part(seen) for start in starts)
    return target.part(seen), cut, None if contacts is None else contacts[seen][:, seen]


def _contacts(context: Context) -> NDArray[np.float64] | None:
    """Predicted contacts of the chains that are built, of the file, which counts all of them."""
    path = context.external("contacts")
    if path is None:
        return None
    whole = context.task.checked.target
    built = whole.rows_without(context.absent)
    return read_contacts(path, len(whole))[np.ix_(built, built)]
