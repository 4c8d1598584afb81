"""What the engine warns of is told as soon as it has said it, and but once."""

from chimerax.critasser.jobs.warnings import WarningReader


def test_warnings_are_told_while_the_engine_works_and_not_again_at_its_end(
    gui_session, start, until
):
    job = start(gui_session, "hang", wait=False)

    def told():
        gui_session.ui.turn()
        return gui_session.logger.text("warning")

    until(told)
    assert job.outcome == "running"
    assert "the map looks like a mirror image\nFlip the map" in told()
    job.terminate()


def test_warnings_that_came_early_are_not_repeated_with_the_results(session, start):
    start(session, "success")
    text = session.logger.text("warning")
    assert text.count("mirror image") == 1 and text.count("stand-in, not the engine") == 1


def test_a_log_that_grows_is_read_line_by_line(tmp_path):
    reader = WarningReader(tmp_path)
    assert reader.read() == []
    log = tmp_path / "log.txt"
    log.write_text("08:00:00 density starts\n08:00:01 warning: unsu")
    assert reader.read() == []
    with log.open("a") as file:
        file.write("re of it\nwarning: not the engine's\n08:00:02 warning: unsure of it\n")
    assert reader.read() == ["unsure of it"] and reader.read() == []


def test_a_log_without_end_and_with_many_warnings_is_bounded(tmp_path):
    log = tmp_path / "log.txt"
    log.write_bytes(b"x" * (1 << 20) + b"".join(
        f"\n08:00:00 warning: number {n}".encode() for n in range(200)) + b"\n")
    reader = WarningReader(tmp_path)
    found = [*reader.read(), *reader.read()]
    assert len(found) == 100 and found[0] == "number 0"


def test_lines_of_an_earlier_run_are_left_out(tmp_path):
    (tmp_path / "log.txt").write_text("08:00:00 warning: old\n")
    reader = WarningReader(tmp_path, skip=True)
    with (tmp_path / "log.txt").open("a") as file:
        file.write("08:00:00 warning: new\n")
    assert reader.read() == ["new"]
