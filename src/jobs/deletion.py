"""Delete a job's folder: exactly the files that jobs have, and never anything else."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path, PurePosixPath

from chimerax.core.errors import UserError

from ..session.files import read_json
from ..session.locks import worker
from .folder import INPUTS
from .record import is_job
from .request import files_of_request, waits_elsewhere

__all__ = ["delete_job", "files_of_job"]

_KNOWN = tuple(
    re.compile(pattern)
    for pattern in (
        r"job\.json|command|log\.txt|progress\.jsonl|results\.json|report\.html|lock|cancel",
        r"(?:[\w.]+/)?\.part-[^/]+",
        r"stages/\w+\.json",
        rf"{INPUTS}/(?:chimerax|request)\.json",
        rf"{INPUTS}/(?:run_\d+/)?(?:map|mask|half_map_\d)\.mrc",
        rf"{INPUTS}/(?:run_\d+/)?(?:model|template_\d+(?:_[\w-]+)?)\.cif",
        rf"{INPUTS}/(?:run_\d+/)?(?:sequence\.fasta|contacts\.txt|library\.npz)",
        rf"{INPUTS}/(?:run_\d+/)?pae(?:_\d+)?\.(?:json|npz)(?:\.gz)?",
        rf"{INPUTS}/(?:run_\d+/)?(?:known\.json|known_\d+(?:_[\w-]+)?\.\w+(?:\.gz)?|AF-[\w-]+\.(?:cif|json))",
        r"1_calpha/(?:density|filtered|half_\d|local_resolution|seen|\w+_probability)\.mrc",
        r"1_calpha/(?:calpha\.(?:cif|csv|npz)|features\.npy|symmetry\.npz)",
        r"2_traces/(?:trace_\d+\.(?:cif|csv)|traces\.(?:csv|npz)|symmetry\.npz|unassigned\.cif)",
        r"3_templates/(?:template_\d+(?:_place_\d+)?\.cif|(?:given|library|templates)\.(?:csv|npz))",
        r"4_assembly/(?:(?:clusters|energy)\.csv|(?:candidates|clusters|decoys|unseen)\.npz|refined_\d+\.(?:cif|npz))",
        r"5_models/(?:model_\d+\.(?:cif|csv)|(?:atoms_\d+|quality)\.npz|places\.json)",
    )
)
"""Files that a job may have, also one that was killed in the middle of a stage."""


def files_of_job(folder: Path) -> tuple[list[Path], list[str]]:
    """All files of a job's folder, and the names of those that are none of the job's.

    Files are the job's when every job has such, or when a stage or the job itself names them as
    what it wrote or was given there. Links are never the job's.
    """
    own = _named_by_the_job(folder)
    files, foreign = [], []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            foreign.append(name)
        elif not path.is_dir():
            if name in own or any(pattern.fullmatch(name) for pattern in _KNOWN):
                files.append(path)
            else:
                foreign.append(name)
    return files, foreign


def delete_job(folder: Path) -> int:
    """Delete a job's files and the folders that are empty then.

    Returns
    -------
    int
        Bytes that were freed.

    Raises
    ------
    UserError
        No job, one that runs or waits in another ChimeraX, something else in the folder, or no
        permission.
    """
    if not is_job(folder):
        raise UserError(f"{folder} holds no Critasser job: nothing was deleted")
    if worker(folder) is not None:
        raise UserError(f"{folder}: the job runs; stop it first. Nothing was deleted")
    if (owner := waits_elsewhere(folder)) is not None:
        where = f"process {owner}" if owner else "on another machine"
        raise UserError(
            f"{folder}: the job waits for its turn in another ChimeraX ({where}); take it back "
            "there first, by critasser stop. Nothing was deleted"
        )
    files, foreign = files_of_job(folder)
    if foreign:
        some = ", ".join(foreign[:5]) + (f" and {len(foreign) - 5} more" if foreign[5:] else "")
        raise UserError(
            f"{folder} also holds what is none of the job's: {some}. Nothing was deleted; move "
            "that elsewhere first"
        )
    freed = 0
    # What makes the folder a job goes last, so that a deletion that was cut short can be repeated.
    files.sort(key=lambda path: path.name in ("job.json", "request.json"))
    try:
        for path in files:
            freed += path.stat().st_size
            path.unlink()
    except OSError as error:
        raise UserError(f"{error.filename}: cannot be deleted, {error.strerror}") from None
    below = sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True)
    for empty in (*below, folder):
        with contextlib.suppress(OSError):  # something has been put there just now
            empty.rmdir()
    return freed


def _named_by_the_job(folder: Path) -> set[str]:
    """Relative paths of stage outputs, of inputs that lie in the folder, and of the request's."""
    found: set[str] = set()
    stages = folder / "stages"
    for marker in stages.glob("*.json") if stages.is_dir() else ():
        outputs = (read_json(marker) or {}).get("outputs")
        if isinstance(outputs, dict):
            found.update(map(str, outputs))
    inputs = (read_json(folder / "job.json") or {}).get("inputs")
    given: list[str] = []
    for entry in inputs.values() if isinstance(inputs, dict) else ():
        for one in entry if isinstance(entry, list) else [entry]:
            if isinstance(one, dict):
                given.append(str(one.get("path")))
    given += [str(folder / name) for name in files_of_request(folder)]
    # Only what lies in the folder for inputs: a job may have been given any file of the person's.
    for word in given:
        path = Path(word)
        if path.is_absolute() and path.is_relative_to(folder / INPUTS):
            found.add(path.relative_to(folder).as_posix())
    return {name for name in found if ".." not in PurePosixPath(name).parts}
