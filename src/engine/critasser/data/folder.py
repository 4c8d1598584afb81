"""A folder of training data: the record of each entry, and the tables made from them.

=========================== =======================================================================
``structures/index.tsv``    chains; columns `STRUCTURES`
``structures/pdb/``         their coordinates
``maps/<name>/``            boxes, as `critasser.data.boxes` writes them; ``meta.json`` names the
                            split
``pairs.tsv``               the figures of each box
``refused.tsv``             ``emdb pdb chain reason``, a line for each refusal
``clusters.json``           of all sequences, for the next time
``entries/<name>.json``     what came of an entry; one with a record is not prepared again
``downloads/``              files on their way
=========================== =======================================================================
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from io import StringIO
from pathlib import Path
from typing import Any

from critasser.data.clusters import cluster_sequences
from critasser.data.entries import Entry
from critasser.data.preparation import Settings
from critasser.data.splits import KnownChain, Member, splits_of
from critasser.job.records import read_json, write_json
from critasser.writing import appearing

__all__ = ["DataFolder"]

RECORD_VERSION = 1

NAME_DIGITS = 10
"""Hexadecimal digits that name a cluster: a million of them are all different."""

STRUCTURES = ("id", "pdbid", "chain", "length", "resolution", "cluster", "split", "file",
              "sequence")  # fmt: skip
PAIRS = ("name", "emdb", "pdb", "chain", "resolution", "split", "cluster", "residues", "modelled",
         "correlation", "fsc_half", "shift", "bytes")  # fmt: skip
REFUSED = ("emdb", "pdb", "chain", "reason")


class DataFolder:
    """Where data are prepared.

    Parameters
    ----------
    path : Path
    settings : Settings
        A record of other settings, or of another line of the list, is made anew.
    """

    def __init__(self, path: Path, settings: Settings) -> None:
        self.path = path
        self._settings = asdict(settings)
        del self._settings["keep_downloads"]

    def _stamp(self, entry: Entry) -> str:
        made_by = [RECORD_VERSION, self._settings, asdict(entry)]
        made_by[2] = {k: v for k, v in made_by[2].items() if k not in ("split", "cluster")}
        return hashlib.sha256(json.dumps(made_by, sort_keys=True).encode()).hexdigest()

    def record(self, entry: Entry) -> dict[str, Any] | None:
        """What came of an entry; None where it is still to be prepared."""
        record = read_json(self.path / "entries" / f"{entry.name}.json")
        if record is None or record.get("stamp") != self._stamp(entry) or record.get("again"):
            return None
        there = all(
            (self.path / "maps" / box["name"] / "map.mrc.gz").is_file() for box in record["boxes"]
        ) and all(
            (self.path / "structures" / one["file"]).is_file() for one in record["structures"]
        )
        return record if there else None

    def last_record(self, entry: Entry) -> dict[str, Any] | None:
        """What came of an entry the last time, whether or not it is to be prepared again."""
        record = read_json(self.path / "entries" / f"{entry.name}.json")
        return record if record and record.get("stamp") == self._stamp(entry) else None

    def keep(self, entry: Entry, record: Mapping[str, Any]) -> None:
        """Write down what came of an entry."""
        (self.path / "entries").mkdir(parents=True, exist_ok=True)
        write_json(
            self.path / "entries" / f"{entry.name}.json", {**record, "stamp": self._stamp(entry)}
        )

    def write_refused(self, entries: Sequence[Entry]) -> int:
        """Write the table of refusals; their number."""
        rows = [
            {"emdb": entry.emdb, "pdb": entry.pdb, **refusal}
            for entry in entries
            for refusal in (self.last_record(entry) or {"refused": []})["refused"]
        ]
        _write_table(self.path / "refused.tsv", REFUSED, rows)
        return len(rows)

    def write_tables(
        self,
        entries: Sequence[Entry],
        known: Sequence[KnownChain],
        identity: float,
        val_share: float,
        seed: int,
        check: Callable[[float], None],
    ) -> dict[str, int]:
        """Cluster, split, and write what training reads.

        Parameters
        ----------
        entries : sequence of Entry
            All of the list; those without a record are left out.
        known : sequence of KnownChain
            Whose relatives go into their splits.
        identity : float
            Of `cluster_sequences`.
        val_share : float
        seed : int
        check : callable
            Given the share of the clustering that is done; may raise to stop.

        Returns
        -------
        dict
            Boxes and structures in each split, such as ``{"train maps": 12, …}``.
        """
        pairs = [(entry, self.record(entry)) for entry in entries]
        done = [(entry, record) for entry, record in pairs if record and _gave(record)]
        sequences = [s for _, record in done for s in record["sequences"]]
        others = [one.sequence for one in known]
        numbers = self._clusters(sequences, others, identity, check)
        cluster = _named([*sequences, *others], numbers)
        members = [
            Member(
                entry.name,
                frozenset(cluster[s] for s in record["sequences"])
                | ({f"list {entry.cluster}"} if entry.cluster else set()),
                entry.split,
            )
            for entry, record in done
        ]
        members += [Member("", frozenset((cluster[one.sequence],)), one.split) for one in known]
        splits = splits_of(members, val_share, seed)
        boxes = self._write_maps(done, splits, cluster)
        structures = self._write_structures(done, splits, cluster)
        return _counted(("maps", boxes), ("chains", structures))

    def _clusters(
        self,
        sequences: Sequence[str],
        known: Sequence[str],
        identity: float,
        check: Callable[[float], None],
    ) -> list[int]:
        """Clusters of sequences, kept for the next time that the same ones are asked for."""
        asked = json.dumps([RECORD_VERSION, identity, list(sequences), list(known)])
        stamp = hashlib.sha256(asked.encode()).hexdigest()
        path = self.path / "clusters.json"
        kept = read_json(path)
        if kept is None or kept.get("stamp") != stamp:
            numbers = cluster_sequences(sequences, identity, check, known)
            write_json(path, kept := {"stamp": stamp, "clusters": numbers.tolist()})
        return kept["clusters"]

    def _write_maps(
        self,
        done: Sequence[tuple[Entry, dict[str, Any]]],
        splits: Sequence[str],
        cluster: Mapping[str, str],
    ) -> list[dict[str, Any]]:
        rows = []
        for (entry, record), split in zip(done, splits):
            for box in record["boxes"]:
                about = {
                    "emdb": entry.emdb,
                    "pdb": entry.pdb,
                    "resolution": record["resolution"],
                    "split": split,
                    "cluster": cluster.get(box["sequence"], ""),
                }
                rows.append({**box, **about})
        # What is in no list any more must not stay in a split.
        listed = {row["name"] for row in rows}
        for path in (self.path / "maps").glob("*/meta.json"):
            if path.parent.name not in listed:
                path.unlink()
        for row in rows:
            meta = {key: value for key, value in row.items() if key not in ("sequence", "bytes")}
            meta["resolution_A"] = meta.pop("resolution")
            write_json(self.path / "maps" / row["name"] / "meta.json", meta)
        _write_table(self.path / "pairs.tsv", PAIRS, rows)
        return rows

    def _write_structures(
        self,
        done: Sequence[tuple[Entry, dict[str, Any]]],
        splits: Sequence[str],
        cluster: Mapping[str, str],
    ) -> list[dict[str, Any]]:
        best: dict[str, dict[str, Any]] = {}
        for (entry, record), split in zip(done, splits):
            for one in record["structures"]:
                row = {
                    **one,
                    "pdbid": entry.pdb,
                    "resolution": record["resolution"],
                    "split": split,
                    "cluster": cluster.get(one["sequence"], ""),
                }
                kept = best.setdefault(one["sequence"], row)
                if row["resolution"] < kept["resolution"]:
                    best[one["sequence"]] = row
        rows = [{**row, "sequence": row["letters"]} for row in best.values()]
        (self.path / "structures").mkdir(exist_ok=True)
        _write_table(self.path / "structures" / "index.tsv", STRUCTURES, rows)
        return rows


def _gave(record: Mapping[str, Any]) -> bool:
    return bool(record["boxes"] or record["structures"])


def _named(sequences: Sequence[str], numbers: Sequence[int]) -> dict[str, str]:
    """The name of each sequence's cluster, which is that of its first member by alphabet.

    Whether a cluster validates is told by its name, which a longer list must not change.
    """
    first: dict[int, str] = {}
    for sequence, number in zip(sequences, numbers):
        first[number] = min(sequence, first.get(number, sequence))
    return {
        sequence: hashlib.sha256(first[number].encode()).hexdigest()[:NAME_DIGITS]
        for sequence, number in zip(sequences, numbers)
    }


def _counted(*tables: tuple[str, Sequence[Mapping[str, Any]]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for what, rows in tables:
        for row in rows:
            key = f"{row['split']} {what}"
            counts[key] = counts.get(key, 0) + 1
    return counts


def _write_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    text = StringIO()
    writer = csv.DictWriter(
        text, columns, delimiter="\t", extrasaction="ignore", lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows(rows)
    with appearing(path) as temporary:
        temporary.write_text(text.getvalue(), encoding="utf-8")
