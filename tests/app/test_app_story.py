"""From an open map to a model that is understood, by clicks alone, with the engine itself."""

import gzip
import shutil
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    shutil.which("xvfb-run") is None, reason="no xvfb-run to give the GUI a screen"
)

LOOK = (
    "set bgColor white",
    "graphics silhouettes false",
    "lighting soft",
    "cartoon style width 2.2 thickness 0.5",
    "volume #1 level 0.3 style mesh color #8093a8 transparency 0.5",
    "volume #1 subdivideSurface true smoothLines true",
    "ui tool hide 'Volume Viewer'",
)
"""Of the scene that the README shows."""

EXAMPLE = Path(__file__).resolve().parents[2] / "examples/emd_5925"


@pytest.fixture
def real_engine(chimerax):
    """The engine in the Python of these tests, until the test is over."""
    before = chimerax.run("--nogui", "--exit", "--cmd", f"critasser location {sys.executable}")
    assert "will be run" in before
    yield
    stand_in = chimerax.home / "python"
    chimerax.run("--nogui", "--exit", "--cmd", f"critasser location {stand_in}")


@pytest.fixture
def density(chimerax) -> Path:
    """An experimental map."""
    path = chimerax.home / "emd_5925.mrc"
    path.write_bytes(gzip.decompress((EXAMPLE / "map.mrc.gz").read_bytes()))
    return path


def test_a_microscopist_goes_from_a_map_to_a_model(gui, chimerax, real_engine, density):
    fasta = (EXAMPLE / "sequence.fasta").read_text()
    gui(f"""
    p = panel()
    run(session, "open {density}")
    run(session, "volume #1 level 0.25")
    yield lambda: p.launch.map_menu.value is not None
    shot("story_1_map")

    QApplication.clipboard().setText({fasta!r})
    p.launch.editor.text.setFocus()
    p.launch.editor.text.paste()
    yield
    assert "97 residues" in seen(p.launch), seen(p.launch)
    run(session, "critasser segment #1 minSize 100 smoothing 2")
    regions = lambda: [m for m in session.models.list() if type(m).__name__ == "Segment"]
    yield lambda: regions()
    run(session, "ui tool show 'Critasser Segments'")
    yield
    run(session, "select #2")
    yield
    shot("story_2_regions")
    run(session, "ui tool hide 'Critasser Segments'")
    p = panel()
    p.launch.place.setCurrentIndex(1)
    p.launch.resolution.setValue(3.6)
    p.launch.quality.setCurrentText("draft")
    yield
    assert "segments sel" in p.launch.preview.toPlainText(), p.launch.preview.toPlainText()
    press(p.launch, "Build models")
    run(session, "hide #2 models")

    traced = lambda: any(m.name == "trace 1" for m in session.models.list())
    yield lambda: p.tabs.currentIndex() == 1 and traced()
    yield
    shot("story_3_first_trace")
    yield lambda: p.tabs.currentIndex() == 2 and p.results.confidence.model is not None
    yield lambda: p.results._open_models and p.results._model(0) is not None
    model = p.results._model(0)
    assert model.visible and p.results.confidence.model is model
    run(session, f"view {{model.atomspec}}")
    yield
    shot("story_4_models")
    for command in {LOOK!r}:
        run(session, command)
    run(session, f"view {{model.atomspec}}")
    run(session, "turn y 25")
    for _ in range(20):  # until the panel has taken the room of the Volume Viewer
        yield
    run(session, f"view {{model.atomspec}}")
    yield
    shot("story_picture")
    run(session, "volume #1 style surface")

    plot = p.results.confidence.plot
    across, up = plot._scales()
    mouse(plot, QPointF(float(across.pixel(20.0)), 60.0))
    yield
    assert commands[-2] == f"select {{model.atomspec}}/A:20", commands[-3:]
    shot("story_5_residue")
    for name in ("plot.pdf", "plot.png"):
        plot.save(name)
    assert Path("plot.pdf").read_bytes()[:4] == b"%PDF" and Path("plot.png").stat().st_size > 2000
    run(session, f"critasser confidence show localPCC")
    run(session, "select clear")
    run(session, f"view {{model.atomspec}}")
    yield
    shot("story_6_local_pcc")
    run(session, "critasser confidence")
    others = [m for m in p.results._open_models.values() if m is not model]
    if others:
        run(session, f"critasser compare {{model.atomspec}} withModel {{others[0].atomspec}}")
        yield
        shot("story_7_compared")

    run(session, "save story.cxs")
    run(session, "close session")
    yield
    run(session, "open story.cxs")
    yield
    p = panel()
    kept = [m for m in session.models.list() if m.name == model.name]
    assert len(kept) == 1 and kept[0].residues[0].critasser_confidence is not None
    groups = [m for m in session.models.list() if type(m).__name__ == "JobGroup"]
    assert len(groups) == 1 and (groups[0].job_folder / "results.json").exists()
    shot("story_8_restored")
    run(session, f"critasser rebuild {{kept[0].atomspec}}/A:40-46 quality draft wait false")
    both = lambda: [m for m in session.models.list() if type(m).__name__ == "JobGroup"]
    from chimerax.critasser.jobs.engine_job import jobs_of
    yield lambda: len(both()) == 2 and jobs_of(session)[-1].outcome != "running"
    yield
    assert jobs_of(session)[-1].outcome == "finished"
    shot("story_9_rebuilt")
""", seconds=1400, screen="1600x1000x24")  # fmt: skip
