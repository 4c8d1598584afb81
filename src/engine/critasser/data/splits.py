"""Which pairs are trained on and which validate: no protein in two splits.

Entries are connected where they share a cluster of sequences, of any of their chains: a box of one
chain shows its neighbours. All that is connected goes into one split.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from critasser.data.entries import SPLITS
from critasser.errors import InputError
from critasser.input_files import read_bytes

__all__ = ["KnownChain", "Member", "read_known", "splits_of"]

LARGEST_HELD_OUT = 0.1
"""Share of all entries; larger connected sets, such as all antibodies, are trained on."""

MOST_BYTES = 1 << 30
"""Of a table of known chains."""

STRENGTH = {"bench": 3, "library": 2, "val": 1, "train": 0}
"""Which split wins where connected entries are said to be in several: what judges stays unseen."""

_DIGITS = 12
"""Hexadecimal digits of a checksum that make a number between 0 and 1."""


@dataclass(frozen=True)
class Member:
    """An entry as it is split.

    Attributes
    ----------
    name : str
    clusters : frozenset of str
        Of its sequences, and the one of the list.
    split : str
        What the list says, or "".
    """

    name: str
    clusters: frozenset[str]
    split: str


@dataclass(frozen=True)
class KnownChain:
    """A chain that is in a split already."""

    sequence: str
    split: str


def read_known(path: Path) -> list[KnownChain]:
    """Read a tab-separated table with the columns ``sequence`` and ``split``.

    Raises
    ------
    InputError
        There is no such file, or its columns or splits are others.
    """
    text = read_bytes(path, MOST_BYTES, "give a table of chains.").decode("utf-8", "replace")
    rows = list(csv.DictReader(text.splitlines(), delimiter="\t"))
    if not rows or not {"sequence", "split"} <= set(rows[0]):
        raise InputError(f"{path}: no table with the columns 'sequence' and 'split'")
    for number, row in enumerate(rows, start=2):
        if row["split"] not in SPLITS:
            raise InputError(f"{path}:{number}: split {row['split']!r}, none of {SPLITS}")
    return [KnownChain(row["sequence"] or "", row["split"]) for row in rows]


def splits_of(members: Sequence[Member], val_share: float, seed: int) -> list[str]:
    """The split of each entry.

    Parameters
    ----------
    members : sequence of Member
        Those whose name is "" are only there to pass their split on.
    val_share : float
        Of the connected sets that are in no split yet, which validate. Which, is told by the seed
        and the clusters' names, so that a longer list moves few of them.
    seed : int

    Returns
    -------
    list of str
    """
    groups = _connected(members)
    largest = max(LARGEST_HELD_OUT * sum(bool(member.name) for member in members), 1)
    splits, free = [""] * len(members), []
    for group in groups:
        given = {members[k].split for k in group} - {""}
        split = max(given, key=STRENGTH.__getitem__) if given else "train"
        if not given and sum(bool(members[k].name) for k in group) <= largest:
            free.append((_chance(min(min(members[k].clusters) for k in group), seed), group))
        for k in group:
            splits[k] = split
    # One at least, or nothing could be validated.
    some = "val" in splits or len(groups) == 1
    for number, (chance, group) in enumerate(sorted(free)):
        if val_share and (chance < val_share or (number == 0 and not some)):
            for k in group:
                splits[k] = "val"
    return splits


def _connected(members: Sequence[Member]) -> list[list[int]]:
    """Indices of members that share clusters, by way of others too."""
    names = sorted(set().union(*(member.clusters for member in members), ()))
    number = {name: k for k, name in enumerate(names)}
    rows, columns = [], []
    for k, member in enumerate(members):
        for cluster in member.clusters:
            rows.append(k)
            columns.append(len(members) + number[cluster])
    size = len(members) + len(names)
    edges = coo_array((np.ones(len(rows), np.int8), (rows, columns)), shape=(size, size))
    labels = connected_components(edges, directed=False)[1][: len(members)]
    groups: dict[int, list[int]] = {}
    for k, label in enumerate(labels):
        groups.setdefault(int(label), []).append(k)
    return list(groups.values())


def _chance(name: str, seed: int) -> float:
    """A number from 0 to 1 that is always the same for a name."""
    digest = hashlib.sha256(f"{seed} {name}".encode()).hexdigest()
    return int(digest[:_DIGITS], 16) / 16**_DIGITS
