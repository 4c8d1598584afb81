"""A stand-in, not ChimeraX: see ../../README.md."""

from types import SimpleNamespace

from chimerax.atomic import Structure


class MarkerSet(Structure):
    def __init__(self, session, name):
        super().__init__(name, session)
        self.markers = []

    def create_marker(self, position, color, radius):
        marker = SimpleNamespace(coord=position, bfactor=0.0)
        self.markers.append(marker)
        return marker
