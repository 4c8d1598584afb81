"""Where the files that were learnt from data lie, wherever the engine runs from."""

from pathlib import Path

from critasser.errors import InputError

__all__ = [
    "CALIBRATION",
    "CALPHA_WEIGHTS",
    "LIBRARY",
    "NETWORK",
    "NUCLEIC_NETWORK",
    "RESIDUE_NETWORK",
    "RESOLUTION_NETWORK",
    "SEQUENCE_NETWORK",
    "TABLES",
    "shipped",
]

NETWORK = "network.safetensors"
"""The shipped network."""

RESIDUE_NETWORK = "residue.safetensors"
"""The shipped network that reads residues in their own frames."""

RESOLUTION_NETWORK = "resolution.safetensors"
"""The shipped network that tells the resolution of a map."""

SEQUENCE_NETWORK = "sequence.safetensors"
"""The shipped network that reads secondary structure and burial from sequences."""

NUCLEIC_NETWORK = "nucleic.safetensors"
"""The shipped network that tells nucleic acid from protein."""

LIBRARY = "library.npz"
"""The shipped template library: chains of known structure."""

CALIBRATION = "confidence.json"
"""The shipped relation of scores and accuracy of residues."""

CALPHA_WEIGHTS = "calpha.json"
"""The shipped weights of what both networks say of a Cα position."""

TABLES = (
    "trace.npz",
    SEQUENCE_NETWORK,
    "assembly.npz",
    "backbone.npz",
    "rotamers.npz",
    CALIBRATION,
    CALPHA_WEIGHTS,
    NUCLEIC_NETWORK,
)
"""The shipped tables and small networks; a stage that uses a new one runs again."""

_PACKAGE = Path(__file__).resolve().parent


def _folders() -> list[Path]:
    """The folders that may be `weights`, most likely first.

    A wheel carries them inside the package. A source tree and the bundle both keep the package in
    a folder `engine`: the bundle has `weights` beside that folder, the source tree one level up.
    """
    folders = [_PACKAGE / "weights"]
    if _PACKAGE.parent.name == "engine":
        beside_engine = _PACKAGE.parents[1]
        folders = [beside_engine.parent / "weights", beside_engine / "weights", *folders]
    return folders


def shipped(name: str) -> Path:
    """Path of a file that ships with Critasser.

    Parameters
    ----------
    name : str
        Path relative to the folder `weights`, such as ``"unet.pt"``.

    Returns
    -------
    Path
        The existing file (or folder).

    Raises
    ------
    InputError
        The installation has no such file.
    """
    folders = _folders()
    for folder in folders:
        if (folder / name).exists():
            return folder / name
    raise InputError(
        f"Critasser's own file weights/{name} is missing (looked in "
        f"{', '.join(str(folder) for folder in folders)}): install Critasser again."
    )
