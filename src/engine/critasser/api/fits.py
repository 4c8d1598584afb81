"""What a fit has made, read from its folder."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from critasser.errors import InputError
from critasser.job.folder import Job
from critasser.job.records import read_json
from critasser.structure import AtomicModel, ModelFile

__all__ = ["FitResults", "FittedDomain", "FittedModel", "read_fit"]


@dataclass(frozen=True)
class FittedDomain:
    """Where a domain of a placed model lies.

    Attributes
    ----------
    residues : str
        By the model's own chains and numbers, such as ``A:1-120,150-180``.
    count : int
        How many they are.
    placed : bool
        Whether it has a place of its own; else it went along with its neighbour.
    share_near : float
        Share of its Cα with a position of the map within 3 Å.
    correlation : float
        Of its simulated density with the map, near its atoms.
    z_score : float
        Of its place among its other poses; NaN without a place.
    runner_up : float
        z-score of its next best pose; NaN where there is none.
    verdict : str
        ``unique``, ``unique with the whole``, ``equal`` or ``ambiguous``; empty without a place.
    equal_places : int
        Poses that are as good as its best, that one included.
    """

    residues: str
    count: int
    placed: bool
    share_near: float
    correlation: float
    z_score: float
    runner_up: float
    verdict: str
    equal_places: int


@dataclass(frozen=True)
class FittedModel:
    """A model in one of its places.

    Attributes
    ----------
    rank : int
        1 is the best.
    path : Path
        mmCIF file in the map's frame; all else is as in the model that was given.
    share_near, correlation : float
        As of a domain; residues of low predicted confidence do not count in the first.
    units : int
        How many of it the map has by the symmetry that was given, this one included; all are
        assembly 1 of the file.
    domains : tuple of FittedDomain
    """

    rank: int
    path: Path
    share_near: float
    correlation: float
    units: int
    domains: tuple[FittedDomain, ...]

    def read(self) -> AtomicModel:
        """All atoms, from the file."""
        return ModelFile.read(self.path).model()


@dataclass(frozen=True)
class FitResults:
    """What a finished fit has made.

    Attributes
    ----------
    folder : Path
    places : tuple of FittedModel
        Best first; several where the model fits several places equally well.
    symmetry : mapping or None
        ``name``, ``units`` that the map has of the best place, and ``correlation`` of the map with
        its images; None where no symmetry was given, or the map does not have it.
    resolution : float
        Å, given or estimated.
    warnings : tuple of str
    timings : mapping of str to float
        Seconds of each stage.
    """

    folder: Path
    places: tuple[FittedModel, ...]
    symmetry: Mapping[str, Any] | None
    resolution: float
    warnings: tuple[str, ...]
    timings: Mapping[str, float]


def read_fit(folder: Path) -> FitResults:
    """The results of a finished fit; nothing in the folder is taken on trust.

    Raises
    ------
    InputError
        Not finished, or damaged.
    """
    job = Job(folder)
    content = read_json(job.path("results.json"))
    if content is None:
        raise InputError(
            f"{folder}: no results there; the job is not finished, go on with it by "
            f"critasser.fit(…, resume=True) or critasser fit --resume {folder}"
        )
    try:
        return FitResults(
            job.folder,
            tuple(_model(job, entry) for entry in content["models"]),
            content.get("symmetry"),
            float(content["resolution"]),
            tuple(map(str, content["warnings"])),
            {str(k): float(v) for k, v in content["timings"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"{job.folder}: its results are damaged ({type(error).__name__}: {error}); delete "
            "results.json and resume the job"
        ) from None


def _model(job: Job, entry: Mapping[str, Any]) -> FittedModel:
    return FittedModel(
        int(entry["rank"]),
        job.path(str(entry["file"])),
        float(entry["share_near"]),
        float(entry["correlation"]),
        int(entry.get("units", 1)),
        tuple(_domain(one) for one in entry["domains"]),
    )


def _domain(entry: Mapping[str, Any]) -> FittedDomain:
    z_score, runner_up = (
        math.nan if entry[name] is None else float(entry[name]) for name in ("z_score", "runner_up")
    )
    return FittedDomain(
        str(entry["residues"]),
        int(entry["count"]),
        bool(entry["placed"]),
        float(entry["share_near"]),
        float(entry["correlation"]),
        z_score,
        runner_up,
        str(entry["verdict"]),
        int(entry["equal_places"]),
    )
