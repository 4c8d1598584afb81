"""Measure how well nucleic acid is told from protein, and what that is worth.

    python -m benchmark.nucleic --data DATA --work ~/nucleic
    python -m benchmark.nucleic --data DATA --work ~/nucleic --maps train bench
    python -m benchmark.nucleic --data DATA --work ~/nucleic --alone 130

Simulated: chains of split val, alone and in contact with nucleic acid put together at random, as
experiments show them at 3 to 10 Å. Of each: precision and recall of the regions by volume, the
share of the protein that is taken, Cα positions in nucleic acid with and without the regions, and
Cα of the protein that they cost; and precision and what is taken at other thresholds, by which
those that ship were chosen, on every other map. ``--alone``: how often some of a protein alone is
named nucleic acid, and left out, in so many maps of other chains. ``--maps``: what is found in the
experimental maps of those splits; all but those of which it is said hold protein only. What is in
``WORK/nucleic.jsonl`` is not done again, and what the map network says is kept there too.
"""

from __future__ import annotations

import argparse
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from benchmark.lifelike import degraded_map, measured_degradation
from benchmark.records import Records
from critasser.api.chains import trace_chains
from critasser.api.prediction import Prediction
from critasser.calpha import find_calpha, leaves_room
from critasser.density import (
    FeatureMaps,
    Grid,
    crop_to_molecule,
    normalise,
    read_blocks,
    read_map,
    resample,
)
from critasser.job.records import checksum
from critasser.network import predict, read_residues
from critasser.network.nucleic.finding import (
    CONTOUR,
    NucleicAcid,
    averaged,
    nucleic_probability,
    regions_of,
)
from critasser.network.training.corruption import RandomNumbers
from critasser.network.training.nucleic_geometry import A_RNA, B_DNA
from critasser.network.training.nucleic_structures import beside, double_helix, folded
from critasser.network.training.packing import Atoms, packed_structures
from critasser.network.training.simulation import NUCLEIC
from critasser.network.training.transfer import draw_transfer
from critasser.pipeline.stages.network import VIEWS
from critasser.shipped import NETWORK, NUCLEIC_NETWORK, RESIDUE_NETWORK, shipped
from critasser.structure import AMINO_ACIDS

__all__ = ["main"]

RESOLUTIONS = (3.0, 4.0, 5.0, 6.0, 8.0, 10.0)

WITH = ("nothing", "nothing", "helix", "helix", "folded", "bent helix")
"""What lies beside the protein in the maps of each resolution."""

SHORTEST, LONGEST = 80, 150
"""Residues of proteins."""

SHORTEST_ALONE, LONGEST_ALONE, RESOLUTIONS_ALONE = 45, 160, (3.0, 5.0)
"""Residues and Å of maps of proteins alone: small ones are taken for nucleic acid most easily."""

PAIRS, BENT_PAIRS = (10, 26), (36, 51)
"""Of double helices, upper ends excluded."""

REACH = 3.5
"""Å from an atom within which there is its molecule."""

TRIED = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
"""Thresholds."""

TRACED, COARSEST_TRACED = 3, 3.0
"""Which map of each resolution is traced, with what is found and without, and to how many Å."""

RIGHT = 3.0
"""Å from a Cα within which a position is it."""


@dataclass(frozen=True)
class Case:
    """Atoms of protein and nucleic acid, and the resolution at which they are shown."""

    name: str
    atoms: Atoms
    resolution: float
    traced: bool = False
    noise_within: bool = False


def _nucleic(kind: str, rng: np.random.Generator) -> Atoms:
    if kind == "folded":
        return folded(A_RNA, rng)
    form = (B_DNA, A_RNA)[rng.integers(2)]
    if kind == "helix":
        return double_helix(form, int(rng.integers(*PAIRS)), rng)
    return double_helix(B_DNA, int(rng.integers(*BENT_PAIRS)), rng, bent=True)


def cases(data: Path, work: Path) -> Iterator[Case]:
    """The simulated maps."""
    chains = [
        chain
        for chain in packed_structures(data / "structures", "val", work / "val.npz")
        if SHORTEST <= len(chain.calpha) <= LONGEST
    ]
    for k, kind in enumerate(WITH):
        for resolution in RESOLUTIONS:
            name = f"{resolution:g}-{kind}-{k}"
            rng = np.random.default_rng(zlib.crc32(name.encode()))
            chain = chains[rng.integers(len(chains))]
            whole = chain
            if kind != "nothing":
                whole, _ = beside(chain, _nucleic(kind, rng), rng)
            yield Case(name, whole, resolution, k == TRACED and resolution <= COARSEST_TRACED)


def alone(number: int, data: Path, work: Path) -> Case:
    """A protein alone; in every second map noise is as strong within it as experiments have it."""
    chains = [
        chain
        for chain in packed_structures(data / "structures", "val", work / "val.npz")
        if SHORTEST_ALONE <= len(chain.calpha) <= LONGEST_ALONE
    ]
    rng = np.random.default_rng(number)
    chain = chains[rng.integers(len(chains))]
    resolution = float(rng.uniform(*RESOLUTIONS_ALONE))
    return Case(f"alone-{number}", chain, resolution, noise_within=number % 2 == 1)


def _truth(grid: Grid, atoms: Atoms) -> NDArray[np.int8]:
    """0 nothing, 1 protein, 2 nucleic acid in each voxel with density, by the nearest atom."""
    index = np.argwhere(grid.values > CONTOUR)
    distance, nearest = cKDTree(atoms.positions).query(grid.to_position(index))
    kind = np.where(atoms.kind[nearest] == NUCLEIC, 2, 1)
    found = np.zeros(grid.shape, np.int8)
    found[tuple(index.T)] = np.where(distance < REACH, kind, 0)
    return found


def _features(grid: Grid, path: Path) -> FeatureMaps:
    """What the map network says of a map; from a file, if it was asked before."""
    if path.exists():
        return FeatureMaps.from_blocks(grid.origin, grid.voxel_size, read_blocks(path, grid.shape))
    path.parent.mkdir(exist_ok=True)
    return predict(grid, shipped(NETWORK), device="cpu", views=VIEWS, file=path)


def shown(case: Case, data: Path, work: Path) -> tuple[Grid, FeatureMaps]:
    """The map of a case, and what the map network says of it."""
    rng = np.random.default_rng(zlib.crc32(case.name.encode()) + 1)
    degradation = measured_degradation(data)
    transfer = draw_transfer(degradation.transfers, case.resolution, rng, coarser=True)
    numbers = RandomNumbers(rng, torch.device("cpu"))
    whole = degraded_map(
        case.atoms, transfer, degradation.visibility, numbers, noise_in_molecule=case.noise_within
    )
    grid = normalise(resample(crop_to_molecule(whole)))
    return grid, _features(grid, work / "features" / f"{case.name}.npy")


def _volumes(found: NucleicAcid, truth: NDArray[np.int8]) -> dict[str, float]:
    return {
        "found": float(found.region.sum()),
        "right": float((found.region & (truth == 2)).sum()),
        "protein_taken": float((found.region & (truth == 1)).sum()),
    }


def measured(case: Case, data: Path, work: Path) -> dict[str, object]:
    """Volumes in Å³, and numbers of positions, of one case."""
    grid, features = shown(case, data, work)
    mean = averaged(
        grid, nucleic_probability(grid, features, shipped(NUCLEIC_NETWORK), device="cpu")
    )
    truth = _truth(grid, case.atoms)
    found = regions_of(grid, mean)
    calpha = case.atoms.positions[case.atoms.kind == 1]
    room = leaves_room(features, found.region, len(calpha))
    left_out = found.region & room
    figures: dict[str, object] = {
        **_volumes(found, truth),
        "left_out": float(left_out.sum()),
        "true": float((truth == 2).sum()),
        "protein": float((truth == 1).sum()),
        "residues": len(calpha),
        "tried": {f"{t:g}": _volumes(regions_of(grid, mean, t), truth) for t in TRIED},
    }
    is_nucleic = case.atoms.kind == NUCLEIC
    nucleic = cKDTree(case.atoms.positions[is_nucleic]) if is_nucleic.any() else None
    for when, region in (("without", np.zeros_like(left_out)), ("with", left_out)):
        seen = features.without(region)
        if case.traced:
            figures[f"traced_{when}"] = _traced(case, grid, features, found, region)
        positions = find_calpha(seen, len(calpha)).positions
        wrong = cKDTree(calpha).query(positions)[0] > RIGHT
        if nucleic is not None:
            figures[f"wrong_{when}"] = int((wrong & (nucleic.query(positions)[0] < REACH)).sum())
        reached = cKDTree(positions).query(calpha)[0] < RIGHT if len(positions) else np.zeros(1)
        figures[f"calpha_{when}"] = int(reached.sum())
    return figures


def _traced(
    case: Case,
    grid: Grid,
    features: FeatureMaps,
    found: NucleicAcid,
    left_out: NDArray[np.bool_],
) -> int:
    """Residues that the best trace has within 3 Å of where they are."""
    seen = features.without(left_out)
    atoms = case.atoms
    native = atoms.positions[atoms.kind == 1]
    letters = "".join(AMINO_ACIDS[k] for k in atoms.residue_type[atoms.residue[atoms.kind == 1]])
    calpha = read_residues(
        grid, find_calpha(seen, len(native)), shipped(RESIDUE_NETWORK), len(native), device="cpu"
    )
    prediction = Prediction(
        grid, case.resolution, 0.0, features, calpha, calpha, 1.0, True, found, left_out
    )
    traces = trace_chains(prediction, [letters], count=5).traces
    if not traces:
        return 0
    return int((np.linalg.norm(traces[0].positions - native, axis=1) < RIGHT).sum())


def experimental(folder: Path, work: Path) -> dict[str, object]:
    """Å³ that are found in an experimental map at each threshold, and of all its density."""
    grid = normalise(resample(crop_to_molecule(read_map(folder / "map.mrc.gz"))))
    features = _features(grid, work / "features" / f"{folder.name}.npy")
    mean = averaged(
        grid, nucleic_probability(grid, features, shipped(NUCLEIC_NETWORK), device="cpu")
    )
    return {
        "found": regions_of(grid, mean).volume,
        "density": float((grid.values > CONTOUR).sum()),
        "tried": {f"{t:g}": regions_of(grid, mean, t).volume for t in TRIED},
    }


def _sum(lines: list[dict], key: str) -> float:
    return sum(one.get(key, 0) for one in lines)


def _row(name: str, lines: list[dict]) -> str:
    beside_nucleic = [one for one in lines if one["true"]]
    alone = [one for one in lines if not one["true"]]

    def share(one: str, of: str, among: list[dict]) -> str:
        return f"{_sum(among, one) / max(_sum(among, of), 1):.3f}"

    return (
        f"| {name} | {len(beside_nucleic)} | {share('right', 'found', beside_nucleic)} | "
        f"{share('right', 'true', beside_nucleic)} | "
        f"{share('protein_taken', 'protein', beside_nucleic)} | "
        f"{share('protein_taken', 'protein', alone)} | {_sum(lines, 'wrong_without')} | "
        f"{_sum(lines, 'wrong_with')} | {share('calpha_without', 'residues', lines)} | "
        f"{share('calpha_with', 'residues', lines)} |"
    )


def _table(lines: list[dict]) -> str:
    rows = [
        "| Å | maps with nucleic acid | precision | recall | protein taken | of proteins alone | "
        "Cα in nucleic acid, without | with | Cα of protein, without | with |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    tried = []
    for resolution in RESOLUTIONS:
        some = [one for one in lines if one["name"].split("-")[0] == f"{resolution:g}"]
        if not some:
            continue
        rows.append(_row(f"{resolution:g}", some))
        # Thresholds are chosen on maps of even number.
        even = [one for one in some if int(one["name"].split("-")[-1]) % 2 == 0]
        for least in TRIED:
            at = [one["tried"][f"{least:g}"] for one in even]
            tried.append(
                f"{resolution:g} Å, {least:g}: recall "
                f"{_sum(at, 'right') / max(_sum(even, 'true'), 1):.2f}, protein taken "
                f"{_sum(at, 'protein_taken') / _sum(even, 'protein'):.4f}"
            )
    for one in lines:
        if "traced_with" in one:
            rows.append(
                f"{one['name']}: of {one['residues']} residues the best trace has "
                f"{one['traced_without']} in place without, {one['traced_with']} with"
            )
    return "\n".join([*rows, *tried])


def _alone_told(lines: list[dict]) -> str:
    """Of proteins alone, how many maps have something named, or left out, and how much."""
    told = [f"{len(lines)} maps of proteins alone"]
    for key, what in (("found", "named nucleic acid"), ("left_out", "left out")):
        maps, share = sum(one[key] > 0 for one in lines), _sum(lines, key) / _sum(lines, "protein")
        told.append(f"{what} in {maps}, {share:.4f} of all protein")
    return "; ".join(told)


def _lines(records: Records, weights: str, method: str) -> list[dict]:
    return [
        {"name": record["map"], **record["figures"]}
        for (made_with, _, how), record in records.found.items()
        if (made_with, how) == (weights, method)
    ]


def main() -> None:
    """Measure what is not there yet, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--maps", nargs="*", default=[], metavar="SPLIT")
    parser.add_argument("--alone", type=int, default=0, metavar="N", help="maps of proteins alone")
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.work.mkdir(parents=True, exist_ok=True)
    records, weights = Records(args.work / "nucleic.jsonl"), checksum(shipped(NUCLEIC_NETWORK))

    def keep(name: str, method: str, measure: Callable[[], dict[str, object]]) -> None:
        if (weights, name, method) not in records.found:
            records.add([{"weights": weights, "map": name, "method": method,
                          "figures": measure()}])  # fmt: skip

    for case in cases(args.data, args.work):
        keep(case.name, "simulated", lambda case=case: measured(case, args.data, args.work))
    print(_table(_lines(records, weights, "simulated")))
    for number in range(args.alone):
        case = alone(number, args.data, args.work)
        keep(case.name, "alone", lambda case=case: measured(case, args.data, args.work))
    if lines := _lines(records, weights, "alone"):
        print(_alone_told(lines))
    for meta in sorted((args.data / "maps").glob("*/meta.json")):
        if json.loads(meta.read_text(encoding="utf-8"))["split"] in args.maps:
            folder = meta.parent
            keep(
                folder.name,
                "experimental",
                lambda folder=folder: experimental(folder, args.work),
            )
    for one in _lines(records, weights, "experimental"):
        print(f"{one['name']}: {one['found']:,.0f} of {one['density']:,.0f} Å³")


if __name__ == "__main__":
    main()
