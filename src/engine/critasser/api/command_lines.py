"""The command lines that do what the functions of the API do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from critasser.options import Inputs, Options
from critasser.symmetry_text import is_looked_for

__all__ = ["build_command", "command_line"]


def build_command(inputs: Inputs, options: Options, folder: Path) -> list[str]:
    """The command line of a build; what `command` in the job folder holds."""
    more: list[object] = ["--quality", options.quality, "--models", options.models]
    if options.protein:
        more += ["--protein"]
    if not is_looked_for(options.symmetry):
        more += ["--symmetry", options.symmetry]
    if not options.template_search:
        more += ["--no-template-search"]
    if inputs.library is not None:
        more += ["--library", inputs.library]
    if inputs.templates:
        more += ["--templates", *inputs.templates]
    if inputs.pae:
        more += ["--pae", *("-" if path is None else path for path in inputs.pae)]
    if inputs.half_maps:
        more += ["--half-maps", *inputs.half_maps]
    if inputs.contacts is not None:
        more += ["--contacts", inputs.contacts]
    files = (inputs.map, inputs.sequence)
    return command_line("build", files, options, inputs.mask, *more, "-o", folder)


def command_line(
    name: str, files: Sequence[Path], options: Options, mask: Path | None, *more: object
) -> list[str]:
    """The command line that does the same as a function, with the options that all jobs have."""
    words: list[object] = ["critasser", name, *files]
    if mask is not None:
        words += ["--mask", mask]
    if options.resolution is not None:
        words += ["--resolution", options.resolution]
    if options.trim:
        words += ["--trim"]
    words += ["--device", options.device, "--seed", options.seed, *more]
    return [str(word) for word in words]
