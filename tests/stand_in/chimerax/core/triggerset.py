"""A stand-in, not ChimeraX: see ../../README.md."""


class _Handler:
    def __init__(self, handlers, function):
        self._handlers = handlers
        self.function = function

    def remove(self):
        if self in self._handlers:
            self._handlers.remove(self)


class TriggerSet:
    """Named triggers; one must be added before it has handlers or is activated."""

    def __init__(self):
        self._handlers = {}

    def add_trigger(self, name):
        if name in self._handlers:
            raise KeyError(f"Trigger '{name}' already exists")
        self._handlers[name] = []

    def has_trigger(self, name):
        return name in self._handlers

    def add_handler(self, name, function):
        handler = _Handler(self._handlers[name], function)
        self._handlers[name].append(handler)
        return handler

    def activate_trigger(self, name, data):
        for handler in list(self._handlers[name]):
            handler.function(name, data)
