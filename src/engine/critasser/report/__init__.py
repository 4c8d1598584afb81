"""`report.html`: what a person looks at first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from critasser.density import Grid
from critasser.report import figures
from critasser.report.page import figure, page, section, table
from critasser.structure import Target
from critasser.writing import appearing

__all__ = ["ReportContent", "write_report"]


@dataclass(frozen=True, eq=False)
class ReportContent:
    """What the report shows.

    Attributes
    ----------
    job : mapping
        `job.json`.
    results : mapping
        `results.json`.
    target : Target
    density : Grid
    calpha : sequence of ndarray (L, 3)
        Of each model, best first; Å.
    confidence : sequence of ndarray (L,)
        0 … 100.
    others : ndarray (k, L, 3), optional
        The first model as the other units of a symmetric molecule.
    cycle, lowest_energy, mean_energy : ndarray (n,), optional
        Over the replicas, along the assembly.
    decoy_cycle, decoy_tm : ndarray (m,), optional
        TM-score of decoys to the first model.
    """

    job: Mapping[str, Any]
    results: Mapping[str, Any]
    target: Target
    density: Grid
    calpha: Sequence[NDArray[np.float64]]
    confidence: Sequence[NDArray[np.float64]]
    others: NDArray[np.float64] | None = None
    cycle: NDArray[np.float64] | None = None
    lowest_energy: NDArray[np.float64] | None = None
    mean_energy: NDArray[np.float64] | None = None
    decoy_cycle: NDArray[np.float64] | None = None
    decoy_tm: NDArray[np.float64] | None = None


def write_report(path: Path, content: ReportContent) -> None:
    """Write the page, by atomic rename; needs no other file and no network."""
    with appearing(path) as temporary:
        temporary.write_text(_page(content), encoding="utf-8")


def _page(content: ReportContent) -> str:
    results, job = content.results, content.job
    models = results["models"]
    best = models[0]
    names = [f"model {model['rank']}" for model in models]
    inputs = {role: Path(str(entry["path"])).name for role, entry in job["inputs"].items()}
    total = sum(results["timings"].values())
    tiles = [
        ("mean confidence", f"{np.mean(content.confidence[0]):.0f}"),
        ("TM-score that decoys suggest (eTM)", f"{best['etm']:.2f}"),
        ("correlation with the map", f"{best['pcc_mask']:.2f}"),
        ("residues", f"{len(content.target)}"),
        ("models", f"{len(models)}"),
        ("time", _duration(total)),
    ]
    body = []
    if results["warnings"]:
        items = "".join(f"<li>{escape(text)}</li>" for text in results["warnings"])
        body.append(section("Warnings", f"<ul>{items}</ul>", kind="warn"))
    body.append(
        section(
            "The first model in its map",
            figure(
                figures.projections(
                    content.density, content.calpha[0], content.confidence[0], content.others
                ),
                "The map projected along x, y and z with the Cα trace of the first model, "
                "coloured by confidence",
            ),
            note="Grey: density summed along the axis. Line: Cα trace. Colours as in ChimeraX."
            + _symmetry_note(results.get("symmetry")),
        )
    )
    body.append(section("Models", _models(models), note=_MODELS_NOTE))
    body.append(
        section(
            "Confidence along the chain",
            figure(
                figures.chain_confidence(content.target, content.confidence, names),
                "Confidence of every residue of every model",
            ),
            note="Residues are counted over all chains laid end to end; a broken line is where "
            "the next chain begins."
            if len(content.target.sequences) > 1
            else "",
        )
    )
    if content.cycle is not None:
        clusters = results["clusters"]
        body.append(
            section(
                "Assembly",
                figure(
                    figures.assembly(
                        content.cycle,
                        content.lowest_energy,
                        content.mean_energy,
                        content.decoy_cycle,
                        content.decoy_tm,
                        clusters["size"],
                        clusters["decoys"],
                    ),
                    "Energy and TM-score to the first model against Monte Carlo cycle, and how "
                    "many decoys each cluster holds",
                ),
            )
        )
    stages = [(name.replace("_", " "), text) for name, text in results["stages"].items() if text]
    body.append(section("What the stages found", table((), stages, kind="text")))
    body.append(
        section(
            "Time and job",
            '<div class="pair">',
            figure(figures.stage_times(results["timings"]), "Seconds that each stage took"),
            table((), _job_rows(job, results), kind="text"),
            "</div>",
        )
    )
    return page(
        f"{inputs.get('model') or inputs['sequence']} in {inputs['map']}",
        f"Critasser {job['version']}, {results['finished']}",
        tiles,
        body,
    )


def _symmetry_note(symmetry: Mapping[str, Any] | None) -> str:
    if not symmetry:
        return ""
    told = f" The map holds {symmetry['units']} units alike"
    told += f" ({symmetry['name']})" if symmetry["name"] else ""
    if symmetry["built"] == 1:
        return f"{told}; thin lines: the others, which are assembly 1 in the models' files."
    return f"{told}; {symmetry['built']} of them were built."


_MODELS_NOTE = (
    "Confidence: what residues are expected to be worth, on average; it ranks the models. eTM: "
    "TM-score that decoys suggest, blind to a sequence out of register. CRscore: agreement "
    "with the Cα positions found in the map. PCC: correlation of the model's simulated density "
    "with the map, over the whole box and near the model. Cluster: share of the decoys behind the "
    "model. RMSD and TM: against model 1. What was not looked at is left out."
)

_COLUMNS = (
    ("model", "file", "{}"),
    ("confidence", "mean_confidence", "{:.0f}"),
    ("eTM", "etm", "{:.3f}"),
    ("CRscore", "crscore", "{:.3f}"),
    ("PCC box", "pcc_box", "{:.3f}"),
    ("PCC model", "pcc_mask", "{:.3f}"),
    ("PCC stretch", "stretch_pcc", "{:.3f}"),
    ("energy", "energy", "{:.0f}"),
    ("cluster", "cluster_share", "{:.0%}"),
    ("RMSD (Å)", "rmsd_to_first", "{:.2f}"),
    ("TM", "tm_to_first", "{:.3f}"),
)
"""Head, key in `results.json` and format of each column."""


def _models(models: Sequence[Mapping[str, Any]]) -> str:
    columns = [one for one in _COLUMNS if one[1] in models[0]]
    rows = [
        tuple(
            "–" if k == 0 and key.endswith("_to_first") else shape.format(model[key])
            for _, key, shape in columns
        )
        for k, model in enumerate(models)
    ]
    return table([head for head, _, _ in columns], rows)


def _job_rows(job: Mapping[str, Any], results: Mapping[str, Any]) -> list[tuple[str, str]]:
    options = job["options"]
    rows = [(role, str(entry["path"])) for role, entry in job["inputs"].items()]
    rows += [
        ("resolution", f"{results['resolution']:g} Å"),
        ("quality", str(options["quality"])),
        ("seed", str(options["seed"])),
        ("device", str(job["device"])),
        ("peak memory", f"{results['peak_memory_bytes'] / 2**30:.2f} GiB"),
        ("machine", f"{job['machine']['system']}, {job['machine']['cpus']} CPUs"),
        ("versions", ", ".join(f"{k} {v}" for k, v in job["versions"].items() if v)),
    ]
    return rows


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d} min" if minutes else f"{rest} s"
