"""A path is one word of a command, whatever a file is called."""

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote

import pytest
from chimerax.core.commands import FileNameArg
from chimerax.core.errors import UserError
from chimerax.critasser.jobs.sequences import Entry
from chimerax.critasser.session.quoting import (
    command_link,
    command_text,
    quoted_path,
    quoted_text,
    residues_spec,
)
from chimerax.critasser.tool.plan import Plan, build_command, obstacle

PATHS = [
    "/data/plain", "/data/a b", "/data/x;exit", "/data/x; exit", '/data/6" map', '/data/6";exit',
    "/data/Anna's job", "/data/Annas' job", "/data/a\u00a0b", "'/x'", '"', "/data/ends\"",
    "/data/%22%3Bexit", "/data/a&amp;b", "/data/x#1?y",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_a_path_is_read_back_as_it_was_and_nothing_is_left_over(path):
    read, _, rest = FileNameArg.parse(quoted_path(path) + " quality draft", None)
    assert read == path and rest == " quality draft"


@pytest.mark.parametrize("path", PATHS)
def test_a_link_in_the_log_runs_the_command_that_it_was_made_of(path):
    command = command_text("critasser open", Path(path))
    link = command_link("open", "critasser open", Path(path))
    (address,) = re.findall(r'href="cxcmd:([^"]*)"', link)
    assert unquote(address) == command == f"critasser open {quoted_path(path)}"


@pytest.mark.parametrize("path", ["/a' b\" c", "/a\nexit", "/a\0", "/a\udcff"])
def test_what_no_command_can_hold_is_refused(path):
    with pytest.raises(UserError, match="rename"):
        quoted_path(path)


def test_the_panel_says_what_it_cannot_run_and_quotes_what_it_can():
    plan = Plan(map_spec="#1", entries=(Entry("helix", "AALEKAALEKAALEK"),), folder="/x;exit")
    assert build_command(plan, Path("/s")).endswith('folder "/x;exit"')
    assert not obstacle(plan)
    assert "rename" in obstacle(replace(plan, folder="/a' b\" c"))
    assert "rename" in obstacle(replace(plan, fasta=Path("/a' b\" c")))


@pytest.mark.parametrize("word", ["A; exit", "A;exit", 'A" x', "A\nexit", "A\0", float("inf")])
def test_a_word_that_would_end_the_command_is_refused(word):
    with pytest.raises(UserError):
        command_text("select", word)


def test_numbers_models_and_what_is_quoted_are_words():
    model = SimpleNamespace(atomspec="#1.2")
    words = ("x", model, 3, 2.5, True, quoted_path("/a b"))
    assert command_text(*words) == 'x #1.2 3 2.5 true "/a b"'
    with pytest.raises(UserError, match="no model"):
        command_text("x", SimpleNamespace(atomspec="#1;exit"))


@pytest.mark.parametrize("name", ["region 1", 'a"; exit', "a' b; exit", "back\\", "\\x41", ""])
def test_a_name_is_one_word_and_is_read_back_by_pythons_escapes(name):
    word, _, rest = FileNameArg.parse(quoted_text(name) + " next", None)
    assert word.encode("latin-1").decode("unicode_escape") == name and rest == " next"


def test_residues_are_specified_by_chain_and_numbers():
    model = SimpleNamespace(atomspec="#3.1")
    assert residues_spec(model, "A", 5, 5) == "#3.1/A:5"
    assert residues_spec(model, "AB_1", -3, 12) == "#3.1/AB_1:-3-12"
    for chain in (" ", "", "A;exit", "*", "A B", "A,B", "A:1", "A'", "Ä"):
        with pytest.raises(UserError, match="no specifier"):
            residues_spec(model, chain, 1, 2)
