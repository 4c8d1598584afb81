"""Work in a thread that speaks in the main one."""


def test_what_goes_wrong_in_the_main_thread_does_not_silence_what_comes_after(session):
    from chimerax.critasser.session.background import BackgroundWork

    class Work(BackgroundWork):
        def work(self):
            self.in_main(self._fail)
            self.in_main(self._log, "info", "after it")

        def _fail(self):
            raise RuntimeError("the window is gone")

    work = Work(session, "test")
    work.start()
    work.wait()
    assert work.outcome == "finished"
    assert "the window is gone" in session.logger.text("bug")
    assert session.logger.text("info") == "after it"
