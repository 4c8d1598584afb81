"""Whatever a job folder's JSON says, a command that goes on with it works or tells one line."""

import copy
import json
import random

import pytest

from critasser import __version__, cli
from critasser.cli import build, rebuild, score
from critasser.errors import InputError
from critasser.job.folder import FORMAT
from critasser.job.records import is_marker, read_json
from critasser.options import check_readable

VALUES = (
    None, True, -1, 0, 2**70, 1e400, -1e400, float("nan"), "", "a\0b", "\ud800", "../../x",
    "/dev/zero", "\x1b[2J", "x" * 10_000, [], [1, [2]], {}, {"path": {}}, {"path": 3},
    {"path": "/etc/passwd"},
)  # fmt: skip
KEYS = ("map", "path", "options", "", "template_01", "template_x", "\0", "resolution", "seed")

DESCRIPTION = {
    "format": FORMAT,
    "version": __version__,
    "inputs": {role: {"path": f"/nowhere/{role}", "sha256": "0"} for role in ("map", "sequence")},
    "options": {"resolution": 3.0, "device": "cpu", "quality": "draft", "models": 3, "seed": 1},
}
MARKER = {
    "key": "k", "outputs": {"1_calpha/a.txt": "0"}, "artifacts": {"1_calpha/a.txt": ["map", "a"]},
    "seconds": 1.0, "cpu_seconds": 1.0, "peak_memory_bytes": 1, "warnings": ["w"],
    "summary": {"models": 2},
}  # fmt: skip


def places(value, found=()):
    """Paths of keys to everything in a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        yield (*found, key)
        if isinstance(inner, (dict, list)) and inner:
            yield from places(inner, (*found, key))


def changed(content: dict, rng: random.Random) -> dict:
    """A copy in which one to three values are others, gone, or under another name."""
    content = copy.deepcopy(content)
    for _ in range(rng.randint(1, 3)):
        *way, last = rng.choice(list(places(content)))
        holder = content
        for key in way:
            holder = holder[key]
        what = rng.choice(("change", "change", "remove", "add"))
        if what == "change":
            holder[last] = copy.deepcopy(rng.choice(VALUES))
        elif what == "remove":
            del holder[last]
        elif isinstance(holder, dict):
            holder[rng.choice(KEYS)] = copy.deepcopy(rng.choice(VALUES))
        if not content:
            break
    return content


@pytest.mark.parametrize(("command", "module"), [("build", build), ("score", score),
                                                 ("rebuild", rebuild)])  # fmt: skip
def test_a_changed_description_is_read_or_told_in_one_line(tmp_path, command, module):
    rng = random.Random(7)
    good = {**DESCRIPTION, "kind": command}
    if command != "build":
        good["inputs"] = {**DESCRIPTION["inputs"], "model": {"path": "/nowhere/model"}}
    args = cli._parsed([command, "--resume", str(tmp_path)])
    told = 0
    for _ in range(400):
        (tmp_path / "job.json").write_text(json.dumps(changed(good, rng)))
        try:
            inputs, *_ = module._resolve(args)
            check_readable(inputs)
        except InputError as error:
            told += 1
            assert str(error).isprintable() and len(str(error)) < 3000
    assert told > 200


def test_a_changed_marker_is_one_or_none(tmp_path):
    rng = random.Random(7)
    path = tmp_path / "first.json"
    path.write_text(json.dumps(MARKER))
    assert is_marker(read_json(path))
    damaged = 0
    for _ in range(1000):
        path.write_text(json.dumps(changed(MARKER, rng)))
        content = read_json(path)
        damaged += content is None or not is_marker(content)
    assert 300 < damaged < 1000


def test_bytes_that_are_no_json_are_none(tmp_path):
    rng = random.Random(7)
    good = json.dumps(MARKER).encode()
    for _ in range(500):
        content = bytearray(good)
        for _ in range(rng.randint(1, 5)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        (tmp_path / "x.json").write_bytes(bytes(content[: rng.randint(0, len(content))]))
        found = read_json(tmp_path / "x.json")
        assert found is None or isinstance(found, dict)
