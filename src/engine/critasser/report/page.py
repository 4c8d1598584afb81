"""The report as one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["figure", "page", "section", "table"]

_CSS = """
:root { --ink: #1f2933; --muted: #616e7c; --line: #e4e7eb; --paper: #ffffff; --ground: #f5f7fa;
        --accent: #2563a8; --warn: #fff8e6; --warn-line: #e6c35c; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
       font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 25px; margin: 0 0 2px; font-weight: 650; letter-spacing: -0.01em; }
h2 { font-size: 16px; margin: 0 0 12px; font-weight: 620; }
.sub { color: var(--muted); margin: 0 0 20px; overflow-wrap: anywhere; }
section { background: var(--paper); border: 1px solid var(--line); border-radius: 10px;
          padding: 18px 20px; margin: 0 0 16px; }
.note { color: var(--muted); font-size: 13.5px; margin: 10px 0 0; max-width: 78ch; }
.tiles { display: flex; flex-wrap: wrap; gap: 12px; margin: 0 0 16px; }
.tile { background: var(--paper); border: 1px solid var(--line); border-radius: 10px;
        padding: 12px 16px; flex: 1 1 130px; }
.tile b { display: block; white-space: nowrap; font-size: 23px; font-weight: 640;
          font-variant-numeric: tabular-nums; }
.tile span { color: var(--muted); font-size: 13px; }
.warn { background: var(--warn); border-color: var(--warn-line); }
.warn ul { margin: 0; padding-left: 20px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: right; font-weight: 560; color: var(--muted); font-size: 13px;
     border-bottom: 1px solid var(--line); padding: 4px 10px; white-space: nowrap; }
td { text-align: right; padding: 5px 10px; border-bottom: 1px solid var(--line);
     overflow-wrap: anywhere; }
tr:last-child td { border-bottom: 0; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
table.text td, table.text th { text-align: left; }
table.text td:first-child { color: var(--muted); white-space: nowrap; width: 1%; }
img { display: block; max-width: 100%; height: auto; }
.pair { display: flex; flex-wrap: wrap; gap: 20px; align-items: flex-start; }
.pair > * { flex: 1 1 300px; min-width: 0; }
@media print { body { background: none; } section, .tile { break-inside: avoid; } }
"""


def page(title: str, subtitle: str, tiles: Sequence[tuple[str, str]], body: Iterable[str]) -> str:
    """The whole page; `body` is HTML, everything else text."""
    shown = "".join(
        f'<div class="tile"><b>{escape(value)}</b><span>{escape(name)}</span></div>'
        for name, value in tiles
    )
    return (
        "<!doctype html>\n"
        '<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        # Nothing may be loaded or run: whatever a name in a file says, it is only text.
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "img-src data:; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{_CSS}</style></head><body><main>\n"
        f'<h1>{escape(title)}</h1><p class="sub">{escape(subtitle)}</p>\n'
        f'<div class="tiles">{shown}</div>\n' + "\n".join(body) + "\n</main></body></html>\n"
    )


def section(title: str, *parts: str, note: str = "", kind: str = "") -> str:
    """A box with a title; `parts` are HTML, `title` and `note` text."""
    attribute = f' class="{escape(kind)}"' if kind else ""
    closing = f'<p class="note">{escape(note)}</p>' if note else ""
    return f"<section{attribute}><h2>{escape(title)}</h2>{''.join(parts)}{closing}</section>"


def figure(address: str, description: str) -> str:
    """A picture from its ``data:`` address."""
    return f'<img src="{escape(address)}" alt="{escape(description)}">'


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, kind: str = "") -> str:
    """A table of texts; without columns it has no head."""
    head = ""
    if columns:
        cells = "".join(f"<th>{escape(name)}</th>" for name in columns)
        head = f"<thead><tr>{cells}</tr></thead>"
    lines = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    attribute = f' class="{escape(kind)}"' if kind else ""
    return f'<div class="scroll"><table{attribute}>{head}<tbody>{lines}</tbody></table></div>'
