"""`bundle_info.xml` says what is so; what the wheel must hold is held."""

import ast
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from fnmatch import fnmatch
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"


@pytest.fixture(scope="module")
def info():
    return ElementTree.parse(ROOT / "bundle_info.xml").getroot()


def literal(path, name):
    """A constant of a module that cannot be imported here."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return ast.literal_eval(node.value)
    raise AssertionError(f"{path} has no {name}")


def listed_commands(info):
    texts = [one.text for one in info.iter("ChimeraXClassifier")]
    fields = [[field.strip() for field in text.split("::")] for text in texts]
    return {command[1]: command[2:] for command in fields if command[0] == "Command"}


def test_it_is_the_bundle_of_the_engine_of_the_same_version(info):
    assert info.get("package") == "chimerax.critasser"
    assert info.get("version") == literal(SOURCE / "engine/critasser/__init__.py", "__version__")


def test_classifiers_are_the_commands_that_register(info):
    commands = literal(SOURCE / "commands/__init__.py", "COMMANDS")
    assert set(listed_commands(info)) == set(commands)
    for name, module in commands.items():
        assert (SOURCE / "commands" / f"{module}.py").is_file(), name
    categories = {one.get("name") for one in info.iter("Category")}
    assert all(rest[0] in categories for rest in listed_commands(info).values())


def test_classifiers_are_the_tools_that_start_and_each_has_a_help_page(info):
    texts = [one.text.split("::") for one in info.iter("ChimeraXClassifier")]
    tools = {text[1].strip() for text in texts if text[0].strip() == "Tool"}
    places = literal(SOURCE / "__init__.py", "TOOLS")
    assert tools == set(places)
    for place in places.values():
        module = place.split(".")[-2]
        assert (SOURCE / "tool" / f"{module}.py").is_file()
        assert (SOURCE / f"docs/user/tools/{module}.html").is_file()


def test_every_command_has_its_place_on_the_help_page(info):
    page = (SOURCE / "docs/user/commands/critasser.html").read_text(encoding="utf-8")
    anchors = set(re.findall(r'<a name="(\w+)">', page))
    assert {name.split()[1] for name in listed_commands(info)} <= anchors
    assert set(re.findall(r'href="#(\w+)"', page)) <= anchors


def test_every_named_file_exists(info):
    for extra in info.iter("ExtraDir"):
        assert (ROOT / extra.get("source")).is_dir()
    copied = {extra.text.strip() for extra in info.iter("ExtraDir")}
    for folder in info.iter("DataDir"):
        assert folder.text in copied or (SOURCE / folder.text).is_dir()


@pytest.mark.parametrize("folder", ["weights", "examples"])
def test_folders_beside_src_are_named_thrice_or_the_first_wheel_lacks_them(info, folder):
    assert folder in [one.text for one in info.iter("ExtraDir")]
    assert folder in [one.text for one in info.iter("DataDir")]
    patterns = [one.text for one in info.iter("DataFile")]
    for path in (ROOT / folder).rglob("*"):
        name = path.relative_to(ROOT).as_posix()
        assert path.is_dir() or any(fnmatch(name, pattern) for pattern in patterns), name


def test_the_bundle_carries_the_list_of_what_its_engine_needs(info):
    assert "engine/requirements.txt" in [one.text for one in info.iter("DataFile")]
    assert (SOURCE / "engine/requirements.txt").is_file()


def test_the_plain_package_needs_what_the_list_says(tmp_path):
    pytest.importorskip("setuptools")
    for name in ("setup.py", "README.md", "LICENSE", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    package = tmp_path / "src/engine/critasser"
    package.mkdir(parents=True)
    shutil.copy(SOURCE / "engine/critasser/__init__.py", package)
    shutil.copy(SOURCE / "engine/requirements.txt", package.parent)
    (tmp_path / "weights").mkdir()
    command = [sys.executable, "setup.py", "--quiet", "egg_info"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    (made,) = tmp_path.rglob("requires.txt")
    needed = {Requirement(line) for line in made.read_text().split("\n[")[0].split("\n") if line}
    listed = (SOURCE / "engine/requirements.txt").read_text(encoding="utf-8").splitlines()
    said = {Requirement(line.split("#")[0]) for line in listed if line.split("#")[0].strip()}
    assert needed == said and len(said) > 10


def test_every_folder_of_modules_is_a_package():
    folders = {path.parent for path in SOURCE.rglob("*.py")}
    missing = [
        folder
        for module_folder in folders
        for folder in (module_folder, *module_folder.parents)
        if folder.is_relative_to(SOURCE) and not (folder / "__init__.py").exists()
    ]
    assert not missing


def test_torch_and_the_like_are_no_dependencies_of_the_bundle(info):
    names = [one.get("name") for one in info.iter("Dependency")]
    assert names == ["ChimeraX-Core"]


def test_pyproject_holds_tools_only():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    tables = re.findall(r"^\s*\[+([^\]]+)\]", text, re.MULTILINE)
    assert tables and all(table.startswith("tool.") for table in tables)


def imported(nodes):
    """First parts of the names of modules that statements import, their own package's aside."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.split(".")[0]


def named_by_the_door():
    """Modules that ChimeraX has imported by name, also where there is no window."""
    for table in ("TOOLS", "SELECTORS", "PROVIDERS", "SAVED"):
        for place in literal(SOURCE / "__init__.py", table).values():
            path = SOURCE.joinpath(*place.split("."))
            yield next(p for p in (path.with_suffix(".py"), path.parent.with_suffix(".py"))
                       if p.is_file())  # fmt: skip


def test_every_button_of_the_toolbar_has_its_picture_and_its_function(info):
    for group in info.iter("Providers"):
        assert group.get("manager") in literal(SOURCE / "__init__.py", "PROVIDERS")
        for one in group.iter("Provider"):
            assert not one.get("icon") or (SOURCE / "icons" / one.get("icon")).is_file()


def test_the_bundle_imports_no_engine_and_qt_only_with_the_widgets_of_a_window():
    door = set(named_by_the_door())
    for path in SOURCE.rglob("*.py"):
        if (SOURCE / "engine") in path.parents:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        foreign = {"critasser", "torch", "numba", "gemmi", "mrcfile"}
        assert not foreign & set(imported(ast.walk(tree))), path
        if path.parent != SOURCE / "tool" or path in door:
            assert "Qt" not in set(imported(tree.body)), path


def test_help_pages_have_an_index_of_what_is_on_them_and_pictures_that_fit(info):
    page = (SOURCE / "docs/user/commands/critasser.html").read_text(encoding="utf-8")
    index = page[page.index("<b>Index</b>") : page.index("</p>", page.index("<b>Index</b>"))]
    assert re.findall(r'href="#(\w+)"', index) == re.findall(r'<a name="(\w+)">', page)
    tool = (SOURCE / "docs/user/tools/critasser.html").read_text(encoding="utf-8")
    first = tool[tool.index("<b>On this page</b>") :]
    index = first[: first.index("</p>")]
    assert re.findall(r'href="#(\w+)"', index) == re.findall(r'<h4><a name="(\w+)">', tool)
    for path in (SOURCE / "docs/user/tools").glob("*.html"):
        for picture in re.findall(r"<img[^>]*>", path.read_text(encoding="utf-8")):
            assert "max-width: 100%" in picture and "width=" not in picture
