"""What a build loads of the networks: inference, and nothing of training."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ENGINE = Path(__file__).parents[3] / "src" / "engine"
NETWORK = ENGINE / "critasser" / "network"
INFERENCE = sorted(
    path.relative_to(NETWORK) for path in NETWORK.rglob("*.py")
    if "training" not in path.relative_to(NETWORK).parts
)  # fmt: skip
NEEDLESS = ("critasser.network.training", "matplotlib", "openmm", "numba.cuda", "torch._dynamo")


def loaded_by(statement: str) -> set[str]:
    """Modules in a fresh Python after a statement."""
    done = subprocess.run(
        [sys.executable, "-c", f"{statement}\nimport sys; print(*sys.modules)"],
        env=os.environ | {"PYTHONPATH": str(ENGINE)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(done.stdout.split())


@pytest.mark.parametrize("path", INFERENCE, ids=str)
def test_inference_never_imports_training(path):
    tree = ast.parse((NETWORK / path).read_text(encoding="utf-8"))
    named = [
        name for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names] if isinstance(node, ast.Import)
            else [f"{node.module}.{alias.name}" for alias in node.names]
            if isinstance(node, ast.ImportFrom) else []
        )
    ]  # fmt: skip
    assert not [name for name in named if "training" in name]


def test_importing_the_package_does_not_load_torch():
    loaded = loaded_by("import critasser.network")
    assert "torch" not in loaded and "scipy" not in loaded


def test_reading_a_map_loads_nothing_that_only_training_needs():
    loaded = loaded_by(
        "from critasser.network import predict, predict_resolution, read_residues"
    )
    assert "torch" in loaded
    assert not [name for name in loaded if name.startswith(NEEDLESS)]


def test_an_unknown_name_is_told():
    with pytest.raises(ImportError, match="no_such_name"):
        from critasser.network import no_such_name  # noqa: F401
