"""The bundle as ChimeraX has installed it, and the environment that it makes for the engine."""

import runpy
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STAND_IN = ROOT / "tests" / "stand_in"


def test_the_installed_bundle_is_whole(chimerax):
    """All files of `weights`, `examples`, the engine and the help, byte for byte as many."""
    folders = {
        "engine": ROOT / "src/engine",
        "docs": ROOT / "src/docs",
        "weights": ROOT / "weights",
        "examples": ROOT / "examples",
    }
    wanted = {
        f"{name}/{path.relative_to(folder).as_posix()}": path.stat().st_size
        for name, folder in folders.items()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    chimerax.script(
        f"""
from pathlib import Path
import chimerax.critasser
package = Path(chimerax.critasser.__file__).parent
wanted = {wanted!r}
found = {{name: (package / name).stat().st_size for name in wanted if (package / name).exists()}}
assert found == wanted, set(wanted.items()) ^ set(found.items())
from chimerax.critasser.commands.example import example_folder
assert example_folder().is_relative_to(package)
"""
    )


def test_only_the_door_of_the_bundle_is_imported_when_chimerax_starts(chimerax):
    chimerax.script(
        """
import sys
assert not [name for name in sys.modules if name.startswith("chimerax.critasser.")]
run(session, "usage critasser stop")
imported = {name.split(".")[2] for name in sys.modules if name.startswith("chimerax.critasser.")}
assert imported.isdisjoint({"tool", "views"}), imported
"""
    )


def test_an_environment_is_made_by_chimeraxs_python_and_removed(chimerax, tmp_path):
    engine = tmp_path / "engine"
    shutil.copytree(STAND_IN / "engine", engine)
    (engine / "requirements.txt").write_text("critasser_a>=1\n")
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    write_wheel = runpy.run_path(str(STAND_IN / "wheel.py"))["write_wheel"]
    write_wheel(wheels, "critasser_a", "1.2")
    folder = tmp_path / "engine of Ana María"
    output = chimerax.script(
        f"""
import subprocess
from pathlib import Path
from chimerax.critasser.installation import environment as engine
from chimerax.critasser.session.settings import settings
engine.engine_folder = lambda: Path({str(engine)!r})
before = settings(session).python
try:
    run(session, "critasser install '{folder}' device cpu wheels '{wheels}'")
    python = Path(settings(session).python)
    assert python.is_relative_to({str(folder)!r}), python
    code = "import sys; print(sys.prefix != sys.base_prefix, 'chimerax' in sys.modules)"
    said = subprocess.run([python, "-I", "-c", code + "; import critasser_a"], text=True,
                          capture_output=True, check=True).stdout
    assert said == "True False\\n", said
    run(session, "critasser location wait false")
finally:
    run(session, "critasser install '{folder}' remove true")
    assert not Path({str(folder)!r}).exists()
    assert not settings(session).python
    settings(session).python = before
    settings(session).save("python")
"""
    )
    assert "critasser-a==1.2" in output or "critasser_a==1.2" in output


def test_the_example_is_built_by_its_command(chimerax):
    chimerax.script(
        f"""
job = run(session, "critasser example folder '{chimerax.home / "example"}'")
assert job.outcome == "finished"
names = [m.name for m in session.models.list()]
assert "emd_5925.mrc" in names and "critasser example" in names, names
command = (job.folder / "command").read_text()
assert "--quality draft" in command and "--resolution 3.64" in command, command
volume = session.models.list()[0]
assert volume.surfaces and volume.surfaces[0].vertices is not None
"""
    )
