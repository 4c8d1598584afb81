"""Fit the confidence that is shown to finished builds of validation targets.

    python -m benchmark.build --set val --work ~/benchmark
    python -m benchmark.confidence --work ~/benchmark

Writes ``weights/confidence.json``, with a card: builds, residues, and how far shown confidence and
true accuracy are apart before and after, each target judged by a fit to the others.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.build import ROOT
from benchmark.sets import targets
from critasser.quality import accuracy, fit

__all__ = ["apart", "main"]

BINS = 10
FEWEST_TARGETS = 5


def _residues(
    job: Path, native: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Features, local confidence and true accuracy of the residues of all models of a job."""
    with np.load(job / "5_models" / "quality.npz", allow_pickle=False) as file:
        features, confidence, calpha = (
            file[name] for name in ("features", "local_confidence", "calpha")
        )
    known = np.isfinite(native).all(axis=1)
    distance = np.linalg.norm(calpha[:, known] - native[known], axis=-1)
    return (
        features[:, known].reshape(-1, features.shape[-1]),
        np.clip(confidence[:, known].ravel(), 0.0, 1.0),
        accuracy(distance).ravel(),
    )


def apart(shown: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """Mean distance of shown confidence from mean accuracy over ten bins of residues (n,)."""
    order = np.argsort(shown, kind="stable")
    parts = np.array_split(order, BINS)
    off = [abs(shown[part].mean() - truth[part].mean()) for part in parts if len(part)]
    return float(np.mean(off))


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True, help="of benchmark.build")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--quality", default="standard")
    parser.add_argument("--output", type=Path, default=ROOT / "weights" / "confidence.json")
    args = parser.parse_args()
    names, parts = [], []
    for target in targets(args.data, "val"):
        job = args.work / args.quality / "val" / target.name / "job"
        # Finished ones only; a single chain, so native order is the model's.
        if (job / "results.json").exists() and len(target.chains) == 1:
            names.append(target.name)
            parts.append(_residues(job, target.native))
    if len(parts) < FEWEST_TARGETS:
        raise SystemExit(
            f"{args.work}: {len(parts)} finished builds of the set val; {FEWEST_TARGETS} are needed"
        )
    values, before, truth = (np.concatenate(column) for column in zip(*parts))
    judged = []
    for k in range(len(parts)):
        others = [part for j, part in enumerate(parts) if j != k]
        calibration = fit(*(np.concatenate([part[c] for part in others]) for c in (0, 2)))
        judged.append(calibration.expected(parts[k][0]))
    after = np.concatenate(judged)
    card = {
        "made by": "python -m benchmark.confidence",
        "split": "val",
        "targets": names,
        "residues": len(truth),
        "apart from true accuracy, local confidence": apart(before, truth),
        "apart from true accuracy, calibrated": apart(after, truth),
        "correlation with true accuracy, local confidence": float(np.corrcoef(before, truth)[0, 1]),
        "correlation with true accuracy, calibrated": float(np.corrcoef(after, truth)[0, 1]),
    }
    args.output.write_text(
        json.dumps(fit(values, truth).to_json() | {"card": card}, indent=1) + "\n", encoding="utf-8"
    )
    for name, value in card.items():
        print(f"{name}: {value if not isinstance(value, float) else round(value, 3)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
