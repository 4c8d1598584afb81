"""Estimates how far models and residues can be trusted: the paper's equations 8 to 13."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from critasser.density import Grid, crop, kernel_width, model_mask, pcc, simulate
from critasser.quality.calibration import Calibration, features, without_support
from critasser.quality.sources import residue_sources
from critasser.quality.templates import led_features
from critasser.quality.traces import first_trace
from critasser.structure import AtomicModel, CalphaSet, Template, Trace, cr_score, d0, tm_score

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

MASK_PER_RESOLUTION = 0.5
"""The same, as a share of the resolution, where that is more."""

ETM_BASE, ETM_SLOPE = 0.18, 0.82
"""Of equation 8."""

SUPPORT_LOSS = 0.5
"""Of equation 8: what a model that supports another loses for its own uncertainty."""

SPREAD_WEIGHT = 0.05
"""Of equation 9."""

WIDTHS, WIDTHS_MARGIN = 3.0, 1.0
"""Widths of an atom's Gaussian, and Å more, around a residue within which its density counts."""

LEAST_DENSITY, NO_DENSITY = 1e-6, 1e-12
"""Of the model's largest density, and of any, below which shares of it mean nothing."""

LEAST_SUPPORT = 1e-9
"""Of a residue by other models; keeps divisions finite."""

RESIDUES_A_REPORT = 50
"""Residues between reports."""

RANK_DIGITS = 3
"""Digits of expected worth beyond which correlation inside the model decides the order."""

LONE_SPREAD = 3.5
"""Å; the spread that a cluster is taken to have before its decoys tell, as one decoy more:
SPICKER's tightest cutoff. By equation 9 alone a decoy without neighbours, which spreads by nothing,
would be the surest of all."""


@dataclass(frozen=True, eq=False)
class Quality:
    """Scores of N models of L residues.

    Scores of whole models are those of the residues that are seen, where others have no density.

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
    first_trace : ndarray (N, L)
        How sure the first trace is of residues, see `traces.first_trace`; NaN without traces, and
        where templates led these.
    led_features : ndarray (N, L, 5)
        What it goes by beside these where templates led, see `templates.led_features`.
    source : ndarray (N, L) int8
        Where residues come from: numbers of `SOURCES`.
    calibrated : bool
    seen : ndarray (L,) bool
        Residues that have density.
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
    first_trace: NDArray[np.float64]
    led_features: NDArray[np.float64]
    source: NDArray[np.int8]
    calibrated: bool
    seen: NDArray[np.bool_]

    @property
    def mean(self) -> NDArray[np.float64]:
        """Mean (N,) of what is shown, over the residues that have density."""
        return self.shown[:, self.seen].mean(axis=1)


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
    return crscore / (1.0 + SPREAD_WEIGHT * total * spread / np.maximum(size, 1))


def estimated_tm(
    confidence: NDArray[np.float64], tm_matrix: NDArray[np.float64]
) -> NDArray[np.float64]:
    """ETM (N,) of models from their C (N,) and TM-scores (N, N) to each other (paper eq. 8)."""
    support = tm_matrix - SUPPORT_LOSS * (1.0 - confidence)[None, :]
    np.fill_diagonal(support, -np.inf)
    best = np.maximum(confidence, support.max(axis=1)) if len(confidence) > 1 else confidence
    return np.clip(ETM_BASE + ETM_SLOPE * best, 0.0, 1.0)


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
    reach = WIDTHS * kernel_width(resolution) + WIDTHS_MARGIN
    count = len(model.target)
    correlation = np.zeros(count)
    last = density.to_position(np.array(density.shape) - 1)
    floor = LEAST_DENSITY * max(float(whole.values.max()), NO_DENSITY)
    for i in range(count):
        if progress is not None and i % RESIDUES_A_REPORT == 0:
            progress(i / count, f"residue {i + 1} of {count}")
        chosen = model.residue == i
        atoms = model.positions[chosen]
        if len(atoms) == 0:
            continue
        low, high = atoms.min(axis=0) - reach, atoms.max(axis=0) + reach
        if np.any(high < density.origin) or np.any(low > last):
            continue
        part, around = crop(density, low, high), crop(whole, low, high)
        own = simulate(atoms, model.amplitudes[chosen], resolution, like=part)
        share = own.values / np.maximum(around.values, floor)
        correlation[i] = pcc(own, part.with_values(part.values * share))
    return correlation


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
    support = np.maximum((local_pcc + 1.0) * agreement, LEAST_SUPPORT)
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
    unseen: NDArray[np.bool_] | None = None,
    traces: Sequence[Trace] = (),
    templates: Sequence[Template] = (),
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
    unseen : ndarray (L,) bool, optional
        Residues that have no density. They take nothing from the others: these are judged as if
        they were all, and those as residues that nothing speaks for.
    traces : sequence of Trace
        Of the sequence in this map, best first; none where it was not traced.
    templates : sequence of Template
        That led the models, as they were placed.
    calibration : Calibration, optional
        Turns features of residues into the confidence that is shown.
    progress : callable, optional

    Returns
    -------
    Quality
    """
    if not models:
        raise ValueError("no model to assess")
    length = len(models[0].target)
    seen = np.ones(length, bool) if unseen is None else ~unseen
    if not seen.all():
        models = [model.part(seen) for model in models]
        templates = [one.part(seen) for one in templates]
        traces = [one.part(seen) for one in traces]
        length = len(models[0].target)
    built = np.stack([model.calpha for model in models])
    crscore = np.array([cr_score(trace, calpha.positions, length) for trace in built])
    confidence = crscore
    if size is not None and mean_rmsd is not None and total is not None:
        confidence = cluster_confidence(crscore, size, mean_rmsd, total)
    tm_matrix, rmsd_matrix = _compared(built)
    etm = estimated_tm(confidence, tm_matrix)
    box, inside, local = _correlations(models, density, resolution, progress)
    residues = local_confidence(built, local, etm)
    observed = np.stack(
        [
            features(t, model.target, calpha, resolution, *scores, z_score)
            for t, model, *scores in zip(built, models, etm, local, residues)
        ]
    )
    led = np.stack(
        [
            led_features(trace, templates, known, model.target)
            for trace, known, model in zip(built, observed, models)
        ]
    )
    traced = np.stack(
        [first_trace(one, traces, model.target, templates) for one, model in zip(built, models)]
    )
    shown = residues
    if calibration is not None:
        shown = calibration.expected_led(observed, traced, led)
    sources = np.stack([residue_sources(trace, calpha, templates) for trace in built])
    worth = etm if calibration is None else shown.mean(axis=1)
    nothing = without_support(resolution, z_score)
    unsupported = 0.0 if calibration is None else float(calibration.expected(nothing[None])[0])
    return Quality(
        order=np.lexsort((-inside, -np.round(worth, RANK_DIGITS))),
        etm=etm,
        confidence=confidence,
        crscore=crscore,
        tm_matrix=tm_matrix,
        rmsd_matrix=rmsd_matrix,
        pcc_box=box,
        pcc_mask=inside,
        local_pcc=_among_all(local, seen, 0.0),
        local_confidence=_among_all(residues, seen, 0.0),
        shown=np.clip(100.0 * _among_all(shown, seen, unsupported), 0.0, 100.0),
        features=_among_all(observed, seen, nothing),
        first_trace=_among_all(traced, seen, 0.0),
        led_features=_among_all(led, seen, 0.0),
        source=_among_all(sources, seen, 0).astype(np.int8),
        calibrated=calibration is not None,
        seen=seen,
    )


def _among_all(
    values: NDArray[np.float64], seen: NDArray[np.bool_], other: float | NDArray[np.float64]
) -> NDArray[np.float64]:
    """Values (N, k, …) of the residues that are seen among all L, the others with `other`."""
    every = np.empty((len(values), len(seen), *values.shape[2:]))
    every[:] = other
    every[:, seen] = values
    return every


def _compared(traces: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """TM-score, and RMSD in place, of each of models (N, L, 3) to each other, both (N, N)."""
    count = len(traces)
    tm_matrix, rmsd_matrix = np.eye(count), np.zeros((count, count))
    for a in range(count):
        for b in range(count):
            if a != b:
                tm_matrix[a, b] = tm_score(traces[a], traces[b])
                squared = ((traces[a] - traces[b]) ** 2).sum(axis=1)
                rmsd_matrix[a, b] = np.sqrt(np.nanmean(squared))
    return tm_matrix, rmsd_matrix


def _correlations(
    models: Sequence[AtomicModel],
    density: Grid,
    resolution: float,
    progress: Callable[[float, str], None] | None,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Correlation of models over the box and inside them, both (N,), and of residues (N, L)."""
    count, length = len(models), len(models[0].target)
    box, inside, local = np.zeros(count), np.zeros(count), np.zeros((count, length))
    radius = max(MASK_RADIUS, MASK_PER_RESOLUTION * resolution)
    for k, model in enumerate(models):
        simulated = simulate(model.positions, model.amplitudes, resolution, like=density)
        mask = model_mask(density, model.positions, radius)
        box[k], inside[k] = pcc(density, simulated), pcc(density, simulated, mask)

        def report(fraction: float, message: str, k: int = k) -> None:
            if progress is not None:
                progress((k + fraction) / count, f"model {k + 1}: {message}")

        local[k] = local_correlation(model, density, resolution, report)
    return box, inside, local
