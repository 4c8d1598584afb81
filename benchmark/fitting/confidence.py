"""Fit the confidence that is shown to finished builds of known structures.

    python -m benchmark.build --set val lifelike experimental --quality draft --work ~/benchmark
    python -m benchmark.fitting.confidence --quality draft --work ~/benchmark

Learns from the sets val and lifelike and from the experimental maps of group train, and writes
``weights/confidence.json`` with a card: builds, residues, and how far shown confidence and true
accuracy are apart before and after, each target judged by a fit to the others; and the same for the
experimental maps of group bench, of which nothing is learnt. With ``--judge`` only those are told,
of the file that is there.

What templates add is fitted by `benchmark.fitting.led_confidence`; it stays as it is.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.build import ROOT
from benchmark.sets import targets
from critasser.quality import Calibration, accuracy, fit, read_calibration
from critasser.quality.calibration import FEATURES

__all__ = ["calibration_error", "figures", "main", "print_card", "protein"]

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


def protein(name: str) -> str:
    """Maps of one entry show one protein, or proteins that are alike."""
    return "-".join(name.split("_")[0].split("-")[:2])


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


def _unseen_figures(
    calibration: Calibration, unseen: list[tuple[NDArray[np.float64], ...]]
) -> dict[str, float]:
    """Figures of the experimental maps of group bench."""
    if not unseen:
        raise SystemExit("no build of an experimental map of group bench is finished")
    values, before, truth = (np.concatenate(column) for column in zip(*unseen))
    shown = {"local confidence": before, "calibrated": calibration.expected(values)}
    return figures(shown, truth, "experimental bench")


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
    parser.add_argument("--without", nargs="+", default=(), help="names of targets left out")
    args = parser.parse_args()
    builds = _builds(args.data, args.work, args.quality)
    builds = {name: build for name, build in builds.items() if name not in args.without}
    learnt = {name: parts for name, (group, parts) in builds.items() if group != "bench"}
    unseen = [parts for group, parts in builds.values() if group == "bench"]
    if args.judge:
        print_card(_unseen_figures(read_calibration(args.output), unseen))
        return 0
    if len(learnt) < FEWEST_TARGETS:
        raise SystemExit(
            f"{args.work}: {len(learnt)} finished builds to learn from; {FEWEST_TARGETS} are needed"
        )
    values, before, truth = (np.concatenate(column) for column in zip(*learnt.values()))
    judged = []
    for name, (mine, _, _) in learnt.items():
        others = [parts for other, parts in learnt.items() if protein(other) != protein(name)]
        calibration = fit(*(np.concatenate([part[c] for part in others]) for c in (0, 2)))
        judged.append(calibration.expected(mine))
    calibration = fit(values, truth)
    card = {
        "made by": "python -m benchmark.fitting.confidence",
        "builds": {name: builds[name][0] for name in learnt},
        "residues": len(truth),
    } | figures(
        {"local confidence": before, "calibrated": np.concatenate(judged)}, truth, "left out"
    )
    if unseen:
        card |= _unseen_figures(calibration, unseen)
    if args.output.exists():
        calibration = dataclasses.replace(calibration, led=read_calibration(args.output).led)
    args.output.write_text(
        json.dumps(calibration.to_json() | {"card": card}, indent=1) + "\n", encoding="utf-8"
    )
    print_card(card)
    return 0


if __name__ == "__main__":
    sys.exit(main())
