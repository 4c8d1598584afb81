"""A stand-in, not ChimeraX: see ../../README.md."""

from chimerax.core.models import Model


class MarkerSet(Model):
    def __init__(self, session, name):
        super().__init__(name, session)
        self.markers = []

    def create_marker(self, position, color, radius):
        self.markers.append(position)
