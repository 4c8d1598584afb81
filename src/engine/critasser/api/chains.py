"""From Cα positions to atoms, step by step and in memory, for users of the package.

With the same seed the steps compute what a build's stages compute; nothing is written to disk.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from critasser import assembly as monte_carlo
from critasser import atomic
from critasser.api.models import Sequences, as_target
from critasser.api.prediction import Prediction, Progress
from critasser.atomic import AtomicReport
from critasser.decoys import cluster
from critasser.density.sharpening import sharpened
from critasser.errors import InputError
from critasser.job.stage_run import stage_generator
from critasser.options import PRESETS
from critasser.pipeline.expected_time import bending_share
from critasser.pipeline.stages.density_fit import fit_by_density, template_chains
from critasser.pipeline.stages.guides import only_seen
from critasser.pipeline.stages.judged_templates import Seen, judged_by_map
from critasser.pipeline.stages.side_chains import SideChains
from critasser.pipeline.stages.unseen import seek_unseen, trusted_calpha, with_unseen
from critasser.shipped import RESIDUE_NETWORK, shipped
from critasser.structure import AtomicModel, Symmetry, Template, Trace, predicted_errors
from critasser.templates import survey
from critasser.trace import build_traces, find_presence, find_unit, register_prior

__all__ = ["Assembly", "Tracing", "assemble", "build_atoms", "fit_templates", "trace_chains"]


@dataclass(frozen=True, eq=False)
class Tracing:
    """Chains through Cα positions.

    Attributes
    ----------
    traces : tuple of Trace
        Best first; each has ``positions`` (L, 3), NaN where a residue is not placed, and
        ``confidence`` (L,), 0 … 1.
    z_score : float
        By how many standard deviations the sequence suits the positions better than shuffled
        sequences; below 3 do not trust which residue is where.
    advice : str or None
        What to do where the map does not tell the sequence.
    symmetry : Symmetry
        Operations that bring what was traced onto all that the map holds; the identity alone
        without symmetry, and where all units were traced.
    """

    traces: tuple[Trace, ...]
    z_score: float
    advice: str | None
    symmetry: Symmetry


@dataclass(frozen=True, eq=False)
class Assembly:
    """Whole chains that the Monte Carlo found.

    Attributes
    ----------
    calpha : ndarray (k, L, 3) float64
        Cα of k different folds in Å, the most visited first.
    size : ndarray (k,) int64
        Conformations in each one's cluster.
    mean_rmsd : ndarray (k,) float64
        Of these to their mean, Å.
    unseen : ndarray (L,) bool
        Residues that have no density; they took no part, and were put where nothing is in their
        way.
    decoys : critasser.assembly.Decoys
        All conformations that were kept, with energies; without residues that have no density.
    """

    calpha: NDArray[np.float64]
    size: NDArray[np.int64]
    mean_rmsd: NDArray[np.float64]
    unseen: NDArray[np.bool_]
    decoys: monte_carlo.Decoys


def trace_chains(
    prediction: Prediction,
    sequences: Sequences,
    *,
    templates: Sequence[Template] = (),
    count: int = 20,
    strategy: str = "registration",
    seed: int = 1,
    progress: Progress | None = None,
) -> Tracing:
    """Lay chains through Cα positions and register the sequence on them.

    Parameters
    ----------
    prediction : Prediction
        From `predict_calpha`.
    sequences : path, Target or iterable of str
        L residues in all; of a symmetric molecule the chains of one unit will do.
    templates : sequence of Template
        From `fit`: they tell which residue is where, as far as the map does not contradict them.
    count : int
        Most traces.
    strategy : {'registration', 'joining', 'keep-tracing'}
        Ours, and the paper's two.
    seed : int
    progress : callable, optional

    Returns
    -------
    Tracing

    Raises
    ------
    InputError
        No Cα position was found, or there is no such strategy.

    References
    ----------
    Zhang et al., Nat. Methods 19, 195 (2022), "Initial Cα trace model generation".

    Examples
    --------
    Going on from the example of `predict_calpha`:

    >>> tracing = critasser.trace_chains(prediction, "sequence.fasta")
    >>> int(tracing.traces[0].placed.sum())
    36
    >>> tracing.z_score > 3
    True
    """
    target = as_target(sequences)
    calpha = prediction.every_calpha
    features = prediction.features.without(prediction.left_out)
    density = prediction.density.without(prediction.left_out)
    if not len(calpha):
        raise InputError(
            "no Cα position was found in the map; check its contour, mask and resolution"
        )
    rng = stage_generator(seed, "trace")
    tell = progress or (lambda fraction, message: None)
    unit = find_unit(calpha, features, target)
    prior = register_prior(templates, unit)
    significance = find_presence(
        unit.calpha, features, unit.target, rng=rng,
        tick=lambda done: tell(0.1 * done, "shuffled sequences to compare with"),
    ).whole  # fmt: skip
    traces = build_traces(
        unit.calpha, features, density, unit.target, prediction.resolution, rng=rng,
        count=count, strategy=strategy, significance=significance, prior=prior,
        joinings=PRESETS["draft"].joinings,
        progress=lambda done, told: tell(0.1 + 0.9 * done, told),
    )  # fmt: skip
    alone = Symmetry(np.eye(3)[None], np.zeros((1, 3)))
    return Tracing(
        tuple(unit.whole(trace) for trace in traces),
        significance.z_score,
        significance.advice(),
        unit.symmetry if unit.built == 1 else alone,
    )


def fit_templates(
    templates: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    prediction: Prediction,
    sequences: Sequences,
    *,
    pae: Sequence[str | os.PathLike[str] | None] | None = None,
    seed: int = 1,
    progress: Progress | None = None,
) -> tuple[Template, ...]:
    """Lay known or predicted structures in a map: by its Cα positions, and by its density.

    Parameters
    ----------
    templates : path or sequence of path
        PDB or mmCIF files, in any frame.
    prediction : Prediction
        From `predict_calpha`.
    sequences : path, Target or iterable of str
        L residues in all.
    pae : sequence of path or None, optional
        Predicted aligned error of each file, as for `build`.
    seed : int
    progress : callable, optional

    Returns
    -------
    tuple of Template
        Best first: ``positions`` (L, 3) in the map's frame, NaN where the structure has nothing for
        a residue or the map contradicts it, and ``score``, the CRscore (eq. 1).

    Raises
    ------
    InputError
        A file is no protein structure, or none of the chains fits; then it says why.

    References
    ----------
    Zhang et al., Nat. Methods 19, 195 (2022), "Template reselection by Cα and density map
    matching", eq. 3–4.

    Examples
    --------
    Going on from the example of `predict_calpha`:

    >>> templates = critasser.fit_templates("model.pdb", prediction, "sequence.fasta")
    >>> templates[0].score > 0.8
    True
    """
    paths = [templates] if isinstance(templates, (str, os.PathLike)) else list(templates)
    given = predicted_errors([Path(path) for path in paths], pae) or (None,) * len(paths)
    if len(given) != len(paths):
        raise InputError(f"{len(given)} predicted aligned errors for {len(paths)} templates")
    chains, errors = template_chains([Path(path) for path in paths], given)
    target, rng = as_target(sequences), stage_generator(seed, "templates")
    features = prediction.features.without(prediction.left_out)
    side_chains = SideChains.seen(
        sharpened(prediction.density, prediction.bfactor), shipped(RESIDUE_NETWORK),
        prediction.resolution, rng,
    )  # fmt: skip
    fit = fit_by_density(chains, features, rng, errors=errors, side_chains=side_chains)
    bending = bending_share(len(target))
    tell = progress or (lambda fraction, message: None)
    result = survey(
        chains, prediction.calpha, target, fit=fit,
        progress=lambda done, told: tell((1.0 - bending) * done, told),
    )  # fmt: skip
    if not result.templates:
        reasons = "; ".join(f"{one.source} {one.reason}" for one in result.rejected)
        raise InputError(f"no template can be used: {reasons or 'none was given'}")
    return judged_by_map(
        result.templates, prediction.calpha, target, trusted=prediction.trusted,
        seen=Seen(fit.fine, features, prediction.resolution),
        progress=lambda done, told: tell(1.0 - bending * (1.0 - done), told),
    )  # fmt: skip


def assemble(
    prediction: Prediction,
    sequences: Sequences,
    starts: Sequence[Trace | Template],
    *,
    quality: str = "draft",
    models: int = 5,
    contacts: NDArray[np.float64] | None = None,
    seed: int = 1,
    progress: Progress | None = None,
) -> Assembly:
    """Sample whole chains in the map by replica-exchange Monte Carlo and cluster them.

    Parameters
    ----------
    prediction : Prediction
        From `predict_calpha`.
    sequences : path, Target or iterable of str
        L residues in all.
    starts : sequence of Trace or Template
        Where to start from: ``tracing.traces``, what `fit` returned, or both.
    quality : {'draft', 'standard', 'thorough'}
        How much work.
    models : int
        Most folds to keep.
    contacts : ndarray (L, L), optional
        Predicted probabilities of contacts.
    seed : int
    progress : callable, optional

    Returns
    -------
    Assembly

    Raises
    ------
    InputError
        Nothing to start from, or no such quality.

    References
    ----------
    Zhang et al., Nat. Methods 19, 195 (2022), "Density map-guided structural assembly
    simulations", eq. 5–7.

    Examples
    --------
    Going on from the example of `trace_chains`:

    >>> found = critasser.assemble(prediction, "sequence.fasta", tracing.traces, models=1)
    >>> found.calpha.shape
    (1, 36, 3)
    """
    if quality not in PRESETS:
        raise InputError(f"quality {quality!r}: give one of {', '.join(PRESETS)}")
    if not starts:
        raise InputError("nothing to start from; give traces, templates or both")
    schedule, whole = PRESETS[quality], as_target(sequences)
    tell = progress or (lambda fraction, message: None)
    nucleic, calpha = prediction.left_out, prediction.calpha
    density, features = prediction.density.without(nucleic), prediction.features.without(nucleic)
    traces = [one for one in starts if isinstance(one, Trace)]
    templates = [one for one in starts if isinstance(one, Template)]
    unseen = seek_unseen(
        whole, traces, templates, calpha, features, density,
        rng=stage_generator(seed, "unseen"),
    )  # fmt: skip
    trusted = prediction.trusted
    if unseen.any():
        _, trusted = trusted_calpha(prediction.features, calpha, int((~unseen).sum()), nucleic)
    target, starts, contacts = only_seen(whole, starts, contacts, unseen)
    guides = (target, starts, calpha, density, prediction.resolution)
    decoys = monte_carlo.assemble(
        *guides, rng=stage_generator(seed, "assembly"), replicas=schedule.replicas,
        sweeps=schedule.sweeps, use_cnn=trusted, contacts=contacts,
        progress=lambda done, told: tell(0.8 * done, told),
    )  # fmt: skip
    found = cluster(decoys.positions, models, decoys.weight)
    rng = stage_generator(seed, "decoys")
    refined = monte_carlo.refine_centroids(
        found.centroid, *guides, rng=rng, sweeps=schedule.refinement_sweeps, use_cnn=trusted,
        contacts=contacts, progress=lambda done, told: tell(0.8 + 0.2 * done, told),
    )  # fmt: skip
    guide = monte_carlo.Guide.of(density, calpha)
    chains = np.array([
        with_unseen(whole, seen, unseen, guide, rng=rng, templates=templates) for seen in refined
    ])  # fmt: skip
    return Assembly(chains, found.size, found.mean_rmsd, unseen, decoys)


def build_atoms(
    prediction: Prediction,
    sequences: Sequences,
    calpha: ArrayLike,
    *,
    unseen: NDArray[np.bool_] | None = None,
    quality: str = "draft",
    seed: int = 1,
    progress: Progress | None = None,
) -> tuple[AtomicModel, AtomicReport]:
    """Build all atoms on Cα positions and relax them in the map under a force field.

    Parameters
    ----------
    prediction : Prediction
        From `predict_calpha`.
    sequences : path, Target or iterable of str
        L residues in all.
    calpha : array_like (L, 3)
        A position for each residue in Å, such as ``assembly.calpha[0]``.
    unseen : ndarray (L,) bool, optional
        Residues that have no density, ``assembly.unseen``: the map does not draw their atoms.
    quality : {'draft', 'standard', 'thorough'}
        How much work; `draft` minimises only, the others add dynamics.
    seed : int
    progress : callable, optional

    Returns
    -------
    AtomicModel
        All heavy atoms of each residue.
    AtomicReport
        What had to be mended, and in ``warnings`` what remains wrong.

    Raises
    ------
    InputError
        A chain of a single residue, or no such quality.
    ValueError
        Positions of another shape than (L, 3), or not finite.

    Examples
    --------
    Going on from the example of `assemble`:

    >>> model, report = critasser.build_atoms(prediction, "sequence.fasta", found.calpha[0])
    >>> report.clashes_after
    0
    >>> critasser.write_model("built.cif", model)
    """
    if quality not in PRESETS:
        raise InputError(f"quality {quality!r}: give one of {', '.join(PRESETS)}")
    return atomic.build_atoms(
        as_target(sequences), np.asarray(calpha, dtype=np.float64), prediction.density,
        prediction.resolution, rng=stage_generator(seed, "atomic_1"), unseen=unseen,
        schedule=PRESETS[quality].atomic, progress=progress,
    )  # fmt: skip
