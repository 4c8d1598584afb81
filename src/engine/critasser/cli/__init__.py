"""The command `critasser`: one module a command, each with ``add_args`` and ``main``.

Exit status: 0 done, 1 a failure of the program, 2 bad input, 130 stopped on request.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import importlib
import logging
import os
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import NoReturn

from critasser import __version__
from critasser.cli.parser import Parser
from critasser.cli.streams import open_closed_streams, silence
from critasser.errors import Cancelled, InputError
from critasser.text import printable

__all__ = ["COMMANDS", "ReportedError", "main"]

COMMANDS = {
    "build": "atomic models from a map and sequences",
    "score": "confidences of a model that is there already",
    "rebuild": "stretches of a model built again, the rest held",
    "fit": "a known or predicted model placed in a map",
    "segment": "regions of a map, as large as chains",
    "contacts": "contacts from sequences by a protein language model",
    "simulate": "a map from a model",
    "evaluate": "compare a model with a native structure",
    "selftest": "whether everything that Critasser needs works here",
    "data": "maps and models of EMDB and the PDB, prepared to train on",
    "train": "learn the networks and statistics that ship with Critasser",
}

WAITING, SLEEPING = "OMP_WAIT_POLICY", "PASSIVE"
"""What OpenMP's threads do while they wait for each other. Unless told otherwise they spin, which
takes twice as much CPU time as the networks' own work on a processor that other programs use too.
OpenMP reads it when torch is loaded, so that it is set before."""

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""Errors of a disk that is full, of a quota, and of a limit on the size of files."""


HELP = "help"
"""As git and others have it: ``critasser help build`` is ``critasser build --help``."""


class _NoCommandError(Exception):
    """No command was given."""


class ReportedError(Exception):
    """A failure of ours whose traceback has been written down already."""

    def __init__(self, line: str) -> None:
        super().__init__(line)


def _parser() -> argparse.ArgumentParser:
    """For what stands before the name of a command."""
    parser = Parser(
        prog="critasser", description="Atomic models from cryo-EM maps and protein sequences."
    )
    parser.add_argument("--version", action="version", version=f"critasser {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        commands.add_parser(name, help=summary)
    return parser


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The arguments of a command, options between its files or not."""
    if not arguments:
        raise _NoCommandError
    if arguments[0] == HELP:
        arguments = [*arguments[1:2], "--help"]
    if not arguments or arguments[0] not in COMMANDS:
        return _parser().parse_args(arguments)
    # Only the command that is asked for is imported: torch and OpenMM take seconds.
    module = importlib.import_module(f"critasser.cli.{arguments[0]}")
    parser = Parser(
        prog=f"critasser {arguments[0]}",
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.add_args(parser)
    parser.set_defaults(main=module.main)
    if getattr(module, "HAS_SUBCOMMANDS", False):
        return parser.parse_args(arguments[1:])
    return parser.parse_intermixed_args(arguments[1:])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    as_program = arguments is None
    os.environ.setdefault(WAITING, SLEEPING)
    open_closed_streams()
    with _interrupted_once(for_good=as_program):
        return _main(sys.argv[1:] if as_program else list(arguments))


def _main(arguments: list[str]) -> int:
    # Libraries' warnings are for log.txt; bad input is told in one line.
    logging.captureWarnings(True)
    logging.getLogger("py.warnings").addHandler(logging.NullHandler())
    name = f"critasser {arguments[0]}" if arguments else "critasser"
    try:
        args = _parsed(arguments)
        args.arguments = list(arguments)
        status = int(args.main(args) or 0)
        sys.stdout.flush()
        return status
    except _NoCommandError:
        _parser().print_help(sys.stderr)
        return 2
    except InputError as error:
        _say(f"{name}: {error}")
        return 2
    except (Cancelled, KeyboardInterrupt) as stopped:
        _say(f"{name}: cancelled; {stopped}" if str(stopped) else f"{name}: cancelled")
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone; there is nobody to tell.
        silence()
        return 1
    except OSError as error:
        if error.errno not in _NO_ROOM:
            return _failed(name, error)
        silence()
        _say(f"{name}: no room left on the disk for the output; free some")
        return 1
    except ReportedError as failure:
        _say(f"{name}: {failure}")
        return 1
    except MemoryError:
        _say(f"{name}: out of memory; give a smaller map, or a machine with more memory")
        return 2
    except Exception as error:
        return _failed(name, error)


@contextlib.contextmanager
def _interrupted_once(*, for_good: bool) -> Iterator[None]:
    """Let a second Ctrl+C not interrupt what the first one made us do: tidy up and say so.

    Parameters
    ----------
    for_good : bool
        The process ends after this: until then nothing is left that could be interrupted, and
        Python's own handler would print a traceback.
    """
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    ):
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> NoReturn:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        after = signal.SIG_IGN if for_good else signal.default_int_handler
        signal.signal(signal.SIGINT, after)


def _failed(name: str, error: Exception) -> int:
    """Write the traceback of a failure of ours down and say where it is."""
    reason = str(error).splitlines()[0] if str(error) else "no reason given"
    line = f"{name}: failed, {type(error).__name__}: {reason}"
    try:
        handle, path = tempfile.mkstemp(prefix="critasser-", suffix=".log")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            traceback.print_exception(error, file=file)
        line += f"; traceback in {path}"
    except OSError:
        line += "; there was no room for its traceback"
    _say(line)
    return 1


def _say(line: str) -> None:
    with contextlib.suppress(OSError):
        print(printable(line), file=sys.stderr, flush=True)
