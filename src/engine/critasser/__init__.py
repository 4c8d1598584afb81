"""Atomic models with confidences from cryo-EM maps and protein sequences.

Whole jobs, as the command line runs them: `build`, `score`, `fit`, `open`. Single steps, on arrays:
`read_map`, `simulate`, `segment`, `predict_calpha`, `trace_chains`, `fit_templates`, `assemble`,
`build_atoms`. Nothing is loaded before it is used.

Examples
--------
>>> import critasser
>>> density = critasser.read_map("map.mrc")
>>> density.shape
(46, 34, 30)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from critasser.api.chains import (
        Assembly,
        Tracing,
        assemble,
        build_atoms,
        fit_templates,
        trace_chains,
    )
    from critasser.api.fits import FitResults, FittedDomain, FittedModel
    from critasser.api.jobs import build, fit, score
    from critasser.api.maps import read_map, simulate, write_map
    from critasser.api.models import read_model, read_sequences, write_model
    from critasser.api.prediction import Prediction, predict_calpha
    from critasser.api.results import ModelResult, Results, open
    from critasser.api.segments import MapRegions, segment
    from critasser.density import FeatureMaps, Grid
    from critasser.errors import Cancelled, InputError
    from critasser.job.progress import Event
    from critasser.structure import AtomicModel, CalphaSet, Sequence, Target, Template, Trace

__version__ = "0.1.0"

__all__ = [
    "build",
    "score",
    "fit",
    "open",
    "Results",
    "ModelResult",
    "FitResults",
    "FittedModel",
    "FittedDomain",
    "Event",
    "read_map",
    "write_map",
    "simulate",
    "segment",
    "read_sequences",
    "read_model",
    "write_model",
    "predict_calpha",
    "trace_chains",
    "fit_templates",
    "assemble",
    "build_atoms",
    "Prediction",
    "Tracing",
    "Assembly",
    "Grid",
    "MapRegions",
    "FeatureMaps",
    "CalphaSet",
    "Trace",
    "Template",
    "Sequence",
    "Target",
    "AtomicModel",
    "InputError",
    "Cancelled",
]

_PLACES = {
    "api.chains": (
        "Assembly", "Tracing", "assemble", "build_atoms", "fit_templates", "trace_chains",
    ),
    "api.fits": ("FitResults", "FittedDomain", "FittedModel"),
    "api.jobs": ("build", "fit", "score"),
    "api.maps": ("read_map", "simulate", "write_map"),
    "api.models": ("read_model", "read_sequences", "write_model"),
    "api.prediction": ("Prediction", "predict_calpha"),
    "api.results": ("ModelResult", "Results", "open"),
    "api.segments": ("MapRegions", "segment"),
    "density": ("FeatureMaps", "Grid"),
    "errors": ("Cancelled", "InputError"),
    "job.progress": ("Event",),
    "structure": ("AtomicModel", "CalphaSet", "Sequence", "Target", "Template", "Trace"),
}
_MODULES = {name: module for module, names in _PLACES.items() for name in names}

if not TYPE_CHECKING:  # or type checkers would take any name for one that is there

    def __getattr__(name):
        """Load what is asked for when it is asked for: torch and OpenMM take seconds (PEP 562)."""
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
