"""Stage templates: the person's structures, superposed on the Cα positions."""

from __future__ import annotations

import numpy as np

from critasser.job.arrays import load_calpha, save_templates, write_table
from critasser.pipeline.files import CALPHA, TEMPLATES
from critasser.pipeline.stage import Context, Stage, sequences
from critasser.pipeline.stages.trace import SHOWN
from critasser.structure import read_chains, write_calpha
from critasser.templates import survey
from critasser.text import printable

__all__ = ["STAGE"]


def templates(context: Context) -> None:
    """Superpose each chain of each template and score how well it explains the positions."""
    calpha, _, _ = load_calpha(context.read(CALPHA))
    files = context.all_external("template_*")
    chains = [chain for path in files for chain in read_chains(path)]
    found = survey(chains, calpha, context.target, progress=context.progress)
    save_templates(context.file(TEMPLATES), found.templates, len(context.target))
    for k, template in enumerate(found.templates):
        kind = "templates" if k < SHOWN else None
        write_calpha(
            context.file(f"3_templates/template_{k + 1:02d}.cif", kind, f"template {k + 1}"),
            template.positions,
            context.target,
            np.full(len(context.target), 100.0 * np.clip(template.score, 0.0, 1.0)),
            title=f"Critasser template {k + 1}: {printable(template.source)}",
        )
    write_table(
        context.file("3_templates/templates.csv", "table", "templates"),
        ("template", "CRscore", "placed", "source"),
        [(k + 1, t.score, int(t.placed.sum()), t.source) for k, t in enumerate(found.templates)],
    )
    for rejected in found.rejected:
        context.warn(f"template {rejected.source} is not used: {rejected.reason}")
    context.say(f"{len(found.templates)} of {len(files)} files" if files else "none given")


STAGE = Stage(
    "templates", templates, reads=(CALPHA,), settings=sequences, external=("template_*",)
)
