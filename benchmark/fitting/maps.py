"""Read maps of validation chains by both networks, as builds do, to fit constants to them."""

from __future__ import annotations

import argparse
import datetime
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark.build import ROOT
from benchmark.calpha_cases import simulated
from benchmark.sets import targets
from critasser.calpha import find_calpha
from critasser.density import Grid, crop_to_molecule, normalise, resample
from critasser.density.sharpening import sharpened
from critasser.network import predict
from critasser.network.residue.fitted import AminoAcidWeights, write_constants
from critasser.network.residue.reading import judge_residues
from critasser.pipeline.stages.network import VIEWS
from critasser.pipeline.stages.sharpness import choose_bfactor
from critasser.shipped import CALPHA_WEIGHTS, NETWORK, RESIDUE_NETWORK, shipped
from critasser.structure import AMINO_ACIDS, CalphaSet

__all__ = [
    "KINDS",
    "LIFELIKE",
    "ONE_NETWORK",
    "RADIUS",
    "ReadMap",
    "arguments",
    "fit_part",
    "read_maps",
]

SHELLS = ("2-3", "3-4", "4-5", "5-8", "8-11")
KINDS = {"clean": None, "SNR 2": 2.0, "SNR 1": 1.0}
"""Signal-to-noise ratio of simulated maps by their kind."""

LIFELIKE = "lifelike"
"""The kind of maps that are as experiments show them, see `benchmark.lifelike`."""

RADIUS = 2.0
"""Å from a true Cα within which a position is one."""

ONE_NETWORK = AminoAcidWeights(1.0, 0.0)
"""Amino acids by the residue network alone."""


@dataclass(frozen=True, eq=False)
class ReadMap:
    """A map and what both networks found in it.

    Attributes
    ----------
    chain : str
    kind : str
        Of `KINDS`, or `LIFELIKE`.
    found : CalphaSet
        By the map network.
    read : CalphaSet
        The same positions as `judge_residues` returns them.
    evidence : ndarray (n, 3)
        As `judge_residues` returns it.
    truth : ndarray (L, 3)
        Native Cα, Å.
    amino_acid : ndarray (L,)
        Native, index into `AMINO_ACIDS`.
    """

    chain: str
    kind: str
    found: CalphaSet
    read: CalphaSet
    evidence: NDArray[np.float64]
    truth: NDArray[np.float64]
    amino_acid: NDArray[np.int64]


def arguments(description: str, chains: int, longest: int) -> argparse.Namespace:
    """Parse the options that all commands share, and set the number of threads."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "weights" / CALPHA_WEIGHTS,
                        help="file of constants, of which one part is replaced "
                        "(default: %(default)s)")  # fmt: skip
    parser.add_argument("--chains", type=int, default=chains, help="of split val")
    parser.add_argument(
        "--longest", type=int, default=longest, help="residues; longer chains are left out"
    )
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    return args


class Measured(Protocol):
    """What a fit takes from a `ReadMap`."""

    chain: str
    kind: str


M = TypeVar("M", bound=Measured)
Weights = tuple[float, ...]


def fit_part(
    args: argparse.Namespace,
    command: str,
    seen_maps: Iterator[ReadMap],
    measured: Callable[[ReadMap], M],
    fit: Callable[[list[M]], Weights],
    judge: Callable[[M, Weights], float],
    before: Mapping[str, Weights],
    figure: str,
) -> int:
    """Fit one part of the constants, print how good it is by kind of map, and write it.

    Parameters
    ----------
    args
        Of `arguments`.
    command
        Name of the module in `benchmark.fitting`.
    measured, fit, judge
        What is fitted to of a map; the fit; and how good weights are for a map, more is better.
    before
        Weights that fitted ones are printed beside, by the title of their column.
    figure
        Name of what `judge` gives.

    Raises
    ------
    SystemExit
        There is one chain only, and each is judged by a fit to the others.
    """
    maps: list[M] = []
    for seen in seen_maps:
        maps.append(one := measured(seen))
        now = ", ".join(f"{judge(one, weights):.3f} {title}" for title, weights in before.items())
        print(f"{one.chain}, {one.kind}: {now}", file=sys.stderr)
    chains = {one.chain for one in maps}
    if len(chains) < 2:
        raise SystemExit("one chain is not enough: each is judged by a fit to the others")
    of_others = {name: fit([one for one in maps if one.chain != name]) for name in chains}
    figures = {}
    print("  ".join([f"{figure:24s}", *before, "fitted"]))
    for kind in (*KINDS, LIFELIKE):
        rows = [one for one in maps if one.kind == kind]
        after = np.mean([judge(one, of_others[one.chain]) for one in rows])
        figures[f"{figure}, {kind}"] = round(float(after), 3)
        line = f"{kind:24s}"
        for title, weights in before.items():
            line += f"  {np.mean([judge(one, weights) for one in rows]):{len(title)}.3f}"
        print(f"{line}  {after:6.3f}")
    about = {
        "command": f"python -m benchmark.fitting.{command}",
        "date": datetime.date.today().isoformat(),
        "maps": sorted(chains),
        "figures": figures,
    }
    write_constants(args.output, fit(maps), about)
    print(args.output)
    return 0


def read_maps(
    data: Path, chains: int, longest: int, amino_acid_weights: AminoAcidWeights | None = None
) -> Iterator[ReadMap]:
    """Maps of validation chains of up to `longest` residues, read as a build reads them."""
    for case in simulated(data, "val", chains, SHELLS, KINDS.values()):
        if case.residues <= longest:
            kind = next(kind for kind, snr in KINDS.items() if snr == case.snr)
            truth = case.truth()
            yield _read(
                (case.name, kind), case.density(), truth.positions, truth.amino_acid,
                amino_acid_weights,
            )  # fmt: skip
    lifelike = [target for target in targets(data, LIFELIKE) if target.neighbour is None]
    for target in lifelike[:chains]:
        if len(target.native) <= longest:
            density = normalise(resample(crop_to_molecule(target.simulated_map())))
            letters = np.array([AMINO_ACIDS.index(x) for x in "".join(target.letters)])
            yield _read(
                (f"val {target.name}", LIFELIKE), density, target.native, letters,
                amino_acid_weights,
            )  # fmt: skip


def _read(
    names: tuple[str, str],
    density: Grid,
    truth: NDArray[np.float64],
    amino_acid: NDArray[np.int64],
    weights: AminoAcidWeights | None,
) -> ReadMap:
    networks = shipped(NETWORK), shipped(RESIDUE_NETWORK)
    density = sharpened(density, choose_bfactor(density, len(truth), *networks))
    found = find_calpha(predict(density, shipped(NETWORK), views=VIEWS), len(truth))
    read, evidence = judge_residues(
        density, found, shipped(RESIDUE_NETWORK), amino_acid_weights=weights
    )
    return ReadMap(*names, found, read, evidence, truth, amino_acid)
