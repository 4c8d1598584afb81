"""What README and docs say is there: links, commands, options, modules, equations."""

import argparse
import ast
import json
import re
import subprocess
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

import critasser
from critasser.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
ENGINE = ROOT / "src/engine"
PAGES = sorted(
    page
    for folder in ("", "docs/", "examples/**/", "weights/")
    for page in ROOT.glob(f"{folder}*.md")
)
EQUATIONS = 13
"""Of the CR-I-TASSER paper."""

LONGEST_README = 120


def name(path):
    return str(path.relative_to(ROOT))


def text(path):
    return path.read_text(encoding="utf-8")


def anchors(path):
    """The names that GitHub gives to a page's headings."""
    heads = re.findall(r"^#+ (.*)$", without_code(text(path)), re.MULTILINE)
    plain = (re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", head).lower() for head in heads)
    return {re.sub(r"[^\w\- ]", "", head.strip()).replace(" ", "-") for head in plain}


def without_code(page):
    return re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL)


@cache
def options():
    """All options of each command of the engine by its name; of ``train`` those of all kinds."""
    found = {}
    for command in COMMANDS:
        parser = argparse.ArgumentParser(prog=command)
        import_module(f"critasser.cli.{command}").add_args(parser)
        found[command] = set(_strings(parser))
    return found


def _strings(parser):
    for action in parser._actions:
        yield from action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            for one in action.choices.values():
                yield from _strings(one)


def command_lines(page):
    """Command lines of ``critasser`` in code, continuation lines joined."""
    fenced = re.findall(r"^```\w*\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    page = without_code(page)
    indented = re.findall(r"(?:^ {4}[^\n]*\n?)+", page, re.MULTILINE)
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"^ {4}.*$", "", page, flags=re.MULTILINE))
    for block in [*fenced, *indented, *spans]:
        for line in block.replace("\\\n", " ").splitlines():
            line = line.strip().split("   #")[0]
            match = re.match(r"(?:\S*/)?critasser( [a-z].*|)$", line)
            if match and match[1]:
                yield line, match[1].split()


def bundle_commands():
    tree = ast.parse(text(ROOT / "src/commands/__init__.py"))
    (table,) = (
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "COMMANDS"
    )
    return {command.removeprefix("critasser ") for command in table}


def test_the_readme_is_short():
    assert len(text(ROOT / "README.md").splitlines()) <= LONGEST_README


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(text(page))):
        if re.match(r"https?://|mailto:", target):
            continue
        place, _, anchor = target.partition("#")
        path = (page.parent / place).resolve() if place else page
        assert path.exists(), f"{name(page)}: {target}"
        if anchor and path.suffix == ".md":
            assert anchor in anchors(path), f"{name(page)}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_and_their_options_exist(page):
    bundle = bundle_commands()
    for line, words in command_lines(text(page)):
        two = " ".join(words[:2])
        assert words[0] in COMMANDS or words[0] in bundle or two in bundle, line
        given = {word.strip("[]…,").partition("=")[0] for word in words if _is_option(word)}
        if words[0] in COMMANDS and given:
            assert given <= options()[words[0]] | {"-h", "--help"}, line


def _is_option(word):
    return re.match(r"\[?--?[a-zA-Z]", word)


def test_every_option_of_a_command_is_on_the_page_of_commands():
    page = text(ROOT / "docs/command-line.md")
    for command, known in options().items():
        if command == "train":
            continue
        named = {one for one in known if re.search(rf"`[^`\n]*{one}\b", page)}
        assert known - named <= {"-h", "--help"}, f"critasser {command}: {sorted(known - named)}"


def test_every_command_has_its_section_or_row():
    page = text(ROOT / "docs/command-line.md")
    sections = set(re.findall(r"^## (\w+)$", page, re.MULTILINE))
    assert set(COMMANDS) - {"train"} <= sections
    rows = text(ROOT / "docs/chimerax.md")
    assert not [one for one in bundle_commands() if f"`critasser {one}`" not in rows]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_modules_and_files_that_are_named_exist(page):
    for dotted in set(re.findall(r"`(critasser(?:\.\w+)+)`", text(page))):
        assert _exists(dotted), f"{name(page)}: {dotted}"
    for dotted in set(re.findall(r"python -m (benchmark(?:\.\w+)+)", text(page))):
        assert (ROOT / (dotted.replace(".", "/") + ".py")).is_file(), f"{name(page)}: {dotted}"
    for path in set(re.findall(r"`([a-z_]+/[\w./]+)`", text(page))):
        if path.partition("/")[0] in {"src", "tests", "benchmark", "examples", "weights", "docs"}:
            assert (ROOT / path).exists(), f"{name(page)}: {path}"


def _exists(dotted):
    """Whether a module is there, or a name in one; nothing heavy is imported."""
    if dotted.removeprefix("critasser.") in critasser.__all__:
        return True
    path = ENGINE.joinpath(*dotted.split("."))
    if path.is_dir() or path.with_suffix(".py").is_file():
        return True
    module, attribute = path.parent, path.name
    source = module / "__init__.py" if module.is_dir() else module.with_suffix(".py")
    return source.is_file() and attribute in text(source)


def test_every_public_name_is_on_the_page_of_python():
    named = set(re.findall(r"`critasser\.(\w+)`", text(ROOT / "docs/python.md")))
    assert named == set(critasser.__all__)


def test_every_equation_of_the_paper_is_found_in_a_function_that_exists():
    page = text(ROOT / "docs/architecture.md")
    rows = {}
    for line in page.splitlines():
        match = re.match(r"\| (\d+) \|[^|]*\| `(critasser[\w.]+)` \|([^|]*)\|", line)
        if match:
            rows[int(match[1])] = match[2], re.findall(r"`(\w+)`", match[3])
    assert sorted(rows) == list(range(1, EQUATIONS + 1))
    for module, functions in rows.values():
        source = ENGINE.joinpath(*module.split(".")).with_suffix(".py")
        defined = {
            node.name
            for node in ast.walk(ast.parse(text(source)))
            if isinstance(node, ast.FunctionDef | ast.ClassDef)
        }
        assert functions and functions[0] in defined, f"{module}: {functions}"


@pytest.mark.parametrize("path", sorted(ROOT.glob("examples/**/*.ipynb")), ids=name)
def test_a_notebook_was_run_to_its_end_and_uses_what_is_there(path):
    cells = json.loads(text(path))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell["outputs"]]
    assert not [one for one in outputs if one["output_type"] == "error"]
    for cell in code:
        for node in ast.walk(ast.parse("".join(cell["source"]))):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "critasser":
                assert node.attr in {*critasser.__all__, "__version__"}


def test_every_table_of_figures_names_a_commit_of_this_repository():
    page = text(ROOT / "docs/benchmarks.md")
    commits = set(re.findall(r"`([0-9a-f]{7})`", page))
    assert commits
    known = subprocess.run(
        ["git", "rev-parse", "--is-shallow-repository"], cwd=ROOT, capture_output=True, text=True
    )
    if known.stdout.strip() == "false":
        for commit in commits:
            found = subprocess.run(["git", "cat-file", "-e", f"{commit}^{{commit}}"], cwd=ROOT)
            assert found.returncode == 0, commit
    figures, again, _ = page.partition("\n## How to make the figures again\n")
    assert again
    for part in re.split(r"^\|[-|: ]+\|$", figures, flags=re.MULTILINE)[1:]:
        _, below, *_ = part.split("\n\n")
        assert re.search(r"[Mm]easured.*`[0-9a-f]{7}`", below, re.DOTALL), below
