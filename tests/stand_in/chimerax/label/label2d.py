"""A stand-in, not ChimeraX: see ../../README.md."""

from types import SimpleNamespace

TITLES = {}


def find_label(session, name):
    return TITLES.get(name)


def label_create(session, name, text, xpos, ypos, size):
    TITLES[name] = SimpleNamespace(text=text, xpos=xpos, ypos=ypos, delete=lambda: TITLES.pop(name))
