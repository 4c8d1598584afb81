"""A clock that stands still while threads wait for a processor."""

import pytest

from critasser.job.unloaded_clock import UnloadedClock


@pytest.fixture
def machine(tmp_path):
    """A clock, the time of its machine, and its threads."""

    class Machine:
        wall = worked = 0.0

        def thread(self, name: str, ran: float, waited: float) -> None:
            (tmp_path / name).mkdir(exist_ok=True)
            text = f"{round(ran * 1e9)} {round(waited * 1e9)} 7\n"
            (tmp_path / name / "schedstat").write_text(text)

        def end(self, name: str) -> None:
            (tmp_path / name / "schedstat").unlink()
            (tmp_path / name).rmdir()

        def clock(self) -> UnloadedClock:
            return UnloadedClock(lambda: self.wall, lambda: self.worked, tmp_path)

    return Machine()


def test_one_thread_that_waits_half_of_the_time_has_half_of_it(machine):
    machine.thread("1", 5.0, 5.0)
    clock = machine.clock()
    machine.wall = 10.0
    machine.thread("1", 9.0, 9.0)
    assert clock() == (10.0, pytest.approx(5.0))
    machine.wall = 20.0
    machine.thread("1", 19.0, 9.0)
    assert clock() == (20.0, pytest.approx(15.0))


def test_however_many_threads_there_are_the_load_is_the_same(machine):
    machine.thread("1", 0.0, 0.0)
    clock = machine.clock()
    machine.wall = 10.0
    machine.thread("1", 0.0, 0.0)  # it waits for the others, which is no load
    for name in "2345":
        machine.thread(name, 2.5, 7.5)
    assert clock() == (10.0, pytest.approx(2.5))
    for name in "2345":
        machine.end(name)
    machine.wall = 12.0
    machine.thread("1", 2.0, 0.0)
    assert clock() == (12.0, pytest.approx(4.5))


def test_who_waits_for_a_gpu_or_a_disk_waits_for_no_processor(machine):
    machine.thread("1", 1.0, 0.0)
    clock = machine.clock()
    machine.wall = 10.0
    assert clock() == (10.0, pytest.approx(10.0))


def test_where_threads_are_not_counted_the_time_that_the_process_worked_counts(machine):
    clock = machine.clock()
    machine.wall, machine.worked = 10.0, 4.0
    assert clock() == (10.0, pytest.approx(4.0))
    # Several threads work more than time goes by.
    machine.wall, machine.worked = 20.0, 34.0
    assert clock() == (20.0, pytest.approx(14.0))


def test_while_other_processes_work_the_load_is_as_it_was_seen_before(machine):
    clock = machine.clock()
    for wall in range(1, 11):
        machine.wall, machine.worked = float(wall), 0.01 * wall
        assert clock(elsewhere=True) == (wall, pytest.approx(wall))
    for wall in range(11, 311):
        machine.wall, machine.worked = float(wall), machine.worked + 0.25
        before = clock().unloaded
    machine.wall, machine.worked = 410.0, machine.worked + 1.0
    assert clock(elsewhere=True).unloaded - before == pytest.approx(25.0, rel=0.02)


def test_who_only_looks_after_others_waits_little_whatever_share_that_is(machine):
    machine.thread("1", 1.0, 0.0)
    clock = machine.clock()
    machine.wall = 10.0
    machine.thread("1", 1.1, 0.3)  # a look at a time, most of it waiting
    assert clock() == (10.0, pytest.approx(10.0))
    machine.wall = 20.0
    machine.thread("1", 1.3, 1.3)
    assert clock(elsewhere=True) == (20.0, pytest.approx(20.0))
    # It does the rest itself.
    machine.wall = 30.0
    machine.thread("1", 6.3, 6.3)
    assert clock(elsewhere=True) == (30.0, pytest.approx(25.0))


def test_this_process_has_such_a_clock():
    clock = UnloadedClock()
    first = clock()
    sum(range(200_000))
    second = clock()
    assert second.wall > first.wall
    assert 0.0 <= second.unloaded - first.unloaded <= second.wall - first.wall
