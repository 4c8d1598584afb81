"""What the panel looks at while jobs work, end and are deleted; Qt is a few lines of its own."""

import sys
import threading
from types import ModuleType

import pytest


class Signal:
    """Calls what is connected to it, at once."""

    def __set_name__(self, owner, name):
        self._name = f"_{name}"

    def __get__(self, owner, kind):
        return vars(owner).setdefault(self._name, Bound())


class Bound:
    def __init__(self):
        self._functions = []

    connect = property(lambda self: self._functions.append)

    def emit(self):
        for function in self._functions:
            function()


class QObject:
    def __init__(self, parent=None):
        pass


class QTimer(QObject):
    """Fires when the event loop turns, if it was to fire at once."""

    waiting: list = []  # noqa: RUF012

    def __init__(self, parent=None):
        self.timeout = Bound()
        self._interval = 0

    def setSingleShot(self, once):  # noqa: N802
        pass

    def setInterval(self, pause):  # noqa: N802
        self._interval = pause

    def start(self, pause=None):
        if pause == 0 and self not in self.waiting:
            self.waiting.append(self)

    def stop(self):
        if self in self.waiting:
            self.waiting.remove(self)


@pytest.fixture
def watch(gui_session, monkeypatch):
    core = ModuleType("Qt.QtCore")
    core.QObject, core.QTimer, core.Signal = QObject, QTimer, Signal
    monkeypatch.setitem(sys.modules, "Qt", ModuleType("Qt"))
    monkeypatch.setitem(sys.modules, "Qt.QtCore", core)
    monkeypatch.delitem(sys.modules, "chimerax.critasser.tool.watch", raising=False)
    monkeypatch.setattr(QTimer, "waiting", [])
    from chimerax.critasser.tool.watch import Watch

    made = Watch(gui_session)
    yield made
    made.close()
    sys.modules.pop("chimerax.critasser.tool.watch", None)


@pytest.fixture
def turn(gui_session):
    """Let threads that look at folders end, then what waits happen."""

    def turn_once():
        for thread in threading.enumerate():
            if thread.name == "critasser jobs":
                thread.join()
        gui_session.ui.turn()
        while QTimer.waiting:
            QTimer.waiting.pop(0).timeout.emit()

    return turn_once


def test_a_job_that_speaks_does_not_make_the_list_anew(gui_session, watch, turn, start, until):
    job = start(gui_session, "hang", wait=False)
    until(lambda: turn() or (job.last and job.last.stage == "trace"))
    said = []
    watch.listed.connect(lambda: said.append("listed"))
    watch.aged.connect(lambda: said.append("aged"))
    watch._heard(job)
    assert watch.folder == job.folder and watch.runs and said == ["aged"]
    job.terminate()
    until(lambda: turn() or watch.line.state == "cancelled")
    assert "listed" in said


def test_folders_are_looked_at_in_threads_only_and_not_when_a_job_speaks(
    gui_session, watch, turn, start, monkeypatch
):
    job = start(gui_session, "success")
    turn()
    module = sys.modules["chimerax.critasser.tool.watch"]
    looked = []
    monkeypatch.setattr(
        module, "folder_lines", lambda folders: looked.append(threading.current_thread()) or []
    )
    watch._heard(job)
    turn()
    assert not looked
    watch.list_again()
    turn()
    assert looked and threading.main_thread() not in looked


def test_a_job_that_was_deleted_is_not_shown_any_more(gui_session, watch, turn, start, until):
    from chimerax.critasser.commands import jobs_delete

    other = start(gui_session, "success", name="other")
    job = start(gui_session, "success")
    turn()
    assert watch.folder == job.folder and len(watch.lines) == 2
    jobs_delete.command(gui_session, job.folder, confirm=True)
    until(lambda: turn() or watch.folder == other.folder)
    assert [line.folder for line in watch.lines] == [other.folder]
    jobs_delete.command(gui_session, other.folder, confirm=True)
    until(lambda: turn() or watch.folder is None)
    assert not watch.lines and watch.outcome is None


def test_a_job_of_another_chimerax_is_found_in_its_folder(
    gui_session, watch, turn, start, new_session, until
):
    from chimerax.critasser.session.settings import remember_job

    job = start(new_session(), "fail", wait=False)
    until(lambda: job.outcome == "failed")
    remember_job(gui_session, str(job.folder))
    watch.list_again()
    until(lambda: turn() or watch.folder == job.folder)
    assert (watch.line.state, watch.line.number) == ("failed", None)


def test_why_a_job_failed_is_told_where_it_is_looked_at(gui_session, watch, turn, start, until):
    job = start(gui_session, "fail", wait=False)
    assert not watch.failure
    until(lambda: turn() or (watch.line is not None and watch.line.state == "failed"))
    log = job.folder / "log.txt"
    log.write_text("critasser build: s.fasta: 574 residues cannot lie in map.mrc\n")
    assert watch.failure == (
        "s.fasta: 574 residues cannot lie in map.mrc\n"
        "Give a larger part of the map, or only the chains that are in this part of it."
    )


def test_the_chosen_job_stays_when_one_that_waited_begins(
    gui_session, watch, turn, start, until, monkeypatch
):
    from chimerax.critasser.jobs import queue

    monkeypatch.setattr(queue.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(queue, "_has_gpu", lambda: False)
    earlier = start(gui_session, "success", name="earlier")
    first = start(gui_session, "hang", wait=False, name="one")
    second = start(gui_session, "hang", wait=False, name="two")
    until(lambda: turn() or second.outcome == "queued")
    watch.choose(earlier.folder)
    first.terminate()
    until(lambda: turn() or second.outcome == "running")
    until(lambda: turn() or watch._numbers >= {first.id, second.id})
    assert watch.folder == earlier.folder
    second.terminate()
    until(lambda: turn() or second.outcome == "cancelled")
    turn()
    assert watch.folder == earlier.folder


def test_a_build_that_begins_is_looked_at_while_its_inputs_are_written(
    gui_session, watch, turn, start, until, monkeypatch
):
    from chimerax.critasser.jobs import queue

    monkeypatch.setattr(queue.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(queue, "_has_gpu", lambda: False)
    earlier = start(gui_session, "success", name="earlier")
    until(lambda: turn() or watch.folder == earlier.folder)
    new = start(gui_session, "hang", wait=False, name="new")
    turn()
    assert watch.folder == new.folder
    new.terminate()
    until(lambda: turn() or new.outcome == "cancelled")


def test_a_job_that_is_opened_is_in_the_list_and_looked_at(
    gui_session, new_session, watch, turn, start
):
    from chimerax.critasser.commands import open as open_command

    folder = start(new_session(), "success").folder
    turn()
    assert watch.folder is None
    open_command.command(gui_session, folder)
    turn()
    assert [line.folder for line in watch.lines] == [folder] and watch.folder == folder
