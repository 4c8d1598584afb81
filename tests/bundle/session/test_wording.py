"""Nobody at ChimeraX's command line is told of options that are not there."""

import re
from pathlib import Path

import pytest

ENGINE = Path(__file__).parents[3] / "src" / "engine" / "critasser"
COMMANDS = Path(__file__).parents[3] / "src" / "commands"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("give it by --resolution where it is known", "give it by resolution where it is known"),
        ("then go on with --resume /a/my job", "then go on with critasser resume /a/my job"),
        ("run with --device cpu, or install", "run with device cpu, or install"),
        ("give it by --map", "give it by inMap"),
        ("--no-template-search builds without", "templates none builds without"),
        ("/data/a--b/map.mrc: no such file", "/data/a--b/map.mrc: no such file"),
    ],
)
def test_options_become_keywords(said, told):
    from chimerax.critasser.session.wording import in_chimerax

    assert in_chimerax(said) == told


def test_every_option_that_the_engines_stages_name_is_a_keyword_here():
    from chimerax.critasser.session.wording import in_chimerax

    parts = [f for f in ENGINE.rglob("*.py") if f.parent.name not in ("api", "cli", "report")]
    option = re.compile(r"(?<![\w.-])--[a-z]+(?:-[a-z]+)*")
    words = {
        word for file in parts for word in option.findall(file.read_text(encoding="utf-8"))
    } - {"--help"}
    assert {"--resolution", "--templates", "--device"} <= words
    known = "".join(file.read_text(encoding="utf-8") for file in COMMANDS.glob("*.py"))
    for word in words - {"--resume"}:
        keyword = in_chimerax(word)
        name = re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), keyword.split()[0])
        assert f'("{name}",' in known, f"{word} becomes {keyword}, which is no keyword"


def test_a_failure_is_told_in_these_words(tmp_path):
    from chimerax.critasser.jobs.failures import why_failed

    (tmp_path / "log.txt").write_text("no disk; go on with --resume /here\n", encoding="utf-8")
    assert "critasser resume /here" in why_failed(tmp_path, "x", 1, "failed")
