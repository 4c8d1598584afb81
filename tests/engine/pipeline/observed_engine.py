"""The engine as a program that writes down what the body of each stage opens.

``python observed_engine.py RECORD COMMAND`` is ``critasser COMMAND`` with further qualities, of
which every stage still runs. RECORD gets a JSON line for each run of a stage's
body: its name, what it declares (``inputs``, ``external``, ``facts``) and what it used. Where the
variable ANSWERS names a folder, the network's answers are kept there and taken from there.
"""

import json
import os
import sys
from pathlib import Path

from critasser import options
from critasser.cli import main

SHORT_BUILDS = {
    "shortest": options.Schedule(4, 1000, 4, 30, 20, "draft", 0.0),
    "shorter": options.Schedule(4, 1000, 5, 31, 20, "draft", 0.0),
}
SHORT_REBUILDS = {
    "shortest": options.RebuildSchedule(4, 8, 100, 50),
    "shorter": options.RebuildSchedule(4, 9, 100, 50),
}


def observe(record: Path) -> None:
    from critasser.job.folder import Job
    from critasser.pipeline.stage import Context

    running: list[dict] = []

    def heard(event: str, arguments: tuple) -> None:
        if event != "open" or not running:
            return
        path, _, flags = arguments
        if isinstance(path, (str, os.PathLike)) and not flags & (os.O_WRONLY | os.O_RDWR):
            running[-1]["opened"].append(os.path.abspath(path))

    def stage(self, name, body, **declared):
        def observed(run):
            running.append({"stage": name, "inputs": list(declared.get("inputs", ())),
                            "external": sorted(declared.get("external") or ()),
                            "opened": [], "facts_used": []})  # fmt: skip
            body(run)
            line = running.pop()
            with record.open("a") as file:
                file.write(json.dumps({**line, "outputs": list(run.outputs)}) + "\n")

        return run_stage(self, name, observed, **{**declared, "inputs": [*declared["inputs"]]})

    def fact(self, name):
        running[-1]["facts_used"].append(name)
        running[-1]["facts"] = sorted(self.stage.facts)
        return use_fact(self, name)

    run_stage, use_fact = Job.stage, Context.fact
    Job.stage, Context.fact = stage, fact
    sys.addaudithook(heard)


if __name__ == "__main__":
    options.PRESETS.update(SHORT_BUILDS)
    options.REBUILDS.update(SHORT_REBUILDS)
    if "ANSWERS" in os.environ:
        import pytest
        from remembered_network import remember

        remember(pytest.MonkeyPatch(), Path(os.environ["ANSWERS"]))
    if "--help" not in sys.argv:
        observe(Path(sys.argv[1]))
    sys.exit(main(sys.argv[2:]))
