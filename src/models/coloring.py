"""Colour models by values of their residues, and show the colour key."""

from __future__ import annotations

from collections.abc import Sequence

from chimerax.core.errors import UserError

from ..session.quoting import command_text, key_label
from .attributes import (
    ATTRIBUTE,
    DOMAIN,
    SCHEMES,
    Scheme,
    adopt_confidence,
    has_values,
    set_spread,
)
from .job_group import group_of
from .key_title import drop_title, show_title

__all__ = [
    "color_by_confidence",
    "all_ours",
    "color_models",
    "color_structure",
    "show_key",
    "show_scheme_key",
    "shows_other_scheme",
]

_NO_VALUE = "gray"

_LEAST_WIDTH = 240
"""Pixels of the key's width, at least."""

_LETTER, _BETWEEN = 10, 14
"""Pixels that a letter of the labels takes, and that two labels are apart at least."""

_FONT, _LEAST_FONT = 16, 8
"""Sizes of the labels: as a rule, and where the window is narrow."""

_LEFT_OVER, _BOTTOM, _HEIGHT = 0.03, 0.09, 0.03
"""Of the window: to the right of the key, below it, and its height."""

_FEWEST_LABELS = 2
"""Chains or domains that need a key."""

_MOST_CHAINS = 12
"""Chains that a key of chains has room for."""


def color_models(
    session,
    structures: Sequence,
    name: str,
    *,
    key: bool = True,
    keep_key: bool = False,
    transparency: float | None = None,
) -> list:
    """Colour structures, and show the key of the colours.

    Parameters
    ----------
    session : chimerax.core.session.Session
    structures : sequence of chimerax.atomic.AtomicStructure
    name : str
        One of `SCHEMES`.
    key : bool
        Show the key; a key of ours for other colours is taken away in any case.
    keep_key : bool
        A key of the person's own stays.
    transparency : float, optional
        Percent; as it is unless given.

    Returns
    -------
    list
        Those structures that were coloured.

    Raises
    ------
    UserError
        None of them has what the colours are for.
    """
    scheme = SCHEMES[name]
    if name == "agreement":
        _find_spread(structures)
    found = [structure for structure in structures if _has(structure, scheme)]
    if not found:
        raise UserError(scheme.lacking)
    for structure in found:
        color_structure(structure, scheme, transparency=transparency)
    if not key:
        _drop_key(session)
    elif name == "domain":
        _show_domain_key(session, found, replace=not keep_key)
    elif scheme.attribute:
        show_scheme_key(session, scheme, replace=not keep_key)
    else:
        _show_chain_key(session, found)
    return found


def shows_other_scheme(session) -> bool:
    """Whether there is a key of ours, of other colours than those of confidence."""
    from chimerax.color_key.model import get_model

    present = get_model(session, create=False)
    return present is not None and _is_ours(present) and present.name != SCHEMES["confidence"].title


def all_ours(session) -> list:
    """Open structures that have confidences."""
    from chimerax.atomic import all_atomic_structures

    return [one for one in all_atomic_structures(session) if has_values(one, ATTRIBUTE)]


def color_structure(structure, scheme: Scheme, *, transparency: float | None = None) -> None:
    """Colour an open structure; grey where there is no value."""
    from chimerax.core.commands import run

    if not scheme.attribute:
        words = ["color", structure, "bychain"]
    else:
        palette = ":".join(f"{value:g},{color}" for value, color in scheme.colors)
        words = ["color byattribute", f"r:{scheme.attribute}", structure, "palette", palette]
        words += ["noValueColor", _NO_VALUE, "logInfo false"]
    if transparency is not None:
        words += ["transparency", transparency]
    run(structure.session, command_text(*words), log=False)


def show_scheme_key(session, scheme: Scheme, *, replace: bool = False) -> None:
    """Show the key of a scheme.

    Parameters
    ----------
    session : chimerax.core.session.Session
    scheme : Scheme
    replace : bool
        Also when there is a key that is not ours.
    """
    if scheme.words:
        labels = [(color, word) for (_, color), word in zip(scheme.colors, scheme.words)]
        _key(session, scheme, labels, replace=replace, distinct=True)
        return
    labels = [(color, f"{value:g}") for value, color in scheme.colors]
    _key(session, scheme, labels, replace=replace)


def _show_domain_key(session, structures, *, replace: bool) -> None:
    """Domains and their colours, where there are several."""
    numbers = {getattr(one, DOMAIN, None) for s in structures for one in s.residues} - {None}
    labels = [(color, f"{n:g}") for n, color in SCHEMES["domain"].colors if n in numbers]
    if len(labels) < _FEWEST_LABELS:
        _drop_key(session)
        return
    _key(session, SCHEMES["domain"], labels, replace=replace, distinct=True)


def _show_chain_key(session, structures) -> None:
    """Chains and their colours, while there are few enough."""
    colors: dict[str, str] = {}
    for structure in structures:
        for chain in structure.chains:
            residues = chain.existing_residues
            if len(residues):
                red, green, blue, _ = residues.ribbon_colors[0]
                colors.setdefault(chain.chain_id, f"#{red:02x}{green:02x}{blue:02x}")
    if not _FEWEST_LABELS <= len(colors) <= _MOST_CHAINS:
        _drop_key(session)
        return
    labels = [(color, chain) for chain, color in colors.items()]
    _key(session, SCHEMES["chain"], labels, replace=True, distinct=True)


def _key(session, scheme: Scheme, labels, *, replace: bool, distinct: bool = False) -> None:
    from chimerax.color_key.model import get_model
    from chimerax.core.commands import run

    present = get_model(session, create=False)
    if present is not None and not replace and not _is_ours(present):
        return
    if present is not None and present.name == scheme.title and not distinct:
        return
    share, font = _room([label for _, label in labels], session.main_view.window_size[0])
    left = 1.0 - _LEFT_OVER - share
    treatment = "distinct" if distinct else "blended"
    command = command_text(
        "key",
        *(key_label(color, label) for color, label in labels),
        f"size {share:.3f},{_HEIGHT} pos {left:.3f},{_BOTTOM} fontSize {font} ticks true "
        f"tickLength 6 tickThickness 2 numericLabelSpacing equal colorTreatment {treatment}",
    )
    run(session, command, log=False)
    get_model(session).name = scheme.title
    show_title(session, scheme.heading, left, _BOTTOM + 1.4 * _HEIGHT)


def _room(labels: Sequence[str], width: int) -> tuple[float, int]:
    """Share of the window's width for a key, and size of its letters, so that no labels overlap."""
    needed = sum(_LETTER * len(label) + _BETWEEN for label in labels)
    share = min(max(0.28, _LEAST_WIDTH / max(width, 1), needed / max(width, 1)), 0.9)
    font = min(_FONT, int(_FONT * share * width / needed)) if needed else _FONT
    return share, max(font, _LEAST_FONT)


def _drop_key(session) -> None:
    """Take our own key away, so that none tells of other colours than those shown."""
    from chimerax.color_key.model import get_model

    present = get_model(session, create=False)
    if present is not None and _is_ours(present):
        present.delete()
        drop_title(session)


def _is_ours(key) -> bool:
    return any(key.name == scheme.title for scheme in SCHEMES.values())


def _has(structure, scheme: Scheme) -> bool:
    if scheme.attribute == ATTRIBUTE:
        return adopt_confidence(structure)
    return not scheme.attribute or has_values(structure, scheme.attribute)


def _find_spread(structures) -> None:
    """How models spread, for those that a job's group has opened together."""
    groups = {}
    for structure in structures:
        if (group := group_of(structure)) is not None:
            groups[id(group)] = group
    for group in groups.values():
        set_spread(group.parts("models"))


def color_by_confidence(structure) -> None:
    """Colour an open structure; grey where there is no confidence."""
    color_structure(structure, SCHEMES["confidence"])


def show_key(session, *, replace: bool = False) -> None:
    """Show what the colours of confidence mean.

    Parameters
    ----------
    session : chimerax.core.session.Session
    replace : bool
        Also when there is a key already that is not ours.
    """
    show_scheme_key(session, SCHEMES["confidence"], replace=replace)
