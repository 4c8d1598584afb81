"""What placed templates say of a model's residues."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from critasser.quality.calibration import FEATURES, NOWHERE, TEMPLATE_FEATURES, accuracy
from critasser.structure import Target, Template

__all__ = ["led_features", "template_features"]

DENSITY_AROUND, WINDOW = (-1.5, 0.8), 9
"""Deviations of the density's field, mean over so many residues around one, that are told apart:
below lie other folds, above all that is right."""

SAME_PLACE = 0.1
"""Accuracy by which one template must have a residue nearer than another to tell of it."""

REGISTER_TOLD = 1.5
"""z-score of the register that a template has from which on the map tells it. In maps of validation
chains of 3 to 12 Å other folds come to 1.3 at most, right structures to 1.6 or more; in one, of 9.6
Å, to 0.3 only."""

IDENTITIES, READ_RIGHT = (0.2, 0.25, 0.35, 0.55, 1.0), (0.8, 0.85, 0.92, 0.98, 1.0)
"""Identity of aligned residues, and how right a template is read beside one of the target's own
letters. Known chains of such identity have that share of the TM-score that they have by TM-align
(relatives of ``benchmark.fold_reading``); of models that known folds led in seven lifelike maps of
validation chains, where letters tell next to nothing, confidences of 20 and more were 1.24 times
too high (set folds of ``benchmark.build``)."""

AMINO_ACID = FEATURES.index("amino acid")


def template_features(
    template: Template, observed: NDArray[np.float64], target: Target
) -> NDArray[np.float64]:
    """What is known (L, 4) of the residues of a template; see `TEMPLATE_FEATURES`.

    Parameters
    ----------
    template : Template
        Placed in the map, and judged by it.
    observed : ndarray (L, 7)
        `features` of what lies there: the model that it led, or itself.
    target : Target

    Returns
    -------
    ndarray (L, 4)
        How well the chain lies in the density around each residue, amino acids that the networks
        see around the model's, whether the map tells the template's register, and the share of the
        chain's residues that it did not contradict.
    """
    placed, length = template.placed, len(target)
    values = np.where(np.isnan(template.values), DENSITY_AROUND[0], template.values)
    given = placed | np.isfinite(template.values)
    around, kept = np.full(length, DENSITY_AROUND[0]), np.zeros(length)
    for part in target.chain_slices:
        here = placed[part]
        known = uniform_filter1d(here.astype(float), WINDOW, mode="constant")
        total = uniform_filter1d(np.where(here, values[part], 0.0), WINDOW, mode="constant")
        around[part] = np.where(here, total / np.maximum(known, 1.0 / WINDOW), DENSITY_AROUND[0])
        if here.any():
            kept[part] = here.sum() / given[part].sum()
    return np.column_stack(
        [
            np.clip(around, *DENSITY_AROUND),
            observed[:, AMINO_ACID],
            np.full(length, np.clip(template.z_score, 0.0, REGISTER_TOLD)),
            kept,
        ]
    )


def led_features(
    trace: NDArray[np.float64],
    templates: Sequence[Template],
    observed: NDArray[np.float64],
    target: Target,
) -> NDArray[np.float64]:
    """What templates say of a model's residues (L, 5).

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
    ndarray (L, 5)
        Whether a residue is where the template that is nearest has it, 0 … 1, less where letters
        tell little of which residue that is, and `template_features` of this one; 0 where no
        template has the residue. Where several have it in one place, the one with the fewest chains
        tells, and of these the one with the most residues.
    """
    told = np.zeros((len(trace), 1 + len(TEMPLATE_FEATURES)))
    chain = target.chain_index

    def order(one: Template) -> tuple[int, int]:
        return len(np.unique(chain[one.placed])), -int(one.placed.sum())

    # Of a chain tells the template that has it alone: among others a wrong one is hidden.
    for template in sorted(templates, key=order):
        away = np.linalg.norm(trace - template.positions, axis=1)
        there = accuracy(np.nan_to_num(away, nan=NOWHERE))
        there *= np.interp(template.identity, IDENTITIES, READ_RIGHT)
        nearer = (there > told[:, 0] + SAME_PLACE) & template.placed
        told[nearer, 0] = there[nearer]
        told[nearer, 1:] = template_features(template, observed, target)[nearer]
    return told
