"""The bundle without ChimeraX: `chimerax` is the stand-in of `tests/stand_in`."""

from __future__ import annotations

import importlib.util
import queue
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
STAND_IN = ROOT / "tests" / "stand_in"


def _install_bundle() -> None:
    """Make `chimerax.critasser` the bundle, without `src` on the path."""
    if "chimerax.critasser" in sys.modules:
        return
    sys.path.insert(0, str(STAND_IN))
    spec = importlib.util.spec_from_file_location(
        "chimerax.critasser",
        ROOT / "src" / "__init__.py",
        submodule_search_locations=[str(ROOT / "src")],
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules["chimerax.critasser"] = module
    spec.loader.exec_module(module)


_install_bundle()


class Log:
    """Remembers what was said, and how loud."""

    def __init__(self):
        self.said = []

    def __getattr__(self, level):
        return lambda text, **_: self.said.append((level, text))

    def text(self, level):
        return "\n".join(text for said, text in self.said if said == level)


class Ui:
    """Without a GUI, functions from threads are called at once; with one, in the main thread."""

    def __init__(self, is_gui):
        self.is_gui = is_gui
        self._waiting = queue.SimpleQueue()

    def thread_safe(self, function, *arguments):
        if self.is_gui:
            self._waiting.put((function, arguments))
        else:
            function(*arguments)

    def turn(self):
        """What the event loop does between two clicks."""
        while not self._waiting.empty():
            function, arguments = self._waiting.get()
            function(*arguments)


class Opener:
    """Opens files as structures; refuses empty ones."""

    def __init__(self, session):
        self._session = session
        self.opened = []

    def open_data(self, path, log_info):
        from chimerax.atomic import Residue, Structure

        lines = [line.split() for line in Path(path).read_text().splitlines()]
        atoms = [line for line in lines if line and line[0] in ("ATOM", "HETATM")]
        if not atoms:
            raise ValueError("no atoms")
        structure = Structure(Path(path).name, self._session)
        calphas = [atom for atom in atoms if atom[3] == "CA"]
        structure.residues = [Residue("A", int(a[8]), float(a[13])) for a in calphas]
        coords = np.array([[float(x) for x in atom[9:12]] for atom in calphas])
        structure.atoms = SimpleNamespace(coords=coords, bfactors=[float(a[13]) for a in calphas])
        self.opened.append(Path(path))
        return [structure], ""


def make_session(is_gui=False, disk=None):
    from chimerax.core.models import Models
    from chimerax.core.tasks import Tasks

    session = SimpleNamespace(
        tasks=Tasks(),
        models=Models(),
        ui=Ui(is_gui),
        logger=Log(),
        in_script=False,
        disk={} if disk is None else disk,
        update_loop=SimpleNamespace(update_graphics_now=lambda: None),
        main_view=SimpleNamespace(window_size=(1000, 800)),
    )
    session = _Referable(**vars(session))
    session.open_command = Opener(session)
    return session


class _Referable(SimpleNamespace):
    """Tasks hold their session weakly."""


@pytest.fixture
def new_session():
    """Make another session; with the first one's disk it is the same person's next ChimeraX."""
    return make_session


@pytest.fixture
def session():
    return make_session()


@pytest.fixture
def gui_session():
    return make_session(is_gui=True)


@pytest.fixture(autouse=True)
def clean_stand_in():
    from chimerax.color_key.model import KEYS
    from chimerax.core.commands import REGISTERED, RUN

    for kept in (KEYS, REGISTERED, RUN):
        kept.clear()


@pytest.fixture
def fake_engine(monkeypatch, tmp_path):
    """The stand-in engine takes the engine's place; the result sets what it does."""
    from chimerax.critasser.jobs import engine, job

    monkeypatch.setattr(engine, "engine_folder", lambda: STAND_IN / "engine")
    monkeypatch.setattr(job, "LOOK", 0.05)
    monkeypatch.setattr(job, "PATIENCE", 0.5)
    monkeypatch.setenv("FAKE_PAUSE", "0.02")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return lambda mode: monkeypatch.setenv("FAKE_ENGINE", mode)


@pytest.fixture
def open_volume():
    """Open a small map with one spot of density, with origin and voxel size of its own."""

    def open_one(session, name="emd_1.map", values=None, **grid):
        from chimerax.map import GridData, Volume

        if values is None:
            values = np.zeros((6, 5, 4), dtype=np.float32)
            values[2, 3, 1] = 2.5
        data = GridData(values, **{"origin": (10.0, -5.0, 3.0), "step": (1.5, 1.5, 2.0), **grid})
        model = Volume(name, session, data)
        session.models.add([model])
        return model

    return open_one
