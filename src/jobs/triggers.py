"""Triggers that tell what becomes of the jobs of a session."""

from __future__ import annotations

from chimerax.core.triggerset import TriggerSet

__all__ = ["TRIGGERS", "triggers"]

TRIGGERS = (
    "job started", "job changed", "job ended", "job opened", "jobs listed", "results begin",
)


def triggers(session):
    """What tells of the jobs of a session, always in the main thread; data is the `EngineJob`.

    ``job started`` when one is queued, started or followed; ``job changed`` when it has said
    something, has got its turn or is being stopped; ``job ended`` once, when `outcome` is final;
    ``job opened`` when the person has opened a folder: its data is the path; ``jobs listed`` when
    jobs were renamed or taken off the list; ``results begin`` when something is first shown in a
    map: its data is that `Volume`.

    Returns
    -------
    chimerax.core.triggerset.TriggerSet
    """
    found = getattr(session, "_critasser_job_triggers", None)
    if found is None:
        found = session._critasser_job_triggers = TriggerSet()
        for name in TRIGGERS:
            found.add_trigger(name)
    return found
