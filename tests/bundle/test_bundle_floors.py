"""The rules that keep the bundle in order, so that they cannot erode.

Only source text is read here: nothing is imported that is being judged.
"""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src"

FLOORS = (
    {"session"},
    {"installation"},
    {"jobs"},
    {"models"},
    {"known"},
    {"views"},
    {"commands"},
    {"tool"},
)
"""From the ground up: what lies on a floor imports its own and lower ones."""

SHARED = (
    "engine.critasser.segmentation.", "engine.critasser.fasta_text",
    "engine.critasser.symmetry_text", "engine.critasser.density_scale",
)
"""What of the engine the bundle may import: it needs nothing but NumPy and SciPy."""

MOST_LINES = 80
"""Of a function without its docstring, which for a command explains every argument."""

MAY_IMPORT_LATE = {"Qt", "chimerax.ui", "chimerax.core.triggerset"}
"""What modules of commands import in a function: Qt is not there without a window."""

SLOW = ("scipy", "matplotlib")
"""What takes longer to import than a window may wait."""


def modules():
    return [path for path in sorted(SOURCE.rglob("*.py")) if SOURCE / "engine" not in path.parents]


def name(path):
    return path.relative_to(SOURCE).with_suffix("").as_posix()


def dotted(path):
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path):
    """Dotted names of the bundle's modules that a module imports, anywhere in it."""
    package = path.relative_to(SOURCE).parent.parts
    known = {dotted(one) for one in modules()}
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        one
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for one in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in typing_only or not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        base = [*package[: len(package) - node.level + 1], *(node.module or "").split(".")]
        base = ".".join(filter(None, base))
        for alias in node.names:
            inner = f"{base}.{alias.name}".strip(".")
            yield inner if inner in known else base


def floor(module):
    if module.startswith(SHARED):
        return -1
    first = module.split(".")[0]
    return next(number for number, names in enumerate(FLOORS) if first in names)


def test_every_folder_of_the_bundle_is_on_a_floor():
    folders = {path.relative_to(SOURCE).parts[0] for path in modules() if path.parent != SOURCE}
    assert folders == set().union(*FLOORS)
    assert [path.name for path in modules() if path.parent == SOURCE] == ["__init__.py"]


@pytest.mark.parametrize("path", [p for p in modules() if p.parent != SOURCE], ids=name)
def test_no_module_imports_from_a_floor_above(path):
    mine = floor(dotted(path))
    above = {one for one in imports(path) if floor(one) > mine}
    assert not above, f"{name(path)} imports {sorted(above)}"


@pytest.mark.parametrize("path", modules(), ids=name)
def test_every_module_that_is_imported_is_there(path):
    missing = {
        one
        for one in imports(path)
        if not (SOURCE / one.replace(".", "/")).with_suffix(".py").exists()
        and not (SOURCE / one.replace(".", "/") / "__init__.py").exists()
    }
    assert not missing, f"{name(path)} imports {sorted(missing)}"


def test_no_module_imports_itself_by_way_of_others():
    graph = {dotted(path): set(imports(path)) - {dotted(path)} for path in modules()}
    seen, at_work = set(), []

    def visit(module):
        assert module not in at_work, " -> ".join([*at_work[at_work.index(module) :], module])
        if module in seen:
            return
        at_work.append(module)
        for other in sorted(graph.get(module, ())):
            visit(other)
        at_work.pop()
        seen.add(module)

    for module in sorted(graph):
        visit(module)


@pytest.mark.parametrize("path", modules(), ids=name)
def test_no_function_is_long(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            length = node.end_lineno - node.lineno + 1
            if ast.get_docstring(node):
                docstring = node.body[0]
                length -= docstring.end_lineno - docstring.lineno + 1
            assert length <= MOST_LINES, f"{node.name} in {name(path)}: {length} lines"


@pytest.mark.parametrize("path", sorted((SOURCE / "commands").glob("[a-z]*.py")), ids=name)
def test_commands_import_at_their_top(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.ImportFrom):
                late = "." * node.level + (node.module or "")
                assert any(late.startswith(one) for one in MAY_IMPORT_LATE), f"{name(path)}: {late}"
            assert not isinstance(node, ast.Import), name(path)


def test_no_two_modules_of_one_name_hold_different_things():
    seen = {}
    for path in modules():
        if path.stem != "__init__":
            seen.setdefault(path.stem, []).append(path.parent.name)
    for stem, folders in seen.items():
        others = [folder for folder in folders if folder != "commands"]
        # A command's module is called as what is typed.
        assert len(others) <= 1, f"{stem}.py in {others}"


@pytest.mark.parametrize("path", modules(), ids=name)
def test_every_module_says_what_it_is(path):
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert text and text.split("\n")[0].rstrip().endswith((".", "!", ":")), name(path)
    assert text[0].isupper() or text.startswith("``"), name(path)


def test_what_shows_a_job_keeps_the_protocol():
    tree = ast.parse((SOURCE / "jobs/view.py").read_text(encoding="utf-8"))
    (protocol,) = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    wanted = {node.name for node in protocol.body if isinstance(node, ast.FunctionDef)}
    kept = {}
    for path in (SOURCE / "views").glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                kinds = (ast.FunctionDef, ast.AnnAssign)
                made = [one for one in ast.walk(node) if isinstance(one, kinds)]
                names = {one.name for one in made if isinstance(one, ast.FunctionDef)}
                names |= {
                    one.target.attr
                    for one in made
                    if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Attribute)
                }
                names |= set().union(*(kept[base.id] for base in node.bases if base.id in kept))
                kept[node.name] = names
    for view in ("Results", "ScoredModel"):
        assert wanted <= kept[view], f"{view} lacks {sorted(wanted - kept[view])}"


def test_sessions_find_their_classes_also_those_saved_by_earlier_versions():
    from chimerax.critasser import SAVED, bundle_api

    for name in SAVED:
        if name != "CritasserTool":  # Qt
            found = bundle_api.get_class(name)
            assert found.__name__ == "PlaceTour" if name in ("Places", "UncertainRegions") else name
            assert callable(found.restore_snapshot)
    assert bundle_api.get_class("Stranger") is None


def test_what_is_slow_to_import_is_imported_where_it_is_used():
    shared = [
        path
        for path in sorted((SOURCE / "engine/critasser").rglob("*.py"))
        if f"{dotted(path)}.".startswith(tuple(f"{one.rstrip('.')}." for one in SHARED))
        and path.stem != "map_regions"  # for the engine alone
    ]
    assert len(shared) > 6
    for path in [*modules(), *shared]:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names = [one.name for one in getattr(node, "names", [])]
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            elif not isinstance(node, ast.Import):
                continue
            slow = [one for one in names if one.split(".")[0] in SLOW]
            assert not slow, (name(path), slow)
