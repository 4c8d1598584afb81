"""Tell which templates a build used, where they come from, and what it did not use and why."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from ..session.files import as_number
from ..session.quoting import command_link, one_line
from ..session.wording import in_chimerax

__all__ = ["HEADS", "TemplateRow", "looked_told", "tell_templates", "template_rows"]

HEADS = ("#", "Template", "Sequence", "Map", "CRscore", "Residues")
"""Of a table of templates."""

_MOST = 50
"""Templates that are told."""


@dataclass(frozen=True)
class TemplateRow:
    """A structure that was tried as a template; what is not known of it is empty.

    Attributes
    ----------
    number : str
        Of a template that is used.
    name : str
        What it is, and where it comes from.
    by_sequence, by_map : str
        Of a known fold that was found, how far it stands out.
    crscore, residues : str
        Of one that is used.
    reason : str
        Why one is not used.
    """

    number: str
    name: str
    by_sequence: str
    by_map: str
    crscore: str
    residues: str
    reason: str

    @property
    def cells(self) -> tuple[str, ...]:
        """In the order of `HEADS`."""
        return (self.number, self.name, self.by_sequence, self.by_map, self.crscore,
                self.residues)  # fmt: skip


def template_rows(results: dict[str, Any]) -> tuple[TemplateRow, ...]:
    """What `results.json` says of templates, those that are used first."""
    listed = results.get("templates")
    listed = listed if isinstance(listed, dict) else {}
    rows = []
    for which in ("used", "refused"):
        entries = listed.get(which)
        entries = entries if isinstance(entries, list) else []
        for number, one in enumerate([e for e in entries if isinstance(e, dict)][:_MOST], 1):
            used = which == "used"
            rows.append(
                TemplateRow(
                    str(number) if used else "",
                    _name(one),
                    _number(one.get("by_sequence"), 1),
                    _number(one.get("by_map"), 1),
                    _number(one.get("crscore"), 2) if used else "",
                    _number(one.get("placed"), 0) if used else "",
                    "" if used else in_chimerax(str(one.get("reason") or "no place")),
                )
            )
    return tuple(rows)


def looked_told(results: dict[str, Any]) -> str:
    """That known folds were looked for, of which sequences, and how to do without; else empty."""
    looked = results.get("known_folds")
    looked = looked if isinstance(looked, dict) else {}
    names, count = looked.get("sequences"), as_number(looked.get("structures"))
    if not isinstance(names, list) or not names or count is None:
        return ""
    shown = one_line(str(looked.get("words") or "the sequence"))
    found = any(row.by_sequence or row.by_map for row in template_rows(results))
    return (
        f"The map does not tell {shown} by itself, so {count:,.0f} known folds of the "
        f"library {one_line(str(looked.get('library', '')))} were looked through"
        + ("" if found else ", and none suits")
        + "; to build without them: templates none."
    )


def tell_templates(session, name: str, results: dict[str, Any], group=None) -> None:
    """A table in the log, with a link that shows them in the job's group where that is open;
    without a GUI a line for each template."""
    rows, looked = template_rows(results), looked_told(results)
    if not (rows or looked):
        return
    logger = session.logger
    if not session.ui.is_gui:
        lines = [looked] if looked else []
        logger.info("\n".join(f"critasser {name}: {line}" for line in [*lines, *map(_line, rows)]))
        return
    table = link = ""
    if group is not None and any(row.number for row in rows):
        link = f" ({command_link('show them', 'critasser show', group, 'templates')})"
    if rows:
        heads = "".join(f"<th align=left>{escape(head)}&nbsp;&nbsp;</th>" for head in HEADS)
        body = "".join(
            "<tr>"
            + "".join(f"<td>{escape(cell)}&nbsp;&nbsp;</td>" for cell in row.cells)
            + (f"<td>not used: {escape(row.reason)}</td>" if row.reason else "")
            + "</tr>"
            for row in rows
        )
        table = f"<table><tr>{heads}</tr>{body}</table>"
    logger.info(f"critasser {escape(name)}: templates{link}. {escape(looked)}{table}", is_html=True)


def _line(row: TemplateRow) -> str:
    known = {"by sequence z": row.by_sequence, "by map": row.by_map, "CRscore": row.crscore,
             "residues": row.residues}  # fmt: skip
    told = ", ".join([row.name, *(f"{what} {value}" for what, value in known.items() if value)])
    return f"template {row.number}: {told}" if row.number else f"{told} is not used: {row.reason}"


def _name(one: dict[str, Any]) -> str:
    """A known fold by its name in the library, another structure as the engine calls it."""
    source, structure = one_line(str(one.get("source", ""))), one.get("structure")
    if one.get("origin") != "known fold" or not isinstance(structure, str):
        return source
    _, _, more = source.partition(", ")
    found = f"known fold found (library: {one_line(structure)})"
    return f"{found}, {more}" if more else found


def _number(value: Any, digits: int) -> str:
    found = as_number(value)
    return "" if found is None else f"{found:.{digits}f}"
