"""Stage report of a build: `results.json` and `report.html`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from critasser.job.arrays import load_arrays, load_symmetry
from critasser.pipeline.files import CLUSTERS, DECOYS, DENSITY, LOCAL_RESOLUTION, QUALITY, SYMMETRY
from critasser.pipeline.stage import Context, Stage
from critasser.pipeline.stages.half_maps import FACTS
from critasser.pipeline.stages.nucleic import NUCLEIC_FACTS, nucleic_facts
from critasser.pipeline.stages.results import (
    UNSEEN_FACTS,
    model_scores,
    order_of,
    quality_arrays,
    run_facts,
    shown_settings,
    unseen_facts,
    write_results,
)
from critasser.pipeline.stages.single_residues import BOND_FACTS
from critasser.quality import SOURCES
from critasser.structure import chain_names, tm_score

__all__ = ["STAGE"]

DECOYS_COMPARED = 400
"""Of the decoys, how many are compared with the first model for the report."""

COMPARING_SHARE = 0.5
"""Share of the stage's time that this takes."""


def report(context: Context) -> None:
    """Gather what the stages found and write it for people and programs."""
    quality = quality_arrays(context, "tm_matrix", "rmsd_matrix", "source")
    size, total = load_arrays(context.read(CLUSTERS), "size", "total")
    order = order_of(quality)
    first = order[0]
    results = {
        **run_facts(context),
        "models": [
            {
                **model_scores(quality, rank, k),
                "cluster": k + 1,
                "cluster_share": size[k] / total,
                "rmsd_to_first": quality["rmsd_matrix"][k, first],
                "tm_to_first": quality["tm_matrix"][k, first],
                "cis_peptides": context.fact("cis_peptides")[k],
                "disulfides": context.fact("disulfides")[k],
                "sources": counted(quality["source"][k]),
            }
            for rank, k in enumerate(order, 1)
        ],
        "rmsd": quality["rmsd_matrix"][np.ix_(order, order)],
        "tm": quality["tm_matrix"][np.ix_(order, order)],
        "resolution": context.fact("resolution"),
        "clusters": {"size": size, "decoys": total},
        "sequence_z_score": context.fact("sequence_z_score") or 0.0,
        "symmetry": context.fact("symmetry"),
        **nucleic_facts(context),
        **unseen_facts(context),
        "templates": {name: context.fact(name) or [] for name in ("used", "refused")},
        "known_folds": context.fact("known_folds"),
        "chains": _chains(context, quality["shown"][first]),
    }
    more = {}
    if LOCAL_RESOLUTION in context.stage.reads:
        (local,) = load_arrays(context.read(QUALITY), "local_resolution")
        results["half_maps"] = {name: context.fact(name) for name in FACTS}
        more["local_resolution"] = local[first]
    best = quality["calpha"][first]
    write_results(
        context,
        results,
        quality,
        order,
        sources=quality["source"][first] if results["templates"]["used"] else None,
        others=load_symmetry(context.read(SYMMETRY)).images(best)[1:],
        **_along_the_assembly(context, best[quality["seen"]]),
        **more,
    )


def counted(source: NDArray[np.int8]) -> dict[str, int]:
    """How many residues (L,) come from where."""
    return {name: int(np.sum(source == k)) for k, name in enumerate(SOURCES)}


def _chains(context: Context, shown: NDArray[np.float64]) -> list[dict[str, object]]:
    """What is known of each chain: its name in the models and its confidence in the first one,
    null where it is not built, its sequence, residues and z-score."""
    means = [float(shown[part].mean()) for part in context.target.chain_slices]
    named = zip(chain_names(len(means)), means)
    chains = []
    for k, known in enumerate(context.fact("chains") or []):
        name, mean = (None, None) if k in context.absent else next(named)
        chains.append({"chain": name, **known, "mean_confidence": mean})
    return chains


def _along_the_assembly(
    context: Context, best: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Energies, and how alike decoys and the first model's seen residues are, by cycle."""
    positions, cycle, trajectory = load_arrays(
        context.read(DECOYS), "positions", "cycle", "trajectory"
    )
    compared = np.unique(
        np.linspace(0, len(positions) - 1, min(len(positions), DECOYS_COMPARED)).astype(int)
    )
    tm = []
    for k in compared:
        tm.append(tm_score(positions[k], best))
        context.progress(
            COMPARING_SHARE * len(tm) / len(compared), "comparing decoys with the first model"
        )
    return {
        "cycle": 1 + np.arange(len(trajectory)),
        "lowest_energy": trajectory.min(axis=1),
        "mean_energy": trajectory.mean(axis=1),
        "decoy_cycle": 1 + cycle[compared],
        "decoy_tm": np.array(tm),
    }


STAGE = Stage(
    "report",
    report,
    reads=(DENSITY, SYMMETRY, DECOYS, CLUSTERS, QUALITY),
    facts={
        "resolution": "density",
        "absent": "templates",
        "chains": "sequences",
        "sequence_z_score": "sequences",
        "symmetry": "trace",
        **NUCLEIC_FACTS,
        **BOND_FACTS,
        **UNSEEN_FACTS,
        "used": "templates",
        "refused": "templates",
        "known_folds": "template_search",
    },
    settings=shown_settings,
    of_run=True,
)
