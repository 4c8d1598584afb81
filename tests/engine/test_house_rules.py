"""The rules that keep the house in order, so that they cannot erode.

Only source text is read here: nothing is imported that is being judged.
"""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"
ENGINE = SOURCE / "engine"
PACKAGE = ENGINE / "critasser"

GROUND = {
    "text", "errors", "fasta_text", "symmetry_text", "input_files", "writing", "shipped",
    "density_scale", "density", "structure",
}  # fmt: skip
"""What everybody may import; it knows nothing of any stage."""

STAGES = {
    "network",
    "calpha",
    "trace",
    "threading",
    "templates",
    "fitting",
    "assembly",
    "decoys",
    "atomic",
    "quality",
    "segmentation",
}
"""Folders of science: they import the ground and themselves, never each other."""

FLOORS = {
    "text": set(),
    "errors": {"text"},
    # ChimeraX reads sequences with it.
    "fasta_text": set(),
    # And names of symmetries.
    "symmetry_text": set(),
    # And scales of maps.
    "density_scale": set(),
    "input_files": {"errors"},
    "writing": set(),
    "shipped": {"errors"},
    "density": GROUND - {"structure", "density"},
    "structure": GROUND - {"structure"},
    **dict.fromkeys(STAGES, GROUND),
    "options": {"errors", "symmetry_text"},
    "job": GROUND,
    # Knows nothing of what it does: only that it is done, and where.
    "executors": GROUND,
    # Pairs of maps and models for training; knows nothing of networks.
    "data": {*GROUND, "job"},
    "rebuild": GROUND,
    "report": GROUND,
    "pipeline": {*GROUND, *STAGES, "options", "job", "executors", "rebuild", "report"},
    # Tries parts of several stages, whether they work, in no order, and a small build.
    "selftest": {*GROUND, *STAGES, "job", "api"},
    # Of stages only what makes weights.
    "cli": {*GROUND, "options", "job", "executors", "pipeline", "selftest", "network", "data",
            "threading"},
    # What the package offers to its users, step by step and as whole jobs.
    "api": {*GROUND, *STAGES, "options", "job", "executors", "pipeline"},
    "__main__": {"cli"},
    # Loads each name where it is only when it is asked for.
    "__init__": {*GROUND, "api", "job"},
}
"""What each folder or module of the engine may import beside itself."""

SHARED = ("segmentation", "fasta_text", "symmetry_text", "density_scale")
"""What the bundle imports too."""

INFERENCE = ("pipeline.build", "pipeline.score", "pipeline.rebuild", "pipeline.fit", "cli.build",
             "cli.score", "cli.rebuild", "cli.fit", "api.jobs", "api.chains")  # fmt: skip
"""Modules that nothing which makes weights may be reached from."""

JUNK_DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc"}
LONGEST_FILE = 400
LONGER_WITH_REASON: dict[str, str] = {}

LONGEST_FUNCTION = 80
"""Lines of code; a docstring may be as long as the parameters need."""

MOST_ARGUMENTS = 8
FEW_ARGUMENTS = ("cli", "job", "pipeline", "rebuild", "report")
"""Folders whose functions take no more than that."""

PLAIN_NUMBERS = {0, 1, 2, 3, 4, 0.5, 180, 360}
"""Numbers that need no name in a comparison: counts of axes and ends, degrees of a circle."""

LARGEST_TOLERANCE = 1e-6
"""Smaller numbers guard against rounding."""


def modules(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*.py") if "__pycache__" not in p.parts)


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> set[str]:
    """Dotted names of all that a module imports, wherever in it, relative ones resolved."""
    found = set()
    parents = path.relative_to(ENGINE if ENGINE in path.parents else ROOT).parent.parts
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = list(parents[: len(parents) - node.level + 1]) if node.level else []
            base += node.module.split(".") if node.module else []
            found.update(".".join([*base, alias.name]) for alias in node.names)
    return found


def parts_of_engine(path: Path) -> set[str]:
    """Folders and modules directly in the engine's package that a module imports."""
    names = {name.split(".")[1] for name in imports(path) if name.startswith("critasser.")}
    return {
        name for name in names if (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file()
    }


def part_of(path: Path) -> str:
    """The folder or module directly in the engine's package that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def dotted(path: Path) -> str:
    """The name by which a file of the engine is imported."""
    parts = path.relative_to(ENGINE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {dotted(path): path for path in modules(PACKAGE)}


def modules_imported(nodes: list[ast.AST]) -> set[str]:
    """Modules of the engine that import statements name."""
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in NAMES else node.module)
    return found & set(NAMES)


def at_import(path: Path) -> set[str]:
    """Modules of the engine that are imported when a file is, those for type checkers left out."""
    nodes, waiting = [], list(parsed(path).body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        nodes.append(node)
        waiting += ast.iter_child_nodes(node)
    return modules_imported(nodes)


@functools.cache
def ever(path: Path) -> set[str]:
    """Modules of the engine that a file may import, in functions too, and their packages."""
    tree = parsed(path)
    typing = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    found = modules_imported([node for node in ast.walk(tree) if node not in typing])
    for name in list(found):
        parts = name.split(".")
        found.update(".".join(parts[:k]) for k in range(1, len(parts)))
    return found


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", modules(ENGINE), ids=name)
def test_the_engine_never_imports_chimerax(path):
    assert not [i for i in imports(path) if i.split(".")[0] == "chimerax"]


@pytest.mark.parametrize("path", modules(PACKAGE), ids=name)
def test_every_module_imports_only_what_lies_below_it(path):
    part = part_of(path)
    assert part in FLOORS, f"{part} is new: a stage, or on which floor?"
    foreign = parts_of_engine(path) - FLOORS[part] - {part}
    assert not foreign, f"{name(path)} imports {sorted(foreign)}"


def test_no_module_imports_itself_by_way_of_others():
    graph = {module: at_import(path) - {module} for module, path in NAMES.items()}
    while leaves := [module for module, below in graph.items() if not below]:
        for leaf in leaves:
            del graph[leaf]
        graph = {module: below & set(graph) for module, below in graph.items()}
    # What imports a circle is left over with it; what a circle imports is not.
    assert not graph, f"import each other: {sorted(graph)}"


@pytest.mark.parametrize("start", INFERENCE)
def test_what_builds_never_reaches_what_trains(start):
    reached, waiting = {}, [(f"critasser.{start}", None)]
    while waiting:
        module, by = waiting.pop()
        if module in reached:
            continue
        reached[module] = by
        below = ever(NAMES[module])
        waiting += [(one, module) for one in below]
    training = {module: by for module, by in reached.items() if "network.training" in module}
    assert not training, f"{start} reaches {training}"


def test_maps_and_chains_do_not_need_torch():
    for folder in ("density", "structure"):
        for path in modules(PACKAGE / folder):
            assert "torch" not in {i.split(".")[0] for i in imports(path)}, name(path)


def test_there_are_no_junk_drawers():
    for top in (SOURCE, ROOT / "tests", ROOT / "benchmark"):
        for path in modules(top) if top.is_dir() else []:
            parts = {*path.relative_to(ROOT).parent.parts, path.stem}
            assert not parts & JUNK_DRAWERS, f"{name(path)}: name it after what it does"


def test_pyproject_configures_tools_only():
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    tables = [line.strip() for line in lines if line.startswith("[")]
    assert tables
    assert all(table.lstrip("[").startswith("tool.") for table in tables), tables


def test_the_bundle_imports_neither_torch_nor_the_engine():
    """But for what needs nothing but NumPy and SciPy: segmentation, and the text of sequences."""
    engine_only = {"torch", "numba", "openmm", "gemmi", "mrcfile", "ortools", "critasser"}
    for path in modules(SOURCE):
        if ENGINE in path.parents:
            continue
        tops = {i.split(".")[0] for i in imports(path)}
        assert not tops & engine_only, f"{name(path)} imports {sorted(tops & engine_only)}"
        inner = [i for i in imports(path) if "critasser.engine" in i or i.startswith("src.engine")]
        inner = [i for i in inner if not any(f"engine.critasser.{one}." in i for one in SHARED)]
        assert not inner, f"{name(path)} imports {inner}"


@pytest.mark.parametrize("path", modules(SOURCE), ids=name)
def test_a_long_file_has_a_reason(path):
    if is_kernel_file(path):
        return  # Kernels that call each other share a file, or numba's cache misses changes.
    length = len(path.read_text(encoding="utf-8").splitlines())
    assert length <= LONGEST_FILE or name(path) in LONGER_WITH_REASON


def is_kernel_file(path: Path) -> bool:
    return path.stem == "kernels" or path.stem.endswith("_kernels")


def functions(path: Path) -> list[ast.FunctionDef]:
    tree = parsed(path)
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def lines_of_code(function: ast.FunctionDef) -> int:
    """Lines of a function without its docstring."""
    length = function.end_lineno - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is not None:
        length -= first.end_lineno - first.lineno + 1
    return length


@pytest.mark.parametrize("path", modules(PACKAGE), ids=name)
def test_no_function_is_long(path):
    if is_kernel_file(path):
        return
    for function in functions(path):
        length = lines_of_code(function)
        assert length <= LONGEST_FUNCTION, f"{name(path)}: {function.name} has {length} lines"


@pytest.mark.parametrize("folder", FEW_ARGUMENTS)
def test_functions_take_few_arguments(folder):
    for path in modules(PACKAGE / folder):
        for function in functions(path):
            given = function.args
            names = [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
            count = len([one for one in names if one not in ("self", "cls")])
            assert count <= MOST_ARGUMENTS, f"{name(path)}: {function.name} takes {count}"


def outside_of_indices(node: ast.AST) -> Iterator[ast.AST]:
    """A node and all below it, but no subscripts and no keyword arguments such as ``axis=``."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(node, ast.Subscript) and child is node.slice:
            continue
        if not isinstance(child, ast.keyword):
            yield from outside_of_indices(child)


@pytest.mark.parametrize("path", modules(PACKAGE), ids=name)
def test_what_values_are_compared_with_has_a_name(path):
    for function in functions(path):
        for node in ast.walk(function):
            if not isinstance(node, ast.Compare):
                continue
            for constant in outside_of_indices(node):
                if isinstance(constant, ast.Constant) and type(constant.value) in (int, float):
                    number = abs(constant.value)
                    assert number in PLAIN_NUMBERS or number <= LARGEST_TOLERANCE, (
                        f"{name(path)}:{constant.lineno}: {ast.unparse(node)}"
                    )


@pytest.mark.parametrize("path", modules(PACKAGE), ids=name)
def test_numba_kernels_live_in_files_of_their_own_and_are_cached(path):
    tree = parsed(path)
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef):
            continue
        for decorator in map(ast.unparse, node.decorator_list):
            if decorator.split("(")[0].split(".")[-1] in {
                "njit",
                "jit",
                "vectorize",
                "guvectorize",
            }:
                assert path.stem == "kernels" or path.stem.endswith("_kernels"), name(path)
                assert "cache=True" in decorator, f"{name(path)}: {node.name}"
