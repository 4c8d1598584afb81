"""Stage assembly of a rebuild: conformations of the stretches, by Monte Carlo under the map."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from critasser.assembly import sample_stretches
from critasser.job.arrays import load_calpha, load_traces, save_arrays, write_table
from critasser.options import REBUILDS
from critasser.pipeline.files import CALPHA, CANDIDATES, DENSITY, NUCLEIC, TRACES
from critasser.pipeline.stage import Context, Stage, Task
from critasser.pipeline.stages.calpha import warn_unsure
from critasser.pipeline.stages.stretch import EXTERNAL, Stretches, stretch_settings

__all__ = ["STAGE"]


def stretch_assembly(context: Context) -> None:
    """Sample the stretches while all the rest is held; keep the best that differ."""
    stretches = Stretches.of(context.plan)
    calpha, agreed, trusted = load_calpha(context.read(CALPHA))
    if not trusted:
        warn_unsure(context, agreed)
    found = sample_stretches(
        stretches.local.target,
        load_traces(context.read(TRACES)),
        stretches.mobile,
        calpha,
        stretches.density(context),
        context.fact("resolution"),
        rng=context.rng,
        count=context.settings["models"],
        replicas=context.settings["replicas"],
        sweeps=context.settings["sweeps"],
        refinement_sweeps=context.settings["refinement_sweeps"],
        use_cnn=trusted,
        progress=context.progress,
        measure=context.progress.measure,
    )
    save_arrays(context.file(CANDIDATES), positions=found.positions, energy=found.energy)
    write_table(
        context.file("4_assembly/energy.csv", "table", "energies"),
        ("cycle", *(f"replica {r + 1}" for r in range(found.trajectory.shape[1]))),
        ((cycle + 1, *energies) for cycle, energies in enumerate(found.trajectory)),
    )
    context.note(models=len(found.energy))
    context.say(
        f"{len(found.energy)} candidates of {found.decoys} conformations, energies "
        f"{', '.join(f'{energy:.0f}' for energy in found.energy)}"
    )


def _settings(task: Task) -> Mapping[str, object]:
    return {
        **stretch_settings(task),
        **dataclasses.asdict(REBUILDS[task.options.quality]),
        "models": task.options.models,
    }


STAGE = Stage(
    "assembly",
    stretch_assembly,
    reads=(DENSITY, NUCLEIC, CALPHA, TRACES),
    facts={"resolution": "density"},
    settings=_settings,
    external=(*EXTERNAL, "assembly.npz"),
    draws=True,
)
