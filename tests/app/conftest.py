"""The bundle in a real ChimeraX, which the environment variable CHIMERAX names.

The bundle is built and installed from a copy of the sources, into folders of its own, so that
neither the sources nor the person's ChimeraX are touched. Set the variable SCREENSHOTS to a folder
to keep pictures of what was seen.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("CHIMERAX")
INSTALLED = ("bundle_info.xml", "pyproject.toml", "setup.py", "README.md", "LICENSE")


def pytest_collection_modifyitems(items):
    """Say why nothing here runs where there is no ChimeraX."""
    if PROGRAM:
        return
    skip = pytest.mark.skip(reason="no ChimeraX: set the variable CHIMERAX to its program")
    for item in items:
        if Path(item.fspath).parent == Path(__file__).parent:
            item.add_marker(skip)


class ChimeraX:
    """A ChimeraX with the bundle in it, and a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {
            **os.environ,
            "HOME": str(home),
            "CHIMERAX_HOME": str(home / "chimerax"),
            **{f"XDG_{what}_HOME": str(home / what) for what in ("DATA", "CONFIG", "CACHE")},
            "FAKE_PAUSE": "0.05",
        }
        self.environment.pop("PYTHONPATH", None)

    def run(self, *arguments, folder=None, prefix=(), **environment) -> str:
        """Run the program; its output. AssertionError unless it ends well."""
        done = subprocess.run(
            [*prefix, PROGRAM, *map(str, arguments)],
            env={**self.environment, **environment},
            cwd=folder or self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=1500,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-6000:]
        return done.stdout

    def script(self, text: str, *, gui=False, **environment) -> str:
        """Run Python in it, without a GUI unless said; `run` and `session` are there."""
        path = self.home / "script.py"
        start = "from chimerax.core.commands import run\n"
        path.write_text(start + textwrap.dedent(text), encoding="utf-8")
        if gui:
            prefix = ("xvfb-run", "-a", "-s", "-screen 0 1200x900x24")
            return self.run("--script", path, prefix=prefix, **environment)
        return self.run("--nogui", "--disable-qt", "--exit", "--script", path, **environment)


@pytest.fixture(scope="session")
def chimerax(tmp_path_factory) -> ChimeraX:
    """ChimeraX with the bundle installed and the stand-in as its engine."""
    copy = tmp_path_factory.mktemp("sources")
    for name in INSTALLED:
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, copy)
    for name in ("examples", "src", "weights"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    program = ChimeraX(tmp_path_factory.mktemp("home"))
    program.run("--nogui", "--exit", "--cmd", "devel build . ; devel install .", folder=copy)
    python = program.home / "python"
    python.write_text(
        f'#!/bin/sh\nPYTHONPATH="{ROOT / "tests/stand_in/engine"}"\nexport PYTHONPATH\n'
        f'exec "{sys.executable}" "$@"\n'
    )
    python.chmod(0o755)
    program.run("--nogui", "--exit", "--cmd", f"critasser location {python}")
    # Else the first build in a window asks, and waits for a person.
    program.script(
        "from chimerax.critasser.session.settings import remember_known\n"
        "remember_known(session, 'none')"
    )
    return program


@pytest.fixture
def blob(chimerax) -> Path:
    """A map with an origin of its own; voxels of 1.5 Å, a ball in the middle."""
    import mrcfile
    import numpy as np

    path = chimerax.home / "blob.mrc"
    z, y, x = np.mgrid[-12:13, -10:11, -8:9] * 1.5
    with mrcfile.new(path, overwrite=True) as file:
        file.set_data(np.exp(-(x**2 + y**2 + z**2) / 100.0).astype(np.float32))
        file.voxel_size = 1.5
        file.header.origin = (40.0, -25.0, 7.5)
    fasta = chimerax.home / "helix.fasta"
    fasta.write_text(">helix\nAALEKAALEKAALEKAALEKA\n")
    return path


@pytest.fixture
def peptide(chimerax) -> Path:
    """A Cα trace of ten residues, chain A, as the engine writes them."""
    import numpy as np

    from critasser.structure import Sequence, Target, write_calpha

    path = chimerax.home / "peptide.cif"
    positions = np.cumsum(np.full((10, 3), 2.2), axis=0)
    write_calpha(path, positions, Target((Sequence("x", "AALEKAALEK"),)), np.full(10, 50.0))
    return path


@pytest.fixture
def gui(chimerax):
    """Play steps in the GUI, after `playing.py`; a step is what is between two yields."""

    def do(steps: str, *, screen="1920x1080x24", seconds=400, **environment):
        playing = (Path(__file__).parent / "playing.py").read_text(encoding="utf-8")
        body = f"{playing}\ndef steps():\n{steps}\nplay(steps(), {seconds})\n"
        # In a GUI an error of a script is only logged, and nothing would ever end the program.
        script = (
            "import os, sys, traceback\nfrom chimerax.core.commands import run\n"
            f"try:\n{textwrap.indent(body, '    ')}\n"
            "except BaseException:\n    traceback.print_exc(file=sys.__stderr__)\n    os._exit(1)\n"
        )
        path = chimerax.home / "steps.py"
        path.write_text(script, encoding="utf-8")
        prefix = ("xvfb-run", "-a", "-s", f"-screen 0 {screen}")
        return chimerax.run("--script", path, prefix=prefix, **environment)

    return do
