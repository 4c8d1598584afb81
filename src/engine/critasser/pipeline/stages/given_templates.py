"""Stage given_templates: where the density has the structures that a person gives.

It also tells which sequences have one that lies in the map, so that known folds are looked for
where none does.
"""

from __future__ import annotations

from collections.abc import Mapping

from critasser.job.arrays import load_calpha
from critasser.pipeline.files import CALPHA, DENSITY, FEATURES, GIVEN, NUCLEIC, SEEN, UNITS
from critasser.pipeline.stage import Context, Stage, Task, named_sequences
from critasser.pipeline.stages.density_fit import (
    DensityFit,
    fit_by_density,
    fitted_features,
    search_at_once,
    template_chains,
)
from critasser.pipeline.stages.density_places import save_places
from critasser.pipeline.stages.side_chains import SideChains
from critasser.pipeline.stages.untold_sequences import UNTOLD_FACTS, untold_entities
from critasser.shipped import SEQUENCE_NETWORK
from critasser.templates import copies_asked, entities_of, survey

__all__ = ["STAGE"]


def given_templates(context: Context) -> None:
    """Search the density for each chain; where the map does not tell a sequence, judge them too.

    Notes ``lying``: of these sequences, by their places in `entities_of`, those that a structure
    has which lies in the map.
    """
    untold = untold_entities(context) if context.settings["search"] else []
    files = context.all_external("template_*")
    pae = [context.external(f"pae_{number:02d}") for number in range(1, len(files) + 1)]
    chains, errors = template_chains(files, pae)
    lying: list[int] = []
    fit = None
    if chains:
        fit = fit_by_density(
            chains, fitted_features(context), context.rng, errors=errors, tell=context.warn,
            side_chains=SideChains.of(context) if untold else None,
        )  # fmt: skip
        share = search_at_once(context, fit)
        if untold:
            lying = _lying(context, fit, share, untold)
        else:
            _place(context, fit, share)
    found = {} if fit is None else fit.found
    save_places(context.file(GIVEN), [found.get(number) for number in range(len(chains))])
    context.note(lying=lying)
    led = sum(error is not None for error in errors)
    cut = f"; cut by their predicted aligned error: {led}" if led else ""
    context.say(f"chains that were given: {len(chains)}{cut}" if chains else "none")


def _place(context: Context, fit: DensityFit, share: float) -> None:
    """Search the density for each chain in turn."""
    for number, chain in enumerate(fit.chains):
        if copies := copies_asked(chain, context.target):

            def report(done: float, message: str, number=number, chain=chain) -> None:
                whole = (number + done) / len(fit.chains)
                context.progress(share + (1.0 - share) * whole, f"{chain.title}: {message}")

            fit(number, copies=copies, progress=report)


def _lying(context: Context, fit: DensityFit, share: float, untold: list[int]) -> list[int]:
    """Which of some sequences have a structure that lies in the map."""
    calpha, _, _ = load_calpha(context.read(CALPHA))
    found = survey(
        fit.chains, calpha, context.target, fit=fit,
        progress=lambda done, message: context.progress(share + (1.0 - share) * done, message),
    )  # fmt: skip
    parts = context.target.chain_slices
    groups = entities_of(context.target)
    return [
        entity for entity in untold
        if any(one.placed[parts[k]].any() for one in found.templates for k in groups[entity])
    ]  # fmt: skip


def _settings(task: Task) -> Mapping[str, object]:
    return {**named_sequences(task), "search": task.options.template_search}


STAGE = Stage(
    "given_templates",
    given_templates,
    reads=(CALPHA, DENSITY, SEEN, FEATURES, NUCLEIC, UNITS),
    facts={"resolution": "density", "map_symmetry": "symmetry", **UNTOLD_FACTS},
    settings=_settings,
    external=("template_*", "pae_*", "residue_weights", SEQUENCE_NETWORK),
    draws=True,
)
