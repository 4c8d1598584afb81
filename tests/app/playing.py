"""What steps in ChimeraX's GUI are made of. ChimeraX runs this before them, as a script: `session`
and `run` are there."""
# ruff: noqa: F821, F401, D

import os
import sys
import time
import traceback
from pathlib import Path

from Qt.QtCore import QEvent, QPointF, Qt
from Qt.QtGui import QMouseEvent
from Qt.QtWidgets import QApplication, QLabel, QPushButton


def play(steps, seconds=400):
    """Go on with a generator whenever what it yielded last, if it can be called, is true."""
    state = {"until": None, "end": time.monotonic() + seconds}

    def look():
        try:
            until = state["until"]
            if until is None or until():
                state["until"] = next(steps)
            elif time.monotonic() > state["end"]:
                raise AssertionError(f"not within {seconds} s")
            # Kept where it is not lost: all else here is gone when the script has ended.
            session._critasser_timer = session.ui.timer(60, look)
        except StopIteration:
            os._exit(0)
        except BaseException:
            traceback.print_exc(file=sys.__stderr__)
            sys.__stderr__.flush()
            os._exit(1)

    look()


def panel():
    session.ui.main_window.resize(1600, 1000)
    run(session, "ui tool show Critasser")
    (tool,) = [t for t in session.tools.list() if t.tool_name == "Critasser"]
    return tool.pages


def shot(name, widget=None):
    """A picture of a widget, or of the whole screen, with the graphics that widgets lack."""
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        run(session, "wait 1", log=False)
        picture = widget.grab() if widget else QApplication.primaryScreen().grabWindow(0)
        picture.save(f"{folder}/{name}.png")


def press(page, text):
    """Press the button that a person sees under this name."""
    found = [
        b
        for b in page.findChildren(QPushButton)
        if b.text().replace("&", "") == text and b.isVisible()
    ]
    assert len(found) == 1, (text, [b.text() for b in page.findChildren(QPushButton)])
    assert found[0].isEnabled(), text
    found[0].click()


def mouse(widget, *places):
    """Press the left button at the first place, move over the others, release at the last."""
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    kinds = [
        QEvent.Type.MouseButtonPress,
        *[QEvent.Type.MouseMove] * (len(places) - 1),
        QEvent.Type.MouseButtonRelease,
    ]
    for kind, place in zip(kinds, [*places, places[-1]]):
        button = none if kind == QEvent.Type.MouseMove else left
        held = none if kind == QEvent.Type.MouseButtonRelease else left
        at = widget.mapToGlobal(place)
        event = QMouseEvent(kind, place, at, button, held, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(widget, event)


def seen(page):
    return "\n".join(one.text() for one in page.findChildren(QLabel) if one.isVisible())


commands = []
session.triggers.add_handler("command started", lambda _, text: commands.append(text))
