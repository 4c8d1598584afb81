"""Run pip: its command lines, its progress, and what to do when it fails."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = [
    "PipReader",
    "advice_for_pip",
    "OLDEST",
    "complaint",
    "from_folder",
    "install_command",
    "installed",
    "mend_site",
    "pip_environment",
    "pip_version",
    "planned",
    "resolve_command",
    "unreachable",
    "upgrade_command",
]

_LOUD = re.compile(r"\s*(?:WARNING|ERROR|DEPRECATION):", re.IGNORECASE)
"""Lines of pip that say that something is wrong."""

OLDEST = (22, 2)
"""First pip that reports what it would install."""

_RAW_PROGRESS = (24, 1)
"""First pip that tells of a download's progress where nobody looks at a terminal."""


def pip_environment(environ: Mapping[str, str], scratch: Path) -> dict[str, str]:
    """What pip is to find: the person's own settings, but nothing that leads elsewhere."""
    dropped = ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PYTHONPATH")
    kept = {name: value for name, value in environ.items() if name not in dropped}
    # The system's folder for temporary files may be too small for torch.
    kept.update(TMPDIR=str(scratch), TEMP=str(scratch), TMP=str(scratch))
    return kept


def _pip(python: Path, *words: str, progress: str, places: list[str]) -> list[str]:
    return [
        *(str(python), "-I", "-u", "-X", "utf8", "-m", "pip", "install", "--no-user"),
        *("--no-input", "--disable-pip-version-check", "--no-color", "--only-binary", ":all:"),
        *("--progress-bar", progress, "--retries", "2", "--timeout", "30", *places, *words),
    ]


def resolve_command(
    python: Path, words: list[str], report: Path, places: list[str], *, afresh: bool = False
) -> list[str]:
    """Find out what is to be installed, into a report.

    Parameters
    ----------
    python : Path
        Of the environment.
    words : list of str
        Requirements, or ``-r FILE``.
    report : Path
    places : list of str
        Options that say where wheels are.
    afresh : bool
        As if nothing were installed, and without what these need in turn.
    """
    more = ["--ignore-installed", "--no-deps"] if afresh else []
    return _pip(
        python,
        *("--dry-run", "--report", str(report), *more, *words),
        progress="off",
        places=places,
    )


def install_command(
    python: Path, packages: list[str], places: list[str], version: tuple[int, ...]
) -> list[str]:
    """Install packages of known versions; pip of this version."""
    progress = "raw" if version >= _RAW_PROGRESS else "off"
    # All that they need is among them: it has been resolved before.
    return _pip(python, "--no-deps", *packages, progress=progress, places=places)


def upgrade_command(python: Path, places: list[str]) -> list[str]:
    """A pip that is too old to tell what it would install is replaced."""
    return _pip(python, "--upgrade", "pip", progress="off", places=places)


def from_folder(wheels: Path) -> list[str]:
    """Options that have pip take all wheels from a folder."""
    return ["--no-index", "--find-links", str(wheels)]


def _plain(name: str) -> str:
    """A package's name as everybody may spell it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def planned(report: Path) -> list[str]:
    """What a report says is to be installed, as ``name==version``.

    Raises
    ------
    ValueError
        It is no report.
    """
    try:
        content = json.loads(report.read_text(encoding="utf-8"))
        found = [one["metadata"] for one in content["install"]]
        return [f"{_plain(one['name'])}=={one['version']}" for one in found]
    except (OSError, KeyError, TypeError) as error:
        raise ValueError(f"pip left no report: {error}") from None


def pip_version(site: Path) -> tuple[int, ...]:
    """Version of the pip in a folder of packages; (0,) where there is none."""
    for path in site.glob("pip-*.dist-info"):
        numbers = re.findall(r"\d+", path.name.removeprefix("pip-"))
        return tuple(map(int, numbers))
    return (0,)


def installed(site: Path) -> set[str]:
    """Packages that are there, as ``name==version``."""
    found = set()
    for info in site.glob("*.dist-info"):
        name, _, version = info.name.removesuffix(".dist-info").rpartition("-")
        found.add(f"{_plain(name)}=={version}")
    return found


def unreachable(text: str) -> bool:
    """Whether pip said that it had no connection, even if it found another way."""
    return re.search(_NO_NETWORK, text) is not None


def mend_site(site: Path) -> list[str]:
    """Forget packages of which files are missing or of a wrong size, so that pip takes them anew.

    A pip that was killed leaves packages without a list of their files, and ``~names``.

    Returns
    -------
    list of str
        Names of those packages.
    """
    broken = []
    for path in sorted(site.glob("~*")):
        shutil.rmtree(path, ignore_errors=True)
    for info in sorted(site.glob("*.dist-info")):
        if not _whole(site, info):
            broken.append(info.name.split("-")[0])
            shutil.rmtree(info)
    return broken


def _whole(site: Path, info: Path) -> bool:
    import csv

    try:
        with (info / "RECORD").open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.reader(file) if len(row) == 3]
        listed = [(site / name, int(size)) for name, _, size in rows if size]
        return bool(rows) and all(path.stat().st_size == size for path, size in listed)
    except (OSError, ValueError):
        return False


@dataclass
class PipReader:
    """Follows what pip says.

    Parameters
    ----------
    total : int
        Number of packages that it is to install.
    """

    total: int
    collected: int = 0
    package: str = ""
    size: str = ""
    received: float = 0.0
    installing: bool = False

    def feed(self, line: str) -> bool:
        """Take in a line; whether it is a warning that is to be read besides what `message` says.

        What is fetched and installed, a line or two for each of many packages, is in the
        environment's ``log.txt``.
        """
        if found := re.match(r"(?:Collecting|Processing) (?:\S*[/\\])?(\S+)", line):
            self.collected += 1
            self.package, self.size, self.received = found[1], "", 0.0
        elif found := re.search(r"Downloading .*?([^/\s]+\.whl)\S* \(([^)]+)\)", line):
            self.size = found[2]
            self.received = 0.0
        elif found := re.match(r"Progress (\d+) of (\d+)", line):
            self.received = int(found[1]) / max(int(found[2]), 1)
        elif line.startswith("Installing collected packages"):
            self.installing = True
        return bool(_LOUD.match(line))

    def fraction(self, installed: int) -> float:
        """How far it is, 0 to 1: a package counts a half when fetched, a half when installed."""
        if self.total == 0:
            return 1.0
        fetched = self.total if self.installing else max(self.collected - 1 + self.received, 0.0)
        return min((fetched + min(installed, self.total)) / (2 * self.total), 1.0)

    def message(self, installed: int) -> str:
        """What it is at, for people."""
        if self.installing:
            return f"installing, {min(installed, self.total)} of {self.total} packages"
        size = f" ({self.size})" if self.size else ""
        got = f", {self.received:.0%} of it" if self.received else ""
        number = min(max(self.collected, 1), self.total)
        return f"package {number} of {self.total}: {self.package}{size}{got}"


def complaint(text: str) -> str:
    """The line of pip's output that says what went wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("ERROR:", "error:"))]
    chosen = next((line for line in errors if "No matching distribution" in line), None)
    line = chosen or (errors or lines or ["pip said nothing"])[-1]
    return re.sub(r"^(ERROR|error):\s*", "", line)[:400]


_END = 4000
"""Characters at the end of pip's output in which the reason is looked for."""

_NO_NETWORK = (
    r"Temporary failure in name resolution|Name or service not known|getaddrinfo failed"
    r"|nodename nor servname|Network is unreachable|NewConnectionError|No route to host"
    r"|Failed to establish a new connection|NameResolutionError"
)

_KNOWN = (
    (
        r"No space left|Errno 28|WinError 112",
        "Free some space (pip keeps its downloads too: pip cache purge), then give the same "
        "command again: it resumes.",
    ),
    (
        r"ProxyError|Tunnel connection failed|Proxy Authentication",
        "The proxy refuses. Tell pip the right one by: pip config set global.proxy "
        "http://USER:PASSWORD@HOST:PORT, or set HTTPS_PROXY before ChimeraX starts.",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError|SSLCertVerificationError",
        "The connection is not trusted; many firewalls have a certificate of their own. Ask for "
        "its file, then: pip config set global.cert FILE.",
    ),
    (
        _NO_NETWORK,
        "There is no way to the network from here. {wheelhouse}",
    ),
    (
        r"Read timed out|ReadTimeout|ConnectTimeout|Connection (?:reset|aborted|broken)"
        r"|IncompleteRead|RemoteDisconnected",
        "The connection broke. Give the same command again: it resumes with what is there.",
    ),
    (
        r"DO NOT MATCH THE HASHES|BadZipFile|is invalid.*wheel|has an invalid wheel",
        "A download was damaged. Give the same command again; if it stays so: pip cache purge.",
    ),
    (
        r"Long Path|path too long|WinError 206|File name too long",
        "The folder's path is too long: give a short one, as in: critasser install C:/critasser.",
    ),
    (
        r"WinError 32|being used by another process|WinError 5\b|Permission denied"
        r"|Access is denied",
        "Something uses the environment, or it is not yours to write in. Stop running builds "
        "(critasser jobs), or give another folder.",
    ),
    (
        r"No matching distribution|Could not find a version",
        "There is no wheel of it for this system and Python. {wheels}",
    ),
    (r"HTTP error 4\d\d|\b40[134] Client Error", "The package index refuses; see pip config list."),
)


def advice_for_pip(text: str, wheelhouse: str, wheels: str) -> str:
    """What to do about a failed pip; empty where nothing is known.

    Parameters
    ----------
    text : str
        All that it said.
    wheelhouse : str
        How to install without network.
    wheels : str
        Where wheels may come from instead.
    """
    end = text[-_END:]  # what was overcome before is not why it failed
    for pattern, remedy in _KNOWN:
        if re.search(pattern, end, re.IGNORECASE):
            return remedy.format(wheelhouse=wheelhouse, wheels=wheels)
    return ""
