"""Files, models and jobs that try to run a script of theirs, in a real ChimeraX: by each button and
row of the panel, each command and each link in the log."""

import json
import shutil

import gemmi
import numpy as np
import pytest

pytestmark = pytest.mark.skipif(
    shutil.which("xvfb-run") is None, reason="no xvfb-run to give the GUI a screen"
)

HELIX = {
    "N": (1.55, -28.0, -0.9), "CA": (2.29, 0.0, 0.0), "C": (1.68, 26.0, 1.1),
    "O": (2.0, 24.0, 2.3), "CB": (3.3, -19.0, -1.1),
}  # fmt: skip
"""Radius in Å, angle in degrees and height in Å of an α-helix's atoms about its axis."""


@pytest.fixture
def bomb(chimerax):
    """A script that leaves a sign when it is run."""
    path = chimerax.home / "bomb.py"
    sign = chimerax.home / "it_went_off"
    sign.unlink(missing_ok=True)
    path.write_text(f"open({str(sign)!r}, 'a').write('x')\n")
    return path, sign


def words(bomb):
    """Texts that would run it, where they were taken for a part of a command."""
    return [
        f"A;runscript {bomb};select /A", f"A; runscript {bomb}", f'A" ;runscript {bomb};"',
        f"A' ;runscript {bomb} ;'", f'<a href="cxcmd:runscript {bomb}">A</a>', "*", "-o",
        f"A%3Brunscript {bomb}", f"A:1 models; runscript {bomb}",
    ]  # fmt: skip


@pytest.fixture
def hostile_model(chimerax, bomb):
    """Nine helices of eight alanines in the blob, whose chains and file have such names."""
    structure = gemmi.Structure()
    structure.add_model(gemmi.Model(1))
    for count, name in enumerate(words(bomb[0])):
        chain = gemmi.Chain(name)
        for number in range(1, 9):
            residue = gemmi.Residue()
            residue.name, residue.seqid = "ALA", gemmi.SeqId(str(number))
            residue.entity_type = gemmi.EntityType.Polymer
            for kind, (radius, angle, height) in HELIX.items():
                atom = gemmi.Atom()
                atom.name, atom.element = kind, gemmi.Element(kind[0])
                turned = np.radians(angle + 100.0 * number)
                atom.pos = gemmi.Position(
                    46.0 + 3.0 * count + radius * np.cos(turned),
                    -16.0 + radius * np.sin(turned),
                    18.0 + 1.5 * number + height,
                )
                residue.add_atom(atom)
            chain.add_residue(residue)
        structure[0].add_chain(chain)
    structure.setup_entities()
    path = chimerax.home / f"m ;runscript {bomb[0].name} ;.cif"
    structure.make_mmcif_document().write_file(str(path))
    return path


@pytest.fixture
def hostile_job(chimerax, bomb):
    """A finished job that says such things wherever it says anything."""
    text = words(bomb[0])[0]
    folder = chimerax.home / f"job ;runscript {bomb[0].name} ;x"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "inputs").mkdir(parents=True)
    (folder / "5_models").mkdir()
    link = f'<a href="cxcmd:runscript {bomb[0]}">x</a>'
    (folder / "job.json").write_text(json.dumps(
        {"kind": "rebuild", "inputs": {"map": {"path": text}}, "options": {"stretches": text}}
    ))  # fmt: skip
    (folder / "progress.jsonl").write_text(json.dumps(
        {"time": 1.0, "state": "finished", "stage": text, "fraction": 1.0, "message": link,
         "artifact": text, "kind": "models"}
    ) + "\n")  # fmt: skip
    (folder / "results.json").write_text(json.dumps(
        {"models": [{"file": text, "etm": 0.5}, {"file": str(bomb[0])}], "warnings": [text, link]}
    ))  # fmt: skip
    (folder / "inputs/chimerax.json").write_text(json.dumps(
        {"name": text, "model": {"name": text, "number": [2], "path": str(bomb[0])}}
    ))  # fmt: skip
    (folder / "log.txt").write_text(link)
    (folder / "report.html").write_text(link)
    return folder


def test_nothing_that_comes_from_outside_is_run(
    gui, chimerax, blob, bomb, hostile_model, hostile_job
):
    script, sign = bomb
    fasta = chimerax.home / f"s ;runscript {script.name} ;.fasta"
    names = words(script)
    records = (f">{name}\n{'AALEKAALEK' * (n + 2)}\n" for n, name in enumerate(names))
    fasta.write_text("".join(records))
    output = gui(f"""
    import html, re
    from pathlib import Path
    from urllib.parse import unquote
    from chimerax.core.errors import UserError
    from chimerax.core.logger import HtmlLog
    from chimerax.critasser.session.quoting import command_text, quoted_text
    from chimerax.critasser.jobs.engine_job import jobs_of

    links, tried = [], []
    class Kept(HtmlLog):
        def log(self, level, text, image_info, is_html):
            # ChimeraX's own table of chains takes them for HTML: that is not ours to mend.
            if is_html and "Chain information for" not in text:
                links.extend(re.findall(r'href="(cxcmd:[^"]*)"', text))
            return False
    session.logger.add_log(Kept())

    def attempt(what, *arguments):
        tried.append(what)
        try:
            return what(*arguments)
        except UserError as error:
            return None
        finally:
            assert not os.path.exists({str(sign)!r}), (arguments, commands[-3:])

    def typed(*words):
        return attempt(lambda: run(session, command_text(*words)))

    def buttons(page, text):
        return [b for b in page.findChildren(QPushButton)
                if b.text().replace("&", "") == text and b.isVisible() and b.isEnabled()]

    def pressed(page, text):
        found = buttons(page, text)
        assert found, (text, [b.text() for b in page.findChildren(QPushButton)])
        attempt(found[0].click)

    # What is wrong is told in boxes that wait for a person, and so are questions.
    run(session, "log settings errorDialog false warningDialog false")
    import chimerax.ui.ask
    chimerax.ui.ask.ask = lambda session, question, buttons=("yes",), **more: buttons[0]
    run(session, "open {blob}")
    typed("open", Path({str(hostile_model)!r}))
    (model,) = [m for m in session.models.list() if m.id == (2,)]
    assert sorted(c.chain_id for c in model.chains) == sorted({names!r}), model.chains
    from chimerax.critasser.models.attributes import register_attributes
    register_attributes(session)
    for residue in model.residues:
        residue.critasser_confidence = 20.0 if residue.number in (4, 5) else 80.0
    p = panel()
    p.tabs.setCurrentIndex(2)
    run(session, "critasser confidence #2")
    yield lambda: p.results.confidence.model is model

    # Every button of the page Results, over each chain.
    for index in range(p.results.confidence.chain_menu.count()):
        p.results.confidence.chain_menu.setCurrentIndex(index)
        plot = p.results.confidence.plot
        across, _ = plot._scales()
        mouse(plot, QPointF(float(across.pixel(3.0)), 60.0))
        mouse(plot, *(QPointF(float(across.pixel(x)), 60.0) for x in (2.0, 4.0, 6.0)))
        pressed(p.results.confidence, "Rebuild selected")
        pressed(p.results.confidence, "Next ▶")
    for name in ("◀ Previous", "Color", "End"):
        pressed(p.results.confidence, name)
    attempt(p.results.confidence.slider.setValue, 37)
    yield
    p.results.checklist.header.click()
    yield
    pressed(p.results.checklist, "Check model")
    yield
    for row in range(min(p.results.checklist.table.rowCount(), 6)):
        p.results.checklist.table.selectRow(row)
    for name in ("◀", "▶", "End"):
        pressed(p.results.checklist, name)
    for rest in ("show chain", "show confidence select true below 50"):
        attempt(run, session, "critasser confidence #2 " + rest)
    typed("rename", model, quoted_text({names[0]!r}))
    typed("open", Path({str(hostile_model)!r}))
    attempt(run, session, "move x 3 models #3")
    found = [m for m in session.models.list() if type(m).__name__ == "AtomicStructure"]
    for other in found[1:]:
        typed("critasser compare", model, "withModel", other, "above 0.5")
    yield

    # Sequences of a file, of chains, and what is built of them.
    p.tabs.setCurrentIndex(0)
    p.launch.editor.add_files([{str(fasta)!r}])
    attempt(p.launch.editor._add_chains, list(model.chains))
    yield
    p.launch.editor.set_entries(())
    p.launch.editor.add_files([{str(fasta)!r}])
    attempt(p.launch.build)
    p.launch.options.contacts.setText({names[0]!r})
    p.launch.options.folder.setText({names[2]!r})
    p.launch.options.pae.setText({names[0]!r})
    yield
    attempt(p.launch.build)
    for rest in ("build #1 sequence #2 templates #2", "score #2 inMap #1", "fit #2 in #1",
                 "rebuild #2:3-5 inMap #1", "refine #2 inMap #1"):
        attempt(run, session, "critasser " + rest)
    yield lambda: all(job.outcome not in ("running", "queued") for job in jobs_of(session))

    # A job of somebody else.
    job = Path({str(hostile_job)!r})
    for name in ("open", "jobs", "report", "resume"):
        typed("critasser", name, *([] if name == "jobs" else [job]))
    p.tabs.setCurrentIndex(1)
    yield lambda: all(one.outcome for one in jobs_of(session))
    p.watch.choose(job)
    yield
    attempt(p._build_again, job)
    p.tabs.setCurrentIndex(1)
    yield lambda: buttons(p.progress, "Show")
    pressed(p.progress, "Show")
    typed("critasser jobs rename", job, quoted_text({names[0]!r}))
    yield
    assert {names[0]!r} in [line.name for line in p.watch.lines]
    p.tabs.setCurrentIndex(2)
    yield

    # Regions.
    attempt(run, session, "critasser segment #1")
    yield
    from chimerax.critasser.models.segments.segment import Segment
    regions = [m for m in session.models.list() if isinstance(m, Segment)]
    run(session, 'ui tool show "Critasser Segments"')
    tool, = [t for t in session.tools.list() if type(t).__name__ == "SegmentsTool"]
    for region in regions[:1]:
        for name in {names!r}:
            attempt(tool._rename, region, name)
    yield

    # Each link that any of this has left in the log.
    offered = sorted(set(links))
    for address in offered:
        command = unquote(html.unescape(address).removeprefix("cxcmd:"))
        if not command.startswith(("critasser stop", "help", "log")):
            attempt(run, session, command)
    yield
    typed("critasser jobs delete", job)
    print("tried", len(tried), "links", len(offered), file=sys.__stdout__, flush=True)
    assert len(offered) > 10, offered
    assert not [one for one in commands if one.startswith("runscript")], commands
""", screen="1600x1000x24", FAKE_PAUSE="0.01")  # fmt: skip
    assert not sign.exists(), output[-3000:]
