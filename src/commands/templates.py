"""Which structures a build starts from: chosen ones, or those that a look finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chimerax.atomic import AtomicStructuresArg
from chimerax.core.commands import Annotation, AnnotationError, FileNameArg, next_token
from chimerax.core.errors import UserError

from ..jobs.engine_job import jobs_of
from ..jobs.inputs import write_templates
from ..jobs.known_files import copy_known, write_list
from ..jobs.predicted_error import error_path
from ..jobs.sequences import not_built, read_sequences
from ..known.consent import says_none, where_to_look
from ..known.downloads import download_folder
from ..known.found import Found, Wanted, accession_in
from ..known.looking import Looked, look, what_is_sent
from ..known.open_models import among_open
from ..session.settings import KNOWN

__all__ = ["TemplatesArg", "Templates"]

_SUFFIXES = (".pdb", ".cif", ".ent", ".mmcif", ".gz")


class TemplatesArg(Annotation):
    """``auto``, ``local``, ``none``, open models, files, or models and files with commas."""

    name = "auto, local, none, models or files"

    @classmethod
    def parse(cls, text, session):
        if not text:
            raise AnnotationError(f"Expected {cls.name}")
        word, used, rest = next_token(text)
        if word.lower() in KNOWN:
            return word.lower(), used, rest
        path, whole, after = FileNameArg.parse(text, session)
        if Path(path).expanduser().is_file():
            return [Path(path).expanduser().resolve()], whole, after
        files, others = [], []
        for part in word.split(","):
            one = Path(part).expanduser()
            if one.is_file():
                files.append(one.resolve())
            elif part.lower().endswith(_SUFFIXES) or ("/" in part and part[0] != "#"):
                raise AnnotationError(f"no such file: {part}", offset=len(used))
            else:
                others.append(part)
        if not files:
            return AtomicStructuresArg.parse(text, session)
        models: list[Any] = []
        if others:
            models, _, left = AtomicStructuresArg.parse(",".join(others), session)
            if left:
                raise AnnotationError(f"{','.join(others)} are no models", offset=len(used))
        return [*models, *files], used, rest


@dataclass(frozen=True)
class Templates:
    """What a build is to start from.

    Attributes
    ----------
    where : str
        One of `KNOWN`; ``none`` for structures that were chosen.
    chosen : tuple of chimerax.atomic.AtomicStructure or Path
    refused : bool
        The person said ``none``, here or before: the engine is to look for none either.
    """

    where: str = "none"
    chosen: tuple[Any, ...] = ()
    refused: bool = False

    @classmethod
    def of(cls, session, given) -> Templates:
        """What a command was given; asks the person where that is needed.

        Raises
        ------
        UserError
            No models.
        """
        if given is None or isinstance(given, str):
            where = where_to_look(session, given)
            return cls(where, refused=says_none(session, given))
        if not len(given):
            raise UserError("templates: no atomic models specified")
        return cls("none", tuple(given))

    @property
    def search_again(self) -> dict[str, tuple]:
        """Options of a resumed job, by which the engine looks in its library, or not, as is asked
        for now; none where structures were chosen."""
        if self.chosen:
            return {}
        return {"--no-template-search" if self.refused else "--template-search": ()}

    def write(self, inputs: Path) -> list[Path]:
        """Copy what was chosen to where the engine may read it.

        Raises
        ------
        UserError
            A file cannot be read.
        """
        models = [one for one in self.chosen if not isinstance(one, Path)]
        paths = write_templates(inputs, models)
        for number, one in enumerate((p for p in self.chosen if isinstance(p, Path)), 1):
            try:
                paths.append(copy_known(inputs, one, _error_of(one), number))
            except OSError as error:
                raise UserError(f"{one}: cannot be read, {error.strerror}") from None
        return paths

    def looker(
        self, session, folder: Path, inputs: Path, name: str, sequence
    ) -> Callable[[], list[str]] | None:
        """What looks for structures and gives the engine's arguments for them; None for none.

        It is made in the main thread, where open models are looked at, and called in any.

        Parameters
        ----------
        session : chimerax.core.session.Session
        folder, inputs : Path
            Of the job, and of its inputs.
        name : str
            Of the job.
        sequence : Path or sequence of chimerax.atomic.Sequence
        """
        if self.where == "none":
            return None
        wanted = _wanted(sequence)
        here = [_written(one, inputs, number) for number, one in
                enumerate(among_open(session, wanted), 1)]  # fmt: skip
        online = self.where == "auto"
        if online:
            _say(session, "info", f"critasser {name}: searching known structures; "
                                  f"{what_is_sent()}")  # fmt: skip

        def find() -> list[str]:
            looked = look(
                wanted, download_folder(), online=online, here=here,
                stopped=lambda: _stopped(session, folder),
            )  # fmt: skip
            try:
                paths = _copied(looked, inputs)
            except OSError as error:
                raise UserError(f"{inputs}: cannot write there, {error.strerror}") from error
            for line in looked.trouble:
                _say(session, "warning", f"critasser {name}: {line}; the build goes on without")
            told = "; ".join(one.told for one in looked.found) or "none found"
            _say(session, "info", f"critasser {name}: known structures: {told}")
            return ["--templates", *map(str, paths)] if paths else []

        return find


def _copied(looked: Looked, inputs: Path) -> list[Path]:
    """Copies of what was found among the inputs, and the list of them."""
    paths, entries = [], []
    for number, one in enumerate(looked.found, 1):
        path = one.path
        if path.parent != inputs:
            path = copy_known(inputs, path, one.error, number)
        paths.append(path)
        entries.append(
            {"file": path.name, "name": one.name, "source": one.source, "sequence": one.sequence,
             "identity": round(one.identity, 4), "coverage": round(one.coverage, 4),
             "address": one.address}
        )  # fmt: skip
    write_list(inputs, entries, looked.trouble)
    return paths


def _error_of(path: Path) -> Path | None:
    """The predicted aligned error beside a file of the AlphaFold Database."""
    error = error_path(path)
    return error if error is not None and error.is_file() else None


def _written(one: Found, inputs: Path, number: int) -> Found:
    """An open model as a file among the inputs, unless its own file serves."""
    if one.path is not None:
        return one
    (path,) = write_templates(inputs, [one.model], first=number)
    return Found(
        one.name, one.source, one.sequence, one.identity, one.coverage, path, model=one.model
    )


def _wanted(sequence: Path | Sequence) -> list[Wanted]:
    """The sequences of a build, with the accessions that are known of them."""
    if isinstance(sequence, Path):
        entries = read_sequences(sequence)
        return [
            Wanted(one.name, one.letters.upper(), accession_in(one.name))
            for one, left_out in zip(entries, not_built(entries))
            if not left_out
        ]
    found = []
    for one in sequence:
        letters = one.ungapped() if hasattr(one, "ungapped") else one.characters
        accession = getattr(one, "uniprot_accession", None) or accession_in(one.name or "")
        found.append(Wanted(one.name or "the sequence", letters.upper(), accession))
    return found


def _stopped(session, folder: Path) -> bool:
    """Whether the person has stopped the job for which is looked."""
    return any(job.folder == folder and job.stopping for job in jobs_of(session))


def _say(session, level: str, text: str) -> None:
    """A line in the log, from any thread."""
    say = getattr(session.logger, level)
    if session.ui.is_gui:
        session.ui.thread_safe(say, text)
    else:
        say(text)
