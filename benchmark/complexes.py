"""Build packed complexes of many chains and measure which chains come out in their places.

    python -m benchmark.complexes --work WORK --resolutions 3 4.5 6 --count 4 --chains 2 4
    python -m benchmark.complexes --work WORK --foreign 1 --copies 0.5 --longest 120

Chains of split val (of group bench with ``--group bench``, for reporting only) are packed so that
they touch, some of them several times, and are seen as experiments show them
(`benchmark.lifelike`, noise as strong in the molecule as it was measured there). All are built at
once by `critasser build`. ``--maps`` builds experimental maps of several chains instead. Each
complex has a folder of its own in WORK; what is finished there is not done again.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree

from benchmark.build import ROOT, program, write_csv
from benchmark.lifelike import lifelike_map
from benchmark.packing import packed
from benchmark.rigid_fit import in_place
from critasser.density import write_map
from critasser.structure import ProteinChain, read_chains, tm_score
from critasser.writing import appearing

__all__ = ["Complex", "chain_figures", "main", "packed_complexes"]

IN_PLACE = 0.5
"""TM-score without superposition from which a chain is in its place."""

WAYS = 12
"""Directions from which a chain is brought to the others."""

CLASH = 2.5
"""Å between heavy atoms of different chains that are nearer than the shortest hydrogen bond."""

EXPERIMENTAL = {
    "EMD-3488": ((2, 2),),
    "EMD-0093": ((1,), (4,)),
}
"""Copies of each sequence that are asked for, of experimental maps."""


@dataclass(frozen=True)
class Complex:
    """Chains in one map.

    Attributes
    ----------
    name : str
    resolution : float
        Å.
    native : tuple of ProteinChain
        In the map's frame.
    fasta : str
        What is asked for.
    foreign : frozenset of str
        Letters of sequences that are not in the map.
    map : Path
    """

    name: str
    resolution: float
    native: tuple[ProteinChain, ...]
    fasta: str
    foreign: frozenset[str]
    map: Path


def _rows(data: Path, group: str, shortest: int, longest: int) -> list[tuple[str, Path]]:
    """Names and files of chains of a group, of whole residues only."""
    table = data / "bench.tsv" if group == "bench" else data / "structures" / "index.tsv"
    with table.open(newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    if group != "bench":
        rows = [row for row in rows if row["split"] == group]
    found = []
    for row in rows:
        if shortest <= int(row["length"]) <= longest:
            path = data / "structures" / "pdb" / f"{row['id']}.pdb.gz"
            (chain, *_) = read_chains(path)
            if "X" not in chain.letters and np.isfinite(chain.calpha).all():
                found.append((row["id"], path))
    return found


def packed_complexes(
    data: Path,
    work: Path,
    resolution: float,
    *,
    group: str,
    count: int,
    chains: tuple[int, int],
    lengths: tuple[int, int],
    copies: float,
    foreign: int,
) -> Iterator[Complex]:
    """Complexes of chains of a group.

    Parameters
    ----------
    data, work : Path
        Of the shared data, and where maps are written.
    resolution : float
        Å.
    group : str
        ``val`` or ``bench``.
    count : int
    chains, lengths : (int, int)
        Fewest and most chains, and residues of each.
    copies : float
        How likely a further chain is a copy of one that is there.
    foreign : int
        Sequences that do not belong.
    """
    rows = _rows(data, group, *lengths)
    for seed in range(1, count + 1):
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(rows)).tolist()
        number = int(rng.integers(chains[0], chains[1] + 1))
        chosen: list[int] = []
        while len(chosen) < number:
            again = bool(chosen) and rng.random() < copies
            chosen.append(int(rng.choice(chosen)) if again else order.pop())
        structure = packed([rows[k][1] for k in chosen], rng, ways=WAYS)
        folder = work / f"{group}-{seed}-{number}x{lengths[0]}-{lengths[1]}-{resolution:g}A"
        folder.mkdir(parents=True, exist_ok=True)
        native, density = folder / "native.cif", folder / "map.mrc"
        if not density.exists():
            structure.setup_entities()
            structure.make_mmcif_document().write_file(str(native))
            grid = lifelike_map(
                data, native, resolution, np.random.default_rng(seed), None,
                noise_in_molecule=True,
            )  # fmt: skip
            with appearing(density) as temporary:
                write_map(temporary, grid)
        others = [order.pop() for _ in range(foreign)]
        letters = {k: read_chains(rows[k][1])[0].letters for k in (*chosen, *others)}
        records = [(k, chosen.count(k)) for k in dict.fromkeys(chosen)] + [(k, 1) for k in others]
        # What does not belong is not the last that is asked for.
        records = [records[k] for k in rng.permutation(len(records))]
        fasta = "".join(f">{rows[k][0]} copies={n}\n{letters[k]}\n" for k, n in records)
        yield Complex(
            folder.name + (f"-{foreign}foreign" if foreign else ""), resolution,
            tuple(read_chains(native)), fasta, frozenset(letters[k] for k in others), density,
        )  # fmt: skip


def experimental_complexes(data: Path) -> Iterator[Complex]:
    """Experimental maps of several chains."""
    for name, asked in EXPERIMENTAL.items():
        folder = data / "maps" / name
        about = json.loads((folder / "meta.json").read_text())
        native = tuple(read_chains(folder / "model.pdb.gz"))
        letters = list(dict.fromkeys(chain.letters for chain in native))
        for copies in asked:
            fasta = "".join(
                f">{name}_{k + 1} copies={n}\n{letters[k].replace('X', '')}\n"
                for k, n in enumerate(copies)
            )
            yield Complex(
                f"{name}-{'-'.join(map(str, copies))}", float(about["resolution_A"]), native,
                fasta, frozenset(), folder / "map.mrc.gz",
            )  # fmt: skip


def chain_figures(
    native: tuple[ProteinChain, ...], model: list[ProteinChain]
) -> list[tuple[float, float]]:
    """TM-score of each native chain without and with superposition, (0, 0) where nothing is built.

    Copies of a sequence are assigned so that the sum of the scores in place is the highest. A
    chain is of a sequence where its letters at their numbers are the sequence's.
    """
    figures = [(0.0, 0.0)] * len(native)
    for letters in dict.fromkeys(chain.letters for chain in native):
        rows = [k for k, chain in enumerate(native) if chain.letters == letters]
        built = [_on(chain, letters) for chain in model if _is_of(chain, letters)]
        if not built:
            continue
        scores = np.array([[in_place(one, native[k].calpha) for one in built] for k in rows])
        for row, column in zip(*linear_sum_assignment(scores, maximize=True)):
            truth = native[rows[row]].calpha
            figures[rows[row]] = (
                float(scores[row, column]), tm_score(built[column], truth, len(letters))
            )  # fmt: skip
    return figures


def _is_of(chain: ProteinChain, letters: str) -> bool:
    number = np.asarray(chain.residue_number)
    if len(number) == 0 or number.max() > len(letters) or number.min() < 1:
        return False
    return "".join(letters[k - 1] for k in number) == chain.letters


def _on(chain: ProteinChain, letters: str) -> NDArray[np.float64]:
    """Cα (L, 3) by the sequence's numbering."""
    positions = np.full((len(letters), 3), np.nan)
    positions[np.asarray(chain.residue_number) - 1] = chain.calpha
    return positions


def clashes(model: list[ProteinChain]) -> int:
    """Pairs of heavy atoms of different chains that lie nearer than 2.5 Å."""
    owner = np.repeat(np.arange(len(model)), [len(chain.positions) for chain in model])
    pairs = cKDTree(np.concatenate([chain.positions for chain in model])).query_pairs(
        CLASH, output_type="ndarray"
    )
    return int((owner[pairs[:, 0]] != owner[pairs[:, 1]]).sum())


def run(complex_: Complex, work: Path, quality: str) -> dict[str, object]:
    """Build one complex, unless an earlier run did, and measure it."""
    folder = work / complex_.name
    folder.mkdir(parents=True, exist_ok=True)
    job, done = folder / f"job-{quality}", folder / f"run-{quality}.json"
    fasta = folder / "sequences.fasta"
    fasta.write_text(complex_.fasta)
    if not done.exists():
        shutil.rmtree(job, ignore_errors=True)
        command = [
            sys.executable, "-m", "critasser", "build", str(complex_.map), str(fasta),
            "-o", str(job), "--resolution", str(complex_.resolution), "--quality", quality,
        ]  # fmt: skip
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        environment = os.environ | {"PYTHONPATH": str(ROOT / "src" / "engine")}
        with (folder / "output.txt").open("w") as out:
            status = subprocess.run(command, stdout=out, stderr=out, env=environment).returncode
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if status:
            lines = (folder / "output.txt").read_text().strip().splitlines()
            return {"complex": complex_.name, "failed": lines[-1] if lines else f"status {status}"}
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        with appearing(done) as temporary:
            temporary.write_text(json.dumps({"CPU s": round(seconds), "program": program()}))
    model = list(read_chains(job / "5_models" / "model_1.cif"))
    scores = np.array(chain_figures(complex_.native, model))
    results = json.loads((job / "results.json").read_text())
    foreign = sum(any(_is_of(chain, one) for one in complex_.foreign) for chain in model)
    return {
        "complex": complex_.name,
        "resolution": complex_.resolution,
        "residues": sum(len(chain) for chain in complex_.native),
        "chains": len(complex_.native),
        "in place": int((scores[:, 0] > IN_PLACE).sum()),
        "TM in place": round(float(scores[:, 0].mean()), 3),
        "TM": round(float(scores[:, 1].mean()), 3),
        "foreign": len(complex_.foreign),
        "foreign built": foreign,
        "clashes": clashes(model),
        **json.loads(done.read_text()),
        "warnings": len(results["warnings"]),
        "failed": "",
    }


def summary(rows: list[dict[str, object]]) -> str:
    """A line for each resolution."""
    lines = []
    for resolution in dict.fromkeys(row["resolution"] for row in rows if not row["failed"]):
        own = [row for row in rows if not row["failed"] and row["resolution"] == resolution]
        chains, right = (sum(row[name] for row in own) for name in ("chains", "in place"))
        mean = np.average([row["TM"] for row in own], weights=[row["chains"] for row in own])
        foreign, built, seconds = (
            sum(row[name] for row in own) for name in ("foreign", "foreign built", "CPU s")
        )
        lines.append(
            f"{resolution:g} Å: {len(own)} complexes, {right} of {chains} chains in place "
            f"({right / chains:.0%}), mean TM {mean:.3f}; {built} of {foreign} foreign sequences "
            f"built; {seconds} s of CPU time"
        )
    return "\n".join(lines)


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--work", type=Path, required=True, help="folder of maps, jobs and figures")
    parser.add_argument("--group", choices=("val", "bench"), default="val")
    parser.add_argument("--resolutions", type=float, nargs="+", default=[3.0, 4.5, 6.0])
    parser.add_argument("--count", type=int, default=4, help="complexes at each resolution")
    parser.add_argument("--chains", type=int, nargs=2, default=[2, 4], help="fewest and most")
    parser.add_argument("--shortest", type=int, default=54, help="residues of a chain")
    parser.add_argument("--longest", type=int, default=300, help="residues of a chain")
    parser.add_argument("--copies", type=float, default=0.3, help="how likely a chain is a copy")
    parser.add_argument("--foreign", type=int, default=0, help="sequences that do not belong")
    parser.add_argument("--maps", action="store_true", help="experimental maps instead")
    parser.add_argument("--quality", default="draft")
    parser.add_argument("--only", nargs="*", default=[], help="words in names of complexes")
    args = parser.parse_args()
    if args.maps:
        found = list(experimental_complexes(args.data))
    else:
        found = [
            one
            for resolution in args.resolutions
            for one in packed_complexes(
                args.data, args.work, resolution, group=args.group, count=args.count,
                chains=tuple(args.chains), lengths=(args.shortest, args.longest),
                copies=args.copies, foreign=args.foreign,
            )
        ]  # fmt: skip
    rows = []
    for one in found:
        if args.only and not any(word in one.name for word in args.only):
            continue
        rows.append(run(one, args.work, args.quality))
        write_csv(args.work / "complexes.csv", rows)
        print("  ".join(f"{name} {value}" for name, value in rows[-1].items()), flush=True)
    print(summary(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
