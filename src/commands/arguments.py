"""Read what a person types: maps, sequences, job folders, regions."""

from __future__ import annotations

import re
from pathlib import Path

from chimerax.atomic import Sequence, SequencesArg, Structure
from chimerax.core.commands import (
    Annotation,
    AnnotationError,
    FileNameArg,
    ModelsArg,
    ObjectsArg,
    OpenFolderNameArg,
    next_token,
)
from chimerax.core.errors import UserError
from chimerax.map import Volume

from ..engine.critasser.symmetry_text import is_looked_for, read_symmetry
from ..jobs.engine_job import jobs_of
from ..jobs.record import is_job
from ..jobs.sequences import is_accession
from ..models.segments.segment import Segment
from ..models.segments.segmentation import Segmentation

__all__ = ["BuildMapArg", "BuildSequenceArg", "JobFolderArg", "JobNumbersArg",
           "SegmentationArg", "SegmentsArg", "SymmetryArg", "check_given"]

_MOST_NUMBERS = 10_000
"""Of a range."""

_LOWER = re.compile(r"[acdefghiklmnpqrstuvwyxo]{12,}(,[acdefghiklmnpqrstuvwyxo]{12,})*")
"""Letters of sequences in lower case, which are too many to be the name of something."""

_FASTA = (".fasta", ".fa", ".faa", ".seq", ".fas")


class BuildMapArg(ModelsArg):
    """One map. ``#1 #2/A`` is one specifier to ChimeraX, so that a chain typed after the map
    would vanish without a word: here it is an error that tells what to type."""

    name = "a map specifier"

    @classmethod
    def parse(cls, text, session):
        models, used, rest = super().parse(text, session)
        maps = [model for model in models if isinstance(model, Volume)]
        words = used.split()
        if len(words) > 1 and any(isinstance(model, Structure) for model in models):
            raise AnnotationError(
                f'"{used}" is read as one specifier, so that nothing is left for the sequence: '
                f"type critasser build {words[0]} sequence {' '.join(words[1:])}"
            )
        if len(maps) != 1:
            raise AnnotationError(f"must specify one map, got {len(maps)}")
        return maps[0], used, rest


class BuildSequenceArg(Annotation):
    """A FASTA file, or whatever ChimeraX takes as sequences."""

    name = "a FASTA file, chains, an alignment's sequence, a UniProt name or letters"

    @classmethod
    def parse(cls, text, session):
        if not text:
            raise AnnotationError(f"Expected {cls.name}")
        typed, _, _ = next_token(text)
        path, used, rest = FileNameArg.parse(text, session)
        if Path(path).is_file():
            return Path(path).resolve(), used, rest
        # With an offset, or ChimeraX would go on and ask for a keyword.
        missing = AnnotationError(f"no such file: {path}", offset=len(used))
        if typed.lower().endswith(_FASTA):
            raise missing
        if _LOWER.fullmatch(typed):  # as the panel and the engine read it
            return [Sequence("typed", one.upper()) for one in typed.split(",")], used, rest
        try:
            return SequencesArg.parse(text, session)
        except (AnnotationError, UserError, OSError):
            if "/" in typed or "\\" in typed:
                raise missing from None
            if any(is_accession(one) for one in typed.split(",")):
                raise AnnotationError(
                    f"{typed} could not be fetched from UniProt: there is no such entry, or no "
                    "network. Give the letters or a FASTA file instead",
                    offset=len(used),
                ) from None
            raise


class SymmetryArg(Annotation):
    """A symmetry by its name, as the engine reads it."""

    name = "a symmetry such as C4, D2, I, helical:27.6,-166.5, auto or none"

    @classmethod
    def parse(cls, text, session):
        if not text:
            raise AnnotationError(f"Expected {cls.name}")
        word, used, rest = next_token(text)
        try:
            read_symmetry(word)
        except ValueError as error:
            raise AnnotationError(str(error)) from None
        return word, used, rest


def check_given(symmetry: str | None) -> None:
    """Refuse a symmetry that is to be looked for, where one must be given."""
    if symmetry is not None and is_looked_for(symmetry):
        raise UserError("a fit looks for no symmetry: give that of the map, such as C4, or none")


class JobFolderArg(OpenFolderNameArg):
    """A job folder that exists, or the number of a job of this session."""

    name = "number or folder of a Critasser job"

    @classmethod
    def parse(cls, text, session):
        if not text:
            raise AnnotationError(f"Expected {cls.name}: critasser jobs lists them")
        word, used, rest = next_token(text)
        if word.isdigit():
            for job in jobs_of(session):
                if job.id == int(word):
                    return job.folder, used, rest
            raise AnnotationError(f"no job {word} in this session: critasser jobs lists them")
        path, used, rest = super().parse(text, session)
        folder = Path(path).expanduser().resolve()
        if not folder.is_dir():
            raise AnnotationError(f"{path} is not a folder")
        if not is_job(folder):
            raise AnnotationError(f"{path} holds no Critasser job")
        return folder, used, rest


class JobNumbersArg(Annotation):
    """Numbers of jobs: ``7``, ``3,5``, ``8-13``, or ``all``."""

    name = "numbers of jobs, such as 7 or 3,8-13, or all"

    @classmethod
    def parse(cls, text, session):
        if not text:
            raise AnnotationError(f"Expected {cls.name}")
        word, used, rest = next_token(text)
        if word.lower() == "all":
            return "all", used, rest
        numbers: list[int] = []
        for part in word.split(","):
            found = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", part)
            if found is None:
                raise AnnotationError(f"Expected {cls.name}")
            first, last = int(found[1]), int(found[2] or found[1])
            if last - first > _MOST_NUMBERS:
                raise AnnotationError(f"{part} are more than {_MOST_NUMBERS} jobs: give all")
            numbers += range(first, last + 1)
        return numbers, used, rest


class SegmentsArg(ObjectsArg):
    """Regions of segmentations: themselves, all of a segmentation, or the selected ones."""

    name = "a specifier of regions"

    @classmethod
    def parse(cls, text, session):
        objects, used, rest = super().parse(text, session)
        segments = [model for model in objects.models if isinstance(model, Segment)]
        if not segments:
            raise AnnotationError(f"{used} specifies no regions of a critasser segment")
        return segments, used, rest


class SegmentationArg(ModelsArg):
    """One segmentation, or any of its regions."""

    name = "a segmentation specifier"

    @classmethod
    def parse(cls, text, session):
        models, used, rest = super().parse(text, session)
        found = {model for model in models if isinstance(model, Segmentation)}
        found |= {model.segmentation for model in models if isinstance(model, Segment)}
        if len(found) != 1:
            raise AnnotationError(f"must specify one segmentation, got {len(found)}")
        return found.pop(), used, rest
