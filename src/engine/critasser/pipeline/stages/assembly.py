"""Stage assembly: whole chains from traces and templates, by Monte Carlo under the map."""

from __future__ import annotations

from collections.abc import Mapping

from critasser.assembly import assemble
from critasser.job.arrays import save_arrays, write_table
from critasser.pipeline.files import DECOYS
from critasser.pipeline.stage import Context, Stage, Task, sequences
from critasser.pipeline.stages.guides import EXTERNAL, FACTS, READS, guides

__all__ = ["STAGE"]


def assembly(context: Context) -> None:
    """Sample conformations by replica exchange; save the decoys and the energies of each cycle."""
    decoys = assemble(
        rng=context.rng,
        replicas=context.settings["replicas"],
        sweeps=context.settings["sweeps"],
        progress=context.progress,
        measure=context.progress.measure,
        **guides(context),
    )
    save_arrays(
        context.file(DECOYS),
        positions=decoys.positions,
        energy=decoys.energy,
        weight=decoys.weight,
        replica=decoys.replica,
        level=decoys.level,
        cycle=decoys.cycle,
        temperatures=decoys.temperatures,
        trajectory=decoys.trajectory,
        components=decoys.components,
        starts=decoys.starts,
        start_energy=decoys.start_energy,
    )
    write_table(
        context.file("4_assembly/energy.csv", "table", "energies"),
        ("cycle", *(f"temperature {t:.3f}" for t in decoys.temperatures)),
        ((cycle + 1, *energies) for cycle, energies in enumerate(decoys.trajectory)),
    )
    cycles = len(decoys.trajectory)
    stopped = ""
    if cycles < decoys.planned:
        stopped = f", ended after {cycles} of {decoys.planned} cycles as nothing changed any more"
    if decoys.note:
        context.warn(decoys.note)
    context.say(
        f"{len(decoys.positions)} decoys of {len(decoys.temperatures)} replicas after "
        f"{decoys.moves:.2g} moves, lowest energy {decoys.energy.min():.1f}, "
        f"{decoys.swapped:.0%} of swaps accepted{stopped}"
    )


def _settings(task: Task) -> Mapping[str, object]:
    schedule = task.options.schedule
    return {**sequences(task), "replicas": schedule.replicas, "sweeps": schedule.sweeps}


STAGE = Stage(
    "assembly",
    assembly,
    reads=READS,
    facts=FACTS,
    settings=_settings,
    external=EXTERNAL,
    draws=True,
)
