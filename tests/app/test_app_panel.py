"""The panel in a real ChimeraX with its GUI, as a person uses it: clicks, pastes, looks."""

import shutil

import pytest

pytestmark = pytest.mark.skipif(
    shutil.which("xvfb-run") is None, reason="no xvfb-run to give the GUI a screen"
)


def test_an_empty_panel_tells_what_to_do_and_a_build_needs_clicks_only(gui, chimerax, blob):
    gui(f"""
    p = panel()
    yield lambda: p.launch.isVisible()
    p.launch.quality.setCurrentText("standard")  # an earlier build's is remembered
    assert "Open the map" in seen(p.launch) and "Open a map to build into" in seen(p.launch)
    assert not p.launch.build_button.isEnabled()
    shot("1_empty")
    run(session, "open {blob}")
    yield lambda: p.launch.map_menu.value is not None
    assert "Add the sequence" in seen(p.launch)
    QApplication.clipboard().setText(">helix one\\nAALEKAAJEKAALEKAALEKA\\n")
    p.launch.editor.text.setFocus()
    p.launch.editor.text.paste()
    yield
    assert "position 8: J stands for I or L" in seen(p.launch), seen(p.launch)
    shot("2_wrong_letter")
    p.launch.editor.text.setPlainText("aalekaalekaalekaaleka")
    yield
    p.launch.editor.table.cellWidget(0, 2).setValue(2)
    yield
    assert "2 chains, 42 residues" in seen(p.launch), seen(p.launch)
    assert p.launch.preview.toPlainText() == (
        "critasser build #1 sequence AALEKAALEKAALEKAALEKA,AALEKAALEKAALEKAALEKA templates none"
    ), p.launch.preview.toPlainText()
    p.launch._segments.click()
    tool, = [t for t in session.tools.list() if type(t).__name__ == "SegmentsTool"]
    assert tool.sequence == "AALEKAALEKAALEKAALEKA,AALEKAALEKAALEKAALEKA", tool.sequence
    assert "the sequence has 42" in tool.total.text(), tool.total.text()
    tool.delete()
    p.launch.quality.setCurrentText("draft")
    p.launch.options.header.click()
    yield
    shot("3_ready")
    press(p.launch, "Build models")
    yield lambda: p.tabs.currentIndex() == 1 and p.watch.runs
    yield lambda: p.watch.history.stage == "traces" or not p.watch.runs
    shot("4_progress")
    yield lambda: p.tabs.currentIndex() == 2
    yield lambda: p.results.table.rowCount() == 3 and p.results.confidence.model is not None
    assert any(c.startswith("critasser build #1 sequence AALEK") for c in commands), commands
    yield
    shot("5_results")
    assert p.launch._memory.quality == "draft"
""", FAKE_PAUSE="0.3")  # fmt: skip


def test_rows_and_models_and_residues_select_each_other(gui, chimerax, blob):
    gui(f"""
    run(session, "open {blob}")
    p = panel()
    run(session, "critasser build #1 helix.fasta wait true")
    p.tabs.setCurrentIndex(2)
    yield lambda: p.results.table.rowCount() == 3 and len(p.results._open_models) == 3
    models = [p.results._model(n) for n in range(3)]
    assert p.results.confidence.model is models[0]
    p.results.table.selectRow(1)
    yield
    assert commands[-1] == f"select {{models[1].atomspec}}", commands[-3:]
    assert models[1].atoms.num_selected and not models[0].atoms.num_selected
    assert p.results.confidence.model is models[1]
    run(session, f"select {{models[2].atomspec}}:3-6")
    yield
    assert p.results._chosen() == [2], p.results._chosen()
    plot = p.results.confidence.plot
    p.results.confidence.choose(models[2])
    yield
    assert plot._selected.nonzero()[0].tolist() == [2, 3, 4, 5], plot._selected
    shot("6_selected")
    item = p.results.table.item(0, 1)
    p.results.table.itemDoubleClicked.emit(item)
    yield
    assert [m.display for m in models] == [True, False, False]
    across, up = plot._scales()
    x = lambda n: QPointF(float(across.pixel(float(n))), 60.0)
    mouse(plot, x(5))
    yield
    spec = models[0].atomspec
    assert commands[-2:] == [f"select {{spec}}/A:5", "view sel :<8"], commands[-3:]
    mouse(plot, x(8), x(10), x(12))
    yield
    assert commands[-1] == f"select {{models[0].atomspec}}/A:8-12", commands[-2:]
    for limit in (31, 30):  # one of them is another than what is remembered
        p.results.confidence.slider.setValue(limit)
    yield lambda: commands[-1].startswith("select") and "critasser_confidence" in commands[-1]
    assert commands[-1] == f"select {{models[0].atomspec}}::critasser_confidence<30"
    yield lambda: plot._selected[0]
    chosen = plot._selected.nonzero()[0].tolist()
    assert chosen == list(range(len(chosen))) and chosen, chosen
    shot("7_less_sure")
    from chimerax.critasser.session.settings import settings
    assert settings(session).low_confidence == 30
    run(session, "critasser confidence below 40")
    assert p.results.confidence.slider.value() == 40
    run(session, "close #2")
    yield
    assert "not open" in seen(p.results)
    press(p.results, "Show them")
    yield lambda: len(p.results._open_models) == 3
""")  # fmt: skip


def test_a_build_is_stopped_and_resumed_and_a_failure_is_told(gui, chimerax, blob):
    gui(f"""
    run(session, "open {blob}")
    p = panel()
    p.tabs.setCurrentIndex(1)
    os.environ["FAKE_ENGINE"] = "hang"
    run(session, "critasser build #1 helix.fasta wait false")
    yield lambda: p.watch.history.stage == "trace"
    rows = {{r.name: r.state for r in p.watch.history.rows()}}
    assert rows["density"] == "done" and rows["trace"] == "running", rows
    run(session, "ui tool hide Critasser")
    (tool,) = [t for t in session.tools.list() if t.tool_name == "Critasser"]
    tool.delete()
    p = panel()  # one that is opened while a job runs shows it
    yield lambda: p.watch.runs
    assert p.tabs.currentIndex() == 1
    press(p.progress, "Stop")
    yield lambda: p.watch.line.state == "cancelled"
    yield
    assert "stopped; what it finished is kept" in seen(p.progress), seen(p.progress)
    shot("8_stopped")
    os.environ["FAKE_ENGINE"] = "fail"
    press(p.progress, "Resume")
    yield lambda: p.watch.line.state == "failed"
    yield
    assert "out of memory" in seen(p.progress), seen(p.progress)
    assert "or use a machine with more memory" in seen(p.progress), seen(p.progress)
    shot("9_failed")
    press(p.progress, "Build again…")
    yield
    assert p.tabs.currentIndex() == 0 and "21 residues" in seen(p.launch), seen(p.launch)
    p.tabs.setCurrentIndex(1)
    os.environ["FAKE_ENGINE"] = "success"
    press(p.progress, "Resume")
    yield lambda: p.tabs.currentIndex() == 2 and len(p.results._open_models) == 3
""")  # fmt: skip


def test_the_panel_comes_back_with_its_session_and_a_newer_one_does_no_harm(gui, chimerax, blob):
    gui(f"""
    run(session, "open {blob}")
    run(session, "volume copy #1")
    p = panel()
    p.launch.map_menu.value = [m for m in p.launch.map_menu.all_values if m.id == (1,)][0]
    p.launch.editor.add_text(">one\\nAALEKAALEKAALEK\\n>two\\nMKVLAAGIVGAA\\n")
    p.launch.place.setCurrentIndex(3)
    p.launch.mask_menu.value = [m for m in p.launch.mask_menu.all_values if m.id == (2,)][0]
    p.launch.resolution.setValue(3.4)
    p.launch.quality.setCurrentText("standard")  # the last build's is remembered
    p.launch.options.seed.setValue(7)
    p.tabs.setCurrentIndex(1)
    yield
    p.tabs.setCurrentIndex(0)
    yield
    before = p.launch.preview.toPlainText()
    assert before.endswith("mask #2 templates none resolution 3.4 seed 7"), before
    run(session, "save panel.cxs")
    run(session, "close session")
    yield
    run(session, "open panel.cxs")
    yield
    p = panel()
    yield lambda: p.launch.preview.toPlainText() == before
    from chimerax.critasser.tool import critasser as module
    module._VERSION = 2
    run(session, "save newer.cxs")
    module._VERSION = 1
    run(session, "open newer.cxs")
    yield
    p = panel()
    assert not p.launch.editor.entries
    tool, = [t for t in session.tools.list() if t.tool_name == "Critasser"]
    run(session, "close session")
    run(session, "open panel.cxs")
    yield
    run(session, "ui tool hide Critasser")
    yield
""")  # fmt: skip


def test_sessions_with_a_panel_open_without_a_gui(chimerax, gui, blob):
    gui("""
    panel()
    yield
    run(session, "save nogui.cxs")
""")
    # Not with --disable-qt, in which no session of a GUI opens, for want of ChimeraX's own bundles.
    path = chimerax.home / "open.py"
    path.write_text(
        "from chimerax.core.commands import run\nrun(session, 'open nogui.cxs')\n", encoding="utf-8"
    )
    chimerax.run("--nogui", "--exit", "--script", path)


def test_it_is_usable_when_docked_300_pixels_wide_and_in_the_dark(gui, chimerax, blob):
    gui(f"""
    run(session, "open {blob}")
    p = panel()
    run(session, "critasser build #1 helix.fasta wait true")
    area = p.window.ui_area
    area.window().resizeDocks([p.window._dock_widget], [300], Qt.Orientation.Horizontal)
    yield
    p.launch.editor.add_files(["helix.fasta"])
    for number, page in enumerate((p.launch, p.progress, p.results)):
        p.tabs.setCurrentIndex(number)
        yield
        yield
        assert area.width() <= 320, area.width()
        assert page.width() <= area.width(), (number, page.width(), page.minimumSizeHint().width())
        shot(f"narrow_{{number}}", area)
    p.tabs.setCurrentIndex(0)
    area.window().resizeDocks([p.window._dock_widget], [330], Qt.Orientation.Vertical)
    yield
    yield
    height = area.height()
    assert height < 500 and not p.launch.build_button.visibleRegion().isEmpty()
    p.launch.editor.add_text("AALEKAALEKAALEKAALEK" * 9)  # a longer command moves no window
    yield
    yield
    assert area.height() == height and not p.launch.build_button.visibleRegion().isEmpty()
    session.ui.color_scheme = "dark"
    session.ui._set_linux_palette("dark")
    for number in range(3):
        p.tabs.setCurrentIndex(number)
        yield
        yield
        shot(f"dark_{{number}}", area)
""")  # fmt: skip


def test_all_that_can_be_set_reaches_the_engine(gui, chimerax, blob, peptide):
    (chimerax.home / "error, one.json").write_text("[]")
    gui(f"""
    run(session, "open {blob}")
    run(session, "volume copy #1")
    run(session, "volume copy #1")
    run(session, "open {peptide}")
    p = panel()
    yield
    launch, options = p.launch, p.launch.options
    by_id = lambda menu, number: [m for m in menu.all_values if m.id == (number,)][0]
    launch.map_menu.value = by_id(launch.map_menu, 1)
    launch.editor.set_entries(())
    launch.editor.add_text(">tag\\nACGTACGTACGTACGTACGT\\n")
    yield
    assert launch.editor.protein.isVisible() and not launch.build_button.isEnabled()
    assert "looks like DNA or RNA" in seen(launch), seen(launch)
    launch.editor.protein.click()
    yield
    assert "1 chain, 20 residues" in seen(launch), seen(launch)
    options.header.click()
    options.half_maps[0].value = by_id(options.half_maps[0], 2)
    yield
    assert "Choose both half maps" in seen(launch)
    options.half_maps[1].value = by_id(options.half_maps[1], 3)
    options.pae.setText("error, one.json")
    yield
    assert "Choose the template that the predicted error is of" in seen(launch)
    options.templates.value = [by_id(options.templates, 4)]
    options.trim.click()
    yield
    typed = launch.preview.toPlainText()
    assert 'halfMaps #2#3 templates #!4 pae "error, one.json"' in typed, typed
    assert typed.endswith("trim true protein true"), typed
    launch.build()
    from chimerax.critasser.jobs.engine_job import jobs_of
    yield lambda: jobs_of(session) and jobs_of(session)[-1].outcome == "finished"
    folder = jobs_of(session)[-1].folder
    words = (folder / "command").read_text()
    for name, files in (("--half-maps", "half_map_1.mrc half_map_2.mrc"),
                        ("--templates", "template_01_peptide.cif"), ("--pae", "pae_01.json")):
        given = " ".join(str(folder / "inputs" / one) for one in files.split())
        assert f"{{name}} {{given}}" in words, words
    assert "--trim" in words and "--protein" in words, words
""")  # fmt: skip


def test_a_rebuild_tells_what_it_moved_and_shows_before_and_after(gui, chimerax, blob):
    gui(f"""
    run(session, "open {blob}")
    p = panel()
    run(session, "critasser build #1 helix.fasta wait true")
    p.tabs.setCurrentIndex(2)
    yield lambda: len(p.results._open_models) == 3
    assert not p.results.rebuilt.isVisible()
    told = []
    from chimerax.core.logger import PlainTextLog
    class Kept(PlainTextLog):
        def log(self, level, text):
            told.append(" ".join(text.split()))  # lines are broken
            return False
    session.logger.add_log(Kept())
    before = p.results._model(0)
    run(session, f"critasser rebuild {{before.atomspec}}/A:5-9 wait true")
    yield lambda: p.results.rebuilt.isVisible()
    after = p.results._model(0)
    assert after is not before and after.display and not before.display
    said = p.results.rebuilt.label.text()
    assert said.startswith("5 residues rebuilt: their Cα moved by"), said
    assert said.endswith("Correlation with the map 0.41 before, 0.62 now: better."), said
    assert any(said in text for text in told), told
    shot("rebuilt")
    for name, shown in (("Before", (True, False)), ("After", (False, True)),
                        ("Both", (True, True))):
        press(p.results.rebuilt, name)
        yield
        assert (before.display, after.display) == shown, name
    press(p.results.rebuilt, "A 5–9")
    press(p.results.rebuilt, "Compare")
    yield
    assert commands[-1].startswith("critasser compare"), commands[-3:]
    run(session, f"close {{before.atomspec}}")
    yield lambda: "The model that it was made from is not open" in p.results.rebuilt.label.text()
""")  # fmt: skip


def test_nothing_makes_the_window_wait_on_a_large_map(gui, chimerax, peptide, blob):
    import mrcfile
    import numpy as np

    for name in ("one", "two"):
        with mrcfile.new(chimerax.home / f"{name}.mrc", overwrite=True) as file:
            values = np.zeros((400, 400, 400), dtype=np.int8)
            values[:30, :30, :30] = 1
            file.set_data(values)
            file.voxel_size = 1.0
    output = gui(f"""
    run(session, "open one.mrc")
    run(session, "open two.mrc")
    yield
    before = time.perf_counter()
    p = panel()
    made = time.perf_counter() - before
    yield
    p.launch.editor.add_text("AALEKAALEKAALEKAALEK" * 20)
    yield
    times = []
    for turn in range(6):
        for volume in p.launch.map_menu.all_values:
            before = time.thread_time()
            p.launch.map_menu.value = volume
            QApplication.processEvents()
            times.append(time.thread_time() - before)
    for index in range(3):
        before = time.thread_time()
        p.tabs.setCurrentIndex(index)
        QApplication.processEvents()
        times.append(time.thread_time() - before)
    print(f"panel {{made * 1000:.0f}} ms, then {{[round(t * 1000) for t in times]}} ms",
          file=sys.__stdout__, flush=True)
    assert max(times) < 0.25, times
    run(session, "open {peptide}")
    yield
    # What this thread computes; how long that takes on the clock depends on who else computes.
    session.update_loop.block_redraw()  # there is no graphics card here
    run(session, "open {blob}")
    least = 0.06
    import gc
    for place in ("small", "near #3 range 8", "mask #2", ""):
        best = []
        for turn in range(2):  # one of them while nothing else happens to be at work
            gc.collect()  # which now and then takes 80 ms of this thread, whatever it does
            clock, before = time.perf_counter(), time.thread_time()
            of = "#4" if place == "small" else f"#1 {{place}}"
            job = run(session, f"critasser build {{of}} sequence AALEKAALEKAALEKAALEK")
            times, clocks = [time.thread_time() - before], [time.perf_counter() - clock]
            while job.outcome == "queued":
                clock, before = time.perf_counter(), time.thread_time()
                QApplication.processEvents()
                times.append(time.thread_time() - before)
                clocks.append(time.perf_counter() - clock)
                time.sleep(0.001)
            told = [[f"{{round(t * 1000)}} ms" for t in (all_[0], *sorted(all_[1:])[-3:])]
                    for all_ in (times, clocks)]
            print("build", place, told, "of", len(times), file=sys.__stdout__, flush=True)
            best.append(max(times))
            # Its models are shown in this thread too; the next build is not to pay for that.
            yield lambda: job.outcome == "finished" and len(job.view.group.parts("models")) == 3
        if place == "small":  # a machine that is busy is as slow with this
            least = max(least, 1.5 * min(best))
        assert min(best) <= least, (place, best, least)
""")
    print(output[-400:])
