"""Measure whether structures that are not in a map are refused, and those that are in it used.

    python -m benchmark.foreign --set validation --count 40 --work ~/foreign
    python -m benchmark.foreign --set predicted jobs --jobs ~/templates/draft --work ~/foreign
    python -m benchmark.foreign --table --work ~/foreign

Maps: *validation*, chains of split val as experiments of 3 to 10 Å show them, every second with a
neighbour; *predicted*, natives of which predicted models or other states are known, the same way;
*jobs*, experimental maps of 4 to 8 Å of builds by `benchmark.templates`; *learnt*, maps of the
builds of its row learnt, of validation chains too, at 3 to 12 Å. Structures tried in each:

- *own* and *bent*, the native structure as it is and bent by 5 to 30° at a hinge, *warped*, bent at
  places of chance, *spoilt*, a stretch of it out of register too, and *model*, what is known from
  elsewhere: to be used, where its TM-score is above 0.5;
- *foreign*, chains of other folds, of about the same length: to be refused;
- *misnamed*, the same by the target's letters, as a wrong prediction has them: only the map tells.

Each is placed by density and Cα positions and judged as ``critasser fit`` and ``critasser build
--templates`` judge it; nothing is built. What is in ``WORK/foreign.jsonl`` is not done again.
Beside each map lie the structures in their places, also those that are refused
(`benchmark.fitting.led_confidence` learns from them).
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benchmark.build import ROOT, program
from benchmark.foreign_maps import learnt_maps, maps_of_builds, predicted_maps, validation_maps
from benchmark.records import Record, Records
from benchmark.sets import BenchmarkTarget
from benchmark.template_cases import TemplateCase, foreign_chains
from critasser.calpha import find_calpha
from critasser.density import (
    FeatureMaps,
    crop_to_molecule,
    normalise,
    read_map,
    resample,
    write_map,
)
from critasser.fitting import (
    FINE_BLUR,
    Body,
    DomainPlace,
    Placement,
    fit_structure,
    network_fields,
    placed_domains,
    share_near,
    trusted_residues,
    values_in_place,
)
from critasser.job.arrays import (
    load_calpha,
    load_features,
    save_calpha,
    save_templates,
)
from critasser.network import predict, read_residues
from critasser.pipeline.files import CALPHA, DENSITY, FEATURES, SEEN, TEMPLATES
from critasser.pipeline.stages.density_fit import DensityFit
from critasser.pipeline.stages.judged_templates import Seen, judged_by_map
from critasser.pipeline.stages.side_chains import (
    COARSEST_OWN,
    LEAST_Z_OWN,
    UNTOLD,
    SideChains,
    Told,
)
from critasser.shipped import NETWORK, RESIDUE_NETWORK, shipped
from critasser.structure import (
    CalphaSet,
    ProteinChain,
    Sequence,
    Target,
    Template,
    read_chains,
    tm_score,
)
from critasser.templates import survey
from critasser.templates.alignment import align
from critasser.templates.triples import match_triples

__all__ = ["KnownPlaces", "chain_of", "learnable", "main", "seen", "table"]

FOREIGN = 4
"""Chains of other folds tried in each map."""

SAME_FOLD = 0.5
"""TM-score from which a structure is of the native fold."""

OWN = ("own", "bent", "warped", "spoilt", "model")
"""Kinds that are in the map."""

TILE = 112
"""Voxels; side of the network's tiles."""

MOST_MAPS = 1000
"""Of set validation; more than there are."""

OF_JOBS = ("jobs", "learnt")
SETS = ("validation", "predicted", *OF_JOBS)


def seen(
    target: BenchmarkTarget, folder: Path
) -> tuple[FeatureMaps, CalphaSet, SideChains | None]:
    """What the networks see in a target's map; computed once, or taken from a finished job."""
    density, features, calpha = folder / DENSITY, folder / FEATURES, folder / CALPHA
    if not calpha.exists():
        density.parent.mkdir(parents=True, exist_ok=True)
        write_map(density, normalise(resample(crop_to_molecule(target.simulated_map()))))
        grid, length = read_map(density), len(target.native)
        found = predict(
            grid, shipped(NETWORK), device="cpu", tile=TILE, views=(0,), file=features
        )
        positions = find_calpha(found, length)
        positions = read_residues(
            grid, positions, shipped(RESIDUE_NETWORK), length, device="cpu"
        )
        save_calpha(calpha, positions, 1.0, True)
    shown = folder / SEEN
    side_chains = SideChains.seen(
        read_map(shown if shown.exists() else density), shipped(RESIDUE_NETWORK),
        target.resolution, np.random.default_rng(0), device="cpu",
    )  # fmt: skip
    return load_features(features, density), load_calpha(calpha)[0], side_chains


def chain_of(case: TemplateCase, folder: Path) -> ProteinChain:
    """The structure of a case, spoilt as it should be and in a frame of its own."""
    (chain,) = read_chains(case.write(folder))
    return chain


def _misnamed(chain: ProteinChain, target: BenchmarkTarget) -> ProteinChain:
    """A chain by the target's letters, as far as both go."""
    letters = target.letters[0][: len(chain)]
    return dataclasses.replace(chain, letters=letters + chain.letters[len(letters) :])


def _tm(positions: np.ndarray, codes: np.ndarray, target: BenchmarkTarget) -> float:
    """TM-score to the native of Cα (n, 3) of residues that are aligned by sequence."""
    (native,) = target.chains
    pairs = align(codes, native.codes).pairs
    placed = np.full((len(native), 3), np.nan)
    placed[pairs[:, 1]] = positions[pairs[:, 0]]
    return tm_score(placed, native.calpha)


@dataclass(frozen=True, eq=False)
class KnownPlaces(DensityFit):
    """A chain whose place by the density is known, so that it is searched for once."""

    known: tuple[Placement, ...] = ()

    def placements(self, number: int, copies: int, progress: object) -> tuple[Placement, ...]:
        """This place."""
        return self.known


def _score(values: np.ndarray) -> float | None:
    """Mean of what is known."""
    return float(np.nanmean(values)) if np.isfinite(values).any() else None


def try_structure(
    chain: ProteinChain,
    names: dict[str, ProteinChain],
    target: BenchmarkTarget,
    features: FeatureMaps,
    calpha: CalphaSet,
    side_chains: SideChains | None,
) -> tuple[list[Record], list[Template]]:
    """Place a structure once, and judge it under each of its names (kinds and chains).

    Comes with where it lies under each of them that has the target's letters, refused or not.
    """
    begun, fields = time.process_time(), network_fields(features)
    trusted = trusted_residues(chain)
    (placement, *_) = fit_structure(
        chain.calpha, fields, rng=np.random.default_rng(0), trusted=trusted
    )
    seconds = time.process_time() - begun
    domains = placed_domains(placement, 1)
    share, _ = share_near(placement.positions, calpha.positions)
    best = placement.whole or max(
        placement.fits, key=lambda one: len(one.poses), default=None
    )
    own = _fitted(chain, placement, domains, side_chains, target.resolution)
    common = {
        "residues": len(chain),
        "domains": len(domains),
        "fit": own is not None,
        "fit_told": bool(own and own.against),
        "own_register": None if own is None else own.z_score,
        "score": None if best is None or not len(best.poses) else float(best.score[0]),
        "z_score": None if best is None or not len(best.poses) else float(best.z_score[0]),
        "lead": None if best is None else float(best.lead),
        "domain_scores": [(len(one.rows), one.score, one.z_score) for one in domains],
        "share_near": share,
        "fit_seconds": seconds,
    }
    fine = fields.blurred(FINE_BLUR)
    common["place_score"] = _score(values_in_place(placement.positions, fine)[trusted])
    known = Target((Sequence(target.name, target.letters[0]),))
    records, placed = [], []
    for kind, named in names.items():
        begun = time.process_time()
        by_side_chains = side_chains and dataclasses.replace(side_chains, by_fold={})
        fit = KnownPlaces(
            (named,), fields, np.random.default_rng(0), side_chains=by_side_chains,
            known=(placement,),
        )  # fmt: skip
        found = survey([named], calpha, known, fit=fit)
        used = found.templates[0] if found.templates else None
        records.append({
            "kind": kind,
            **common,
            "own_tm": _tm(chain.calpha, named.codes, target) if kind in OWN else 0.0,
            "used": used is not None,
            "reason": found.rejected[0].reason if found.rejected else "",
            "crscore": None if used is None else used.score,
            "used_near": 0.0 if used is None else share_near(used.positions, calpha.positions)[0],
            "used_score": None if used is None else _score(
                values_in_place(used.positions, fine)
            ),
            "placed_tm": 0.0 if used is None else tm_score(used.positions, target.native),
            "survey_seconds": time.process_time() - begun,
        })  # fmt: skip
        if kind != "foreign":
            there = used or _by_force(named, placement, known)
            placed += [
                dataclasses.replace(one, source=f"{kind} {'used' if used else 'refused'}")
                for one in judged_by_map(
                    [there], calpha, known, seen=Seen(fine, features, target.resolution)
                )
            ]
    return records, placed


def _fitted(
    chain: ProteinChain,
    placement: Placement,
    domains: tuple[DomainPlace, ...],
    side_chains: SideChains | None,
    resolution: float,
) -> Told | None:
    """What side chains say of a structure where `critasser fit` has it; None without a place."""
    rows = [one.rows for one in domains if one.placed]
    if not rows:
        return None
    if side_chains is None or resolution > COARSEST_OWN:
        return UNTOLD
    counts = np.isin(np.arange(len(chain)), np.concatenate(rows)) & trusted_residues(chain)
    asked = dataclasses.replace(side_chains, by_fold={}, least=LEAST_Z_OWN)
    return asked.told(
        0, chain.calpha, placement.positions, np.where(counts, chain.codes, -1)
    )


def _by_force(chain: ProteinChain, placement: Placement, target: Target) -> Template:
    """A refused chain in the best place that was found, each residue as the target's."""
    there = placement.positions
    best = placement.whole or max(placement.fits, key=lambda one: len(one.poses))
    if not np.isfinite(there).any() and len(best.poses):
        body = Body.of(chain.calpha, np.isfinite(chain.calpha).all(axis=1).astype(float))
        there = best.poses.apply(body, 0, chain.calpha)
    pairs = align(chain.codes, target.codes).pairs
    positions = np.full((len(target), 3), np.nan)
    positions[pairs[:, 1]] = there[pairs[:, 0]]
    return Template(positions, 0.0, "by force")


def learnable(
    data: Path, work: Path, jobs: Path | None
) -> Iterator[tuple[BenchmarkTarget, str, Path, Path]]:
    """Finished maps that may be learnt from, of validation chains and of group train, each with its
    title, its folder, and that of what the networks see."""
    drawn = [("validation", *one, None) for one in validation_maps(data, MOST_MAPS)]
    if jobs:
        drawn += [("jobs", *one) for one in maps_of_builds(data, jobs)]
        drawn += [("learnt", *one) for one in learnt_maps(data, jobs)]
    for name, target, known, job in drawn:
        title = _title(target, known)
        folder = work / name / title
        if target.group in ("validation", "learnt", "train") and (folder / TEMPLATES).is_file():
            yield target, title, folder, job or folder


def _title(target: BenchmarkTarget, known: list[TemplateCase]) -> str:
    return f"{target.folder}.{known[0].kind}"


def measure_map(
    target: BenchmarkTarget, known: list[TemplateCase], data: Path, folder: Path, job: Path
) -> list[Record]:
    """Try what is known of a target, and chains of other folds, in its map."""
    folder.mkdir(parents=True, exist_ok=True)
    features, calpha, side_chains = seen(target, job)
    rows, placed, native = [], [], target.native
    for case in known:
        chain = chain_of(case, folder)
        found, there = try_structure(
            chain, {case.kind: chain}, target, features, calpha, side_chains
        )
        rows, placed = rows + found, placed + there
    seed = zlib.crc32(target.folder.encode())
    strangers = foreign_chains(data, len(native), FOREIGN, seed, not_like=target.name)
    for number, path in enumerate(strangers):
        chain = chain_of(TemplateCase("foreign", target, path, f"foreign{number}"), folder)
        names = {"foreign": chain, "misnamed": _misnamed(chain, target)}
        likeness = max((one.score for one in match_triples(chain.calpha, native)), default=0.0)
        found, there = try_structure(chain, names, target, features, calpha, side_chains)
        name = path.name.split(".")[0]
        rows += [row | {"chain": name, "likeness": likeness} for row in found]
        placed += there
    (folder / TEMPLATES).parent.mkdir(parents=True, exist_ok=True)
    save_templates(folder / TEMPLATES, placed, len(native))
    return rows


def table(records: Iterable[Record]) -> str:
    """Markdown: for each set and kind, how many `fit` and `build` refuse, and of how many `fit`
    tells that their side chains do not suit."""
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        kind = record["kind"]
        if kind in OWN and record["own_tm"] < SAME_FOLD:
            kind = "another fold of it"
        groups.setdefault((record["set"], kind), []).append(record)
    lines = ["| set | structure | n | refused by fit | told by it | refused by build |"]
    lines.append("|" + "---|" * 6)
    for (name, kind), some in sorted(groups.items()):
        by_fit, by_build = (sum(not one[key] for one in some) for key in ("fit", "used"))
        told = sum(one.get("fit_told", False) for one in some)
        lines.append(f"| {name} | {kind} | {len(some)} | {by_fit} | {told} | {by_build} |")
    programs = sorted({record["program"] for record in records})
    return "\n".join([*lines, f"\nProgram {', '.join(programs)}."])


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--set", nargs="+", choices=SETS, default=[])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--work", type=Path, required=True, help="folder of maps and figures")
    parser.add_argument("--jobs", type=Path, help="WORK/QUALITY of benchmark.templates")
    parser.add_argument("--count", type=int, default=40, help="maps of each set")
    parser.add_argument("--only", nargs="*", default=[], help="words in titles of maps")
    parser.add_argument("--table", action="store_true", help="print what is known so far")
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.work.mkdir(parents=True, exist_ok=True)
    records, made_by = Records(args.work / "foreign.jsonl"), program()
    for name in args.set:
        if name in OF_JOBS:
            maps = {"jobs": maps_of_builds, "learnt": learnt_maps}[name](args.data, args.jobs)
        else:
            drawn = {"validation": validation_maps, "predicted": predicted_maps}[name]
            maps = ((*one, None) for one in drawn(args.data, args.count))
        for target, known, job in maps:
            title = _title(target, known)
            if args.only and not any(word in title for word in args.only):
                continue
            if any(record["map"] == title for record in records.found.values()):
                continue
            folder = args.work / name / title
            rows = measure_map(target, known, args.data, folder, job or folder)
            records.add(
                {"map": title, "weights": "shipped", "method": f"{row['kind']} {number}",
                 "set": name, "resolution": target.resolution, "length": len(target.native),
                 "program": made_by} | row
                for number, row in enumerate(rows)
            )  # fmt: skip
            for row in rows:
                print(f"{name} {title:24s} {row['kind']:9s} fit {row['fit']!s:5} score "
                      f"{row['score'] or 0:5.2f} z {row['z_score'] or 0:5.1f}  build "
                      f"{row['used']!s:5} near {row['share_near']:.2f}  TM {row['placed_tm']:.2f} "
                      f"of {row['own_tm']:.2f}  {row['fit_seconds']:.0f} + "
                      f"{row['survey_seconds']:.0f} s", flush=True)  # fmt: skip
    if args.table or args.set:
        print(table(records.found.values()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
