"""A stand-in, not ChimeraX: see ../../README.md. Keeps settings in `session.disk`."""

from types import MappingProxyType

from chimerax.core.triggerset import TriggerSet


class Settings:
    """Explicitly saved settings reach the disk by `save`, others when set."""

    AUTO_SAVE = MappingProxyType({})
    EXPLICIT_SAVE = MappingProxyType({})

    def __init__(self, session, name):
        disk = session.disk.setdefault(name, {})
        values = {**self.AUTO_SAVE, **self.EXPLICIT_SAVE, **disk}
        object.__setattr__(self, "_disk", disk)
        object.__setattr__(self, "_values", values)
        object.__setattr__(self, "triggers", TriggerSet("setting changed"))

    def __getattr__(self, name):
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name, value):
        before = self._values.get(name)
        self._values[name] = value
        if name in self.AUTO_SAVE:
            self._disk[name] = value
        if before != value:
            self.triggers.activate_trigger("setting changed", (name, before, value))

    def save(self, setting=None):
        names = [setting] if setting else self.EXPLICIT_SAVE
        self._disk.update({name: self._values[name] for name in names})
