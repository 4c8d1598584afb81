"""Measure how known structures are fitted into maps as rigid bodies.

    python -m benchmark.rigid_fit --set own lifelike --resolutions 3 6 10 15 --work ~/rigid
    python -m benchmark.rigid_fit --set complex --resolutions 3 6 10 15 --count 4 --work ~/rigid
    python -m benchmark.rigid_fit --set hinge --resolutions 6 --work ~/rigid
    python -m benchmark.rigid_fit --set predicted --resolutions 4 6 8 10 --work ~/rigid
    python -m benchmark.rigid_fit --table --work ~/rigid

own: validation chains in maps of themselves, from a random pose; lifelike: the same in maps as
experiments show them; complex: as a fifth of a packed complex, with three chains that are not in
it; hinge: chains of several domains, bent by 20 to 60°, domain by domain; predicted: predicted
models and other states of a protein in maps of the native structure, domain by domain, which are
only printed. Maps are simulated (paper eq. 2) without noise, but for lifelike ones. What is in
``WORK/rigid_fit.jsonl`` is not measured again.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import sys
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from benchmark.build import ROOT, program
from benchmark.lifelike import lifelike_map
from benchmark.records import Record, Records
from benchmark.sets import atoms
from benchmark.template_cases import bent_calpha
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
from critasser.fitting.domains import domains_by_contacts
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

HINGE_DEGREES = (20.0, 60.0)
"""Degrees that chains of set hinge are bent by."""

HINGE_SEED = 7
"""Of the order in which their chains are taken."""

MOST = 0.5
"""Share of the residues of a side of a hinge within 3 Å of their places from which it is placed."""

TILE = 112
"""Voxels; side of the network's tiles."""


@dataclass(frozen=True)
class Case:
    """A structure, and where it is in the map (NaN for nowhere)."""

    name: str
    calpha: NDArray[np.float64]
    native: NDArray[np.float64] | None
    hinge: int = 0
    """Residue before which it was bent."""


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


def own_maps(data: Path, resolution: float, count: int) -> Iterator[tuple[Grid, list[Case]]]:
    """Maps of one chain each."""
    for name, path in validation_chains(data, 0)[:count]:
        calpha = read_chains(path)[0].calpha
        density = simulate(*atoms(path), resolution, padding=PADDING)
        yield density, [Case(name, calpha, calpha)]


def lifelike_maps(data: Path, resolution: float, count: int) -> Iterator[tuple[Grid, list[Case]]]:
    """The same as experiments show them."""
    for name, path in validation_chains(data, 0)[:count]:
        calpha = read_chains(path)[0].calpha
        rng = np.random.default_rng(zlib.crc32(f"{name} {resolution}".encode()))
        yield lifelike_map(data, path, resolution, rng, None), [Case(name, calpha, calpha)]


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


def hinge_maps(data: Path, resolution: float, count: int) -> Iterator[tuple[Grid, list[Case]]]:
    """Maps of chains of two domains or more, which are bent at a hinge when they are fitted."""
    found = 0
    for name, path in validation_chains(data, HINGE_SEED):
        chain = read_chains(path)[0]
        if domains_by_contacts(chain.calpha).max() < 1:
            continue
        rng = np.random.default_rng(zlib.crc32(name.encode()))
        bent, hinge = bent_calpha(chain.calpha, float(rng.uniform(*HINGE_DEGREES)), rng)
        yield simulate(*atoms(path), resolution, padding=PADDING), [
            Case(name, bent, chain.calpha, hinge)
        ]
        found += 1
        if found == count:
            return


def fit_body_case(case: Case, fields: Fields) -> dict:
    """Fit a chain as one body."""
    moved = elsewhere(case.calpha, zlib.crc32(case.name.encode()))
    body, begun = Body.of(moved), time.process_time()
    fit = fit_body(body, fields, rng=np.random.default_rng(0))
    figures = {"seconds": time.process_time() - begun, "z_score": float(fit.z_score[0]),
               "lead": fit.lead, "score": float(fit.score[0]), "sure": fit.sure,
               "in_map": case.native is not None}  # fmt: skip
    if case.native is not None:
        figures["away"] = apart(fit.poses.apply(body, 0, moved), case.native)
        figures["right"] = figures["away"] < RIGHT
    return figures


def fit_hinge_case(case: Case, fields: Fields) -> dict:
    """Fit a bent chain domain by domain; both sides of the hinge are to be in their places."""
    moved = elsewhere(case.calpha, zlib.crc32(case.name.encode()))
    begun = time.process_time()
    (placement, *_) = fit_structure(moved, fields, rng=np.random.default_rng(0))
    seconds = time.process_time() - begun
    sides = [slice(0, case.hinge), slice(case.hinge, None)]
    away = np.linalg.norm(placement.positions - case.native, axis=1)
    share = min(float(np.mean(np.nan_to_num(away[side], nan=np.inf) < RIGHT)) for side in sides)
    return {"seconds": seconds, "in_map": True, "domains": len(placement.placed),
            "sure": all(placement.placed), "share": share, "right": share >= MOST}  # fmt: skip


def apart(placed: NDArray[np.float64], native: NDArray[np.float64]) -> float:
    """Root mean square distance in Å; infinite where nothing is placed."""
    squared = np.sum((placed - native) ** 2, axis=1)
    return float(np.sqrt(np.nanmean(squared))) if np.isfinite(squared).any() else float("inf")


MAPS: dict[str, tuple[Callable, Callable]] = {
    "own": (own_maps, fit_body_case),
    "lifelike": (lifelike_maps, fit_body_case),
    "complex": (complex_maps, fit_body_case),
    "hinge": (hinge_maps, fit_hinge_case),
}
"""How maps are made and fits judged, by the name of the set."""


def fit_maps(
    name: str, data: Path, resolution: float, count: int, records: Records
) -> None:
    """Fit each chain of each map of a set, but for those that are known."""
    maps, fit = MAPS[name]
    for number, (density, chains) in enumerate(maps(data, resolution, count)):
        title = f"{name} {resolution:g} Å {number + 1}"
        left = [case for case in chains if ("shipped", title, case.name) not in records.found]
        fields = seen(density) if left else None
        for case in left:
            figures = fit(case, fields)
            records.add([
                {"map": title, "weights": "shipped", "method": case.name, "set": name,
                 "resolution": resolution, "length": len(case.calpha), "program": program()}
                | figures
            ])  # fmt: skip
            print(f"{title}  {case.name} {len(case.calpha)}  "
                  + "  ".join(f"{key} {value:.2f}" for key, value in figures.items()),
                  flush=True)  # fmt: skip


def table(records: Iterable[Record]) -> str:
    """Markdown: a line for each set and resolution."""
    groups: dict[tuple[str, float], list[Record]] = {}
    for record in records:
        groups.setdefault((record["set"], record["resolution"]), []).append(record)
    lines = [
        f"| set | Å | n | within {RIGHT:g} Å | called sure | not in the map: n | called sure | "
        "CPU s for 200 residues |",
        "|" + "---|" * 8,
    ]
    for (name, resolution), some in sorted(groups.items()):
        inside = [one for one in some if one["in_map"]]
        foreign = [one["sure"] for one in some if not one["in_map"]]
        seconds = np.mean([200.0 * one["seconds"] / one["length"] for one in some])
        share = f"{np.mean(foreign):.0%}" if foreign else ""
        lines.append(
            f"| {name} | {resolution:g} | {len(inside)} | "
            f"{np.mean([one['right'] for one in inside]):.0%} | "
            f"{np.mean([one['sure'] for one in inside]):.0%} | {len(foreign) or ''} | {share} | "
            f"{seconds:.0f} |"
        )
    programs = sorted({record["program"] for record in records})
    return "\n".join([*lines, f"\nProgram {', '.join(programs)}."])


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
    parser.add_argument("--set", nargs="+", choices=(*MAPS, "predicted"), default=[])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--work", type=Path, required=True, help="folder of figures")
    parser.add_argument("--resolutions", type=float, nargs="+", default=[3.0, 6.0, 10.0, 15.0])
    parser.add_argument("--count", type=int, default=10, help="maps at each resolution")
    parser.add_argument("--only", nargs="*", default=[], help="words in names of predicted models")
    parser.add_argument("--table", action="store_true", help="print what is known so far")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    records = Records(args.work / "rigid_fit.jsonl")
    for name, resolution in itertools.product(args.set, args.resolutions):
        if name == "predicted":
            fit_predicted(args.data, resolution, args.only)
        else:
            fit_maps(name, args.data, resolution, args.count, records)
    if args.table:
        print(table(records.found.values()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
