"""``critasser compare``: show where two models differ."""

from __future__ import annotations

from html import escape

from chimerax.atomic import AtomicStructuresArg
from chimerax.core.commands import BoolArg, Bounded, CmdDesc, EnumOf, FloatArg
from chimerax.core.errors import UserError

from ..models.coloring import color_models
from ..models.comparison import differing_runs
from ..models.pairing import compare
from ..session.quoting import Command, command_link, command_text, in_turn, residues_spec

__all__ = ["command", "description"]

_MOST_ROWS = 40


def description():
    """How the command is typed."""
    return CmdDesc(
        required=[("structures", AtomicStructuresArg)],
        keyword=[
            ("with_model", AtomicStructuresArg),
            ("match_by", EnumOf(("number", "sequence"))),
            ("superpose", BoolArg),
            ("above", Bounded(FloatArg, min=0.0)),
            ("color", BoolArg),
            ("key", BoolArg),
        ],
        synopsis="Show where two models differ",
    )


def command(
    session,
    structures,
    *,
    with_model=None,
    match_by=None,
    superpose=False,
    above=2.0,
    color=True,
    key=True,
):
    """Compare the Cα positions of two models, as they lie in the map.

    Parameters
    ----------
    session : chimerax.core.session.Session
    structures : chimerax.atomic.AtomicStructures
        Two models; or one, and the other by `with_model`.
    with_model : chimerax.atomic.AtomicStructures, optional
    match_by : {'number', 'sequence'}, optional
        Which residue is which: that of the same chain and number, as it is in models of one job,
        or by an alignment; by number where that pairs the same amino acids, unless given.
    superpose : bool
        Move the second model onto the first before.
    above : float
        Å; stretches that differ by more are listed.
    color : bool
        Colour both by their distance.
    key : bool
        Show the key of the colours.

    Returns
    -------
    Comparison
    """
    both = [*structures, *(with_model if with_model is not None else ())]
    if len(both) != 2:
        raise UserError(
            f"compare takes two atomic models, got {len(both)}: critasser compare #1 withModel #2"
        )
    result = compare(*both, match_by=match_by, superpose=superpose)
    for structure in both:
        structure.display = True  # of a job's models all but the first are hidden
    if color:
        color_models(session, both, "distance", key=key)
    _tell(session, result, above)
    return result


def _tell(session, result, above: float) -> None:
    runs = differing_runs(result.residues, result.others, result.distances, above)
    first, second = result.first, result.second
    beyond = int((result.distances > above).sum())
    text = (
        f"{first} and {second}: {len(result.distances)} residues paired by {result.matched_by}, of "
        f"{first.num_residues} and {second.num_residues}; RMSD {result.rmsd:.2f} Å "
        f"{'superposed' if result.superposed else 'as they lie'}; TM-score {result.tm:.3f} as they "
        f"lie, {result.best_tm:.3f} superposed; {beyond} residues differ by more than {above:g} Å"
    )
    if not session.ui.is_gui:
        lines = (
            f"  {run.chain} {run.first}-{run.last} / {run.other_chain} {run.other_first}-"
            f"{run.other_last}: {run.mean:.1f} Å, at most {run.most:.1f}"
            for run in runs[:_MOST_ROWS]
        )
        session.logger.info("\n".join([text, *lines]))
        return
    session.logger.info(escape(text) + _table(first, second, runs), is_html=True)


def _show_run(first, second, run) -> Command | None:
    """The command that goes to a run in both models; None where no specifier names their chains."""
    try:
        here = residues_spec(first, run.chain, run.first, run.last)
        there = residues_spec(second, run.other_chain, run.other_first, run.other_last)
    except UserError:
        return None
    return in_turn(command_text("select", here, there), command_text("view sel"))


def _table(first, second, runs) -> str:
    if not runs:
        return ""
    rows = []
    for run in runs[:_MOST_ROWS]:
        label, shown = f"{run.chain} {run.first}–{run.last}", _show_run(first, second, run)
        link = escape(label) if shown is None else command_link(label, shown)
        other = escape(f"{run.other_chain} {run.other_first}–{run.other_last}")
        rows.append(
            f"<tr><td>{link}&nbsp;</td><td>{other}&nbsp;</td>"
            f"<td align=right>{run.last - run.first + 1}&nbsp;</td>"
            f"<td align=right>{run.mean:.1f}&nbsp;</td><td align=right>{run.most:.1f}</td></tr>"
        )
    more = len(runs) - _MOST_ROWS
    rest = f"and {more} more" if more > 0 else ""
    heads = "".join(
        f"<th align=left>{head}&nbsp;</th>"
        for head in (escape(str(first)), escape(str(second)), "residues", "mean Å", "most Å")
    )
    return f"<table><tr>{heads}</tr>{''.join(rows)}</table>{rest}"
