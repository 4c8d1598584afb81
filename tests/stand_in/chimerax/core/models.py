"""A stand-in, not ChimeraX: see ../../README.md."""

import numpy as np

from chimerax.core.state import State
from chimerax.geometry import Place

MODEL_POSITION_CHANGED = "model position changed"
REMOVE_MODELS = "remove models"


class Model(State):
    """A name, a place, children."""

    pickable = True

    def __init__(self, name, session):
        self.name = name
        self.session = session
        self.id = None
        self.display = True
        self.deleted = False
        self.selected = False
        self.parent = None
        self._position = Place()

    @property
    def position(self):
        return self._position

    @position.setter
    def position(self, place):
        moved = place != self._position
        self._position = place
        triggers = getattr(self.session, "triggers", None)
        if moved and triggers is not None:
            triggers.activate_trigger(MODEL_POSITION_CHANGED, self)

    @property
    def scene_position(self):
        return self.position if self.parent is None else self.parent.scene_position * self.position

    @scene_position.setter
    def scene_position(self, place):
        self.position = (
            place if self.parent is None else self.parent.scene_position.inverse() * place
        )

    def __str__(self):
        return self.name if self.id is None else f"{self.name} {self.atomspec}"

    @property
    def atomspec(self):
        return "#" + ".".join(map(str, self.id))

    @property
    def visible(self):
        return self.display and (self.parent is None or self.parent.visible)

    def child_models(self):
        return [model for model in self.session.models.list() if model.parent is self]

    def all_models(self):
        return [self, *(m for child in self.child_models() for m in child.all_models())]

    def added_to_session(self, session):
        pass

    def delete(self):
        if self.deleted:
            raise RuntimeError(f"Model {self.name} was deleted twice")
        if self.session.models.has(self):
            self.session.models.close([self])
            return
        for model in self.all_models():
            model.deleted = True

    def take_snapshot(self, session, flags):
        return {"name": self.name, "id": self.id, "parent": self.parent,
                "position": self.position, "display": self.display}  # fmt: skip

    def set_state_from_snapshot(self, session, data):
        self.name, self.id, self.display = data["name"], data["id"], data["display"]
        self.parent = data["parent"]
        self._position = data["position"]


class Surface(Model):
    """Triangles."""

    Mesh = 1
    display_style = 0
    highlighted = False
    triangles = None

    def __init__(self, name, session):
        super().__init__(name, session)
        self.color = np.array((178, 178, 178, 255), dtype=np.uint8)

    def set_geometry(self, vertices, normals, triangles):
        self.vertices, self.normals, self.triangles = vertices, normals, triangles

    @property
    def masked_triangles(self):
        return self.triangles


class Models:
    """The open models."""

    def __init__(self):
        self._models = []

    def list(self):
        return [model for model in self._models if not model.deleted]

    def has(self, model):
        return model in self._models

    def have_id(self, number):
        return any(model.id == number for model in self.list())

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
        for model in models:
            model.added_to_session(model.session)

    def close(self, models):
        """With all their children, which lose their parents only afterwards."""
        gone = [m for m in self._models if any(m is one or _is_in(m, one) for one in models)]
        self._models = [model for model in self._models if model not in gone]
        for one in models:
            one.parent = None
        session = models[0].session
        if getattr(session, "triggers", None) is not None:
            session.triggers.activate_trigger(REMOVE_MODELS, gone)
        for model in gone:
            model.delete()


def _is_in(model, other):
    while model is not None:
        if model is other:
            return True
        model = model.parent
    return False
