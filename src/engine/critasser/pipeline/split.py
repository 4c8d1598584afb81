"""Bodies of stages in steps, so that another process may do the work of each part."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

from critasser.executors import Done, Executor, Work
from critasser.pipeline.stage import Context

__all__ = ["Split"]


@dataclass(frozen=True)
class Split:
    """The body of a stage with parts: reading, work on arrays, writing.

    Reading and writing are done by this process, which alone touches the job folder. The work is a
    function of what was read and may be done anywhere.

    Attributes
    ----------
    shared : callable
        Given a `Context`, the arguments of the work, by name, that are the same for all parts.
    own : callable
        Given the `Context` of a part, those that it alone has, its random numbers among them.
    work : Work
        ``work(**shared, **own, progress=…)``: a function of a module.
    write : callable
        Given the `Context` of a part and what came of the work.
    """

    shared: Callable[[Context], dict[str, Any]]
    own: Callable[[Context], dict[str, Any]]
    work: Work
    write: Callable[[Context, Any], None]

    def __call__(self, context: Context) -> None:
        """Do all of a part here."""
        given = {**self.shared(context), **self.own(context)}
        self.write(context, self.work(**given, progress=context.progress))

    def ahead(
        self, executor: Executor, contexts: Sequence[Context], seconds: float
    ) -> Generator[Done]:
        """Have the work of several parts done in parallel; gives what came of each, in order."""
        run = contexts[0].run
        return executor.map(
            self.work,
            [self.own(context) for context in contexts],
            shared=self.shared(contexts[0]),
            seconds=seconds,
            progress=run.progress.of_stage,
            tell=run.job.log,
        )

    def keep(self, context: Context, done: Done) -> None:
        """Write what came of a part."""
        context.run.cpu_elsewhere += done.cpu_seconds
        self.write(context, done.result)
