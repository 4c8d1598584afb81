"""Ask public databases for structures: AlphaFold DB (EBI) and the PDB (RCSB).

Both offer what is used here to programs. AlphaFold DB is asked by an accession of UniProt, or by
the MD5 checksum of a sequence; the PDB is sent the sequence.
"""

from __future__ import annotations

import hashlib
import json
import re
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ..session.files import as_number
from ..session.network import NoAnswer, NotThere, fetch, fetch_json, host_of

__all__ = ["ALPHAFOLD", "SEARCH", "Entry", "Prediction", "download", "entry_file", "predictions",
           "similar_entries"]

ALPHAFOLD = "https://alphafold.ebi.ac.uk"
"""Its API: alphafold.ebi.ac.uk/api-docs."""

SEARCH = "https://search.rcsb.org/rcsbsearch/v2/query"
"""Its API: search.rcsb.org; the same that ChimeraX's own ``sequence search`` asks."""

ENTRIES = "https://files.rcsb.org/download"

_LARGEST = 200 << 20
"""Bytes of the largest file that is taken."""

_SHORTEST = 25
"""Residues of the shortest sequence that the PDB is searched for."""

_E_VALUE = 1e-3
"""As in ChimeraX's ``sequence search``."""

_HITS = 25
"""Entities that are asked for."""


@dataclass(frozen=True)
class Prediction:
    """A model of AlphaFold DB.

    Attributes
    ----------
    name : str
        Of its file without the suffix.
    model, error : str
        Addresses; the second may be empty.
    letters : str
        Its sequence; empty where that was not told.
    """

    name: str
    model: str
    error: str
    letters: str


@dataclass(frozen=True)
class Entry:
    """An entity of the PDB that is like a sequence.

    Attributes
    ----------
    entry, entity : str
        Such as ``1ABC`` and ``2``.
    identity, coverage : float
        0 to 1.
    """

    entry: str
    entity: str
    identity: float
    coverage: float


def predictions(
    letters: str, accession: str, stopped: Callable[[], bool] = lambda: False
) -> list[Prediction]:
    """Models of AlphaFold DB of a protein: by its accession, else of exactly its sequence.

    Raises
    ------
    NoAnswer
    """
    if accession:
        place = f"{ALPHAFOLD}/api/prediction/{urllib.parse.quote(accession)}"
        try:
            found = list(_by_accession(fetch_json(place, stopped=stopped), accession))
        except NotThere:
            found = []
        if found:
            return found
    checksum = hashlib.md5(letters.encode("ascii"), usedforsecurity=False).hexdigest()
    place = f"{ALPHAFOLD}/api/sequence/summary?id={checksum}&type=md5"
    try:
        return list(_by_sequence(fetch_json(place, stopped=stopped), letters))
    except NotThere:
        return []


def _by_accession(content: Any, accession: str) -> Iterator[Prediction]:
    """Of the answer about an accession; isoforms are other proteins."""
    for one in content if isinstance(content, list) else ():
        if not isinstance(one, dict) or one.get("uniprotAccession", accession) != accession:
            continue
        letters = one.get("sequence") or one.get("uniprotSequence")
        made = _prediction(
            one.get("cifUrl"), one.get("paeDocUrl"), letters if isinstance(letters, str) else ""
        )
        if made is not None:
            yield made


def _by_sequence(content: Any, letters: str) -> Iterator[Prediction]:
    """Of the answer about a checksum, whose layout is that of 3D-Beacons."""
    listed = content.get("structures") if isinstance(content, dict) else None
    for one in listed if isinstance(listed, list) else ():
        summary = one.get("summary") if isinstance(one, dict) else None
        made = _prediction(summary.get("model_url"), None, letters) if isinstance(
            summary, dict) else None  # fmt: skip
        if made is not None:
            yield made


def _prediction(model: Any, error: Any, letters: str) -> Prediction | None:
    """A model at an address of AlphaFold DB itself; None for anything else."""
    own = host_of(ALPHAFOLD)
    if not isinstance(model, str) or host_of(model) != own:
        return None
    name = urllib.parse.urlsplit(model).path.rsplit("/", 1)[-1]
    match = re.fullmatch(r"(AF-[\w-]{1,40}-)model(_v\d{1,3})\.cif", name)
    if match is None:
        return None
    if not isinstance(error, str) or host_of(error) != own:
        error = model.replace(name, f"{match[1]}predicted_aligned_error{match[2]}.json")
    return Prediction(name.removesuffix(".cif"), model, error, letters)


def similar_entries(letters: str, stopped: Callable[[], bool] = lambda: False) -> list[Entry]:
    """Entities of the PDB that are alike by sequence, the most alike first, one of each entry.

    Raises
    ------
    NoAnswer
    """
    if len(letters) < _SHORTEST:
        return []
    query = {
        "query": {
            "type": "terminal",
            "service": "sequence",
            "parameters": {
                "value": letters,
                "identity_cutoff": 0.3,
                "sequence_type": "protein",
                "evalue_cutoff": _E_VALUE,
            },
        },
        "return_type": "polymer_entity",
        "request_options": {
            "paginate": {"start": 0, "rows": _HITS},
            "results_verbosity": "verbose",
            "results_content_type": ["experimental"],
            "sort": [{"sort_by": "score", "direction": "desc"}],
            "scoring_strategy": "sequence",
        },
    }
    try:
        answer = fetch_json(
            SEARCH,
            data=json.dumps(query).encode(),
            headers={"Content-Type": "application/json"},
            stopped=stopped,
        )
    except NotThere:
        return []
    best: dict[str, Entry] = {}
    for entry in _entries(answer, len(letters)):
        known = best.get(entry.entry)
        if known is None or entry.identity * entry.coverage > known.identity * known.coverage:
            best[entry.entry] = entry
    return sorted(best.values(), key=lambda one: -one.identity * one.coverage)


def _entries(answer: Any, length: int) -> Iterator[Entry]:
    """What an answer of the PDB's search tells, as far as it is as it should be."""
    listed = answer.get("result_set") if isinstance(answer, dict) else None
    if not isinstance(listed, list):
        raise NoAnswer(f"{host_of(SEARCH)} answers with something else than hits")
    for one in listed[:_HITS]:
        if not isinstance(one, dict):
            continue
        match = re.fullmatch(r"(\d[A-Za-z0-9]{3}|pdb_\w{8})_(\d{1,4})", str(one.get("identifier")))
        context = _first_match(one)
        identity = as_number(context.get("sequence_identity"))
        begin, end = as_number(context.get("query_beg")), as_number(context.get("query_end"))
        if match is None or identity is None or begin is None or end is None:
            continue
        covered = min(max((end - begin + 1) / length, 0.0), 1.0)
        yield Entry(match[1], match[2], min(max(identity, 0.0), 1.0), covered)


def _first_match(hit: dict[str, Any]) -> dict[str, Any]:
    """How the best part of a hit is alike."""
    try:
        context = hit["services"][0]["nodes"][0]["match_context"][0]
    except (KeyError, IndexError, TypeError):
        return {}
    return context if isinstance(context, dict) else {}


def entry_file(entry: str) -> str:
    """Address of an entry's file."""
    return f"{ENTRIES}/{entry.lower()}.cif"


def download(address: str, stopped: Callable[[], bool] = lambda: False) -> bytes:
    """A file of a database.

    Raises
    ------
    NoAnswer, NotThere
    """
    return fetch(address, most=_LARGEST, stopped=stopped)
