"""A stand-in, not ChimeraX: see ../../README.md."""

DEREGISTER = "delete handler"


class _Handler:
    def __init__(self, handlers, function):
        self._handlers = handlers
        self.function = function

    def remove(self):
        if self in self._handlers:
            self._handlers.remove(self)


class TriggerSet:
    """Handlers by the name of what they wait for, called at once and in order; one that returns
    DEREGISTER is called no more."""

    def __init__(self, *names):
        self._triggers = {name: [] for name in names}

    def add_trigger(self, name):
        if name in self._triggers:
            raise KeyError(f"Trigger '{name}' already exists")
        self._triggers[name] = []

    def has_trigger(self, name):
        return name in self._triggers

    def add_handler(self, name, function):
        handler = _Handler(self._triggers[name], function)
        self._triggers[name].append(handler)
        return handler

    def remove_handler(self, handler):
        handler.remove()

    def activate_trigger(self, name, data):
        for handler in tuple(self._triggers[name]):
            if handler.function(name, data) == DEREGISTER:
                handler.remove()
