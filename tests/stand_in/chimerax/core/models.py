"""A stand-in, not ChimeraX: see ../../README.md."""


class Model:
    """A name, a place, children."""

    def __init__(self, name, session):
        self.name = name
        self.session = session
        self.id = None
        self.display = True
        self.deleted = False
        self.position = None
        self.parent = None

    @property
    def atomspec(self):
        return "#" + ".".join(map(str, self.id))

    def delete(self):
        self.deleted = True


class Models:
    """The open models."""

    def __init__(self):
        self._models = []

    def list(self):
        return [model for model in self._models if not model.deleted]

    def add(self, models, parent=None):
        for model in models:
            model.parent = parent
            base = () if parent is None else parent.id
            taken = {other.id for other in self.list()}
            number = 1
            while model.id is None:
                if (*base, number) not in taken:
                    model.id = (*base, number)
                number += 1
            if model.id in taken:
                raise ValueError(f"id {model.id} is taken")
            self._models.append(model)
