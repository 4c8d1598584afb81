"""A stand-in, not ChimeraX: see ../../README.md. Keeps settings in `session.disk`."""

from types import MappingProxyType


class Settings:
    """Explicitly saved settings reach the disk by `save`, others when set."""

    AUTO_SAVE = MappingProxyType({})
    EXPLICIT_SAVE = MappingProxyType({})

    def __init__(self, session, name):
        disk = session.disk.setdefault(name, {})
        values = {**self.AUTO_SAVE, **self.EXPLICIT_SAVE, **disk}
        object.__setattr__(self, "_disk", disk)
        object.__setattr__(self, "_values", values)

    def __getattr__(self, name):
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name, value):
        self._values[name] = value
        if name in self.AUTO_SAVE:
            self._disk[name] = value

    def save(self, setting=None):
        names = [setting] if setting else self.EXPLICIT_SAVE
        self._disk.update({name: self._values[name] for name in names})
