"""A path is one word of a command, whatever a file is called."""

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest
from chimerax.core.commands import FileNameArg
from chimerax.core.errors import UserError
from chimerax.critasser.jobs.quoting import quoted_path
from chimerax.critasser.jobs.sequences import Entry
from chimerax.critasser.jobs.telling import command_link
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
    command = f"critasser open {quoted_path(path)}"
    (address,) = re.findall(r'href="cxcmd:([^"]*)"', command_link(command, "open"))
    assert unquote(address) == command


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
