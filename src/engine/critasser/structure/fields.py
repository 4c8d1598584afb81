"""Check and convert the arrays of frozen results."""

from __future__ import annotations

import numpy as np

__all__ = ["check_shape", "set_array"]


def check_shape(owner: object, name: str, shape: tuple[int | None, ...]) -> None:
    """ValueError unless the field is an array of that shape (None: any length)."""
    found = np.shape(getattr(owner, name))
    if len(found) != len(shape) or any(b not in (None, a) for a, b in zip(found, shape)):
        raise ValueError(f"{type(owner).__name__}.{name} has shape {found}, not {shape}")


def set_array(owner: object, name: str, dtype: type) -> None:
    object.__setattr__(owner, name, np.ascontiguousarray(getattr(owner, name), dtype=dtype))
