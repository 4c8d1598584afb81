"""A stand-in, not ChimeraX: see ../../README.md."""


def select(session, objects):
    for model in session.models.list():
        for atom in getattr(model, "atoms", ()):
            atom.selected = False
    select_add(session, objects)


def select_add(session, objects):
    for atom in objects.atoms:
        atom.selected = True
