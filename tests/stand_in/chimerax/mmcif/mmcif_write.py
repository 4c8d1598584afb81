"""A stand-in, not ChimeraX: see ../../README.md."""


def write_mmcif(session, path, *, models):
    with open(path, "w") as file:
        file.write("".join(f"data_{model.name}\n" for model in models))
