"""Whatever a job folder says, a command that goes on with it works or tells one line."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from critasser import __version__, cli
from critasser.cli import build, rebuild, score
from critasser.job.folder import FORMAT
from critasser.job.records import is_marker, read_json
from critasser.options import check_readable
from tests.fuzzing.mutation import mutated

VALUES = (
    None, True, -1, 0, 2**70, 1e400, -1e400, float("nan"), "", "a\0b", "\ud800", "../../x",
    "/dev/zero", "\x1b[2J", "x" * 10_000, [], [1, [2]], {}, {"path": {}}, {"path": 3},
    {"path": "/etc/passwd"},
)  # fmt: skip
KEYS = ("map", "path", "options", "", "template_01", "template_x", "\0", "resolution", "seed")

INPUTS = {role: {"path": f"/nowhere/{role}", "sha256": "0"} for role in ("map", "sequence")}
MODEL = {"model": {"path": "/nowhere/model"}}
DESCRIPTION = {
    "format": FORMAT,
    "version": __version__,
    "inputs": INPUTS,
    "options": {"resolution": 3.0, "device": "cpu", "quality": "draft", "models": 3, "seed": 1},
}
MARKER = {
    "key": "k", "outputs": {"1_calpha/a.txt": "0"}, "artifacts": {"1_calpha/a.txt": ["map", "a"]},
    "seconds": 1.0, "cpu_seconds": 1.0, "peak_memory_bytes": 1, "warnings": ["w"],
    "summary": {"models": 2},
}  # fmt: skip
COMMANDS = {"build": (build, {}), "score": (score, MODEL), "rebuild": (rebuild, MODEL)}


def places(value, found=()):
    """Paths of keys to everything in a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        yield (*found, key)
        if isinstance(inner, (dict, list)) and inner:
            yield from places(inner, (*found, key))


@st.composite
def changed(draw, content):
    """A copy in which one to three values are others, gone, or under another name."""
    content = copy.deepcopy(content)
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(list(places(content))))
        holder = content
        for key in way:
            holder = holder[key]
        value = draw(st.sampled_from(VALUES) | st.floats() | st.text(max_size=8) | st.integers())
        what = draw(st.sampled_from(("change", "change", "remove", "add")))
        if what == "change":
            holder[last] = copy.deepcopy(value)
        elif what == "remove":
            del holder[last]
        elif isinstance(holder, dict):
            holder[draw(st.sampled_from(KEYS))] = copy.deepcopy(value)
        if not content:
            break
    return content


@pytest.mark.parametrize("command", COMMANDS)
@given(data=st.data())
def test_a_changed_description_is_read_or_told_in_one_line(outcome, command, data):
    module, more = COMMANDS[command]
    good = {**DESCRIPTION, "kind": command, "inputs": {**INPUTS, **more}}

    def go_on(path):
        inputs, *_ = module._resolve(cli._parsed([command, "--resume", str(path.parent)]))
        check_readable(inputs)

    _, line = outcome(go_on, json.dumps(data.draw(changed(good))).encode(), "job.json", named=False)
    assert line.isprintable()


@given(changed(MARKER))
def test_a_changed_marker_is_one_or_none(outcome, content):
    found, _ = outcome(read_json, json.dumps(content).encode(), "first.json")
    assert found is None or is_marker(found) in (True, False)


@given(mutated(json.dumps(MARKER).encode()))
def test_bytes_that_are_no_json_are_none(outcome, content):
    found, line = outcome(read_json, content, "first.json")
    assert line == "" and (found is None or isinstance(found, dict))
