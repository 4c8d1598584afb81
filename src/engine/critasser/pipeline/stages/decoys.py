"""Stage decoys: clusters of the decoys, and their centroids made chains again."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from critasser.assembly import Guide, refine_centroids
from critasser.decoys import cluster
from critasser.job.arrays import load_arrays, load_templates, save_arrays, write_table
from critasser.pipeline.files import CENTROID, CLUSTERS, DECOYS, TEMPLATES, UNSEEN, of_model
from critasser.pipeline.stage import Context, Stage, Task, named_sequences
from critasser.pipeline.stages.guides import EXTERNAL, FACTS, READS, guides
from critasser.pipeline.stages.unseen import with_unseen
from critasser.structure import write_calpha

__all__ = ["STAGE"]

CLUSTERING_SHARE = 0.2
"""Share of the stage's time that comparing decoys takes; refinement takes the rest."""


def decoys(context: Context) -> None:
    """Cluster the decoys and refine each centroid under the map."""
    positions, weight = load_arrays(context.read(DECOYS), "positions", "weight")
    context.progress(0.0, "comparing decoys")
    found = cluster(positions, context.settings["models"], weight)
    guided = guides(context)
    refined = refine_centroids(
        found.centroid,
        rng=context.rng,
        sweeps=context.settings["sweeps"],
        progress=lambda done, message: context.progress(
            CLUSTERING_SHARE + (1.0 - CLUSTERING_SHARE) * done, message
        ),
        **guided,
    )
    (unseen,) = load_arrays(context.read(UNSEEN), "unseen")
    known = load_templates(context.read(TEMPLATES))
    guide = Guide.of(guided["density"], guided["calpha"])
    save_arrays(
        context.file(CLUSTERS),
        centroid=found.centroid,
        size=found.size,
        mean_rmsd=found.mean_rmsd,
        total=np.int64(found.total),
        cutoff=np.float64(found.cutoff),
    )
    for k, seen in enumerate(refined):
        calpha = with_unseen(
            context.target, seen, unseen, guide, rng=context.rng, templates=known
        )
        save_arrays(context.file(of_model(CENTROID, k)), calpha=calpha)
        share = found.size[k] / found.total
        write_calpha(
            context.file(f"4_assembly/refined_{k + 1}.cif", "calpha_models", f"cluster {k + 1}"),
            calpha,
            context.target,
            np.where(unseen, 0.0, 100.0 * share),
            title=f"Critasser cluster {k + 1}",
        )
    write_table(
        context.file("4_assembly/clusters.csv", "table", "clusters"),
        ("cluster", "decoys", "mean RMSD"),
        [
            (k + 1, int(size), spread)
            for k, (size, spread) in enumerate(zip(found.size, found.mean_rmsd))
        ],
    )
    context.note(models=len(refined))
    context.say(
        f"{len(found.size)} clusters of {', '.join(map(str, found.size))} decoys of "
        f"{found.total}, cutoff {found.cutoff:.1f} Å{'; ' if found.note else ''}{found.note}"
    )


def _settings(task: Task) -> Mapping[str, object]:
    return {
        **named_sequences(task),
        "models": task.options.models,
        "sweeps": task.options.schedule.refinement_sweeps,
    }


STAGE = Stage(
    "decoys",
    decoys,
    reads=(*READS, DECOYS),
    facts=FACTS,
    settings=_settings,
    external=EXTERNAL,
    draws=True,
)
