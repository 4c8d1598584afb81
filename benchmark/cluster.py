"""Measure how much sooner two workers of Dask are done than one, and that the results are the same.

    python -m benchmark.cluster --chains 8 --schedule draft

Chains of split val are built by `critasser.atomic.build_atoms`, each on Cα that are a little off,
in a simulated map of its own at 3.5 Å with noise: once in this process, once by one worker on
loopback and once by two, each of one thread. Workers have loaded libraries and kernels before.
Printed are wall time and processor time, the load of the machine before each, how many times
sooner all is done than by the first number of workers, and how many times sooner it would be if
each worker had a processor to itself: all processor time over that of the busiest worker. On a busy
machine only the last says something of the workers.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.build import ROOT, program
from benchmark.sampling import RESOLUTION, noisy_map
from critasser.atomic import SCHEDULES, build_atoms
from critasser.density import normalise
from critasser.executors import Done, opened_executor
from critasser.executors.local import LocalExecutor
from critasser.structure import ProteinChain, Sequence, Target, read_chains

__all__ = ["busiest", "items_of", "main", "same", "val_chains"]

SHORTEST, LONGEST = 80, 120
"""Residues."""

OFF = 0.4
"""Å, root mean square, by which Cα are off."""


def val_chains(data: Path, count: int) -> list[ProteinChain]:
    """So many whole chains of split val, of about the same length."""
    with (data / "structures" / "index.tsv").open(newline="") as lines:
        rows = [row for row in csv.DictReader(lines, delimiter="\t") if row["split"] == "val"]
    found: list[ProteinChain] = []
    for row in rows:
        (chain,) = read_chains(data / "structures" / row["file"])
        whole = "X" not in chain.letters and np.isfinite(chain.calpha).all()
        if whole and SHORTEST <= len(chain) <= LONGEST:
            found.append(chain)
        if len(found) == count:
            return found
    raise SystemExit(f"{data}: only {len(found)} chains of {SHORTEST} to {LONGEST} residues")


def items_of(chains: list[ProteinChain]) -> list[dict[str, Any]]:
    """What `build_atoms` is given of each chain, its random numbers among it."""
    items = []
    for chain, rng in zip(chains, np.random.default_rng(1).spawn(len(chains))):
        off = OFF * rng.normal(size=chain.calpha.shape) / np.sqrt(3)
        items.append(
            {
                "target": Target((Sequence(chain.name, chain.letters),)),
                "calpha": chain.calpha + off,
                "density": normalise(noisy_map([chain], rng)),
                "rng": rng,
            }
        )
    return items


def same(first: list[Done], second: list[Done]) -> bool:
    """Whether all atoms are the same, to the last bit."""
    return all(
        one.result[0].positions.tobytes() == other.result[0].positions.tobytes()
        for one, other in zip(first, second, strict=True)
    )


def busiest(done: list[Done]) -> float:
    """CPU seconds of the worker that had most to do."""
    seconds: dict[str, float] = {}
    for one in done:
        seconds[one.by] = seconds.get(one.by, 0.0) + one.cpu_seconds
    return max(seconds.values())


def _by_workers(
    count: int, items: list[dict[str, Any]], shared: dict[str, Any]
) -> tuple[list[Done], float]:
    """What so many workers make of all items, and seconds."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=count, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as cluster, opened_executor(cluster.scheduler_address.replace("tcp", "dask", 1)) as executor:
        for _ in range(2):  # a worker that was late the first time has its turn the second
            list(executor.map(build_atoms, items[:count], shared=shared))
        begun = time.monotonic()
        done = list(executor.map(build_atoms, items, shared=shared))
        return done, time.monotonic() - begun


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--chains", type=int, default=8)
    parser.add_argument("--schedule", default="draft", choices=tuple(SCHEDULES))
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    args = parser.parse_args()
    chains = val_chains(args.data, args.chains)
    shared = {"resolution": RESOLUTION, "schedule": args.schedule}
    print(f"{program()}: {len(chains)} chains of {min(map(len, chains))} to "
          f"{max(map(len, chains))} residues, {os.cpu_count()} processors")  # fmt: skip
    alone = list(LocalExecutor(1).map(build_atoms, items_of(chains), shared=shared))
    print("| workers | load before | wall s | CPU s | times sooner | by CPU time | same atoms |")
    print("|---|---|---|---|---|---|---|")
    first = 0.0
    for count in args.workers:
        load = os.getloadavg()[0]
        done, seconds = _by_workers(count, items_of(chains), shared)
        first = first or seconds
        cpu = sum(one.cpu_seconds for one in done)
        agree = "yes" if same(alone, done) else "NO"
        print(f"| {count} | {load:.1f} | {seconds:.1f} | {cpu:.1f} | {first / seconds:.2f} | "
              f"{cpu / busiest(done):.2f} | {agree} |", flush=True)  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
