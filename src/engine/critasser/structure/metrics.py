"""Confidences of residues and scores of models in mmCIF files, as ModelCIF has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import gemmi

__all__ = ["add_metrics"]

CONFIDENCE_METRIC = 1

SOURCE_MEANS = "Where the residue comes from: 0 neither, 1 map, 2 template, 3 both"


def add_metrics(
    block: gemmi.cif.Block,
    local_values: Iterable[tuple[str, int, str, float]],
    scores: Mapping[str, float],
    marks: Sequence[tuple[str, int, str, float]] = (),
) -> None:
    """Add confidences of residues and scores of the model to a block.

    Parameters
    ----------
    block : gemmi.cif.Block
    local_values : iterable of (label_asym_id, label_seq_id, label_comp_id, confidence)
    scores : mapping of str to float
        Of the model as a whole.
    marks : sequence of (label_asym_id, label_seq_id, label_comp_id, source)
        Where residues come from, where that is known.
    """
    quote = gemmi.cif.quote
    metrics = block.init_loop(
        "_ma_qa_metric.",
        ["id", "name", "description", "type", "mode", "type_other_details"],
    )
    what = "Expected local accuracy, 0 (none) to 100 (certain)"
    metrics.add_row(
        [str(CONFIDENCE_METRIC), "confidence", quote(what), "other", "local", quote(what)]
    )
    for number, name in enumerate(scores, start=CONFIDENCE_METRIC + 1):
        metrics.add_row([str(number), quote(name), ".", "other", "global", quote(name)])
    source_metric = CONFIDENCE_METRIC + len(scores) + 1
    if marks:
        metrics.add_row(
            [str(source_metric), "source", quote(SOURCE_MEANS), "other", "local",
             quote(SOURCE_MEANS)]
        )  # fmt: skip
    if scores:
        whole = block.init_loop(
            "_ma_qa_metric_global.", ["ordinal_id", "model_id", "metric_id", "metric_value"]
        )
        for number, value in enumerate(scores.values(), start=1):
            whole.add_row([str(number), "1", str(CONFIDENCE_METRIC + number), f"{value:.4f}"])
    local = block.init_loop(
        "_ma_qa_metric_local.",
        [
            "ordinal_id",
            "model_id",
            "label_asym_id",
            "label_seq_id",
            "label_comp_id",
            "metric_id",
            "metric_value",
        ],
    )
    rows = [(CONFIDENCE_METRIC, *row) for row in local_values]
    rows += [(source_metric, *row) for row in marks]
    for ordinal, (metric, asym, number, name, value) in enumerate(rows, start=1):
        local.add_row(
            [str(ordinal), "1", quote(asym), str(number), quote(name), str(metric),
             f"{value:.2f}"]
        )  # fmt: skip
