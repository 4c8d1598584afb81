"""A stand-in, not ChimeraX: see ../../README.md."""

from types import SimpleNamespace

from chimerax.atomic import Structure


class MarkerSet(Structure):
    def __init__(self, session, name):
        super().__init__(name, session)
        self.markers = []
        self.links = []

    def create_marker(self, position, color, radius):
        marker = SimpleNamespace(coord=position, bfactor=0.0, color=color, structure=self)
        self.markers.append(marker)
        return marker


def create_link(one, other, rgba, radius):
    one.structure.links.append((one, other))
