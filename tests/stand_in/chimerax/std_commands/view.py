"""A stand-in, not ChimeraX: see ../../README.md."""

VIEWED = []


def view(session, objects, clip=True, pad=0.05):
    session.main_view.camera.position = "near"
    planes = session.main_view.clip_planes
    if not clip:
        planes.replace_planes(one for one in planes.planes() if one.name not in ("near", "far"))
    VIEWED.append([(atom.residue.chain_id, atom.residue.number) for atom in objects.atoms])
