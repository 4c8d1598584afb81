"""Fit the confidence that is shown to finished builds of known structures.

    python -m benchmark.build --set val lifelike experimental --quality draft --work ~/benchmark
    python -m benchmark.fitting.confidence --quality draft --work ~/benchmark

Learns from the sets val and lifelike and from the experimental maps of group train, and writes
``weights/confidence.json`` with a card: builds, residues, and how far shown confidence and true
accuracy are apart before and after, each target judged by a fit to the others; and the same for the
experimental maps of group bench, of which nothing is learnt. With ``--judge`` only those are told,
of the file that is there.

    python -m benchmark.templates --row spoilt own bent homologue --work ~/templates
    python -m benchmark.fitting.confidence --led --quality draft --work ~/templates

fits what templates add, to builds of validation chains and of experimental maps of group train with
templates, and leaves the rest of the file as it is. Since templates that mislead all along are rare
among them, each build counts a second time as it would be had its template been laid in the map
some residues out of register and been followed. Row predicted and group bench are what it is judged
by.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence as Several
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.build import ROOT
from benchmark.sets import BenchmarkTarget, targets
from benchmark.template_cases import cases
from critasser.job.arrays import load_arrays, load_calpha, load_templates
from critasser.pipeline.files import CALPHA, QUALITY, TEMPLATES
from critasser.pipeline.stages.templates import with_z_scores
from critasser.quality import Calibration, accuracy, fit, read_calibration
from critasser.quality.calibration import FEATURES, features, led_features
from critasser.structure import Sequence, Target

__all__ = ["calibration_error", "main"]

BINS = 10
"""Of equally many residues, over which shown and true accuracy are compared."""

FEWEST_TARGETS = 5
"""Builds that can be learnt from."""


def _residues(
    job: Path, native: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Features, local confidence and true accuracy of the residues of all models of a job."""
    with np.load(job / "5_models" / "quality.npz", allow_pickle=False) as file:
        features, confidence, calpha = (
            file[name] for name in ("features", "local_confidence", "calpha")
        )
    if features.shape[-1] != len(FEATURES):
        raise SystemExit(f"{job}: built by an older Critasser; build it again")
    resolved = np.isfinite(native).all(axis=1)
    distance = np.linalg.norm(calpha[:, resolved] - native[resolved], axis=-1)
    return (
        features[:, resolved].reshape(-1, features.shape[-1]),
        np.clip(confidence[:, resolved].ravel(), 0.0, 1.0),
        accuracy(distance).ravel(),
    )


def calibration_error(shown: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """Mean distance of shown confidence from mean accuracy over ten bins of residues (n,)."""
    order = np.argsort(shown, kind="stable")
    parts = np.array_split(order, BINS)
    off = [abs(shown[part].mean() - truth[part].mean()) for part in parts if len(part)]
    return float(np.mean(off))


def _builds(
    data: Path, work: Path, quality: str
) -> dict[str, tuple[str, tuple[NDArray[np.float64], ...]]]:
    """Group and residues of every finished build of one chain: of the native's own order."""
    builds = {}
    for which in ("val", "lifelike", "experimental"):
        for target in targets(data, which):
            job = work / quality / which / target.folder / "job"
            if (job / "results.json").exists() and len(target.chains) == 1:
                builds[target.name] = (target.group, _residues(job, target.native))
    return builds


LED_ROWS, JUDGED_ROWS = ("spoilt", "own", "bent", "homologue"), ("predicted", "own", "bent")
"""Rows of `benchmark.templates` that are learnt from, group bench aside, and judged by: group bench
and natives of predicted models."""

Led = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
"""Of residues: features without templates, what templates add, true accuracy."""


MISLED = 4
"""Residues by which templates that mislead are out of register."""


def _led_builds(data: Path, work: Path, quality: str) -> tuple[dict[str, Led], dict[str, Led]]:
    """Builds with templates that are learnt from and that are judged by."""
    learnt, judged = {}, {}
    for row in dict.fromkeys((*LED_ROWS, *JUDGED_ROWS)):
        for case in cases(data, row):
            job = work / quality / "templates" / row / case.name / "job"
            if not (job / "results.json").exists() or len(case.target.chains) != 1:
                continue
            name = f"{row} {case.name}"
            if case.target.group in ("bench", "predicted"):
                judged[name] = _led(job, case.target.native)
            else:
                learnt[name] = _led(job, case.target.native)
                learnt[f"{name} misled"] = _misled(job, case.target)
    return learnt, judged


def _misled(job: Path, target: BenchmarkTarget) -> Led:
    """A build's first model as if its templates had been out of register, and it with them."""
    names = ("order", "calpha", "etm", "local_pcc", "local_confidence")
    order, models, etm, local_pcc, local_confidence = load_arrays(job / QUALITY, *names)
    best = int(order[0])
    calpha, _, _ = load_calpha(job / CALPHA)
    letters = Target((Sequence(target.name, target.letters[0]),))
    moved = tuple(
        dataclasses.replace(one, positions=np.roll(one.positions, MISLED, axis=0))
        for one in load_templates(job / TEMPLATES)
    )
    moved = with_z_scores(moved, calpha, letters)
    trace = np.roll(models[best], MISLED, axis=0)
    results = json.loads((job / "results.json").read_text(encoding="utf-8"))
    known = features(
        trace, letters, calpha, target.resolution, float(etm[best]), local_pcc[best],
        local_confidence[best], results["sequence_z_score"],
    )  # fmt: skip
    resolved = np.isfinite(target.native).all(axis=1)
    truth = accuracy(np.linalg.norm(trace[resolved] - target.native[resolved], axis=-1))
    return known[resolved], led_features(trace, moved)[resolved], truth


def _led(job: Path, native: NDArray[np.float64]) -> Led:
    with np.load(job / "5_models" / "quality.npz", allow_pickle=False) as file:
        features, led, calpha = (file[name] for name in ("features", "led_features", "calpha"))
    resolved = np.isfinite(native).all(axis=1)
    distance = np.linalg.norm(calpha[:, resolved] - native[resolved], axis=-1)
    return (
        features[:, resolved].reshape(-1, features.shape[-1]),
        led[:, resolved].reshape(-1, led.shape[-1]),
        accuracy(distance).ravel(),
    )


def _fitted(calibration: Calibration, builds: Several[Led]) -> Calibration:
    """What templates add, fitted to builds."""
    values, template, truth = (np.concatenate(column) for column in zip(*builds))
    return fit(template, truth, known=calibration.log_odds(values))


def _fit_led(args: argparse.Namespace) -> int:
    """Fit what templates add to confidence."""
    calibration = dataclasses.replace(read_calibration(args.output), led=None)
    learnt, judged = _led_builds(args.data, args.work, args.quality)
    learnt = {name: build for name, build in learnt.items() if name not in args.without}
    if len(learnt) < FEWEST_TARGETS:
        raise SystemExit(
            f"{args.work}: {len(learnt)} builds with templates; {FEWEST_TARGETS} are needed"
        )
    left_out = []
    for name, build in learnt.items():
        mine = _protein(name.split()[1])
        others = [one for other, one in learnt.items() if _protein(other.split()[1]) != mine]
        led = dataclasses.replace(calibration, led=_fitted(calibration, others))
        left_out.append(led.expected_led(*build[:2]))
    led = dataclasses.replace(calibration, led=_fitted(calibration, list(learnt.values())))
    truth = np.concatenate([build[2] for build in learnt.values()])
    before = np.concatenate([calibration.expected(build[0]) for build in learnt.values()])
    card: dict[str, object] = {
        "made by": "python -m benchmark.fitting.confidence --led",
        "builds": list(learnt),
        "residues": len(truth),
    }
    shown = {"without what templates add": before, "with it": np.concatenate(left_out)}
    card |= _figures(shown, truth, "left out")
    if judged:
        truth = np.concatenate([build[2] for build in judged.values()])
        before = np.concatenate([calibration.expected(build[0]) for build in judged.values()])
        after = np.concatenate([led.expected_led(*build[:2]) for build in judged.values()])
        card["judged by"] = list(judged)
        shown = {"without what templates add": before, "with it": after}
        card |= _figures(shown, truth, "unseen")
    content = json.loads(args.output.read_text(encoding="utf-8"))
    content["led"] = led.to_json()["led"] | {"card": card}
    args.output.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    _print(card)
    return 0


def _protein(name: str) -> str:
    """Maps of one entry show one protein, or proteins that are alike."""
    return "-".join(name.split("_")[0].split("-")[:2])


def _figures(
    shown: dict[str, NDArray[np.float64]], truth: NDArray[np.float64], where: str
) -> dict[str, float]:
    figures = {}
    for name, values in shown.items():
        figures[f"{where}: calibration error, {name}"] = calibration_error(values, truth)
        figures[f"{where}: correlation with accuracy, {name}"] = float(
            np.corrcoef(values, truth)[0, 1]
        )
    return figures


def _unseen_figures(
    calibration: Calibration, unseen: list[tuple[NDArray[np.float64], ...]]
) -> dict[str, float]:
    """Figures of the experimental maps of group bench."""
    if not unseen:
        raise SystemExit("no build of an experimental map of group bench is finished")
    values, before, truth = (np.concatenate(column) for column in zip(*unseen))
    shown = {"local confidence": before, "calibrated": calibration.expected(values)}
    return _figures(shown, truth, "experimental bench")


def _print(card: dict[str, object]) -> None:
    for name, value in card.items():
        print(f"{name}: {value if not isinstance(value, float) else round(value, 3)}")


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True, help="of benchmark.build")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--quality", default="standard")
    parser.add_argument("--output", type=Path, default=ROOT / "weights" / "confidence.json")
    parser.add_argument(
        "--judge", action="store_true", help="judge the file that is there; learn nothing"
    )
    parser.add_argument("--led", action="store_true", help="fit what templates add")
    parser.add_argument("--without", nargs="+", default=(), help="names of targets left out")
    args = parser.parse_args()
    if args.led:
        return _fit_led(args)
    builds = _builds(args.data, args.work, args.quality)
    builds = {name: build for name, build in builds.items() if name not in args.without}
    learnt = {name: parts for name, (group, parts) in builds.items() if group != "bench"}
    unseen = [parts for group, parts in builds.values() if group == "bench"]
    if args.judge:
        _print(_unseen_figures(read_calibration(args.output), unseen))
        return 0
    if len(learnt) < FEWEST_TARGETS:
        raise SystemExit(
            f"{args.work}: {len(learnt)} finished builds to learn from; {FEWEST_TARGETS} are needed"
        )
    values, before, truth = (np.concatenate(column) for column in zip(*learnt.values()))
    judged = []
    for name, (mine, _, _) in learnt.items():
        others = [parts for other, parts in learnt.items() if _protein(other) != _protein(name)]
        calibration = fit(*(np.concatenate([part[c] for part in others]) for c in (0, 2)))
        judged.append(calibration.expected(mine))
    calibration = fit(values, truth)
    card = {
        "made by": "python -m benchmark.fitting.confidence",
        "builds": {name: builds[name][0] for name in learnt},
        "residues": len(truth),
    } | _figures(
        {"local confidence": before, "calibrated": np.concatenate(judged)}, truth, "left out"
    )
    if unseen:
        card |= _unseen_figures(calibration, unseen)
    if args.output.exists():
        calibration = dataclasses.replace(calibration, led=read_calibration(args.output).led)
    args.output.write_text(
        json.dumps(calibration.to_json() | {"card": card}, indent=1) + "\n", encoding="utf-8"
    )
    _print(card)
    return 0


if __name__ == "__main__":
    sys.exit(main())
