"""The first three stages of every job, and what each depends on."""

from __future__ import annotations

from collections.abc import Mapping

from critasser.job.folder import Job
from critasser.pipeline.files import DENSITY, FEATURES, SEEN
from critasser.pipeline.map_stages import VIEWS, MapStages

__all__ = ["only", "run_map_stages"]


def run_map_stages(
    job: Job,
    stages: MapStages,
    external: Mapping[str, str],
    settings: Mapping[str, object] | None = None,
) -> dict[str, float]:
    """Run density, network and calpha, or find them done.

    Parameters
    ----------
    job : Job
    stages : MapStages
        Its resolution is known afterwards.
    external : mapping of str to str
        Checksums of files outside the folder, by role.
    settings : mapping, optional
        What else the density stage depends on.

    Returns
    -------
    dict
        The resolution, as later stages depend on it.
    """
    found = job.stage(
        "density",
        stages.density,
        settings={"resolution": stages.options.resolution, **(settings or {})},
        external=only(external, "map", "mask", "resolution_weights"),
    )
    stages.resolution = float(found["summary"]["resolution"])
    resolution = {"resolution": stages.resolution}
    job.stage(
        "network",
        stages.network,
        settings={"views": VIEWS, "length": len(stages.target)},
        inputs=[DENSITY],
        external=only(external, "weights", "residue_weights"),
    )
    job.stage(
        "calpha",
        stages.calpha,
        settings={"length": len(stages.target), **resolution},
        inputs=[DENSITY, SEEN, FEATURES],
        external=only(external, "residue_weights"),
    )
    return resolution


def only(checksums: Mapping[str, str], *roles: str) -> dict[str, str]:
    """Those checksums whose roles are named."""
    return {role: checksums[role] for role in roles if role in checksums}
