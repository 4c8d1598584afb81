"""Trace chains: from Cα positions to chains that carry the sequence."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from critasser.density import FeatureMaps, Grid
from critasser.errors import InputError
from critasser.structure import CalphaSet, Target, Trace
from critasser.trace.asymmetric_unit import AsymmetricUnit, find_unit
from critasser.trace.axis_fitting import FoundSymmetry
from critasser.trace.chain_copies import in_the_same_places
from critasser.trace.comparison import sequence_significance
from critasser.trace.contradiction import found_elsewhere
from critasser.trace.density_symmetry import GIVEN, fit_symmetry, search_symmetry
from critasser.trace.joining import by_joining, by_keep_tracing
from critasser.trace.presence import (
    Presence,
    SequencePresence,
    copies_built,
    find_presence,
    unused_positions,
)
from critasser.trace.prior import RegisterPrior, register_prior
from critasser.trace.registration import by_registration
from critasser.trace.significance import (
    SIGNIFICANT,
    Significance,
    register_significance,
    shifted_significance,
)
from critasser.trace.symmetry import find_symmetry

__all__ = [
    "DEFAULT_STRATEGY",
    "SIGNIFICANT",
    "STRATEGIES",
    "GIVEN",
    "AsymmetricUnit",
    "FoundSymmetry",
    "Presence",
    "SequencePresence",
    "RegisterPrior",
    "Significance",
    "build_traces",
    "copies_built",
    "find_presence",
    "find_symmetry",
    "find_unit",
    "found_elsewhere",
    "fit_symmetry",
    "positions_used",
    "register_prior",
    "register_significance",
    "search_symmetry",
    "sequence_significance",
    "shifted_significance",
    "unused_positions",
]

STRATEGIES: dict[str, Callable[..., tuple[Trace, ...]]] = {
    "registration": by_registration,
    "joining": by_joining,
    "keep-tracing": by_keep_tracing,
}
DEFAULT_STRATEGY = "registration"


def build_traces(
    calpha: CalphaSet,
    features: FeatureMaps,
    density: Grid,
    target: Target,
    resolution: float,
    *,
    rng: np.random.Generator,
    count: int = 40,
    strategy: str = DEFAULT_STRATEGY,
    contacts: NDArray[np.float64] | None = None,
    significance: Significance | None = None,
    prior: RegisterPrior | None = None,
    joinings: int = 100_000,
    progress: Callable[[float, str], None] | None = None,
) -> tuple[Trace, ...]:
    """Traces of the target through Cα positions.

    Parameters
    ----------
    calpha : CalphaSet
        At least one position; there may be more or fewer than residues.
    features : FeatureMaps
        The network's probabilities; that of backbone judges links.
    density : Grid
        Cropped, 1 Å, normalised map.
    target : Target
        L residues in one or several chains.
    resolution : float
        Å.
    rng : numpy.random.Generator
    count : int
        Most traces to return.
    strategy : str
        A key of `STRATEGIES`: "registration" is ours, "joining" and "keep-tracing" the paper's.
    contacts : ndarray (L, L), optional
        Predicted probabilities of contact; used by the paper's strategies to rank.
    significance : Significance, optional
        Whether the map tells the sequence; confidence is the lower the less it does, and as if it
        did without this.
    prior : RegisterPrior, optional
        What templates that lie in the map say; used by "registration".
    joinings : int
        Random joinings of the paper's strategies.
    progress : callable, optional
        Told the fraction of the stage and a message; may raise `Cancelled`.

    Returns
    -------
    tuple of Trace
        Best first, each different; not all residues need have a position.

    Raises
    ------
    InputError
        No positions, or a strategy that does not exist.
    """
    _check(calpha, target, strategy, contacts)
    traces = STRATEGIES[strategy](
        calpha,
        features,
        density,
        target,
        resolution,
        rng=rng,
        count=count,
        contacts=contacts,
        significance=significance,
        prior=prior,
        joinings=joinings,
        progress=progress,
    )
    return in_the_same_places(traces, target)


def _check(
    calpha: CalphaSet, target: Target, strategy: str, contacts: NDArray[np.float64] | None
) -> None:
    if strategy not in STRATEGIES:
        raise InputError(
            f"There is no trace strategy '{strategy}': choose one of {', '.join(STRATEGIES)}."
        )
    if len(calpha) == 0:
        raise InputError(
            "No Cα position was found in the map, so no chain can be traced: check the map's "
            "contour, mask and resolution."
        )
    if contacts is not None and contacts.shape != (len(target), len(target)):
        raise InputError(
            f"The contact map is {contacts.shape[0]} × {contacts.shape[1]}, the target has "
            f"{len(target)} residues: give the contacts of this target."
        )


def positions_used(trace: Trace, calpha: CalphaSet) -> NDArray[np.int64]:
    """Index of the position (L,) that each residue of a trace stands at; −1 without one."""
    node = np.full(len(trace.positions), -1, dtype=np.int64)
    if trace.placed.any():
        node[trace.placed] = cKDTree(calpha.positions).query(trace.positions[trace.placed])[1]
    return node
