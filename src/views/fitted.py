"""Show a model in the places that a fit has found for it, and tell how sure they are."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from ..jobs.folder import job_kind
from ..models.attributes import DOMAIN, has_values, read_domains
from ..models.coloring import color_models
from ..models.origin import origin_of
from ..session.files import as_number, read_json
from .results import Results

__all__ = ["FittedResults", "places_told"]

_HEADS = ("domain", "residues", "within 3 Å", "correlation", "z-score", "place", "runner-up")

_MOST_DOMAINS = 200
"""Of a place, that are told."""

_MOST_LINES = 12
"""That the panel tells; the log has them all."""


def places_told(folder: Path) -> str:
    """How sure the places are that a fit has found, in lines; empty for any other job."""
    if job_kind(folder) != "fit":
        return ""
    lines = [
        f"place {rank}, {_domain_told(row)}"
        for rank, place in enumerate(_places(folder), start=1)
        for row in _rows(place)
    ]
    if len(lines) > _MOST_LINES:
        lines[_MOST_LINES:] = [f"and {len(lines) - _MOST_LINES} more, in the log"]
    return "\n".join(lines)


class FittedResults(Results):
    """As `Results`: the model in each of its places, coloured by domains."""

    def finish(self) -> None:
        """Show the best place instead of the model as it came, and tell all of them."""
        super().finish()
        if not self.is_open:
            return
        for rank, place in enumerate(_places(self._folder), start=1):
            shown = self.group.part(str(place.get("file")))
            if shown is not None:
                shown.name = f"place {rank}, {_share(place)} within 3 Å"
        model = origin_of(self._session, self._folder)
        if model is not None:
            model.display = False

    def _read(self, model, table: Path | None, kind: str) -> None:
        """Take the domains from the table; B-factors are the file's own."""
        if table is not None:
            read_domains(model, table)

    def _color(self, model) -> None:
        """By domain; a model without them keeps its colours."""
        if has_values(model, DOMAIN):
            color_models(self._session, [model], "domain", keep_key=True)

    def _report(self, models: list[tuple[str, dict[str, float]]]) -> None:
        """A table of all places and their domains in the log; without a GUI a line for each."""
        logger = self._session.logger
        places = _places(self._folder)
        if not self._session.ui.is_gui:
            for rank, place in enumerate(places, start=1):
                logger.info(f"{_told(rank, place)}: {self._folder / str(place.get('file'))}")
                for row in _rows(place):
                    logger.info(f"  {_domain_told(row)}")
            return
        heads = "".join(f"<th align=left>{escape(head)}&nbsp;&nbsp;</th>" for head in _HEADS)
        parts = []
        for rank, place in enumerate(places, start=1):
            link = self._link(str(place.get("file")), f"place {rank}")
            rest = _told(rank, place).partition(":")[2]
            rows = "".join(
                "<tr>" + "".join(f"<td>{escape(cell)}&nbsp;&nbsp;</td>" for cell in row) + "</tr>"
                for row in _rows(place)
            )
            parts.append(f"{link}:{escape(rest)}<table><tr>{heads}</tr>{rows}</table>")
        logger.info(
            f"critasser {escape(self._name)} in {escape(str(self._folder))}<br>" + "".join(parts),
            is_html=True,
        )


def _places(folder: Path) -> list[dict[str, Any]]:
    """The places as `results.json` lists them."""
    listed = (read_json(folder / "results.json") or {}).get("models")
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _domain_told(row: tuple[str, ...]) -> str:
    """A row of `_rows` in a line."""
    named = zip(_HEADS[2:], row[2:])
    words = ", ".join(f"{head} {cell}" for head, cell in named if cell)
    return f"domain {row[0]} ({row[1]}): {words}"


def _share(place: dict[str, Any]) -> str:
    share = as_number(place.get("share_near"))
    return "?" if share is None else f"{share:.0%}"


def _told(rank: int, place: dict[str, Any]) -> str:
    correlation = as_number(place.get("correlation"))
    text = f"place {rank}: {_share(place)} of Cα within 3 Å of a position"
    return text if correlation is None else f"{text}, correlation {correlation:.2f}"


def _rows(place: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """What is known of each domain, in the order of `_HEADS`."""
    domains = place.get("domains")
    for number, one in enumerate(domains[:_MOST_DOMAINS] if isinstance(domains, list) else (), 1):
        if not isinstance(one, dict):
            continue
        residues = str(one.get("residues", ""))
        verdict = str(one.get("verdict", ""))
        if one.get("placed") is not True:
            verdict = "none of its own: goes along with its neighbour"
        equal = as_number(one.get("equal_places"))
        if verdict == "equal" and equal is not None:
            verdict = f"equal, one of {equal:.0f}"
        yield (
            str(number),
            residues,
            _share(one),
            _number(one.get("correlation"), 2),
            _number(one.get("z_score"), 1),
            verdict,
            _number(one.get("runner_up"), 1),
        )


def _number(value: Any, digits: int) -> str:
    found = as_number(value)
    return "" if found is None else f"{found:.{digits}f}"
