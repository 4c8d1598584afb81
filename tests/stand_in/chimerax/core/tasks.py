"""A stand-in, not ChimeraX: see ../../README.md.

It has the real one's traps: the thread begins before the state is RUNNING and before there is an
event to end it by, an exception in `run` leaves the task RUNNING, a failed task ends as FINISHED,
and without a GUI's event loop `on_finish` is called in the thread.
"""

import datetime
import itertools
import threading
import time
import weakref
from enum import Enum


class TaskState(str, Enum):
    PENDING = "pending"
    RUNNING = "running"
    TERMINATING = "terminating"
    TERMINATED = "terminated"
    FINISHED = "finished"
    QUEUED = "queued"
    FAILED = "failed"


class Tasks(dict):
    """Tasks of a session by number."""

    def __init__(self):
        self._numbers = itertools.count(1)

    def add(self, task):
        task.id = next(self._numbers)
        self[task.id] = task

    def remove(self, task):
        del self[task.id]

    def list(self):
        return list(self.values())

    def find_by_class(self, cls):
        return [task for task in self.values() if isinstance(task, cls)]


class Job:
    """A task that watches a process."""

    def __init__(self, session):
        self._session = weakref.ref(session)
        self._state = TaskState.PENDING
        self._terminate = None
        self._thread = None
        self.start_time = self.end_time = None
        session.tasks.add(self)

    @property
    def session(self):
        return self._session()

    @property
    def state(self):
        return self._state

    @state.setter
    def state(self, state):
        self._state = TaskState(state)
        if self._state in (TaskState.TERMINATED, TaskState.FINISHED):
            self._thread = self._terminate = None

    @property
    def runtime(self):
        return (self.end_time or datetime.datetime.now()) - self.start_time

    def start(self):
        if self.state != TaskState.PENDING:
            raise RuntimeError("starting task multiple times")
        self._thread = threading.Thread(target=self._run_function, daemon=True)
        self._thread.start()
        time.sleep(0.05)  # long enough for a thread that does not wait to be over
        self.start_time = datetime.datetime.now()
        self.state = TaskState.RUNNING
        self._terminate = threading.Event()

    def _run_function(self):
        self.run()
        asked = self._terminate is not None and self._terminate.is_set()
        self.state = TaskState.TERMINATED if asked else TaskState.FINISHED
        if self.state == TaskState.FINISHED:
            self.session.ui.thread_safe(self.on_finish)
