"""A stand-in, not ChimeraX: see ../../README.md."""

from chimerax.core.state import State
from chimerax.geometry import Place


class Model(State):
    """A name, a place, children."""

    def __init__(self, name, session):
        self.name = name
        self.session = session
        self.id = None
        self.display = True
        self.deleted = False
        self.position = Place()
        self.parent = None

    def __str__(self):
        return self.name if self.id is None else f"{self.name} {self.atomspec}"

    @property
    def atomspec(self):
        return "#" + ".".join(map(str, self.id))

    @property
    def scene_position(self):
        return self.position if self.parent is None else self.parent.scene_position * self.position

    @scene_position.setter
    def scene_position(self, place):
        above = Place() if self.parent is None else self.parent.scene_position
        self.position = above.inverse() * place

    @property
    def visible(self):
        return self.display and (self.parent is None or self.parent.visible)

    def child_models(self):
        return [model for model in self.session.models.list() if model.parent is self]

    def all_models(self):
        return [self, *(m for child in self.child_models() for m in child.all_models())]

    def delete(self):
        if self.deleted:
            raise RuntimeError(f"Model {self.name} was deleted twice")
        for model in self.all_models():
            model.deleted = True

    def take_snapshot(self, session, flags):
        return {"name": self.name, "id": self.id, "parent": self.parent, "place": self.position}

    def set_state_from_snapshot(self, session, data):
        self.name, self.id, self.position = data["name"], data["id"], data["place"]


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
