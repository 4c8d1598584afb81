"""A stand-in, not ChimeraX: see ../../README.md. Annotations parse one word."""

import os

from .errors import UserError

REGISTERED = {}
RUN = []
LOGGED = []


class AnnotationError(UserError, ValueError):
    """What a person typed is not what was expected."""

    def __init__(self, message, offset=0):
        super().__init__(message)
        self.offset = offset


class Annotation:
    name = "a word"

    @classmethod
    def parse(cls, text, session):
        return next_token(text)


def next_token(text):
    """First word, that word as used, and the rest, which keeps its leading space."""
    if text[0] in "\"'":
        for end in range(1, len(text)):
            after = text[end + 1 : end + 2]
            if text[end] == text[0] and (not after or after.isspace() or after == ";"):
                return text[1:end], text[: end + 1], text[end + 1 :]
        raise AnnotationError("incomplete quoted text")
    if text[0] == ";":
        return ";", ";", text[1:]
    end = next((n for n, letter in enumerate(text) if letter.isspace() or letter == ";"), len(text))
    return text[:end], text[:end], text[end:]


class FileNameArg(Annotation):
    @classmethod
    def parse(cls, text, session):
        word, used, rest = next_token(text)
        return os.path.expanduser(word), used, rest

    @staticmethod
    def unparse(value, session=None):
        return f'"{value}"' if " " in str(value) else str(value)


class OpenFileNameArg(FileNameArg):
    pass


class OpenFolderNameArg(FileNameArg):
    pass


class SaveFolderNameArg(FileNameArg):
    pass


class SaveFileNameArg(FileNameArg):
    pass


class ModelsArg(Annotation):
    """Greedy as the real one: every word in a row that begins with # is of one specifier."""

    @classmethod
    def parse(cls, text, session):
        words = []
        for word in text.split(" "):
            if not word.startswith("#"):
                break
            words.append(word)
        if not words:
            raise AnnotationError("Expected a models specifier")
        used = " ".join(words)
        wanted = {word.split("/")[0] for word in words}
        models = [model for model in session.models.list() if model.atomspec in wanted]
        return models, used, text[len(used) :]


class ObjectsArg(Annotation):
    """Models, or what is selected; a model brings its children along."""

    @classmethod
    def parse(cls, text, session):
        from .objects import Objects

        if text.split(" ")[0] == "sel":
            models = [model for model in session.models.list() if model.selected]
            return Objects(models=models), "sel", text[3:]
        models, used, rest = ModelsArg.parse(text, session)
        ids = [model.id for model in models]
        inside = [m for m in session.models.list() if any(m.id[: len(i)] == i for i in ids)]
        return Objects(models=inside), used, rest


class StringArg(Annotation):
    pass


class BoolArg(Annotation):
    pass


class IntArg(Annotation):
    pass


class FloatArg(Annotation):
    pass


class PositiveIntArg(Annotation):
    pass


class NonNegativeIntArg(Annotation):
    pass


class EmptyArg(Annotation):
    pass


class Bounded(Annotation):
    def __init__(self, annotation, min=None, max=None):
        self.limits = (min, max)


class EnumOf(Annotation):
    def __init__(self, values):
        self.values = values


class ListOf(Annotation):
    def __init__(self, annotation):
        self.annotation = annotation


class Or(Annotation):
    def __init__(self, *annotations):
        self.annotations = annotations


class JSONResult:
    def __init__(self, json_value, python_value):
        self.json_value = json_value
        self.python_value = python_value


class CmdDesc:
    def __init__(self, required=(), optional=(), keyword=(), required_arguments=(), synopsis=None):
        self.required_arguments = tuple(required_arguments)
        self.required = dict(required)
        self.optional = dict(optional)
        self.keyword = dict(keyword)
        self.synopsis = synopsis


def register(name, description, function, logger=None):
    REGISTERED[name] = (description, function)


def run(session, text, log=True):
    RUN.append(text)


def log_equivalent_command(session, text):
    LOGGED.append(text)
