"""Turns scores of residues into the confidence that people are shown.

The confidence is what a residue's accuracy ``1/(1 + (d/2 Å)²)`` is expected to be, d being the
distance of its Cα from where it truly is in the map, times 100. A logistic function of a few
features is fitted to builds of validation targets by ``python -m benchmark.fitting.confidence``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from scipy.optimize import minimize
from scipy.spatial import cKDTree
from scipy.special import expit, logit

from critasser.errors import InputError
from critasser.structure import CalphaSet, Target

__all__ = [
    "FEATURES",
    "TEMPLATE_FEATURES",
    "TRACED_FEATURES",
    "Calibration",
    "accuracy",
    "features",
    "fit",
    "read_calibration",
    "traced_features",
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

TRACED_FEATURES = ("etm", "local confidence", "near calpha", "amino acid", "sequence told",
                   "first trace")  # fmt: skip
"""What is gone by where traces of the sequence are known: some of `FEATURES`, the z-score of the
sequence up to `TOLD`, and how sure the first trace is of a residue, as far as the model has it
there (`traces.first_trace`)."""

TOLD = 3.0
"""z-score of the sequence from which on the map tells it (`critasser.trace.SIGNIFICANT`)."""

TEMPLATE_FEATURES = ("density around", "amino acid", "register told", "kept")
"""What tells how accurate a residue of a template is, see `templates.template_features`."""

_FROM_SCORES = [FEATURES.index(name) for name in TRACED_FEATURES if name in FEATURES]
_Z_SCORE = FEATURES.index("sequence z-score")

HIGHEST_Z = 15.0
"""z-score of the sequence; more does not make a model surer."""

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
        Of residues that lie where a template has them, by `TEMPLATE_FEATURES`.
    traced : Calibration, optional
        Of residues of models whose sequence was traced, by `TRACED_FEATURES`.
    names : tuple of str
        Of the features.
    """

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    slope: NDArray[np.float64]
    intercept: float
    led: Calibration | None = None
    traced: Calibration | None = None
    names: tuple[str, ...] = FEATURES

    def expected(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Expected accuracy (n,) 0 … 1 of residues by their features (n, k).

        What is not known (NaN) is taken to be as it was on average where this was fitted.
        """
        values = np.where(np.isnan(values), self.mean, values)
        return expit((values - self.mean) / self.deviation @ self.slope + self.intercept)

    def expected_traced(
        self, values: NDArray[np.float64], first_trace: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Expected accuracy (…) by features (…, k) and by the first trace (…), NaN where there is
        none."""
        alone = self.expected(values)
        if self.traced is None:
            return alone
        told = self.traced.expected(traced_features(values, first_trace))
        return np.where(np.isnan(first_trace), alone, told)

    def expected_led(
        self,
        values: NDArray[np.float64],
        first_trace: NDArray[np.float64],
        led: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Expected accuracy (…) of residues of models that templates may have led.

        The map and a template are two witnesses of where a residue belongs, and it is wrong where
        both are: a template that lies well in the map tells the register where side chains do not.

        Parameters
        ----------
        values : ndarray (…, k)
            Features without templates.
        first_trace : ndarray (…)
            From `traces.first_trace`.
        led : ndarray (…, 1 + m)
            From `templates.led_features`.
        """
        by_map = self.expected_traced(values, first_trace)
        if self.led is None:
            return by_map
        return 1.0 - (1.0 - by_map) * (1.0 - led[..., 0] * self.led.expected(led[..., 1:]))

    def to_json(self) -> dict[str, object]:
        """What `read_calibration` reads."""
        content: dict[str, object] = {
            "features": list(self.names),
            "mean": self.mean.tolist(),
            "deviation": self.deviation.tolist(),
            "slope": self.slope.tolist(),
            "intercept": self.intercept,
        }
        added = {"traced": self.traced, "led": self.led}
        return content | {name: one.to_json() for name, one in added.items() if one is not None}


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


def traced_features(
    values: NDArray[np.float64], first_trace: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What is known (…, 6) of residues by features (…, 7) and the first trace (…); see
    `TRACED_FEATURES`."""
    told = np.minimum(values[..., _Z_SCORE], TOLD)
    return np.concatenate(
        [values[..., _FROM_SCORES], told[..., None], first_trace[..., None]], axis=-1
    )


def without_support(resolution: float, z_score: float | None) -> NDArray[np.float64]:
    """Features (7,) of a residue that nothing speaks for; see `features`."""
    least = logit(LEAST)
    return np.array([least, least, 0.0, 0.0, 0.0, resolution, bounded_z(z_score)])


def bounded_z(z_score: float | None) -> float:
    """The z-score as a feature; NaN where it was not looked at."""
    return float("nan") if z_score is None else float(np.clip(z_score, 0.0, HIGHEST_Z))


def fit(
    values: NDArray[np.float64],
    truth: NDArray[np.float64],
    weight: NDArray[np.float64] | None = None,
    *,
    names: tuple[str, ...] = FEATURES,
    penalty: float = PENALTY,
) -> Calibration:
    """Fit features (n, k) to accuracies (n,) by cross-entropy, slopes held small by `penalty`.

    Residues weigh by `weight` (n,), alike without. `names` are those of the features.
    """
    share = np.full(len(truth), 1.0 / len(truth)) if weight is None else weight / weight.sum()
    mean = share @ values
    deviation = np.maximum(np.sqrt(share @ (values - mean) ** 2), LEAST_DEVIATION)
    scaled = (values - mean) / deviation

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = scaled @ weights[:-1] + weights[-1]
        off = share * (expit(logits) - truth)
        value = share @ (np.logaddexp(0.0, logits) - truth * logits)
        gradient = np.append(off @ scaled + penalty * weights[:-1], off.sum())
        return float(value + 0.5 * penalty * weights[:-1] @ weights[:-1]), gradient

    best = minimize(loss, np.zeros(values.shape[1] + 1), jac=True, method="L-BFGS-B").x
    return Calibration(mean, deviation, best[:-1], float(best[-1]), names=names)


def read_calibration(path: Path) -> Calibration:
    """Read what `benchmark.fitting.confidence` wrote.

    Raises
    ------
    InputError
        Not such a file.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        added = {
            key: _calibration(content[key], names)
            for key, names in (("led", TEMPLATE_FEATURES), ("traced", TRACED_FEATURES))
            if key in content
        }
        return replace(_calibration(content, FEATURES), **added)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: damaged ({error}); install Critasser again") from None


def _calibration(content: Mapping[str, Any], names: tuple[str, ...]) -> Calibration:
    if tuple(content["features"]) != names:
        raise ValueError("fitted to other features")
    arrays = [np.array(content[key], dtype=float) for key in ("mean", "deviation", "slope")]
    if any(array.shape != (len(names),) for array in arrays):
        raise ValueError("numbers are missing")
    return Calibration(*arrays, float(content["intercept"]), names=names)
