"""Fit how far residues can be trusted that lie where a template has them; judge it by builds.

    python -m benchmark.templates --row learnt --work ~/templates
    python -m benchmark.foreign --set validation learnt jobs --jobs JOBS --work ~/foreign
    python -m benchmark.fitting.led_confidence --jobs JOBS --work ~/foreign

learns from structures that `benchmark.foreign` laid in maps of validation chains and, from JOBS
(the folder of a quality of `benchmark.templates`), in experimental maps of group train: right ones,
bent, warped and out of register ones, right ones once more with errors as predictions
have them, and other folds by the target's letters where they fit best, though they would be
refused; and from the templates of the builds of its row learnt. Structures weigh by what they
are, not by their residues. Writes ``led`` in ``weights/confidence.json`` and its card; the rest of
the file stays. Figures are of proteins that were left out of the fit.

    python -m benchmark.templates --row predicted bent own homologue known --work ~/templates
    python -m benchmark.fitting.led_confidence --judge --work ~/templates/draft/templates

tells of each build with templates its mean confidence, with and without what templates say, beside
the true mean accuracy, by the file that is there.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import zlib
from collections.abc import Iterator
from collections.abc import Sequence as Several
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from benchmark.build import ROOT, program
from benchmark.fitting.confidence import clusters, figures, print_card, protein
from benchmark.fitting.led_builds import LedBuild, told
from benchmark.foreign import learnable
from benchmark.measures import target_of
from benchmark.sets import BenchmarkTarget
from benchmark.template_cases import ROWS, TemplateCase, cases
from critasser.fitting import FINE_BLUR, network_fields
from critasser.job.arrays import load_calpha, load_features, load_templates
from critasser.pipeline.files import CALPHA, DENSITY, FEATURES, TEMPLATES
from critasser.pipeline.stages.judged_templates import Seen, judged_by_map
from critasser.quality import accuracy, fit, read_calibration
from critasser.quality.calibration import TEMPLATE_FEATURES, Calibration, features
from critasser.quality.templates import template_features
from critasser.structure import CalphaSet, Template

__all__ = ["main"]

FEWEST_MAPS = 5
"""That can be learnt from."""

ERRORS, SMOOTH, INACCURATE = (0.5, 3.0), 4.0, 2
"""Å root mean square by which residues of inaccurate structures are off, deviation in residues of
the Gaussian that smooths errors along the chain, and how many are made of each right one."""

WEIGHT = {"misnamed": 0.1, "spoilt": 0.3, "inaccurate": 0.5}
"""Of structures by their kind, 1 of the others. There are four other folds and two inaccurate
structures in each map. Other folds are mostly refused, and few of the models that people bring have
stretches out of register: what lies well is not to be doubted for these."""

RIGHT = ("own used", "bent used")
"""Of the first of which inaccurate ones are made."""


@dataclass(frozen=True, eq=False)
class Laid:
    """A structure laid in a map: what is known of its residues, and how accurate they are."""

    map: str
    kind: str
    known: NDArray[np.float64]
    truth: NDArray[np.float64]


def laid_structures(data: Path, work: Path, jobs: Path | None) -> Iterator[Laid]:
    """All of the maps that `benchmark.foreign` has finished, and templates of builds."""
    for target, title, folder, seen_in in learnable(data, work, jobs):
        letters = target_of(target)
        calpha, _, _ = load_calpha(seen_in / CALPHA)
        given = list(load_templates(folder / TEMPLATES))
        maps = load_features(seen_in / FEATURES, seen_in / DENSITY)
        fields = network_fields(maps)
        rng = np.random.default_rng(zlib.crc32(title.encode()))
        right = [one for one in given if one.source in RIGHT][:1] * INACCURATE
        off = [_inaccurate(one, rng) for one in right]
        off = judged_by_map(
            off, calpha, letters, seen=Seen(fields.blurred(FINE_BLUR), maps, target.resolution)
        )
        for one in [*given, *off]:
            yield _laid(one, one.source, title, target, calpha)
    for case, job in _learnt_jobs(data, jobs):
        calpha, _, _ = load_calpha(job / CALPHA)
        for one in load_templates(job / TEMPLATES):
            yield _laid(one, f"{case.kind} used", case.target.folder, case.target, calpha)


def _laid(
    template: Template, kind: str, title: str, target: BenchmarkTarget, calpha: CalphaSet
) -> Laid:
    # Of a template alone, eTM and correlations say nothing; no feature of templates is one.
    letters = target_of(target)
    flat = np.ones(len(letters))
    seen = features(
        template.positions, letters, calpha, target.resolution, 1.0, flat, flat, None
    )
    there = template.placed & np.isfinite(target.native).all(axis=1)
    away = np.linalg.norm(template.positions - target.native, axis=1)
    known = template_features(template, seen, letters)[there]
    return Laid(title, kind, known, accuracy(away[there]))


def _inaccurate(template: Template, rng: np.random.Generator) -> Template:
    """With errors that neighbours share."""
    size = float(rng.uniform(*ERRORS))
    errors = gaussian_filter1d(rng.normal(size=template.positions.shape), SMOOTH, axis=0)
    errors *= size / np.sqrt(np.mean(np.sum(errors**2, axis=1)))
    return dataclasses.replace(template, positions=template.positions + errors, source="inaccurate")


def _fitted(laid: Several[Laid]) -> Calibration:
    known, truth = zip(*((one.known, one.truth) for one in laid))
    weight = [
        np.full(len(one.truth), WEIGHT.get(one.kind.split()[0], 1.0) / len(one.truth))
        for one in laid
    ]
    return fit(
        np.concatenate(known), np.concatenate(truth), np.concatenate(weight),
        names=TEMPLATE_FEATURES,
    )  # fmt: skip


def _learn(args: argparse.Namespace) -> int:
    laid = [one for one in laid_structures(args.data, args.work, args.jobs) if len(one.truth)]
    maps = sorted({one.map for one in laid})
    if len(maps) < FEWEST_MAPS:
        raise SystemExit(f"{args.work}: {len(maps)} maps finished; {FEWEST_MAPS} are needed")
    alike = clusters(args.data)
    kind = {name: alike.get(name.split("-")[0], protein(name)) for name in maps}
    expected: dict[str, list[NDArray[np.float64]]] = {}
    truth: dict[str, list[NDArray[np.float64]]] = {}
    for name in maps:
        left_out = _fitted([one for one in laid if kind[one.map] != kind[name]])
        for one in laid:
            if one.map == name:
                expected.setdefault(one.kind, []).append(left_out.expected(one.known))
                truth.setdefault(one.kind, []).append(one.truth)
    card: dict[str, object] = {
        "made by": "python -m benchmark.fitting.led_confidence",
        "program": program(),
        "maps": maps,
        "structures": len(laid),
        "residues": sum(len(one.truth) for one in laid),
    }
    for group in sorted(truth):
        means = np.array([[e.mean(), t.mean()] for e, t in zip(expected[group], truth[group])])
        card[f"left out: {group}, n, expected, true, size of difference"] = [
            len(means), *means.mean(axis=0).round(3).tolist(),
            round(float(np.abs(means[:, 0] - means[:, 1]).mean()), 3),
        ]  # fmt: skip
    every, true = (
        np.concatenate([one for group in truth if group.endswith(" used") for one in some[group]])
        for some in (expected, truth)
    )
    card |= figures({"of templates that are used": every}, true, "left out")
    content = json.loads(args.output.read_text(encoding="utf-8"))
    card |= _left_out_builds(args, laid, kind)
    content["led"] = _fitted(laid).to_json() | {"card": card}
    args.output.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print_card(card)
    return 0


def _judge(args: argparse.Namespace) -> int:
    """Mean confidence of first models of builds with templates beside their mean accuracy."""
    calibration = read_calibration(args.output)
    builds = []
    for row in (name for name in ROWS if name != "learnt"):
        for case in cases(args.data, row):
            job = args.work / row / case.name / "job"
            if not (job / "results.json").exists():
                continue
            builds.append(one := LedBuild.of(job, case.target, calibration))
            print(f"{row:10s} {case.name:38s} alone {one.alone.mean():.2f}  with templates "
                  f"{one.shown.mean():.2f}  true {one.truth.mean():.2f}")  # fmt: skip
    if not builds:
        raise SystemExit(f"{args.work}: no finished build with templates")
    print_card(told(builds, "builds"))
    return 0


def _left_out_builds(
    args: argparse.Namespace, laid: Several[Laid], kind: dict[str, str]
) -> dict[str, object]:
    """What is told of the builds of the row learnt, each judged by a fit to others."""
    calibration, builds = read_calibration(args.output), []
    for case, job in _learnt_jobs(args.data, args.jobs):
        mine = kind.get(case.target.folder)
        led = _fitted([one for one in laid if kind[one.map] != mine])
        one = LedBuild.of(job, case.target, dataclasses.replace(calibration, led=led))
        if one.led:
            builds.append(one)
    return told(builds, "left out, builds") if builds else {}


def _learnt_jobs(data: Path, jobs: Path | None) -> Iterator[tuple[TemplateCase, Path]]:
    """Finished builds of the row learnt."""
    for case in cases(data, "learnt") if jobs else ():
        folder = jobs / "templates" / case.row / case.name
        if (folder / "row.json").is_file():
            yield case, folder / "job"


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--work", type=Path, required=True, help="of benchmark.foreign, or of builds"
    )
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--output", type=Path, default=ROOT / "weights" / "confidence.json")
    parser.add_argument("--jobs", type=Path, help="as benchmark.foreign was given it")
    parser.add_argument(
        "--judge", action="store_true", help="judge the file that is there by builds"
    )
    args = parser.parse_args()
    return _judge(args) if args.judge else _learn(args)


if __name__ == "__main__":
    sys.exit(main())
