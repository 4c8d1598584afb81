"""Read the list of packages that the engine needs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

__all__ = ["names", "requirements_hash", "requirements_lines", "unmet"]


def requirements_lines(path: Path) -> list[str]:
    """The requirements of a file, comments left out.

    Raises
    ------
    FileNotFoundError
        The bundle is not whole.
    """
    text = path.read_text(encoding="utf-8")
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


def requirements_hash(path: Path) -> str:
    """A fingerprint of the list, the same whatever its order and comments."""
    text = "\n".join(sorted(line.replace(" ", "") for line in requirements_lines(path)))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def names(lines: list[str]) -> list[str]:
    """Names of the packages that are required."""
    from packaging.requirements import Requirement

    return [Requirement(line).name for line in lines]


def unmet(lines: list[str], versions: Mapping[str, str | None]) -> list[str]:
    """What is missing or of a wrong version, a few words for each.

    Parameters
    ----------
    lines : list of str
        Requirements.
    versions : mapping
        Versions that are there, by name; None for what is not there.
    """
    from packaging.requirements import Requirement
    from packaging.version import InvalidVersion

    found = []
    for line in lines:
        requirement = Requirement(line)
        version = versions.get(requirement.name)
        if version is None:
            found.append(f"{requirement.name} is missing")
            continue
        try:
            right = requirement.specifier.contains(version, prereleases=True)
        except InvalidVersion:
            right = False
        if not right:
            found.append(f"{requirement.name} is {version}, not {requirement.specifier}")
    return found
