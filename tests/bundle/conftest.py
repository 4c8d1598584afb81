"""The bundle without ChimeraX: `chimerax` is the stand-in of `tests/stand_in`."""

from __future__ import annotations

import importlib.util
import queue
import sys
import time
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


class ClipPlanes:
    """Planes of the view, by name; each a namespace with `name`, `point` and `copy`."""

    def __init__(self):
        self._planes = []

    def planes(self):
        return self._planes

    def replace_planes(self, planes):
        self._planes = list(planes)

    def set_clip_position(self, name, point, view):
        plane = SimpleNamespace(name=name, point=np.asarray(point))
        plane.copy = lambda: plane
        self._planes = [one for one in self._planes if one.name != name] + [plane]


class Log:
    """Remembers what was said, and how loud."""

    def __init__(self):
        self.said = []
        self.html = []

    def __getattr__(self, level):
        def say(text, is_html=False, **_):
            self.said.append((level, text))
            if is_html:
                self.html.append(text)

        return say

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


class Selection:
    """What is selected is known by the models."""

    def __init__(self, session):
        self._session = session

    def clear(self):
        for model in self._session.models.list():
            model.selected = False


class Opener:
    """Opens files as structures; refuses empty ones."""

    def __init__(self, session):
        self._session = session
        self.opened = []

    def open_data(self, path, format, log_info):
        assert format == {".mrc": "mrc", ".cif": "mmcif", ".pdb": "pdb"}[Path(path).suffix]
        from chimerax.atomic import AtomicStructure, Residue

        if str(path).endswith(".mrc"):
            from chimerax.map import GridData, Volume

            data = GridData(np.zeros((2, 2, 2)))
            data.path = str(path)
            return [Volume(Path(path).name, self._session, data)], ""
        lines = [line.split() for line in Path(path).read_text().splitlines()]
        atoms = [line for line in lines if line and line[0] in ("ATOM", "HETATM")]
        if not atoms:
            raise ValueError("no atoms")
        structure = AtomicStructure(Path(path).name, self._session)
        structure.residues = [
            Residue(a[15], int(a[8]), float(a[13]), a[5], [float(x) for x in a[9:12]], structure)
            for a in atoms
            if a[3] == "CA"
        ]
        self.opened.append(Path(path))
        return [structure], ""


def make_session(is_gui=False, disk=None):
    from chimerax.core.models import MODEL_POSITION_CHANGED, REMOVE_MODELS, Models
    from chimerax.core.tasks import Tasks
    from chimerax.core.triggerset import TriggerSet
    from chimerax.core.undo import Undo

    session = SimpleNamespace(
        tasks=Tasks(),
        models=Models(),
        triggers=TriggerSet(MODEL_POSITION_CHANGED, REMOVE_MODELS, "end restore session"),
        undo=Undo(),
        ui=Ui(is_gui),
        logger=Log(),
        in_script=False,
        disk={} if disk is None else disk,
        update_loop=SimpleNamespace(update_graphics_now=lambda: None),
        main_view=SimpleNamespace(
            window_size=(1000, 800),
            background_color=(0.0, 0.0, 0.0, 1.0),
            camera=SimpleNamespace(
                position="as it was", view_direction=lambda: np.array([0.0, 0.0, -1.0])
            ),
            clip_planes=ClipPlanes(),
        ),
    )
    session = _Referable(**vars(session))
    session.open_command = Opener(session)
    session.selection = Selection(session)
    return session


class _Referable(SimpleNamespace):
    """Tasks hold their session weakly; it knows its state managers."""

    def add_state_manager(self, tag, manager):
        vars(self).setdefault("_managers", {})[tag] = manager

    def get_state_manager(self, tag):
        return vars(self).get("_managers", {})[tag]


@pytest.fixture
def new_session():
    """Make another session; with the first one's disk it is the same person's next ChimeraX."""
    return make_session


@pytest.fixture
def session():
    return make_session()


@pytest.fixture
def gui_session():
    """That of a person who has said already that no known structures are to be looked for."""
    return make_session(is_gui=True, disk={"Critasser": {"known": "none"}})


@pytest.fixture(autouse=True)
def clean_stand_in():
    from chimerax.color_key.model import KEYS
    from chimerax.core.commands import LOGGED, REGISTERED, RUN
    from chimerax.label.label2d import TITLES
    from chimerax.label.label3d import LABELS
    from chimerax.std_commands.view import VIEWED
    from chimerax.ui.ask import ANSWERS, ASKED

    for kept in (ANSWERS, ASKED, KEYS, LABELS, TITLES, LOGGED, REGISTERED, RUN, VIEWED):
        kept.clear()


@pytest.fixture
def fake_engine(monkeypatch, tmp_path):
    """The stand-in engine takes the engine's place; the result sets what it does."""
    from chimerax.critasser.installation import device_look as look
    from chimerax.critasser.installation import environment as engine
    from chimerax.critasser.jobs import engine_job as job

    monkeypatch.setattr(look, "torch_device", lambda *_: "CPU")
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


@pytest.fixture
def start(fake_engine, tmp_path):
    """Start a job with the stand-in engine behaving in some way."""
    from chimerax.critasser.installation.environment import engine_command
    from chimerax.critasser.jobs import starting as running
    from chimerax.critasser.jobs.map_file import write_mrc
    from chimerax.critasser.views.results import Results

    def start_one(session, mode, *, wait=True, name="job"):
        fake_engine(mode)
        folder = tmp_path / name
        (folder / "inputs").mkdir(parents=True)
        density, fasta = folder / "inputs/map.mrc", folder / "inputs/sequence.fasta"
        write_mrc(density, np.ones((3, 4, 5), dtype=np.float32), (5, 4, 3), (0, 0, 0), (1, 1, 1))
        fasta.write_text(">x\nAALEKAALEKAA\n")
        command = engine_command(Path(sys.executable), "build", density, fasta, "-o", folder)
        view = Results(session, "helix", folder)
        return running.start(session, folder, "helix", command, view=view, wait=wait)

    return start_one


@pytest.fixture
def until():
    """Wait for something to come true."""

    def wait(condition, seconds=20.0):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it never came true"
            time.sleep(0.02)

    return wait
