"""Cut a structure into parts that keep their shape: rigid domains.

Residues are nodes of a graph whose edges say how surely two residues keep their places to each
other: by the predicted aligned error where it is known, else by contacts. Communities of the graph
are domains.
"""

from __future__ import annotations

import networkx
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

__all__ = ["domains_by_contacts", "domains_by_error", "merge_short"]

EDGE_ERROR = 5.0
"""Å; residues whose predicted aligned error is larger are not linked (ChimeraX's default)."""

LEAST_ERROR = 0.2
"""Å; smallest error that counts, so that no edge outweighs all others."""

CONTACT_DISTANCE = 10.0
"""Å between Cα; contacts up to here hold a domain together."""

CHAIN_WEIGHT = 1.0
"""Of the link between neighbours along the chain beside that of one contact."""

ERROR_RESOLUTION = 0.5
"""Of modularity; lower gives larger domains. ChimeraX's ``alphafold pae`` takes the same."""

CONTACT_RESOLUTION = 0.2
"""Of modularity for contacts: two domains of 100 residues with a few contacts between them part,
a single-domain protein of 300 residues stays whole."""

SHORTEST = 30
"""Residues; a shorter piece fits in too many places to be told by itself."""

SEED = 0
"""Of the search for communities, whose result depends on the order of the nodes."""


def domains_by_error(error: NDArray[np.float64]) -> NDArray[np.int64]:
    """Domain of each residue by the predicted aligned error.

    Parameters
    ----------
    error : ndarray (n, n)
        Å.

    Returns
    -------
    ndarray (n,)
        0, 1 …, by size; −1 for residues that belong to none of 30 residues or more.

    References
    ----------
    Croll TI, Read RJ: domains from PAE by a graph with weights 1/PAE, as ChimeraX and Phenix
    (``process_predicted_model``) cut them.
    """
    symmetric = np.maximum(0.5 * (error + error.T), LEAST_ERROR)
    first, second = np.nonzero(np.triu(symmetric < EDGE_ERROR, k=1))
    return _communities(
        len(error), first, second, 1.0 / symmetric[first, second], ERROR_RESOLUTION
    )


def domains_by_contacts(calpha: NDArray[np.float64]) -> NDArray[np.int64]:
    """Domain of each residue by contacts between Cα: compact regions.

    Parameters
    ----------
    calpha : ndarray (n, 3)
        Å; NaN where missing.

    Returns
    -------
    ndarray (n,)
        As `domains_by_error`; −1 for residues without a Cα too.
    """
    present = np.flatnonzero(np.isfinite(calpha).all(axis=1))
    pairs = cKDTree(calpha[present]).query_pairs(CONTACT_DISTANCE, output_type="ndarray")
    if not len(pairs):
        return np.full(len(calpha), -1, dtype=np.int64)
    first, second = present[pairs[:, 0]], present[pairs[:, 1]]
    return _communities(
        len(calpha), first, second, np.full(len(first), CHAIN_WEIGHT), CONTACT_RESOLUTION
    )


def merge_short(domain: NDArray[np.int64], shortest: int = SHORTEST) -> NDArray[np.int64]:
    """Domains by size (n,), those of fewer residues than `shortest` given to none (−1)."""
    labels, counts = np.unique(domain[domain >= 0], return_counts=True)
    large = labels[counts >= shortest]
    by_size = large[np.argsort(-counts[counts >= shortest], kind="stable")]
    result = np.full(len(domain), -1, dtype=np.int64)
    for new, old in enumerate(by_size):
        result[domain == old] = new
    return result


def _communities(
    count: int,
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    weight: NDArray[np.float64],
    resolution: float,
) -> NDArray[np.int64]:
    graph = networkx.Graph()
    graph.add_weighted_edges_from(zip(first.tolist(), second.tolist(), weight.tolist()))
    domain = np.full(count, -1, dtype=np.int64)
    communities = networkx.community.louvain_communities(
        graph, weight="weight", resolution=resolution, seed=SEED
    )
    for label, members in enumerate(communities):
        domain[sorted(members)] = label
    return merge_short(domain)
