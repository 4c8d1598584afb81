"""Quotation in mmCIF of what comes from a person's file."""

from __future__ import annotations

import gemmi

__all__ = ["quote_foreign_values"]

AS_THEY_ARE = ("alt_id", "ins_code", "asym_id", "_struct_asym.id")
"""How columns end that gemmi fills with what stands in the person's file, without quotation."""

NEEDS_QUOTATION = "'\"#$_;[]"
"""First letters of a value that would spoil the file."""


def quote_foreign_values(block: gemmi.cif.Block) -> None:
    """Quote names of chains, insertion codes and alternatives that would make a block unreadable.

    Parameters
    ----------
    block : gemmi.cif.Block
        As gemmi makes it of a structure.
    """
    for item in block:
        for tag in item.loop.tags if item.loop is not None else ():
            column = block.find_loop(tag) if tag.endswith(AS_THEY_ARE) else ()
            odd = {value for value in set(column) if _is_spoiling(value)}
            for k, value in enumerate(column) if odd else ():
                if value in odd:
                    column[k] = gemmi.cif.quote(value)


def _is_spoiling(value: str) -> bool:
    quoted = value[0] in "'\"" and len(value) > 2 and value[-1] == value[0]
    return value[0] in NEEDS_QUOTATION and not quoted
