"""Maps, and what is known of what is in them, in which `benchmark.foreign` tries structures."""

from __future__ import annotations

import csv
import dataclasses
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmark.sets import BenchmarkTarget
from benchmark.template_cases import BEND, SHIFT, WARPS, TemplateCase, cases
from critasser.pipeline.files import CALPHA
from critasser.structure import read_chains

__all__ = ["learnt_maps", "maps_of_builds", "predicted_maps", "validation_maps"]

SHORTEST, LONGEST = 60, 150
"""Residues of the chains of sets validation and predicted."""

RESOLUTIONS = (3.0, 10.0)
"""Å of their maps."""


def validation_maps(data: Path, count: int) -> Iterator[tuple[BenchmarkTarget, list[TemplateCase]]]:
    """Chains of split val, in an order of chance."""
    with (data / "structures" / "index.tsv").open(newline="") as lines:
        rows = [row for row in csv.DictReader(lines, delimiter="\t") if row["split"] == "val"]
    rows = [row for row in rows if SHORTEST <= int(row["length"]) <= LONGEST]
    rng = np.random.default_rng(18)
    order = rng.permutation(len(rows))[:count]
    for k, row in enumerate(rows[r] for r in order):
        path = data / "structures" / row["file"]
        beside = data / "structures" / rows[order[k - 1]]["file"] if k % 2 else None
        resolution, degrees = round(float(rng.uniform(*RESOLUTIONS)), 1), rng.uniform(*BEND)
        target = BenchmarkTarget(
            row["id"], "lifelike", "validation", resolution, read_chains(path), path, True, None,
            beside,
        )  # fmt: skip
        if len(target.chains) == 1:
            yield target, _right_and_wrong(target, float(degrees))


def _right_and_wrong(target: BenchmarkTarget, degrees: float) -> list[TemplateCase]:
    """The native structure as it is, bent, and wrong in places."""
    return [
        TemplateCase("foreign", target, target.source, "own"),
        TemplateCase("foreign", target, target.source, "bent", degrees),
        TemplateCase("foreign", target, target.source, "warped", warps=WARPS),
        TemplateCase("foreign", target, target.source, "spoilt", degrees, SHIFT),
    ]


def predicted_maps(data: Path, count: int) -> Iterator[tuple[BenchmarkTarget, list[TemplateCase]]]:
    """Natives of which models or other states are known, each in one map."""
    rng, found = np.random.default_rng(18), {}
    for case in cases(data, "predicted"):
        if SHORTEST <= len(case.target.native) <= LONGEST:
            found.setdefault((case.target.name, case.kind), case)
    for case in list(found.values())[:count]:
        resolution = round(float(rng.uniform(*RESOLUTIONS)), 1)
        target = dataclasses.replace(case.target, resolution=resolution)
        yield target, [dataclasses.replace(case, target=target, row="foreign", kind="model")]


def maps_of_builds(
    data: Path, jobs: Path
) -> Iterator[tuple[BenchmarkTarget, list[TemplateCase], Path]]:
    """Experimental maps of finished builds."""
    for row in ("own", "bent"):
        for case in cases(data, row):
            job = jobs / "templates" / case.row / case.name / "job"
            if (job / CALPHA).is_file() and len(case.target.chains) == 1:
                yield case.target, [dataclasses.replace(case, row="foreign")], job


def learnt_maps(
    data: Path, jobs: Path
) -> Iterator[tuple[BenchmarkTarget, list[TemplateCase], Path]]:
    """Maps of finished builds of the row learnt, each once."""
    found = set()
    for case in cases(data, "learnt"):
        folder = jobs / "templates" / case.row / case.name
        if (folder / "row.json").is_file() and case.target.folder not in found:
            found.add(case.target.folder)
            degrees = np.random.default_rng(zlib.crc32(case.name.encode())).uniform(*BEND)
            yield case.target, _right_and_wrong(case.target, float(degrees)), folder / "job"
