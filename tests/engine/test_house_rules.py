"""The rules that keep the house in order, so that they cannot erode.

Only source text is read here: nothing is imported that is being judged.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"
ENGINE = SOURCE / "engine"
PACKAGE = ENGINE / "critasser"

GROUND_FOLDERS = {"density", "structure"}
# What lies beside the stages for everybody: it knows nothing of any stage.
GROUND_MODULES = {"errors", "shipped", "writing"}
STAGES = {
    "network",
    "calpha",
    "trace",
    "templates",
    "assembly",
    "decoys",
    "atomic",
    "quality",
    "segmentation",
}
ORDER_KEEPERS = {"pipeline", "complexes"}
# Tries parts of several stages whether they work; offers them to users of the package.
DOOR = {"selftest.py", "api"}
JUNK_DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc"}
LONGEST_FILE = 400
LONGER_WITH_REASON: dict[str, str] = {}


def modules(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*.py") if "__pycache__" not in p.parts)


def imports(path: Path) -> set[str]:
    """Dotted names of all that a module imports, wherever in it, relative ones resolved."""
    found = set()
    parents = path.relative_to(ENGINE if ENGINE in path.parents else ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
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


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", modules(ENGINE), ids=name)
def test_the_engine_never_imports_chimerax(path):
    assert not [i for i in imports(path) if i.split(".")[0] == "chimerax"]


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_stages_import_the_ground_and_themselves(stage):
    for path in modules(PACKAGE / stage):
        foreign = parts_of_engine(path) - GROUND_FOLDERS - GROUND_MODULES - {stage}
        assert not foreign, f"{name(path)} imports {sorted(foreign)}"


def test_the_ground_knows_no_stage():
    paths = [p for folder in sorted(GROUND_FOLDERS) for p in modules(PACKAGE / folder)]
    paths += [PACKAGE / f"{module}.py" for module in sorted(GROUND_MODULES)]
    for path in paths:
        foreign = parts_of_engine(path) - GROUND_FOLDERS - GROUND_MODULES
        assert not foreign, f"{name(path)} imports {sorted(foreign)}"
    for path in modules(PACKAGE / "density"):
        assert "structure" not in parts_of_engine(path), f"{name(path)} imports structure"


def test_only_the_pipeline_and_complexes_know_the_order():
    for path in modules(PACKAGE):
        place = path.relative_to(PACKAGE).parts[0]
        if place in ORDER_KEEPERS | DOOR:
            continue
        stages = (parts_of_engine(path) & STAGES) - {place}
        assert len(stages) < 2, f"{name(path)} imports the stages {sorted(stages)}"


def test_every_folder_of_the_engine_is_one_that_these_rules_know():
    other = {"api", "cli", "job", "rebuild", "report", "weights"}
    known = STAGES | GROUND_FOLDERS | ORDER_KEEPERS | other
    folders = {p.name for p in PACKAGE.iterdir() if p.is_dir() and modules(p)}
    assert folders <= known, f"new folders {sorted(folders - known)}: a stage, or what?"


def test_maps_and_chains_do_not_need_torch():
    for folder in sorted(GROUND_FOLDERS):
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
    engine_only = {"torch", "numba", "openmm", "gemmi", "mrcfile", "ortools", "critasser"}
    for path in modules(SOURCE):
        if ENGINE in path.parents:
            continue
        tops = {i.split(".")[0] for i in imports(path)}
        assert not tops & engine_only, f"{name(path)} imports {sorted(tops & engine_only)}"
        inner = [i for i in imports(path) if "critasser.engine" in i or i.startswith("src.engine")]
        assert not inner, f"{name(path)} imports {inner}"


@pytest.mark.parametrize("path", modules(SOURCE), ids=name)
def test_a_long_file_has_a_reason(path):
    if path.stem == "kernels" or path.stem.endswith("_kernels"):
        return  # Kernels that call each other share a file, or numba's cache misses changes.
    length = len(path.read_text(encoding="utf-8").splitlines())
    assert length <= LONGEST_FILE or name(path) in LONGER_WITH_REASON


@pytest.mark.parametrize("path", modules(PACKAGE), ids=name)
def test_numba_kernels_live_in_files_of_their_own_and_are_cached(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
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
