"""The sections of a report, in their order, and the file that they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from critasser.report import figures
from critasser.report.content import ReportContent
from critasser.report.page import figure, page, section, table
from critasser.report.template_sections import template_section
from critasser.text import duration
from critasser.writing import appearing

__all__ = ["write_report"]

MOST_NAMES = 4
"""Of sequences in the title."""


def write_report(path: Path, content: ReportContent) -> None:
    """Write the page, by atomic rename; needs no other file and no network."""
    with appearing(path) as temporary:
        temporary.write_text(_page(content), encoding="utf-8", errors="backslashreplace")


def _page(content: ReportContent) -> str:
    results, job = content.results, content.job
    body = [
        _warnings(results),
        _first_model(content),
        section("Models", _models(results["models"]), note=_MODELS_NOTE),
        _chains(results.get("chains") or []),
        _nucleic_acid(results.get("nucleic_acid") or {}),
        template_section(results),
        _confidence(content),
        _sources(content),
        _half_maps(content),
        _assembly(content),
        _stages(results),
        _time_and_job(job, results),
    ]
    return page(
        _title(content),
        _subtitle(content),
        _tiles(content),
        [part for part in body if part],
    )


def _title(content: ReportContent) -> str:
    """What was built, by the headers of its sequences; of a model, the job."""
    if "model" in content.job["inputs"] and content.folder:
        return content.folder
    names = list(dict.fromkeys(one.name for one in content.target.sequences))
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def _subtitle(content: ReportContent) -> str:
    job = content.job
    files = {role: Path(str(entry["path"])).name for role, entry in job["inputs"].items()}
    parts = [
        f"{files.get('model') or files['sequence']} in {files['map']}",
        f"job {content.folder}" if content.folder else "",
        f"Critasser {job['version']}, {content.results['finished']}",
    ]
    return " · ".join(part for part in parts if part)


def _tiles(content: ReportContent) -> list[tuple[str, str]]:
    """The most important numbers, shown large."""
    models = content.results["models"]
    best = models[0]
    return [
        ("mean confidence", f"{best['mean_confidence']:.0f}"),
        ("estimated TM-score (eTM)", f"{best['etm']:.2f}"),
        ("correlation with the map", f"{best['pcc_mask']:.2f}"),
        ("residues", f"{len(content.target)}"),
        ("models", f"{len(models)}"),
        ("time", duration(sum(content.results["timings"].values()))),
    ]


def _warnings(results: Mapping[str, Any]) -> str:
    if not results["warnings"]:
        return ""
    items = "".join(f"<li>{escape(text)}</li>" for text in results["warnings"])
    return section("Warnings", f"<ul>{items}</ul>", kind="warn")


def _first_model(content: ReportContent) -> str:
    picture = figures.projections(
        content.density, content.calpha[0], content.confidence[0], content.others
    )
    return section(
        "The first model in its map",
        figure(
            picture,
            "The map projected along x, y and z with the Cα trace of the first model, "
            "coloured by confidence",
        ),
        note="Grey: density summed along the axis. Line: Cα trace. Colours as in ChimeraX."
        + _symmetry_note(content.results.get("symmetry")),
    )


def _confidence(content: ReportContent) -> str:
    names = [f"model {model['rank']}" for model in content.results["models"]]
    notes = []
    if len(content.target.sequences) > 1:
        notes.append(
            "Residues are counted over all chains laid end to end; a broken line is where the "
            "next chain begins."
        )
    if unseen := content.results.get("unseen"):
        notes.append(
            f"Residues {escape(', '.join(unseen))} have no density; scores are those of the others."
        )
    return section(
        "Confidence along the chain",
        figure(
            figures.chain_confidence(content.target, content.confidence, names),
            "Confidence of every residue of every model",
        ),
        note=" ".join(notes),
    )


def _sources(content: ReportContent) -> str:
    if content.sources is None:
        return ""
    counted = content.results["models"][0]["sources"]
    note = (
        f"Of {len(content.target)} residues of model 1, {counted['both']} are where both a "
        f"template and a Cα position of the map have them, {counted['map']} where the map alone "
        f"has one, {counted['template']} where a template alone has them, {counted['neither']} "
        "where neither has (within 2 Å)."
    )
    return section(
        "Where residues come from",
        figure(
            figures.chain_sources(content.target, content.sources),
            "Of every residue of the first model, whether map, template, both or neither has it",
        ),
        note=note,
    )


def _half_maps(content: ReportContent) -> str:
    found = content.results.get("half_maps")
    if not found:
        return ""
    curve, model = found["half_map_correlation"], found["cross_validation"]
    local = found["local_resolution"]
    rows = [
        ("halves correlate by 0.143 to", f"{found['half_map_resolution']:.1f} Å"),
        ("local resolution, a tenth better than", f"{local['10']:.1f} Å"),
        ("half better than", f"{local['50']:.1f} Å"),
        ("a tenth worse than", f"{local['90']:.1f} Å"),
        ("refined in one half map, the model fits it by", f"{model['work']:.3f}"),
        ("and the other, which it has not seen, by", f"{model['free']:.3f}"),
    ]
    picture = figures.half_maps(
        content.target, curve["frequency"], curve["correlation"], content.local_resolution
    )
    return section(
        "Half maps",
        figure(
            picture,
            "Correlation of the half maps by frequency, and local resolution along the chain of "
            "the first model",
        ),
        table((), rows, kind="text"),
        note="Fits are Fourier shell correlations near the model, averaged over frequencies to the "
        "resolution. Where they are alike, refinement has not followed noise.",
    )


def _assembly(content: ReportContent) -> str:
    if content.cycle is None:
        return ""
    clusters = content.results["clusters"]
    picture = figures.assembly(
        content.cycle,
        content.lowest_energy,
        content.mean_energy,
        content.decoy_cycle,
        content.decoy_tm,
        clusters["size"],
        clusters["decoys"],
    )
    return section(
        "Assembly",
        figure(
            picture,
            "Energy and TM-score to the first model against Monte Carlo cycle, and how many "
            "decoys each cluster holds",
        ),
    )


def _stages(results: Mapping[str, Any]) -> str:
    rows = [(name.replace("_", " "), text) for name, text in results["stages"].items() if text]
    return section("What the stages found", table((), rows, kind="text"))


def _time_and_job(job: Mapping[str, Any], results: Mapping[str, Any]) -> str:
    return section(
        "Time and job",
        '<div class="pair">',
        figure(figures.stage_times(results["timings"]), "Seconds that each stage took"),
        table((), _job_rows(job, results), kind="text"),
        "</div>",
    )


def _symmetry_note(symmetry: Mapping[str, Any] | None) -> str:
    if not symmetry:
        return ""
    units, name = symmetry["units"], symmetry["name"]
    told = f" Symmetry: {name}, {units}" if name else f" The map holds {units}"
    told += " units in the map" if name else " units alike"
    if symmetry["built"] == 1:
        return f"{told}; thin lines: the others, which are assembly 1 in the models' files."
    return f"{told}; {symmetry['built']} of them were built."


_MODELS_NOTE = (
    "Confidence: mean over the residues, 0 to 100; it ranks the models. eTM: estimated TM-score, "
    "from how far decoys agree; a sequence out of register does not lower it. CRscore: agreement "
    "with the Cα positions found in the map. PCC: Pearson correlation of the model's simulated "
    "density with the map, in the whole map and near the model. Cluster: share of the decoys "
    "behind the model. RMSD and TM: against model 1."
)

_CHAINS_NOTE = (
    "z-score: of the sequence alone against shuffled copies of it, anywhere in the map. "
    "Confidence: mean over the chain's residues in the first model."
)

_COLUMNS = (
    ("model", "file", "{}"),
    ("confidence", "mean_confidence", "{:.0f}"),
    ("eTM", "etm", "{:.3f}"),
    ("CRscore", "crscore", "{:.3f}"),
    ("PCC, whole map", "pcc_box", "{:.3f}"),
    ("PCC near the model", "pcc_mask", "{:.3f}"),
    ("PCC of the stretch", "stretch_pcc", "{:.3f}"),
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


def _chains(chains: Sequence[Mapping[str, Any]]) -> str:
    """Of several chains: how well the map tells each, and how sure it came out."""
    if len(chains) < 2:
        return ""
    rows = [
        (
            one["chain"] or "not built",
            one["sequence"],
            str(one["residues"]),
            f"{one['z_score']:.1f}",
            "–" if one["mean_confidence"] is None else f"{one['mean_confidence']:.0f}",
        )
        for one in chains
    ]
    head = ("chain", "sequence", "residues", "z-score", "confidence")
    return section("Chains", table(head, rows), note=_CHAINS_NOTE)


def _nucleic_acid(found: Mapping[str, Any]) -> str:
    """DNA and RNA that the map shows, and that the FASTA file names."""
    if not found.get("regions") and not found.get("records"):
        return ""
    rows = [(one["name"], f"{one['nucleotides']} nucleotides, not built") for one in
            found["records"]]  # fmt: skip
    if found["regions"]:
        pieces = "1 region" if found["regions"] == 1 else f"{found['regions']} regions"
        rows.append(("in the map", f"{found['volume']:,.0f} Å³ in {pieces}"))
        note = f"What looks like DNA or RNA is in {found['file']}; " + (
            "no Cα were looked for there."
            if found["left_out"]
            else "it may be protein, so Cα were looked for there too."
        )
    else:
        rows.append(("in the map", "none seen"))
        note = ""
    return section("Nucleic acid", table((), rows, kind="text"), note=note)


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
