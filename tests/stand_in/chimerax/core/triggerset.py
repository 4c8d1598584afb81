"""A stand-in, not ChimeraX: see ../../README.md."""

DEREGISTER = "delete handler"


class TriggerSet:
    """Handlers by the name of what they wait for; one that returns DEREGISTER is called no more."""

    def __init__(self):
        self._handlers = {}

    def add_trigger(self, name):
        self._handlers[name] = []

    def add_handler(self, name, function):
        handler = (name, function)
        self._handlers[name].append(handler)
        return handler

    def remove_handler(self, handler):
        self._handlers[handler[0]].remove(handler)

    def activate_trigger(self, name, data):
        for handler in list(self._handlers[name]):
            if handler[1](name, data) == DEREGISTER:
                self._handlers[name].remove(handler)
