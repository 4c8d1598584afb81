"""Fit the confidence that is shown to finished builds of known structures.

    python -m benchmark.build --set val lifelike experimental --quality draft --work ~/benchmark
    python -m benchmark.templates --row learnt --quality draft --work ~/benchmark
    python -m benchmark.fitting.confidence --quality draft --work ~/benchmark

Learns from the sets val and lifelike, from the experimental maps of group train, and from those
maps of the row learnt that were built without a template, and writes ``weights/confidence.json``
with a card: builds, residues, and how far shown confidence and true accuracy are apart before and
after, each target judged by a fit to others that are not alike. With ``--judge`` nothing is learnt:
the same is told of the experimental maps of group bench, by the file that is there. Each build
weighs the same, whatever its size.

With ``--traced`` only what the first trace adds is learnt, and the file keeps what is gone by where
none is known: for models from elsewhere, and for those that templates led.

What templates add is fitted by `benchmark.fitting.led_confidence`; it stays as it is.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import itertools
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.build import ROOT, program
from benchmark.measures import native_where_built, target_of
from benchmark.sets import BenchmarkTarget, targets
from benchmark.template_cases import cases
from critasser.density import read_map
from critasser.job.arrays import load_arrays, load_traces
from critasser.pipeline.files import DENSITY, QUALITY, TRACES
from critasser.quality import Calibration, accuracy, first_trace, fit, read_calibration
from critasser.quality.calibration import FEATURES, TRACED_FEATURES, traced_features

__all__ = [
    "Residues",
    "bands",
    "calibration_error",
    "clusters",
    "figures",
    "fitted",
    "main",
    "print_card",
    "protein",
    "residues_of",
]

BINS = 10
"""Of equally many residues, over which shown and true accuracy are compared."""

BANDS = (0.0, 0.3, 0.5, 0.7, 0.9, 1.0)
"""Of shown confidence, for which it is told how right residues are."""

RIGHT = 0.5
"""Accuracy of residues that lie within 2 Å of where they should."""

FEWEST_TARGETS = 5
"""Builds that can be learnt from."""


@dataclass(frozen=True, eq=False)
class Residues:
    """What is known of the residues (n,) of all models of a build, and how right they are.

    Attributes
    ----------
    features : ndarray (n, 7)
    first_trace, local_confidence, truth : ndarray (n,)
        As `quality.first_trace` and equation 12 have it, and the accuracy.
    """

    features: NDArray[np.float64]
    first_trace: NDArray[np.float64]
    local_confidence: NDArray[np.float64]
    truth: NDArray[np.float64]

    @property
    def traced(self) -> NDArray[np.float64]:
        """By `TRACED_FEATURES` (n, 6)."""
        return traced_features(self.features, self.first_trace)

    def shown(self, calibration: Calibration) -> NDArray[np.float64]:
        """Expected accuracy (n,)."""
        return calibration.expected_traced(self.features, self.first_trace)


def residues_of(job: Path, target: BenchmarkTarget) -> Residues:
    """Of all models of a finished job, of residues that have density and are in the native one."""
    features, confidence, calpha, seen = load_arrays(
        job / QUALITY, "features", "local_confidence", "calpha", "seen"
    )
    if features.shape[-1] != len(FEATURES):
        raise SystemExit(f"{job}: built by an older Critasser; build it again")
    traces, density = load_traces(job / TRACES), read_map(job / DENSITY)
    native = np.stack([native_where_built(target, model, density) for model in calpha])
    there = np.isfinite(native).all(axis=-1) & seen
    whole = target_of(target)
    traced = np.stack([first_trace(model, traces, whole) for model in calpha])
    distance = np.linalg.norm(calpha - native, axis=-1)
    return Residues(
        features[there], traced[there], np.clip(confidence[there], 0.0, 1.0),
        accuracy(distance[there]),
    )  # fmt: skip


def calibration_error(shown: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """Mean distance of shown confidence from mean accuracy over ten bins of residues (n,)."""
    order = np.argsort(shown, kind="stable")
    parts = np.array_split(order, BINS)
    off = [abs(shown[part].mean() - truth[part].mean()) for part in parts if len(part)]
    return float(np.mean(off))


def _builds(data: Path, work: Path, quality: str) -> dict[str, tuple[str, Residues]]:
    """Group and residues of every finished build of one chain without a template."""
    found = {}
    jobs = [
        (target, work / quality / which / target.folder / "job")
        for which in ("val", "lifelike", "experimental")
        for target in targets(data, which)
    ]
    jobs += [
        (case.target, work / quality / "templates" / case.row / case.name / "without")
        for case in cases(data, "learnt")
    ]
    for target, job in jobs:
        if (job / "results.json").exists() and len(target.chains) == 1:
            found[target.folder] = (target.group, residues_of(job, target))
    return found


def protein(name: str) -> str:
    """Maps of one entry show one protein, or proteins that are alike."""
    return "-".join(name.split("_")[0].split("-")[:2])


def clusters(data: Path) -> dict[str, str]:
    """Of each chain of the structures its cluster of sequences."""
    with (data / "structures" / "index.tsv").open(newline="") as lines:
        return {row["id"]: row["cluster25"] for row in csv.DictReader(lines, delimiter="\t")}


def fitted(some: Iterable[Residues]) -> Calibration:
    """Calibration by builds that weigh the same each, without what templates add."""
    builds = list(some)
    truth = np.concatenate([one.truth for one in builds])
    weight = np.concatenate([np.full(len(one.truth), 1.0 / len(one.truth)) for one in builds])
    alone = fit(np.concatenate([one.features for one in builds]), truth, weight)
    traced = np.concatenate([one.traced for one in builds])
    known = np.isfinite(traced).all(axis=1)
    told = fit(traced[known], truth[known], weight[known], names=TRACED_FEATURES)
    return dataclasses.replace(alone, traced=told)


def figures(
    shown: dict[str, NDArray[np.float64]], truth: NDArray[np.float64], where: str
) -> dict[str, float]:
    """How far shown values and accuracies of residues are apart, by what is told of them."""
    found = {}
    for name, values in shown.items():
        found[f"{where}: calibration error, {name}"] = calibration_error(values, truth)
        found[f"{where}: correlation with accuracy, {name}"] = float(
            np.corrcoef(values, truth)[0, 1]
        )
    return found


def bands(shown: NDArray[np.float64], truth: NDArray[np.float64]) -> dict[str, str]:
    """Of residues (n,) by what is shown: how many, how accurate, and how many within 2 Å."""
    found = {}
    for low, high in itertools.pairwise(BANDS):
        inside = (shown >= low) & ((shown < high) | (high == BANDS[-1]))
        if inside.any():
            found[f"shown {100 * low:.0f} to {100 * high:.0f}"] = (
                f"{inside.sum()} residues, shown {shown[inside].mean():.2f}, accuracy "
                f"{truth[inside].mean():.2f}, within 2 Å {np.mean(truth[inside] >= RIGHT):.2f}"
            )
    return found


def _told(
    shown: dict[str, NDArray[np.float64]], builds: dict[str, Residues], where: str
) -> dict[str, object]:
    """Figures of builds, by what is shown of each."""
    names = list(builds)
    before, truth, calibrated = (
        np.concatenate([one[name] for name in names])
        for one in (
            {name: build.local_confidence for name, build in builds.items()},
            {name: build.truth for name, build in builds.items()},
            shown,
        )
    )
    off = [float(shown[name].mean() - builds[name].truth.mean()) for name in names]
    told: dict[str, object] = {
        **figures({"local confidence": before, "calibrated": calibrated}, truth, where)
    }
    told[f"{where}: mean of a build, size of shown - true"] = float(np.abs(off).mean())
    told[f"{where}: mean of a build, shown - true"] = float(np.mean(off))
    told |= {f"{where}: {name}": text for name, text in bands(calibrated, truth).items()}
    return told


def _each(shown: dict[str, NDArray[np.float64]], builds: dict[str, Residues]) -> None:
    """Print a line for each build."""
    for name, build in builds.items():
        print(
            f"{name:28s} {len(build.truth):5d} residues  shown {shown[name].mean():.2f}  "
            f"true {build.truth.mean():.2f}"
        )


def print_card(card: dict[str, object]) -> None:
    """Print what a card says, a line each."""
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
    parser.add_argument(
        "--traced", action="store_true", help="learn what traces add; the rest of the file stays"
    )
    parser.add_argument("--without", nargs="+", default=(), help="names of targets left out")
    args = parser.parse_args()
    builds = _builds(args.data, args.work, args.quality)
    if unknown := set(args.without) - set(builds):
        parser.error(f"no build of {', '.join(sorted(unknown))}")
    builds = {name: build for name, build in builds.items() if name not in args.without}
    learnt = {name: build for name, (group, build) in builds.items() if group != "bench"}
    unseen = {name: build for name, (group, build) in builds.items() if group == "bench"}
    if args.judge:
        if not unseen:
            raise SystemExit("no build of an experimental map of group bench is finished")
        shown = {n: one.shown(read_calibration(args.output)) for n, one in unseen.items()}
        _each(shown, unseen)
        print_card(_told(shown, unseen, "experimental bench"))
        return 0
    if len(learnt) < FEWEST_TARGETS:
        raise SystemExit(
            f"{args.work}: {len(learnt)} finished builds to learn from; {FEWEST_TARGETS} are needed"
        )
    alike = clusters(args.data)
    kind = {name: alike.get(name.split("-")[0], protein(name)) for name in learnt}
    shown = {}
    for name, build in learnt.items():
        others = [one for other, one in learnt.items() if kind[other] != kind[name]]
        shown[name] = build.shown(fitted(others))
    _each(shown, learnt)
    card = {
        "made by": "python -m benchmark.fitting.confidence",
        "program": program(),
        "builds": {name: builds[name][0] for name in learnt},
        "residues": sum(len(build.truth) for build in learnt.values()),
    } | _told(shown, learnt, "left out")
    made = fitted(learnt.values()).to_json()
    content = json.loads(args.output.read_text(encoding="utf-8")) if args.output.exists() else {}
    if args.traced:
        content["traced"] = made["traced"] | {"card": card}
    else:
        kept = {"led": content["led"]} if "led" in content else {}
        content = made | {"card": card} | kept
    args.output.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print_card(card)
    return 0


if __name__ == "__main__":
    sys.exit(main())
