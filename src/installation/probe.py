"""Check quickly whether a Python runs the engine.

A short script in that Python tells its versions; no package is imported but the engine's own
first module, so that torch costs nothing here. What was found right is remembered by the times at
which the interpreter and its folder of packages were changed last, so that the next look is two
calls of `stat`.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chimerax.core.errors import UserError

from ..session.platforms import run_quietly

__all__ = ["Probe", "fingerprint", "probe", "torch_device"]

OLDEST = (3, 10)

_SCRIPT = """
import json, sys, sysconfig
from importlib import metadata
versions = {}
for name in sys.argv[1:]:
    try:
        versions[name] = metadata.version(name)
    except metadata.PackageNotFoundError:
        versions[name] = None
import critasser
print(json.dumps({"engine": critasser.__version__, "python": list(sys.version_info[:3]),
                  "site": sysconfig.get_path("platlib"), "versions": versions}))
"""

_DEVICE_SCRIPT = """
import torch
name = ""
if torch.cuda.is_available():
    name = "GPU " + torch.cuda.get_device_name(0)
elif getattr(torch.backends, "mps", None) is not None and torch.backends.mps.is_available():
    name = "GPU of Apple (MPS)"
print(name or "CPU")
"""


@dataclass(frozen=True)
class Probe:
    """What a Python said of itself.

    Attributes
    ----------
    engine : str
        Version of the engine as this Python runs it.
    python : tuple of int
        Its own version, three numbers.
    site : str
        Its folder of packages.
    versions : mapping of str to (str or None)
        Versions of the packages that were asked for.
    """

    engine: str
    python: tuple[int, int, int]
    site: str
    versions: Mapping[str, str | None]


def probe(
    python: Path, packages: list[str], environment: Mapping[str, str], seconds: float = 120.0
) -> Probe:
    """Ask a Python which versions it has.

    Raises
    ------
    UserError
        It cannot be run, or does not run the engine.
    """
    done = _run([str(python), "-c", _SCRIPT, *packages], python, environment, seconds)
    reason = _last(done.stderr) or _last(done.stdout) or "no reason given"
    try:
        if done.returncode:
            raise ValueError
        told = json.loads(_last(done.stdout))
        found = Probe(
            engine=str(told["engine"]),
            python=tuple(int(number) for number in told["python"]),
            site=str(told["site"]),
            versions={str(name): told["versions"].get(name) for name in packages},
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError(f"{python} does not run the engine: {reason}") from None
    if found.python < OLDEST:
        version = ".".join(map(str, found.python))
        raise UserError(f"{python} is Python {version}, and the engine needs 3.10 or newer")
    return found


def torch_device(python: Path, environment: Mapping[str, str], seconds: float = 180.0) -> str:
    """On what torch computes there; seconds go by, for torch is imported.

    Raises
    ------
    UserError
        It cannot be imported.
    """
    done = _run([str(python), "-c", _DEVICE_SCRIPT], python, environment, seconds)
    if done.returncode:
        raise UserError(f"torch cannot be used by {python}: {_last(done.stderr) or 'no reason'}")
    return _last(done.stdout)


def fingerprint(python: Path, site: str, requirements: str) -> list[str] | None:
    """What must be unchanged for an earlier look to hold good; None where something is gone."""
    try:
        times = [python.stat().st_mtime_ns, Path(site).stat().st_mtime_ns]
    except OSError:
        return None
    return [str(python), site, requirements, *map(str, times)]


def _run(command: list[str], python: Path, environment: Mapping[str, str], seconds: float):
    try:
        # Where Python's first look for modules goes to is not left to chance.
        return run_quietly(
            command, env=dict(environment), cwd=environment["PYTHONPATH"], timeout=seconds
        )
    except subprocess.TimeoutExpired:
        raise UserError(f"{python} did not answer within {seconds:.0f} seconds") from None
    except OSError as error:
        raise UserError(f"{python} cannot be run: {error.strerror}") from None


def _last(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
