"""Measure Cα positions, amino acids and secondary structure by resolution shell and by map.

    python -m benchmark.calpha --work ~/calpha
    python -m benchmark.calpha --work ~/calpha --split bench --chains 35 --plot calpha.png
    python -m benchmark.calpha --work ~/calpha --weights a.safetensors --against b.safetensors

Simulated maps of held-out chains, clean and with noise, and the experimental maps that were not
trained on; the network by several strategies beside baselines that need none. What is measured is
appended to ``WORK/calpha.jsonl`` map by map and not measured again: an interrupted run goes on, a
new strategy or network is measured alone, and the tables are printed from there. Figures do not
know of changes of the program: take another WORK, or see which programs the last line names.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark.build import ROOT
from benchmark.calpha_cases import SHELLS, CalphaCase, experimental, simulated
from benchmark.calpha_table import plot, report
from benchmark.measures import CalphaTruth, calpha_set_figures
from benchmark.records import Record, Records, measure_all
from benchmark.strategies import DEFAULT, MAP_MEASURES, STRATEGIES, VIEWS
from critasser.density import FeatureMaps
from critasser.density.sharpening import sharpened
from critasser.errors import InputError
from critasser.network import load_network, predict
from critasser.pipeline.stages.sharpness import choose_bfactor
from critasser.shipped import RESIDUE_NETWORK, shipped
from critasser.structure import CalphaSet, match_one_to_one

__all__ = ["Work", "helix_strand", "main", "measure_map"]

MATCHED = 2.0
"""Å, within which a position is asked for its secondary structure."""

COIL = 2
"""Class of residues that are in no helix or strand."""

NO_NETWORK = "none"
"""Stands for the checksum where density is enough."""
NOISES = {"clean": None, "snr1": 1.0}


def checksum(path: Path) -> str:
    """Names a network by what is in its file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


@dataclass(frozen=True)
class Work:
    """What is still to be measured of one map.

    Attributes
    ----------
    case : CalphaCase
    methods : dict
        Names of strategies and map measures by the network's checksum.
    networks : dict
        Path of each checksum.
    device : str
    """

    case: CalphaCase
    methods: dict[str, tuple[str, ...]]
    networks: dict[str, Path]
    device: str

    @property
    def name(self) -> str:
        """The map's."""
        return self.case.key

    @property
    def cost(self) -> float:
        """Expected share of the whole: the volume goes with the residues."""
        views = sum(
            max((STRATEGIES[name].views for name in names if name in STRATEGIES), default=0)
            for names in self.methods.values()
        )
        return self.case.residues * (views + 0.2)


def helix_strand(found: CalphaSet, truth: CalphaTruth) -> dict[str, float | None]:
    """Share of native helix and strand residues, of those found within 2 Å, that are recognised."""
    pairs = match_one_to_one(found.positions, truth.positions, MATCHED)
    native = truth.secondary_structure[pairs[:, 1]]
    regular = native != COIL
    probability = found.secondary_structure[pairs[regular, 0]]
    if not len(probability) or not np.isfinite(probability).all():
        return {"helix, strand": None}
    right = probability.argmax(axis=1) == native[regular]
    return {"helix, strand": float(right.mean())}


def measure_map(work: Work) -> list[Record]:
    """Records of all methods that are asked for; each network sees the map once a view."""
    case, device = work.case, work.device
    density, truth = case.density(), case.truth()
    records = []

    def add(network: str, method: str, seconds: float, figures: dict[str, float | None]) -> None:
        records.append({
            "map": case.key, "weights": network, "method": method, "residues": len(truth),
            "seconds": round(seconds, 2), "figures": figures,
        })  # fmt: skip

    for network, names in work.methods.items():
        features: dict[tuple[int, bool], FeatureMaps | None] = {(0, False): None}
        spent = {(0, False): 0.0}
        sharp, sharpening = None, 0.0
        for name in names:
            if name not in STRATEGIES:
                continue
            strategy = STRATEGIES[name]
            views = strategy.views
            weights = work.networks.get(network)  # without views none is needed
            if strategy.sharp and sharp is None:
                begun = time.monotonic()
                residue = shipped(RESIDUE_NETWORK)
                bfactor = choose_bfactor(density, len(truth), weights, residue, device=device)
                sharp = sharpened(density, bfactor)
                sharpening = time.monotonic() - begun
            seen = sharp if strategy.sharp else density
            asked = views, strategy.sharp
            if asked not in features:
                begun = time.monotonic()
                features[asked] = predict(seen, weights, device=device, views=VIEWS[:views])
                spent[asked] = time.monotonic() - begun + strategy.sharp * sharpening
            begun = time.monotonic()
            if not views and truth.crowded:
                seen = truth.alone(density)
            found = strategy.find(features[asked], seen, len(truth))
            seconds = spent[asked] + time.monotonic() - begun
            figures = calpha_set_figures(found, truth)
            add(network, name, seconds, figures | helix_strand(found, truth))
        for name in names:
            if name in MAP_MEASURES:
                begun = time.monotonic()
                value = MAP_MEASURES[name].measure(
                    density, work.networks[network], case.resolution, len(truth)
                )
                add(network, name, time.monotonic() - begun, {name: value})
    return records


def _networks(paths: list[Path]) -> dict[str, str]:
    """Label by checksum, as short as tells the files apart."""
    for path in paths:
        try:
            load_network(path)
        except InputError as error:
            raise SystemExit(str(error)) from error
    labels = [path.stem for path in paths]
    if len(set(labels)) < len(labels):
        labels = [str(path) for path in paths]
    return dict(zip(map(checksum, paths), labels))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    weights = ROOT / "weights"
    parser.add_argument("--work", type=Path, required=True, help="folder of figures")
    parser.add_argument("--weights", type=Path, default=weights / "network.safetensors")
    parser.add_argument("--against", type=Path, help="a second network")
    parser.add_argument(
        "--resolution-weights", type=Path, default=weights / "resolution.safetensors"
    )
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--split", choices=("val", "bench"), default="val")
    parser.add_argument("--chains", type=int, default=10, help="chains a shell; 0 for none")
    parser.add_argument("--shells", nargs="+", choices=SHELLS, default=list(SHELLS), help="Å")
    parser.add_argument("--noise", nargs="+", choices=NOISES, default=list(NOISES))
    parser.add_argument(
        "--no-experimental", dest="experimental", action="store_false", help="simulated maps only"
    )
    parser.add_argument(
        "--large", action="store_true", help="experimental maps of more than 700 residues too"
    )
    parser.add_argument("--only", nargs="+", help="names of chains and experimental maps")
    parser.add_argument(
        "--strategies",
        nargs="+",
        choices=STRATEGIES,
        default=DEFAULT,
        help=f"default: {' '.join(DEFAULT)}; 24 views cost twelve times as much",
    )
    parser.add_argument(
        "--measures",
        nargs="*",
        choices=MAP_MEASURES,
        default=["resolution"],
        help="of maps as a whole; hand looks at each map twice (default: resolution)",
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="maps at a time")
    parser.add_argument("--plot", type=Path, help="picture to write")
    return parser.parse_args()


def main() -> int:
    """Run the command."""
    args = _arguments()
    if not (args.data / "structures" / "index.tsv").is_file():
        raise SystemExit(f"{args.data}: no structures/index.tsv there; name the place by --data")
    cases = list(
        simulated(args.data, args.split, args.chains, args.shells, [NOISES[n] for n in args.noise])
    )
    if args.experimental:
        cases += experimental(args.data, args.large)
    if args.only:
        cases = [case for case in cases if case.name.split()[-1] in args.only]
    paths = [args.weights, *([args.against] if args.against else [])]
    if not args.resolution_weights.is_file():
        raise SystemExit(f"{args.resolution_weights}: no network there")
    labels = _networks(paths)
    networks = dict(zip(map(checksum, paths), paths))
    own = {"calpha": checksum(args.weights), "resolution": checksum(args.resolution_weights)}
    networks[own["resolution"]] = args.resolution_weights
    methods = {network: [n for n in args.strategies if STRATEGIES[n].views] for network in labels}
    methods[NO_NETWORK] = [n for n in args.strategies if not STRATEGIES[n].views]
    for name in args.measures:
        methods.setdefault(own[MAP_MEASURES[name].network], []).append(name)

    args.work.mkdir(parents=True, exist_ok=True)
    records = Records(args.work / "calpha.jsonl")
    todo = []
    for case in cases:
        missing = {
            network: tuple(n for n in names if (network, case.key, n) not in records.found)
            for network, names in methods.items()
        }
        missing = {network: names for network, names in missing.items() if names}
        if missing:
            todo.append(Work(case, missing, networks, args.device))
    try:
        failed = measure_all(todo, measure_map, records, args.workers) if todo else 0
    except KeyboardInterrupt:
        print("stopped; what is measured is kept: run it again to go on", file=sys.stderr)
        return 130

    asked = {(network, name) for network, names in methods.items() for name in names}
    rows = [
        (case, records.found[network, case.key, name])
        for case in cases
        for network, name in asked
        if (network, case.key, name) in records.found
    ]
    report(rows, labels)
    if args.plot and rows:
        plot(rows, labels, args.plot)
    if failed:
        print(f"{failed} of {len(todo)} maps failed; see above", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
