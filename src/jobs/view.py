"""What a job needs of whatever shows its results in the scene, written down as a protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from .folder import Event

__all__ = ["JobView"]


class JobView(Protocol):
    """Shows a job; everything is called in the main thread, and nothing ends the job by failing."""

    @property
    def group(self) -> Any:
        """The model that all results are in; None while nothing is shown."""

    @property
    def is_open(self) -> bool:
        """Whether something is shown."""

    @property
    def goes_on(self) -> bool:
        """Whether another run of the job can be shown here as well."""

    def show(self, event: Event) -> None:
        """Show the file that a line of progress announces, if it is one to be looked at."""

    def warn(self, text: str) -> None:
        """Tell a warning of the engine as soon as it has come, and never again.

        Parameters
        ----------
        text : str
            In the engine's words.
        """

    def finish(self) -> None:
        """Show what the finished job has made in the end, and tell its scores."""

    def catch_up(self) -> None:
        """Show all that the job has made so far."""

    def reveal(self, volume: Any = None) -> None:
        """Show from now on what was hidden or closed, in the place of another map if one is given.

        Parameters
        ----------
        volume : chimerax.map.Volume, optional
        """

    def lie_in(self, volume: Any) -> None:
        """Lie in the place of another map.

        Parameters
        ----------
        volume : chimerax.map.Volume
        """

    def adopt(self, group: Any) -> None:
        """Go on in a group that shows the job already.

        Parameters
        ----------
        group : chimerax.critasser.models.job_group.JobGroup
        """

    def show_class(self, name: str, *, every: bool = False) -> list:
        """Show one class of results, such as traces, and give its models.

        Parameters
        ----------
        name : str
            Of `chimerax.critasser.views.results.CLASSES`.
        every : bool
            All of them; else the first, where none is displayed.
        """
