"""A stand-in, not ChimeraX: see ../../README.md."""

LABELS = {}


def labels_model(structure):
    """That of the person's own labels, if a test has set one."""
    return getattr(structure, "labels_model", None)


def label(session, objects, object_type, text, height, bg_color):
    for atom in objects.atoms:
        LABELS[atom.residue.number] = text


def label_delete(session, objects, object_type):
    for atom in objects.atoms:
        LABELS.pop(atom.residue.number, None)
