"""What placed templates say of a model's residues."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from critasser.quality.calibration import FEATURES, NOWHERE, TEMPLATE_FEATURES, accuracy
from critasser.structure import Target, Template

__all__ = ["led_features", "template_features"]

DENSITY = (-1.0, 0.5)
"""Deviations of the density's field, mean over a template, that are told apart: below lie other
folds, above all that is right."""

DENSITY_AROUND, WINDOW = (-1.5, 0.8), 9
"""The same of the residues around one, so many."""

HIGHEST_REGISTER = 6.0
"""z-score of the register that a template has; more does not make it surer. Other folds come to 1.3
at most in maps of 3 to 8 Å, right structures to 2 or more up to 10 Å."""

FROM_MODEL = [FEATURES.index(name) for name in TEMPLATE_FEATURES if name in FEATURES]


def template_features(
    template: Template, observed: NDArray[np.float64], target: Target
) -> NDArray[np.float64]:
    """What is known (L, 6) of the residues of a template; see `TEMPLATE_FEATURES`.

    Parameters
    ----------
    template : Template
        Placed in the map, and judged by it.
    observed : ndarray (L, 7)
        `features` of what lies there: the model that it led, or itself.
    target : Target

    Returns
    -------
    ndarray (L, 6)
        How well it lies in the density as a whole and around each residue; what is known of the
        model's residues: predicted Cα near, amino acids that the networks see around; how far its
        register stands out, and the share of its residues that the map did not contradict.
    """
    placed, length = template.placed, len(target)
    values = np.where(np.isnan(template.values), DENSITY[0], template.values)
    around = np.full(length, DENSITY_AROUND[0])
    for part in target.chain_slices:
        here = placed[part]
        known = uniform_filter1d(here.astype(float), WINDOW, mode="constant")
        total = uniform_filter1d(np.where(here, values[part], 0.0), WINDOW, mode="constant")
        around[part] = np.where(here, total / np.maximum(known, 1.0 / WINDOW), DENSITY_AROUND[0])
    whole = float(values[placed].mean()) if placed.any() else DENSITY[0]
    given = placed | np.isfinite(template.values)
    kept = placed.sum() / max(int(given.sum()), 1)
    return np.column_stack(
        [
            np.full(length, np.clip(whole, *DENSITY)),
            np.clip(around, *DENSITY_AROUND),
            observed[:, FROM_MODEL],
            np.full(length, np.clip(template.z_score, 0.0, HIGHEST_REGISTER)),
            np.full(length, kept),
        ]
    )


def led_features(
    trace: NDArray[np.float64],
    templates: Sequence[Template],
    observed: NDArray[np.float64],
    target: Target,
) -> NDArray[np.float64]:
    """What templates say of a model's residues (L, 7).

    Parameters
    ----------
    trace : ndarray (L, 3)
        Cα of the model in Å; NaN where it lacks a residue.
    templates : sequence of Template
        As they were placed and judged.
    observed : ndarray (L, 7)
        `features` of the model.
    target : Target

    Returns
    -------
    ndarray (L, 7)
        Whether a residue is where the template that is nearest has it, 0 … 1, and
        `template_features` of this one; 0 where no template has the residue.
    """
    told = np.zeros((len(trace), 1 + len(TEMPLATE_FEATURES)))
    for template in templates:
        away = np.linalg.norm(trace - template.positions, axis=1)
        there = accuracy(np.nan_to_num(away, nan=NOWHERE))
        nearer = (there > told[:, 0]) & template.placed
        told[nearer, 0] = there[nearer]
        told[nearer, 1:] = template_features(template, observed, target)[nearer]
    return told
