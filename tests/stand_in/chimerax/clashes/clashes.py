"""A stand-in, not ChimeraX: see ../../README.md."""


def find_clashes(session, atoms, inter_model):
    """Atoms nearer than 3 Å overlap by what is lacking; both ways, as the real one tells."""
    found = {}
    for one in atoms:
        for other in atoms:
            lacking = 3.0 - float(sum((one.coord - other.coord) ** 2) ** 0.5)
            if one is not other and lacking > 0:
                found.setdefault(one, {})[other] = lacking
    return found
