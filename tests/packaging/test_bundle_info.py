"""`bundle_info.xml` says what is so; what the wheel must hold is held."""

import ast
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"


@pytest.fixture(scope="module")
def info():
    return ElementTree.parse(ROOT / "bundle_info.xml").getroot()


def literal(path, name):
    """A constant of a module that cannot be imported here."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
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


def test_weights_are_named_thrice_or_the_first_wheel_lacks_them(info):
    assert "weights" in [one.text for one in info.iter("ExtraDir")]
    assert "weights" in [one.text for one in info.iter("DataDir")]
    assert "weights/*" in [one.text for one in info.iter("DataFile")]


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


def test_classifiers_are_the_tools_that_start(info):
    texts = [one.text for one in info.iter("ChimeraXClassifier")]
    listed = {text.split("::")[1].strip() for text in texts if text.startswith("Tool ::")}
    tools = literal(SOURCE / "__init__.py", "TOOLS")
    assert listed == set(tools)
    for place in tools.values():
        module = SOURCE.joinpath(*place.split(".")[:-1]).with_suffix(".py")
        assert place.split(".")[-1] in module.read_text(encoding="utf-8")


def test_every_button_of_the_toolbar_has_its_picture_and_its_function(info):
    providers = literal(SOURCE / "__init__.py", "PROVIDERS")
    for group in info.iter("Providers"):
        assert group.get("manager") in providers
        for one in group.iter("Provider"):
            if one.get("icon"):
                assert (SOURCE / "icons" / one.get("icon")).is_file()


def test_every_tool_has_its_help_page():
    for page in re.findall(r"help:(user/\S+?\.html)", "".join(
        path.read_text(encoding="utf-8") for path in (SOURCE / "tool").glob("*.py")
    )):  # fmt: skip
        assert (SOURCE / "docs" / page).is_file(), page


def test_what_the_door_names_imports_no_qt_before_there_is_a_window():
    named = [
        place
        for table in ("TOOLS", "PROVIDERS", "SAVED", "SELECTORS")
        for place in literal(SOURCE / "__init__.py", table).values()
    ]
    for place in named:
        module = SOURCE.joinpath(*place.split(".")).with_suffix(".py")
        path = module if module.is_file() else module.parent.with_suffix(".py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                modules = [getattr(node, "module", None) or ""] + [a.name for a in node.names]
                assert not any(one.split(".")[0] == "Qt" for one in modules), path


def test_the_bundle_imports_no_engine_and_qt_only_for_its_windows():
    for path in SOURCE.rglob("*.py"):
        if (SOURCE / "engine") in path.parents:
            continue
        foreign = {"critasser", "torch", "numba", "gemmi", "mrcfile"}
        if path.parent != SOURCE / "tool":
            foreign.add("Qt")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = []
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                modules = [node.module]
            roots = {module.split(".")[0] for module in modules}
            assert not roots & foreign, path
