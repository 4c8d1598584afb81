"""Whole jobs for users of the package: `build`, `score` and `fit`, in a job folder."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from critasser.api.command_lines import build_command, command_line
from critasser.api.fits import FitResults, read_fit
from critasser.api.models import Sequences, as_target, write_fasta, write_model
from critasser.api.results import Results, read_results
from critasser.density import Grid, write_map
from critasser.executors import LOCAL, opened_executor
from critasser.job.folder import Job
from critasser.job.progress import Event
from critasser.options import FitOptions, Inputs, ModelInputs, Options
from critasser.pipeline.build import BUILD
from critasser.pipeline.fit import FIT
from critasser.pipeline.score import SCORE
from critasser.structure import AtomicModel, predicted_errors

__all__ = ["build", "fit", "score"]

Listener: TypeAlias = Callable[[Event], None]

INPUTS = "inputs"
"""Folder in the job folder for what was not given as a file."""


def build(
    map: str | os.PathLike[str] | Grid,
    sequences: Sequences,
    *,
    folder: str | os.PathLike[str],
    resolution: float | None = None,
    mask: str | os.PathLike[str] | Grid | None = None,
    templates: Sequence[str | os.PathLike[str]] = (),
    pae: Sequence[str | os.PathLike[str] | None] | None = None,
    template_search: bool = True,
    library: str | os.PathLike[str] | None = None,
    contacts: str | os.PathLike[str] | None = None,
    half_maps: Sequence[str | os.PathLike[str] | Grid] | None = None,
    quality: str = "draft",
    models: int = 5,
    device: str = "auto",
    seed: int = 1,
    trim: bool = False,
    protein: bool = False,
    symmetry: str = "auto",
    executor: str = LOCAL,
    resume: bool = False,
    progress: Listener | None = None,
) -> Results:
    """Build atomic models into a map.

    Does what ``critasser build`` does, with the same results for the same options, except that
    the quality is ``draft`` unless given. Ctrl-C, a file ``cancel`` in the folder, or `Cancelled`
    raised by `progress` stops it and keeps what is finished.

    Parameters
    ----------
    map : path or Grid
    sequences : path, Target or iterable of str
        A FASTA file, or the letters of each chain in the map; of a symmetric molecule the chains of
        one unit will do.
    folder : path
        Job folder to make; see docs/job-folder.md.
    resolution : float, optional
        Of the map in Å; estimated, with a warning, without it.
    mask : path or Grid, optional
        0 to 1 on the map's grid: build where it is 0.5 or more.
    templates : sequence of path
        Structures that may be alike, solved or predicted.
    pae : sequence of path or None, optional
        Predicted aligned error of each template, None for one without; without this, what lies
        beside a template under the name that predicting programs give it.
    template_search : bool
        Look for templates among known structures, by the sequence and by the fold that the map
        shows, where the map does not tell a sequence.
    library : path, optional
        The known structures, as ``critasser data library`` makes them; those that ship without it.
    contacts : path, optional
        Predicted contacts in the CASP RR format.
    half_maps : two of path or Grid, optional
        Of the map, unfiltered and unmasked: local resolution, maps without noise for the networks,
        and cross-validation.
    quality : {'draft', 'standard', 'thorough'}
        How much work.
    models : int
        Most models to make, 1 to 20.
    device : {'auto', 'cpu', 'cuda'}
        Where the networks run.
    seed : int
        The same seed, inputs and options give the same models on the same machine.
    trim : bool
        Leave residues that have no density out of the models; see `Results.unseen`.
    protein : bool
        The sequences are protein, also those of A, C, G and T alone, such as poly-alanine.
    symmetry : str
        Of the map: ``C4``, ``D2``, ``T``, ``O``, ``I``, or ``helical:RISE,TWIST`` in Å and degrees,
        such as ``helical:27.6,-166.5``; ``auto`` looks for it, ``none`` does not.
    executor : str
        Where models and templates are computed in parallel: on this machine (``local``;
        ``local:4``: by four processes at most), by Dask workers (``dask://HOST:PORT``), or by SLURM
        jobs (``slurm``); see docs/command-line.md. The results do not depend on it.
    resume : bool
        If the folder holds a job already, go on with it: only what is not finished, or depends on
        what is given anew, is done.
    progress : callable, optional
        Given each `Event`: ``stage``, ``fraction``, ``message``, ``remaining`` seconds, and so on.

    Returns
    -------
    Results

    Raises
    ------
    InputError
        Bad input, told in one line; the folder is in use, or holds a job and `resume` is not set;
        no workers can be had.
    Cancelled
        Stopped on request.

    Examples
    --------
    >>> results = critasser.build(
    ...     "map.mrc", "sequence.fasta", folder="job", resolution=3.0, models=1, resume=True
    ... )
    >>> best = results.models[0]
    >>> best.path.name, best.confidence.shape
    ('model_1.cif', (36,))
    """
    options = Options(
        resolution=resolution, device=device, quality=quality, models=models, seed=seed,
        trim=trim, protein=protein, symmetry=symmetry, template_search=template_search,
    )  # fmt: skip
    with opened_executor(executor) as hands, _opened(folder, resume) as given:
        inputs = Inputs(
            map=given.map(map),
            sequence=given.sequences(sequences),
            mask=None if mask is None else given.map(mask, "mask.mrc"),
            contacts=None if contacts is None else Path(contacts).resolve(),
            library=None if library is None else Path(library).resolve(),
            templates=(files := tuple(Path(path).resolve() for path in templates)),
            pae=predicted_errors(files, pae),
            half_maps=tuple(
                given.map(half, f"half_map_{k}.mrc") for k, half in enumerate(half_maps or (), 1)
            ),
        )
        command = build_command(inputs, options, given.job.folder)
        task = BUILD.check(inputs, options)
        BUILD.run(
            given.job, task, command=command, listeners=_listeners(progress), executor=hands
        )
        return read_results(given.job.folder)


def score(
    model: str | os.PathLike[str] | AtomicModel,
    map: str | os.PathLike[str] | Grid,
    *,
    folder: str | os.PathLike[str],
    resolution: float | None = None,
    mask: str | os.PathLike[str] | Grid | None = None,
    device: str = "auto",
    seed: int = 1,
    trim: bool = False,
    resume: bool = False,
    progress: Listener | None = None,
) -> Results:
    """Say how far a model that is there already can be trusted, residue by residue.

    Does what ``critasser score`` does, with the same results.

    Parameters
    ----------
    model : path or AtomicModel
        It must lie in the map.
    map : path or Grid
    folder : path
        Job folder to make.
    resolution, mask, device, seed, trim, resume, progress
        As in `build`.

    Returns
    -------
    Results
        One model: ``results.models[0].confidence`` by ``chain``, ``residue`` and ``insertion`` of
        the file; ``register_z_score`` tells whether residues suit their places.

    Raises
    ------
    InputError, Cancelled
        As `build`; also when most of the model lies outside the map.

    Examples
    --------
    >>> results = critasser.score("model.pdb", "map.mrc", folder="scored", resolution=3.0)
    >>> scored = results.models[0]
    >>> scored.mean_confidence > 80
    True
    >>> results.register_z_score > 3
    True
    """
    options = Options(resolution=resolution, device=device, seed=seed, trim=trim)
    with _opened(folder, resume) as given:
        inputs = ModelInputs(
            model=given.model(model),
            map=given.map(map),
            mask=None if mask is None else given.map(mask, "mask.mrc"),
        )
        files = (inputs.model, inputs.map)
        command = command_line("score", files, options, inputs.mask, "-o", given.job.folder)
        task = SCORE.check(inputs, options)
        SCORE.run(given.job, task, command=command, listeners=_listeners(progress))
        return read_results(given.job.folder)


def fit(
    model: str | os.PathLike[str] | AtomicModel,
    map: str | os.PathLike[str] | Grid,
    *,
    folder: str | os.PathLike[str],
    pae: str | os.PathLike[str] | None = None,
    rigid: bool = False,
    symmetry: str = "none",
    resolution: float | None = None,
    mask: str | os.PathLike[str] | Grid | None = None,
    device: str = "auto",
    seed: int = 1,
    resume: bool = False,
    progress: Listener | None = None,
) -> FitResults:
    """Place a known or predicted model in a map, wherever it belongs, domain by domain.

    Does what ``critasser fit`` does, with the same results.

    Parameters
    ----------
    model : path or AtomicModel
        In any frame.
    map : path or Grid
    folder : path
        Job folder to make.
    pae : path, optional
        Predicted aligned error of the model, which cuts it into domains; without this, what lies
        beside it under the name that predicting programs give it, or else contacts.
    rigid : bool
        Keep the model as it is: one rigid body.
    symmetry : str
        Of the map, as in `build`, of which the model is one unit; none is looked for.
    resolution, mask, device, seed, resume, progress
        As in `build`.

    Returns
    -------
    FitResults
        ``results.places[0]`` is the best place; it knows its file, its domains and how sure they
        are.

    Raises
    ------
    InputError
        As `build`; also when the model has no place in the map that is better than chance.
    Cancelled
        As `build`.

    Examples
    --------
    >>> results = critasser.fit("model.pdb", "map.mrc", folder="fitted", resolution=3.0)
    >>> results.places[0].share_near > 0.9
    True
    >>> results.places[0].domains[0].verdict
    'unique'
    """
    options = FitOptions(
        resolution=resolution, device=device, seed=seed, rigid=rigid, symmetry=symmetry
    )
    with _opened(folder, resume) as given:
        path = given.model(model)
        errors = predicted_errors((path,), None if pae is None else (pae,))
        inputs = ModelInputs(
            model=path,
            map=given.map(map),
            mask=None if mask is None else given.map(mask, "mask.mrc"),
            pae=errors[0] if errors else None,
        )
        more = [] if inputs.pae is None else ["--pae", inputs.pae]
        more += ["--rigid" if rigid else "--domains", "--symmetry", symmetry]
        more += ["-o", given.job.folder]
        files = (inputs.model, inputs.map)
        command = command_line("fit", files, options, inputs.mask, *more)
        task = FIT.check(inputs, options)
        FIT.run(given.job, task, command=command, listeners=_listeners(progress))
        return read_fit(given.job.folder)


class _Given:
    """Inputs of a job as files; what was not given as a file is written into the job folder."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.written: list[Path] = []

    def map(self, given: str | os.PathLike[str] | Grid, name: str = "map.mrc") -> Path:
        """The file of a map or mask."""
        if not isinstance(given, Grid):
            return Path(given).resolve()
        write_map(path := self._place(name), given)
        return path

    def model(self, given: str | os.PathLike[str] | AtomicModel) -> Path:
        """The file of a model."""
        if not isinstance(given, AtomicModel):
            return Path(given).resolve()
        write_model(path := self._place("model.cif"), given)
        return path

    def sequences(self, given: Sequences) -> Path:
        """The FASTA file of sequences."""
        if isinstance(given, (str, os.PathLike)):
            return Path(given).resolve()
        target = as_target(given)
        write_fasta(path := self._place("sequence.fasta"), target)
        return path

    def _place(self, name: str) -> Path:
        path = self.job.path(f"{INPUTS}/{name}")
        path.parent.mkdir(exist_ok=True)
        self.written.append(path)
        return path


@contextlib.contextmanager
def _opened(folder: str | os.PathLike[str], resume: bool) -> Iterator[_Given]:
    """A job folder to work in; bad input leaves nothing behind where there was no job before."""
    path = Path(folder).resolve()
    described = path / "job.json"
    new = not path.exists()
    try:
        with Job.opened(path, resume=resume and described.exists()) as job:
            given = _Given(job)
            try:
                yield given
            except BaseException:
                if not described.exists():
                    for file in given.written:
                        file.unlink(missing_ok=True)
                    _remove_if_empty(path / INPUTS)
                raise
    except BaseException:
        if new:
            _remove_if_empty(path)
        raise


def _remove_if_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def _listeners(progress: Listener | None) -> tuple[Listener, ...]:
    return () if progress is None else (progress,)
