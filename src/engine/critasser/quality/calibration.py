"""Turns scores of residues into the confidence that people are shown.

The confidence is what a residue's accuracy ``1/(1 + (d/2 Å)²)`` is expected to be, d being the
distance of its Cα from where it truly is in the map, times 100. A logistic function of a few
features is fitted to builds of validation targets by ``python -m benchmark.fitting.confidence``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from scipy.optimize import minimize
from scipy.spatial import cKDTree
from scipy.special import expit, logit

from critasser.errors import InputError
from critasser.structure import CalphaSet, Target, Template

__all__ = [
    "FEATURES",
    "LED_FEATURES",
    "Calibration",
    "accuracy",
    "features",
    "fit",
    "led_features",
    "read_calibration",
    "without_support",
]

ACCURACY_SCALE = 2.0
"""Å at which a residue counts one half; one residue out of register is 3.8 Å off."""

REACH = 3.0
"""Å within which a predicted Cα says what residue a model's Cα should be."""

NOWHERE = 1e9
"""Å; farther than any map."""

REGISTER_WINDOW, POSITION_WINDOW = 9, 5
"""Residues over which agreement with amino acids, and with Cα positions, is averaged."""

FLOOR, MOST_ODDS = 1e-3, 3.0
"""Added to probabilities of amino acids; largest log-odds in nats, either way."""

LEAST, MOST = 0.02, 0.98
"""Scores beyond which a logit tells no more."""

LEAST_DEVIATION = 1e-6
"""Of a feature that is the same everywhere."""

PENALTY = 1e-2
"""On squared slopes, which holds them small where features say the same."""

FEATURES = ("etm", "local confidence", "local pcc", "near calpha", "amino acid", "resolution",
            "sequence z-score")  # fmt: skip

LED_FEATURES = ("at the template", "register z-score")
"""What is added to the log-odds of models that templates led goes by: whether a residue is where
the template that is nearest has it, and this template's register z-score as far as it is there."""

HIGHEST_Z = 15.0
"""z-score of the sequence; more does not make a model surer."""

HIGHEST_REGISTER_Z = 8.0
"""The same of a template's register. Right ones at 4 to 6 Å came to 2.7 to 8.2, shifted ones to 1.5
at most."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """A logistic function of features.

    Attributes
    ----------
    mean, deviation : ndarray (k,)
        Of the features where it was fitted.
    slope : ndarray (k,)
        Of the standardised features.
    intercept : float
    led : Calibration, optional
        What is added to the log-odds of models that templates led, by `LED_FEATURES`.
    """

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    slope: NDArray[np.float64]
    intercept: float
    led: Calibration | None = None

    def expected(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Expected accuracy (n,) 0 … 1 of residues by their features (n, k).

        What is not known (NaN) is taken to be as it was on average where this was fitted.
        """
        return expit(self.log_odds(values))

    def log_odds(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The same as log-odds."""
        values = np.where(np.isnan(values), self.mean, values)
        return (values - self.mean) / self.deviation @ self.slope + self.intercept

    def expected_led(
        self, values: NDArray[np.float64], template: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Expected accuracy (…) of residues of models that templates led.

        Parameters
        ----------
        values : ndarray (…, k)
            Features without templates.
        template : ndarray (…, m)
            From `led_features`.
        """
        known = self.log_odds(values)
        return expit(known if self.led is None else known + self.led.log_odds(template))

    def to_json(self) -> dict[str, object]:
        """What `read_calibration` reads."""
        content: dict[str, object] = {
            "features": list(FEATURES if len(self.mean) == len(FEATURES) else LED_FEATURES),
            "mean": self.mean.tolist(),
            "deviation": self.deviation.tolist(),
            "slope": self.slope.tolist(),
            "intercept": self.intercept,
        }
        return content if self.led is None else content | {"led": self.led.to_json()}


def accuracy(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Accuracy 0 … 1 of residues that are `distance` Å from where they truly are."""
    return 1.0 / (1.0 + (distance / ACCURACY_SCALE) ** 2)


def features(
    trace: NDArray[np.float64],
    target: Target,
    calpha: CalphaSet,
    resolution: float,
    etm: float,
    local_pcc: NDArray[np.float64],
    local_confidence: NDArray[np.float64],
    z_score: float | None,
) -> NDArray[np.float64]:
    """What is known (L, 7) of a model's residues without the native structure; see `FEATURES`.

    Parameters
    ----------
    trace : ndarray (L, 3)
        Cα in Å; NaN where the model lacks a residue.
    target : Target
    calpha : CalphaSet
        What the network found.
    resolution : float
        Å.
    etm : float
    local_pcc, local_confidence : ndarray (L,)
    z_score : float or None
        Of the sequence against shuffled ones in this map; None (NaN in the features) where it was
        not looked at.
    """
    length = len(target)
    near, register = np.zeros(length), np.zeros(length)
    if len(calpha):
        distance, partner = cKDTree(calpha.positions).query(np.nan_to_num(trace, nan=NOWHERE))
        near = accuracy(distance)
        probability = calpha.amino_acid + FLOOR
        probability = probability / probability.sum(axis=1, keepdims=True)
        odds = np.log(probability / probability.mean(axis=0))[partner, target.codes]
        told = (distance <= REACH) & ~target.unknown
        register = np.where(told, np.clip(odds, -MOST_ODDS, MOST_ODDS), 0.0)
    # A register is right or wrong for a stretch, so neighbours say something about each other; not
    # across chains.
    for part in target.chain_slices:
        near[part] = uniform_filter1d(near[part], POSITION_WINDOW, mode="nearest")
        register[part] = uniform_filter1d(register[part], REGISTER_WINDOW, mode="nearest")
    return np.column_stack(
        [
            np.full(length, logit(np.clip(etm, LEAST, MOST))),
            logit(np.clip(local_confidence, LEAST, MOST)),
            local_pcc,
            near,
            register,
            np.full(length, resolution),
            np.full(length, bounded_z(z_score)),
        ]
    )


def without_support(resolution: float, z_score: float | None) -> NDArray[np.float64]:
    """Features (7,) of a residue that nothing speaks for; see `features`."""
    least = logit(LEAST)
    return np.array([least, least, 0.0, 0.0, 0.0, resolution, bounded_z(z_score)])


def bounded_z(z_score: float | None) -> float:
    """The z-score as a feature; NaN where it was not looked at."""
    return float("nan") if z_score is None else float(np.clip(z_score, 0.0, HIGHEST_Z))


def led_features(
    trace: NDArray[np.float64], templates: Sequence[Template]
) -> NDArray[np.float64]:
    """What templates say of residues (L, 2); see `LED_FEATURES`. All 0 without templates.

    Parameters
    ----------
    trace : ndarray (L, 3)
        Cα of a model in Å; NaN where it lacks a residue.
    templates : sequence of Template
        As they were placed.
    """
    best, told = np.zeros((2, len(trace)))
    for template in templates:
        away = np.linalg.norm(trace - template.positions, axis=1)
        there = accuracy(np.nan_to_num(away, nan=NOWHERE))
        z_share = np.clip(template.z_score, 0.0, HIGHEST_REGISTER_Z) / HIGHEST_REGISTER_Z
        nearer = there > best
        best[nearer] = there[nearer]
        told[nearer] = z_share
    return np.column_stack([best, best * told])


def fit(
    values: NDArray[np.float64],
    truth: NDArray[np.float64],
    penalty: float = PENALTY,
    known: NDArray[np.float64] | float = 0.0,
) -> Calibration:
    """Fit features (n, k) to accuracies (n,) by cross-entropy, slopes held small by `penalty`;
    `known` log-odds (n,) come on top."""
    mean, deviation = values.mean(axis=0), np.maximum(values.std(axis=0), LEAST_DEVIATION)
    scaled = (values - mean) / deviation

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = scaled @ weights[:-1] + weights[-1] + known
        off = expit(logits) - truth
        value = np.mean(np.logaddexp(0.0, logits) - truth * logits)
        gradient = np.append(off @ scaled / len(truth) + penalty * weights[:-1], off.mean())
        return float(value + 0.5 * penalty * weights[:-1] @ weights[:-1]), gradient

    best = minimize(loss, np.zeros(values.shape[1] + 1), jac=True, method="L-BFGS-B").x
    return Calibration(mean, deviation, best[:-1], float(best[-1]))


def read_calibration(path: Path) -> Calibration:
    """Read what `benchmark.fitting.confidence` wrote.

    Raises
    ------
    InputError
        Not such a file.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        led = content.get("led")
        return _calibration(content, FEATURES, led and _calibration(led, LED_FEATURES, None))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: damaged ({error}); install Critasser again") from None


def _calibration(
    content: Mapping[str, Any], names: tuple[str, ...], led: Calibration | None
) -> Calibration:
    if tuple(content["features"]) != names:
        raise ValueError("fitted to other features")
    arrays = [np.array(content[key], dtype=float) for key in ("mean", "deviation", "slope")]
    if any(array.shape != (len(names),) for array in arrays):
        raise ValueError("numbers are missing")
    return Calibration(*arrays, float(content["intercept"]), led)
