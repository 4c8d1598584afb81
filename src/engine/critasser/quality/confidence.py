"""How far models and residues can be trusted: the paper's equations 8 to 13."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from critasser.density import Grid, crop, kernel_width, model_mask, pcc, simulate
from critasser.quality.calibration import Calibration, features
from critasser.structure import AtomicModel, CalphaSet, cr_score, d0, tm_score

__all__ = [
    "Quality",
    "assess",
    "cluster_confidence",
    "estimated_tm",
    "local_confidence",
    "local_correlation",
]

MASK_RADIUS = 2.5
"""Å around atoms where the correlation inside the model is taken, at least."""

LONE_SPREAD = 3.5
"""Å; the spread that a cluster is taken to have before its decoys tell, as one decoy more:
SPICKER's tightest cutoff. By equation 9 alone a decoy without neighbours, which spreads by nothing,
would be the surest of all."""


@dataclass(frozen=True, eq=False)
class Quality:
    """Scores of N models of L residues.

    Attributes
    ----------
    order : ndarray (N,) int64
        Models, best first: by what their residues are expected to be worth, then by correlation
        inside the model.
    etm : ndarray (N,)
        Estimated TM-score, 0 … 1 (eq. 8).
    confidence : ndarray (N,)
        C of each model (eq. 9).
    crscore : ndarray (N,)
        Against the predicted Cα positions (eq. 1).
    tm_matrix : ndarray (N, N)
        TM-score of each model to each other.
    rmsd_matrix : ndarray (N, N)
        Cα RMSD where the models stand, Å.
    pcc_box, pcc_mask : ndarray (N,)
        Correlation with the map over the box and inside the model.
    local_pcc : ndarray (N, L)
        Of each residue with its own share of the density (eq. 10–11).
    local_confidence : ndarray (N, L)
        With mean eTM (eq. 12–13).
    shown : ndarray (N, L)
        0 … 100, what people see and files carry: the expected accuracy of residues where a
        calibration was given, else the local confidence.
    features : ndarray (N, L, 7)
        What a calibration goes by, see `calibration.features`.
    calibrated : bool
    """

    order: NDArray[np.int64]
    etm: NDArray[np.float64]
    confidence: NDArray[np.float64]
    crscore: NDArray[np.float64]
    tm_matrix: NDArray[np.float64]
    rmsd_matrix: NDArray[np.float64]
    pcc_box: NDArray[np.float64]
    pcc_mask: NDArray[np.float64]
    local_pcc: NDArray[np.float64]
    local_confidence: NDArray[np.float64]
    shown: NDArray[np.float64]
    features: NDArray[np.float64]
    calibrated: bool


def cluster_confidence(
    crscore: NDArray[np.float64],
    size: NDArray[np.int64],
    mean_rmsd: NDArray[np.float64],
    total: int,
) -> NDArray[np.float64]:
    """C of models (N,) from their clusters (paper eq. 9, but for `LONE_SPREAD`).

    Parameters
    ----------
    crscore : ndarray (N,)
    size, mean_rmsd : ndarray (N,)
        Decoys in each model's cluster and their mean RMSD to its centroid, Å.
    total : int
        Decoys clustered.
    """
    spread = (size * mean_rmsd + LONE_SPREAD) / (size + 1)
    return crscore / (1.0 + 0.05 * total * spread / np.maximum(size, 1))


def estimated_tm(
    confidence: NDArray[np.float64], tm_matrix: NDArray[np.float64]
) -> NDArray[np.float64]:
    """ETM (N,) of models from their C (N,) and TM-scores (N, N) to each other (paper eq. 8)."""
    support = tm_matrix - 0.5 * (1.0 - confidence)[None, :]
    np.fill_diagonal(support, -np.inf)
    best = np.maximum(confidence, support.max(axis=1)) if len(confidence) > 1 else confidence
    return np.clip(0.18 + 0.82 * best, 0.0, 1.0)


def local_correlation(
    model: AtomicModel,
    density: Grid,
    resolution: float,
    progress: Callable[[float, str], None] | None = None,
) -> NDArray[np.float64]:
    """Correlation (L,) of each residue with its own share of the density (paper eq. 10–11).

    The share is ``rho0 · rho_i / sum_j rho_j``; the correlation runs over the box of the residue
    and three widths of its Gaussians around it. 0 for a residue outside the map
    or without atoms.
    """
    whole = simulate(model.positions, model.amplitudes, resolution, like=density)
    reach = 3.0 * kernel_width(resolution) + 1.0
    found = np.zeros(len(model.target))
    last = density.to_position(np.array(density.shape) - 1)
    for i in range(len(found)):
        if progress is not None and i % 50 == 0:
            progress(i / len(found), f"residue {i + 1} of {len(found)}")
        mine = model.residue == i
        atoms = model.positions[mine]
        if len(atoms) == 0:
            continue
        low, high = atoms.min(axis=0) - reach, atoms.max(axis=0) + reach
        if np.any(high < density.origin) or np.any(low > last):
            continue
        part, around = crop(density, low, high), crop(whole, low, high)
        own = simulate(atoms, model.amplitudes[mine], resolution, like=part)
        share = own.values / np.maximum(around.values, 1e-6 * max(float(whole.values.max()), 1e-12))
        found[i] = pcc(own, part.with_values(part.values * share))
    return found


def local_confidence(
    calpha: NDArray[np.float64],
    local_pcc: NDArray[np.float64],
    etm: NDArray[np.float64],
    *,
    as_printed: bool = False,
) -> NDArray[np.float64]:
    """Confidence of residues (N, L) (paper eq. 12–13).

    Parameters
    ----------
    calpha : ndarray (N, L, 3)
        Of the models, where they stand in the map.
    local_pcc : ndarray (N, L)
    etm : ndarray (N,)
    as_printed : bool
        Equation 13 to the letter, ``T_i sum_j eTM / T_j``. Its mean over residues is about
        L · eTM, no confidence at all; without it ``T_i eTM / mean_j T_j``, whose mean is eTM.
    """
    count, length = local_pcc.shape
    scale = d0(length)
    spread = np.linalg.norm(calpha[:, None] - calpha[None, :], axis=-1)
    # A residue that one of two models lacks is where they do not agree.
    spread = np.where(np.isnan(spread), np.inf, spread)
    agreement = (etm[None, :, None] / (1.0 + (spread / scale) ** 2)).sum(axis=1) / count
    support = np.maximum((local_pcc + 1.0) * agreement, 1e-9)
    if as_printed:
        return support * (etm[:, None] / support).sum(axis=1, keepdims=True)
    return support * (etm / support.mean(axis=1))[:, None]


def assess(
    models: Sequence[AtomicModel],
    calpha: CalphaSet,
    density: Grid,
    resolution: float,
    *,
    size: NDArray[np.int64] | None = None,
    mean_rmsd: NDArray[np.float64] | None = None,
    total: int | None = None,
    z_score: float | None = None,
    calibration: Calibration | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> Quality:
    """Score models of one target in one map.

    Parameters
    ----------
    models : sequence of AtomicModel
    calpha : CalphaSet
        What the network found.
    density : Grid
        The normalised map.
    resolution : float
        Å.
    size, mean_rmsd, total
        Of the models' clusters, see `cluster_confidence`. Without them, for models that come from
        elsewhere, C is the CRscore alone.
    z_score : float, optional
        Of the sequence against shuffled ones in this map (`critasser.trace.Significance`).
    calibration : Calibration, optional
        Turns features of residues into the confidence that is shown.
    progress : callable, optional

    Returns
    -------
    Quality
    """
    if not models:
        raise ValueError("no model to assess")
    count, length = len(models), len(models[0].target)
    tell = progress or (lambda fraction, message: None)
    traces = np.stack([model.calpha for model in models])
    crscore = np.array([cr_score(trace, calpha.positions, length) for trace in traces])
    confidence = crscore
    if size is not None and mean_rmsd is not None and total is not None:
        confidence = cluster_confidence(crscore, size, mean_rmsd, total)
    tm_matrix, rmsd_matrix = np.eye(count), np.zeros((count, count))
    for a in range(count):
        for b in range(count):
            if a != b:
                tm_matrix[a, b] = tm_score(traces[a], traces[b])
                squared = ((traces[a] - traces[b]) ** 2).sum(axis=1)
                rmsd_matrix[a, b] = np.sqrt(np.nanmean(squared))
    etm = estimated_tm(confidence, tm_matrix)
    box, inside, local = np.zeros(count), np.zeros(count), np.zeros((count, length))
    for k, model in enumerate(models):
        simulated = simulate(model.positions, model.amplitudes, resolution, like=density)
        mask = model_mask(density, model.positions, max(MASK_RADIUS, 0.5 * resolution))
        box[k], inside[k] = pcc(density, simulated), pcc(density, simulated, mask)

        def slice_of(fraction: float, message: str, k: int = k) -> None:
            tell((k + fraction) / count, f"model {k + 1}: {message}")

        local[k] = local_correlation(model, density, resolution, slice_of)
    residues = local_confidence(traces, local, etm)
    known = np.stack(
        [
            features(t, model.target, calpha, resolution, *scores, z_score)
            for t, model, *scores in zip(traces, models, etm, local, residues)
        ]
    )
    shown = residues if calibration is None else calibration.expected(known)
    worth = etm if calibration is None else shown.mean(axis=1)
    return Quality(
        order=np.lexsort((-inside, -np.round(worth, 3))),
        etm=etm,
        confidence=confidence,
        crscore=crscore,
        tm_matrix=tm_matrix,
        rmsd_matrix=rmsd_matrix,
        pcc_box=box,
        pcc_mask=inside,
        local_pcc=local,
        local_confidence=residues,
        shown=np.clip(100.0 * shown, 0.0, 100.0),
        features=known,
        calibrated=calibration is not None,
    )
