"""The report's section on templates: what was given, what was found, and what is not used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from critasser.report.page import section, table

__all__ = ["template_section"]

_UNKNOWN = "–"


def template_section(results: Mapping[str, Any]) -> str:
    """Templates and known folds by `results.json`; empty where none were given or looked for."""
    templates, looked = results.get("templates") or {}, results.get("known_folds") or {}
    used, refused = templates.get("used") or [], templates.get("refused") or []
    if not (used or refused or looked.get("sequences")):
        return ""
    parts = []
    if used:
        parts.append(table(_HEADS, [_row(k, one) for k, one in enumerate(used, start=1)]))
    if refused:
        rows = [(_came(one), one["reason"]) for one in refused]
        parts.append(table(("not used", "why"), rows, kind="text"))
    if not parts:
        parts.append("<p>None is used.</p>")
    return section("Templates", *parts, note=_note(used, refused, looked))


_HEADS = ("template", "by sequence", "by map", "CRscore", "residues", "register z-score")


def _row(number: int, one: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        f"{number}, {_named(one)}",
        _shown(one["by_sequence"]),
        _shown(one["by_map"]),
        f"{one['crscore']:.3f}",
        str(one["placed"]),
        f"{one['register_z_score']:.1f}",
    )


def _named(one: Mapping[str, Any]) -> str:
    """What a template is called, and where it comes from."""
    return f"{one['origin']}: {one['source']}"


def _came(one: Mapping[str, Any]) -> str:
    """The same with how far it stood out, of what is not used."""
    known = {"by sequence z": one["by_sequence"], "by map": one["by_map"]}
    words = [f"{name} {value:.1f}" for name, value in known.items() if value is not None]
    return f"{_named(one)} ({', '.join(words)})" if words else _named(one)


def _shown(value: float | None) -> str:
    return _UNKNOWN if value is None else f"{value:.1f}"


def _note(
    used: Sequence[Mapping[str, Any]],
    refused: Sequence[Mapping[str, Any]],
    looked: Mapping[str, Any],
) -> str:
    """What known folds are, that they were looked for, and how to do without."""
    if not looked.get("sequences"):
        return ""
    found = sum(bool(one["structure"]) for one in (*used, *refused))
    given = any(not one["structure"] for one in (*used, *refused))
    told = (
        f"The map does not tell {looked['words']} by itself"
        + (", nor does a structure that was given lie there. So " if given else ". So ")
        + f"{looked['structures']:,} known structures of the library {looked['library']} were "
        f"looked through, and {found or 'none'} tried as templates. "
    )
    if found:
        told += (
            "By sequence: z-score of the sequence threaded on the structure. By map: deviations by "
            "which its fold suits the map better than those of others do; from 3 on one is tried. "
        )
    return (
        told + "To build without them: --no-template-search, in ChimeraX templates none. A solved "
        "or predicted structure of the protein is a better template: give it."
    )
