"""Tell at which stage builds with templates lose what their templates had.

    python -m benchmark.template_stages --row predicted --work WORK --only T1046s1 KaiB

Reads the jobs that `benchmark.templates` made in WORK; builds nothing. Each line is a job, each
column the TM-score of what a stage left. A second table has the share that residues bring which the
template kept after the map had its say, and which were released or had no place, without
superposition: what is lost there was lost where it stands.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.build import ROOT
from benchmark.sets import BenchmarkTarget
from benchmark.template_cases import ROWS, TemplateCase, cases
from critasser.job.arrays import load_arrays, load_templates, load_traces
from critasser.pipeline.files import CENTROID, CLUSTERS, DECOYS, TEMPLATES, TRACES, of_model
from critasser.structure import kabsch, read_chains
from critasser.structure.scores import d0
from critasser.templates.alignment import align

__all__ = ["STAGES", "Stages", "main", "shares", "stages_of", "table"]

STAGES = ("own", "in place", "trace", "start", "centroid", "refined", "model")
"""The template as it came; as it lies in the map, bent, with what was released where the rest takes
it; the best trace; the start of lowest energy; the first cluster's centroid; this refined; the same
with all atoms."""


@dataclass(frozen=True, eq=False)
class Stages:
    """What each stage of a build left.

    Attributes
    ----------
    name : str
    positions : dict of ndarray (L, 3)
        By `STAGES`; NaN where there is nothing.
    kept : ndarray (L,) of bool
        Residues that the template has after the map had its say.
    """

    name: str
    positions: dict[str, NDArray[np.float64]]
    kept: NDArray[np.bool_]


def _given(template: Path, target: BenchmarkTarget) -> NDArray[np.float64]:
    """Cα (L, 3) of a template of one chain, by the target's residues."""
    chain, given = target.chains[0], read_chains(template)[0]
    pairs = align(given.codes, chain.codes[chain.codes >= 0]).pairs
    positions = np.full((len(target.letters[0]), 3), np.nan)
    positions[pairs[:, 1]] = given.calpha[pairs[:, 0]]
    return positions


def stages_of(case: TemplateCase, folder: Path) -> Stages:
    """What a finished job of a target of one chain left.

    Parameters
    ----------
    case : TemplateCase
    folder : Path
        With ``template.pdb`` and ``job``, as `benchmark.templates.run_case` made it.
    """
    job, given = folder / "job", _given(folder / "template.pdb", case.target)
    used = load_templates(job / TEMPLATES)
    nothing = np.full_like(given, np.nan)
    lies = used[0].positions if used else nothing
    kept = np.isfinite(lies).all(axis=1)
    both = kept & np.isfinite(given).all(axis=1)
    if both.any():
        turn, shift = kabsch(given[both], lies[both])
        lies = np.where(kept[:, None], lies, given @ turn.T + shift)
    traces = [trace.positions for trace in load_traces(job / TRACES)] or [nothing]
    starts, energy = load_arrays(job / DECOYS, "starts", "start_energy")
    (centroid,) = load_arrays(job / CLUSTERS, "centroid")
    (refined,) = load_arrays(job / of_model(CENTROID, 0), "calpha")
    left = (
        given, lies, max(traces, key=case.target.tm), starts[np.argmin(energy)], centroid[0],
        refined, read_chains(job / "5_models/model_1.cif")[0].calpha,
    )  # fmt: skip
    return Stages(case.name, dict(zip(STAGES, left)), kept)


def shares(
    positions: NDArray[np.float64], native: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What each residue (L,) brings to the TM-score where it stands, 0 … 1 / L."""
    apart = np.sum((positions - native) ** 2, axis=1)
    return np.nan_to_num(1.0 / (1.0 + apart / d0(len(native)) ** 2)) / len(native)


def table(found: list[tuple[TemplateCase, Stages]]) -> str:
    """Markdown: TM-scores by stage, then what kept and other residues bring."""
    lines = ["| build | Å | " + " | ".join(STAGES) + " |", "|" + "---|" * (2 + len(STAGES))]
    every = []
    for case, stages in found:
        seen = np.array([_tm(case.target, stages.positions[one]) for one in STAGES])
        every.append(seen)
        lines.append(_line(case, [f"{value:.3f}" for value in seen]))
    lines.append("| mean | | " + " | ".join(f"{x:.3f}" for x in np.mean(every, axis=0)) + " |")
    lines += ["", "| build | Å | kept | " + " | ".join(STAGES[1:]) + " |",
              "|" + "---|" * (2 + len(STAGES))]  # fmt: skip
    for case, stages in found:
        cells = [f"{int(stages.kept.sum())} of {len(stages.kept)}"]
        for one in STAGES[1:]:
            share = _shares(case.target, stages.positions[one])
            if share is None:
                cells.append("")
                continue
            cells.append(f"{share[stages.kept].sum():.3f} + {share[~stages.kept].sum():.3f}")
        lines.append(_line(case, cells))
    return "\n".join(lines)


def _tm(target: BenchmarkTarget, positions: NDArray[np.float64]) -> float:
    return target.tm(positions) if len(positions) == len(target.native) else np.nan


def _shares(
    target: BenchmarkTarget, positions: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """None of what was assembled without residues that have no density."""
    return shares(positions, target.native) if len(positions) == len(target.native) else None


def _line(case: TemplateCase, cells: list[str]) -> str:
    name = f"{case.target.name}, {case.kind}"
    return f"| {name} | {case.target.resolution:g} | " + " | ".join(cells) + " |"


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--row", nargs="+", choices=ROWS, default=["predicted"])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--work", type=Path, required=True, help="of benchmark.templates")
    parser.add_argument("--quality", default="draft")
    parser.add_argument("--only", nargs="*", default=[], help="words in names of cases")
    args = parser.parse_args()
    found = []
    for row in args.row:
        for case in cases(args.data, row):
            folder = args.work / args.quality / "templates" / row / case.name
            wanted = not args.only or any(word in case.name for word in args.only)
            if wanted and len(case.target.chains) == 1 and (folder / "row.json").exists():
                found.append((case, stages_of(case, folder)))
    if not found:
        raise SystemExit(f"{args.work}: no finished builds of these rows")
    print(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
