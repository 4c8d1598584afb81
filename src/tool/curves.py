"""Numbers behind the plots: scales, ticks, stretches and colours, without a window."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = [
    "Scale",
    "Track",
    "confidence_colors",
    "format_tick",
    "matrix_color",
    "nice_ticks",
    "runs",
]

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


def nice_ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers between two, at most so many."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low or most < 1:
        return []
    raw = (high - low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next((s * power for s in _STEPS if s * power >= raw * (1 - 1e-9)), 10 * power)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [i * step for i in range(first, last + 1)][: most + 1]


def format_tick(value: float) -> str:
    """A tick's label, without a tail of zeros, with a true minus sign."""
    return f"{0.0 if abs(value) < 1e-12 else value:g}".replace("-", "\N{MINUS SIGN}")


@dataclass(frozen=True)
class Scale:
    """From values to pixels and back.

    Attributes
    ----------
    low, high : float
        Values at the ends.
    start, end : float
        Pixels there; `end` may be less than `start`, as upwards on a screen.
    """

    low: float
    high: float
    start: float
    end: float

    def pixel(self, value):
        """Pixel of a value, or of an array of them."""
        span = self.high - self.low or 1.0
        return self.start + (value - self.low) / span * (self.end - self.start)

    def value(self, pixel: float) -> float:
        """Value at a pixel, within the ends."""
        span = (self.end - self.start) or 1.0
        share = min(max((pixel - self.start) / span, 0.0), 1.0)
        return self.low + share * (self.high - self.low)


@dataclass(frozen=True)
class Track:
    """Confidence along one chain.

    Attributes
    ----------
    chain_id : str
    numbers : ndarray (n,) of int
        Of the residues, as they are in the model.
    names : sequence of str
        What the residues are called, such as ``LYS``.
    confidence, local_pcc : ndarray (n,) of float
        0 to 100, −1 to 1; NaN for none.
    """

    chain_id: str
    numbers: np.ndarray
    names: Sequence[str]
    confidence: np.ndarray
    local_pcc: np.ndarray

    def __len__(self) -> int:
        return len(self.numbers)

    def nearest(self, number: float) -> int:
        """Index of the residue whose number is nearest."""
        return int(np.argmin(np.abs(self.numbers - number)))

    def stretch(self, first: float, last: float) -> tuple[int, int] | None:
        """Indices of the first and the last residue with numbers between two, or None."""
        low, high = sorted((first, last))
        inside = np.nonzero((self.numbers >= low - 0.5) & (self.numbers <= high + 0.5))[0]
        return (int(inside[0]), int(inside[-1])) if len(inside) else None

    def below(self, limit: float) -> np.ndarray:
        """Whether (n,) each residue is less sure than a limit."""
        with np.errstate(invalid="ignore"):
            return self.confidence < limit

    def told(self, index: int) -> str:
        """A residue in words."""
        text = f"{self.names[index]} {self.numbers[index]}"
        confidence, pcc = self.confidence[index], self.local_pcc[index]
        text += ", no confidence" if np.isnan(confidence) else f", confidence {confidence:.0f}"
        return text if np.isnan(pcc) else f"{text}, PCC {format_tick(round(float(pcc), 2))}"


def runs(mask: np.ndarray, numbers: np.ndarray) -> list[tuple[int, int]]:
    """First and last index of each stretch that is true; a gap in the numbers ends one."""
    found: list[tuple[int, int]] = []
    for index in np.nonzero(mask)[0].tolist():
        if found and found[-1][1] == index - 1 and numbers[index] - numbers[index - 1] == 1:
            found[-1] = (found[-1][0], index)
        else:
            found.append((index, index))
    return found


def confidence_colors(values: np.ndarray) -> np.ndarray:
    """Colours (n, 3) of confidences as the models have them; grey for none."""
    from chimerax.core.colors import BuiltinColormaps

    values = np.asarray(values, dtype=np.float64)
    known = ~np.isnan(values)
    colors = np.full((len(values), 3), 128, dtype=np.uint8)
    if known.any():
        palette = BuiltinColormaps["alphafold"]
        colors[known] = palette.interpolated_rgba8(values[known])[:, :3]
    return colors


_COLD, _WARM = np.array((235.0, 239.0, 244.0)), np.array((33.0, 102.0, 172.0))


def matrix_color(value: float) -> tuple[int, int, int]:
    """Colour of a TM-score: pale for folds that differ, blue for the same one."""
    share = min(max((value - 0.2) / 0.8, 0.0), 1.0)
    red, green, blue = (_COLD + share * (_WARM - _COLD)).round().astype(int).tolist()
    return red, green, blue
