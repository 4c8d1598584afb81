"""Where builds run in parallel is remembered, and told to the engine; no part of the job."""

import json
import sys

import pytest
from chimerax.atomic import Sequence
from chimerax.core.errors import UserError


@pytest.mark.parametrize(
    "word", ["local:2", "local:1024", "dask://node-1.org:8786", "tls://[::1]:8786", "slurm"]
)
def test_it_is_remembered_and_told(session, word):
    from chimerax.critasser.commands import executor

    assert executor.command(session) == "local"
    assert executor.command(session, word) == executor.command(session) == word
    assert word in session.logger.text("info")
    assert executor.command(session, "local") == executor.command(session) == "local"


@pytest.mark.parametrize(
    "word", ["", "lokal", "local:0", "local:10000", "dask://host", "slurm --x", "-o"]
)
def test_what_is_none_is_refused(session, word):
    from chimerax.critasser.commands import executor

    with pytest.raises(UserError, match="give local"):
        executor.command(session, word)


def test_the_engine_is_told_and_the_jobs_request_is_not(
    session, fake_engine, open_volume, monkeypatch
):
    from chimerax.critasser.commands import build, executor, location
    from chimerax.critasser.jobs import queue, starting

    monkeypatch.setattr(queue.os, "cpu_count", lambda: 16)
    monkeypatch.setattr(queue, "_has_gpu", lambda: False)
    location.command(session, sys.executable)
    begun = []
    run = starting.LoggedProcess
    monkeypatch.setattr(
        starting, "LoggedProcess", lambda words, *more: begun.append(words) or run(words, *more)
    )
    for word in ("slurm", "local"):
        executor.command(session, word)
        job = build.command(session, open_volume(session), [Sequence("x", "AALEKAALEK")], wait=True)
        request = json.loads((job.folder / "inputs" / "request.json").read_text())
        assert "--executor" not in request["arguments"]
    assert begun[0][-2:] == ["--executor", "slurm"]
    assert begun[1][-2:] == ["--executor", "local:2"]
