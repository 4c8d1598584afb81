"""JSON of unknown origin, and checksums of files."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from critasser.writing import appearing

__all__ = ["checksum", "is_marker", "plain", "read_json", "write_json"]

_LARGEST_JSON = 16 << 20


def write_json(path: Path, content: object) -> None:
    """Write JSON by atomic rename; NaN and infinity become null."""
    with appearing(path) as temporary:
        temporary.write_text(
            json.dumps(plain(content), indent=1, ensure_ascii=False, allow_nan=False) + "\n",
            encoding="utf-8",
        )


def read_json(path: Path) -> dict[str, Any] | None:
    """A JSON object, or None where there is none that can be read."""
    try:
        if path.stat().st_size > _LARGEST_JSON:
            return None
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def plain(value: object) -> object:
    """Arrays, numpy numbers, tuples and paths as what JSON knows."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return value


def checksum(path: Path) -> str:
    """SHA-256 of a file's content."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def is_marker(content: Mapping[str, Any]) -> bool:
    """Whether a JSON object is the marker of a finished stage, see `job`."""
    kinds = {
        "key": str,
        "outputs": dict,
        "artifacts": dict,
        "seconds": (int, float),
        "cpu_seconds": (int, float),
        "peak_memory_bytes": int,
        "warnings": list,
        "summary": dict,
    }
    if any(not isinstance(content.get(name), kind) for name, kind in kinds.items()):
        return False
    texts = [*content["outputs"].values(), *content["warnings"]]
    for pair in content["artifacts"].values():
        if not isinstance(pair, list) or len(pair) != 2:
            return False
        texts.extend(pair)
    return all(isinstance(text, str) for text in texts)
