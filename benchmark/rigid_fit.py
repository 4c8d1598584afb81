"""Measure how known structures are fitted into maps as rigid bodies.

    python -m benchmark.rigid_fit --set own --resolutions 3 6 10 15 --count 10
    python -m benchmark.rigid_fit --set complex --resolutions 3 6 10 15 --count 4
    python -m benchmark.rigid_fit --set predicted --resolutions 4 6 8 10

own: validation chains in maps of themselves, from a random pose; complex: the same as a fifth of a
packed complex, and three chains that are not in it; predicted: predicted models and other states of
a protein in maps of the native structure, domain by domain. Maps are simulated (paper eq. 2)
without noise; with ``--lifelike`` (own only) they look as experiments do.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from benchmark.build import ROOT
from benchmark.lifelike import lifelike_map
from benchmark.sets import atoms
from critasser.density import Grid, crop_to_molecule, normalise, resample, simulate
from critasser.fitting import (
    Body,
    Fields,
    fit_body,
    fit_structure,
    network_fields,
    predicted_confidence,
    trusted_residues,
)
from critasser.network import predict
from critasser.shipped import NETWORK, shipped
from critasser.structure import ProteinChain, d0, read_chains, tm_score
from critasser.templates.alignment import align

__all__ = ["main", "packed_complex"]

SHORTEST, LONGEST = 120, 300
"""Residues of the chains that are fitted."""

PARTS, FOREIGN = 5, 3
"""Chains of a complex, and chains that are tried and are not in it."""

TOUCHING = 3.4
"""Å between atoms of chains that touch."""

STEP = 0.7
"""Å by which a chain is moved away until it no longer clashes."""

PADDING = 10.0
"""Å around the molecule."""

RIGHT = 3.0
"""Å root mean square within which a fit is right."""

TILE = 112


@dataclass(frozen=True)
class Case:
    """A structure, and where it is in the map (NaN for nowhere)."""

    name: str
    calpha: NDArray[np.float64]
    native: NDArray[np.float64] | None


def validation_chains(data: Path, seed: int) -> list[tuple[str, Path]]:
    """Names and files of chains of split val in an order of chance."""
    with (data / "structures" / "index.tsv").open(newline="") as lines:
        rows = [row for row in csv.DictReader(lines, delimiter="\t") if row["split"] == "val"]
    rows = [row for row in rows if SHORTEST <= int(row["length"]) <= LONGEST]
    order = np.random.default_rng(seed).permutation(len(rows))
    return [(rows[k]["id"], data / "structures" / rows[k]["file"]) for k in order]


def packed_complex(
    paths: list[Path], rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64], list[NDArray[np.float64]]]:
    """Chains packed so that they touch: atoms (n, 3), atomic numbers (n,), Cα of each chain."""
    positions, numbers, traces = [], [], []
    for path in paths:
        own, amplitudes = atoms(path)
        turn = Rotation.random(random_state=int(rng.integers(2**31))).as_matrix()
        centre = own.mean(axis=0)
        own, calpha = (own - centre) @ turn.T, (read_chains(path)[0].calpha - centre) @ turn.T
        if positions:
            others = np.concatenate(positions)
            tree, way = cKDTree(others), rng.normal(size=3)
            way /= np.linalg.norm(way)
            shift = others.mean(axis=0)
            while np.isfinite(tree.query(own + shift, distance_upper_bound=TOUCHING)[0]).any():
                shift = shift + STEP * way
            own, calpha = own + shift, calpha + shift
        positions.append(own)
        numbers.append(amplitudes)
        traces.append(calpha)
    return np.concatenate(positions), np.concatenate(numbers), traces


def elsewhere(calpha: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """Cα in another frame."""
    rng = np.random.default_rng(seed)
    turn = Rotation.random(random_state=int(rng.integers(2**31))).as_matrix()
    return calpha @ turn.T + rng.uniform(-100.0, 100.0, 3)


def seen(density: Grid) -> Fields:
    """What the networks see in a map, as fields."""
    grid = normalise(resample(crop_to_molecule(density)))
    return network_fields(predict(grid, shipped(NETWORK), device="cpu", tile=TILE, views=(0,)))


def own_maps(
    data: Path, resolution: float, count: int, *, lifelike: bool
) -> Iterator[tuple[Grid, list[Case]]]:
    """Maps of one chain each."""
    for name, path in validation_chains(data, 0)[:count]:
        if lifelike:
            rng = np.random.default_rng(zlib.crc32(f"{name} {resolution}".encode()))
            density = lifelike_map(data, path, resolution, rng, None)
        else:
            density = simulate(*atoms(path), resolution, padding=PADDING)
        calpha = read_chains(path)[0].calpha
        yield density, [Case(name, calpha, calpha)]


def complex_maps(data: Path, resolution: float, count: int) -> Iterator[tuple[Grid, list[Case]]]:
    """Maps of packed complexes, each with chains that are not in it."""
    for seed in range(1, count + 1):
        chosen = validation_chains(data, seed)[: PARTS + FOREIGN]
        inside = [path for _, path in chosen[:PARTS]]
        positions, numbers, traces = packed_complex(inside, np.random.default_rng(seed))
        cases = [
            Case(name, read_chains(path)[0].calpha, traces[k] if k < PARTS else None)
            for k, (name, path) in enumerate(chosen)
        ]
        yield simulate(positions, numbers, resolution, padding=PADDING), cases


def fit_bodies(maps: Iterator[tuple[Grid, list[Case]]], resolution: float) -> None:
    """Fit each chain of each map and print what came out, and the share that is right."""
    inside, foreign = [], []
    for density, cases in maps:
        fields = seen(density)
        for case in cases:
            moved = elsewhere(case.calpha, zlib.crc32(case.name.encode()))
            body, begun = Body.of(moved), time.process_time()
            fit = fit_body(body, fields, rng=np.random.default_rng(0))
            seconds = time.process_time() - begun
            text = f"z {fit.z_score[0]:6.1f}  lead {fit.lead:6.1f}  score {fit.poses.score[0]:5.2f}"
            if case.native is None:
                foreign.append(fit.sure)
                print(f"{resolution:g} Å  {case.name} is not there  {text}  {seconds:.0f} s",
                      flush=True)  # fmt: skip
                continue
            placed = fit.poses.apply(body, 0, moved)
            away = float(np.sqrt(np.nanmean(np.sum((placed - case.native) ** 2, axis=1))))
            inside.append((away < RIGHT, fit.sure, seconds))
            print(f"{resolution:g} Å  {case.name} {len(body)}  {away:.2f} Å off  {text}  "
                  f"{seconds:.0f} s", flush=True)  # fmt: skip
    right, sure, seconds = np.array(inside, dtype=float).T
    print(f"{resolution:g} Å: {len(inside)} chains, {right.mean():.1%} within {RIGHT:g} Å, "
          f"{sure.mean():.1%} called sure, {np.mean(seconds):.0f} s of CPU time each"
          + (f"; of {len(foreign)} that are not there {np.mean(foreign):.1%} called sure"
             if foreign else ""), flush=True)  # fmt: skip


def predicted_cases(data: Path) -> Iterator[tuple[str, ProteinChain, Path]]:
    """Names, models' chains and natives of structures known from elsewhere, of one chain each."""
    with (data / "predicted" / "index.tsv").open(newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    for row in rows:
        folder = data / "predicted" / row["name"]
        native = folder / "native.pdb.gz"
        if row["chains"] != "1" or not native.is_file() or "(val)" in row["pool_relatives"]:
            continue
        models = [folder / f"{row['model']}.pdb.gz", folder / f"{row['model']}.cif.gz"]
        model = next((path for path in models if path.is_file()), None)
        if model is not None:
            chains = read_chains(model)
            if len(chains) == 1 and len(read_chains(native)) == 1:
                yield f"{row['name']} {row['model']}", chains[0], native


def in_place(placed: NDArray[np.float64], native: NDArray[np.float64]) -> float:
    """TM-score without superposition: of Cα (L, 3) where they stand."""
    away = np.sqrt(np.sum((placed - native) ** 2, axis=1))
    return float(np.nansum(1.0 / (1.0 + (away / d0(len(native))) ** 2)) / len(native))


def fit_predicted(data: Path, resolution: float, only: list[str]) -> None:
    """Fit predicted models and other states, domain by domain."""
    table = []
    for name, chain, path in predicted_cases(data):
        if only and not any(word in name for word in only):
            continue
        native = read_chains(path)[0]
        fields = seen(simulate(*atoms(path), resolution, padding=PADDING))
        moved = elsewhere(chain.calpha, zlib.crc32(name.encode()))
        begun = time.process_time()
        (placement, *_) = fit_structure(
            moved, fields, rng=np.random.default_rng(0), trusted=trusted_residues(chain)
        )
        seconds = time.process_time() - begun
        pairs = align(chain.codes, native.codes).pairs
        placed, model = np.full((2, len(native), 3), np.nan)
        placed[pairs[:, 1]] = placement.positions[pairs[:, 0]]
        model[pairs[:, 1]] = moved[pairs[:, 0]]
        table.append((in_place(placed, native.calpha), tm_score(model, native.calpha), seconds))
        known = "" if predicted_confidence(chain) is None else "predicted, "
        print(f"{resolution:g} Å  {name} {len(chain)}  TM in place {table[-1][0]:.2f}, of model "
              f"{table[-1][1]:.2f}  {known}{sum(placement.placed)} of {len(placement.placed)} "
              f"domains  {seconds:.0f} s", flush=True)  # fmt: skip
    placed_tm, model_tm, seconds = np.array(table).T
    lost = np.mean(placed_tm < model_tm - 0.02)
    print(f"{resolution:g} Å: {len(table)} structures, mean TM in place {placed_tm.mean():.3f}, of "
          f"the models {model_tm.mean():.3f}; worse by more than 0.02 in {lost:.1%}; "
          f"{seconds.mean():.0f} s of CPU time each", flush=True)  # fmt: skip


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--set", choices=("own", "complex", "predicted"), default="own")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--resolutions", type=float, nargs="+", default=[3.0, 6.0, 10.0, 15.0])
    parser.add_argument("--count", type=int, default=10, help="maps at each resolution")
    parser.add_argument("--lifelike", action="store_true", help="maps as experiments show them")
    parser.add_argument("--only", nargs="*", default=[], help="words in names of predicted models")
    args = parser.parse_args()
    for resolution in args.resolutions:
        if args.set == "predicted":
            fit_predicted(args.data, resolution, args.only)
        elif args.set == "complex":
            fit_bodies(complex_maps(args.data, resolution, args.count), resolution)
        else:
            maps = own_maps(args.data, resolution, args.count, lifelike=args.lifelike)
            fit_bodies(maps, resolution)
    return 0


if __name__ == "__main__":
    sys.exit(main())
