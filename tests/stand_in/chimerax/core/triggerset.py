"""A stand-in, not ChimeraX: see ../../README.md."""


class _Handler:
    def __init__(self, handlers, name, function):
        self._handlers = handlers
        self.name = name
        self.function = function

    def remove(self):
        if self in self._handlers:
            self._handlers.remove(self)


class TriggerSet:
    """Handlers of triggers, called at once and in order."""

    def __init__(self, *names):
        self._triggers = {name: [] for name in names}

    def add_trigger(self, name):
        self._triggers[name] = []

    def has_trigger(self, name):
        return name in self._triggers

    def add_handler(self, name, function):
        handler = _Handler(self._triggers[name], name, function)
        self._triggers[name].append(handler)
        return handler

    def activate_trigger(self, name, data):
        for handler in tuple(self._triggers[name]):
            handler.function(name, data)
