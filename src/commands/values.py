"""Turn what commands give back into plain values, for programs that run them from outside."""

from __future__ import annotations

import functools
import inspect
import json
import math
import os
from collections.abc import Callable
from typing import Any

import numpy as np
from chimerax.core.commands import JSONResult
from chimerax.core.models import Model
from chimerax.core.tasks import Job

from ..models.pairing import Comparison
from ..models.places import Place

__all__ = ["plain", "with_plain_values"]


def plain(value: Any) -> Any:
    """A value as text, number, or list of these.

    A job is its number, a model its specifier, a region of residues its text, a comparison the
    number of pairs with RMSD in Å and both TM-scores; what is no finite number is None.
    """
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (np.generic, np.ndarray)):
        return plain(value.tolist())
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Job):
        return value.id
    if isinstance(value, Model):
        return None if value.id is None else value.atomspec
    if isinstance(value, Comparison):
        return plain([len(value.distances), value.rmsd, value.tm, value.best_tm])
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, Place):
        return str(value)
    raise TypeError(f"a command gave back {type(value).__name__}, which has no plain value")


def with_plain_values(function: Callable) -> Callable:
    """The function of a command that also gives plain values, where JSON is asked for.

    Python scripts are given the jobs and models themselves.
    """
    signature = inspect.signature(function)
    asked = inspect.Parameter("return_json", inspect.Parameter.KEYWORD_ONLY, default=False)

    @functools.wraps(function)
    def command(session, *arguments, return_json: bool = False, **keywords):
        value = function(session, *arguments, **keywords)
        if isinstance(value, os.PathLike):
            value = os.fspath(value)
        if not return_json:
            return value
        value = plain(value)
        return JSONResult(json.dumps(value), value)

    command.__signature__ = signature.replace(parameters=[*signature.parameters.values(), asked])
    return command
