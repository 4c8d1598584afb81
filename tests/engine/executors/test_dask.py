"""Workers of a real Dask scheduler do the same as this process; they may die and come back."""

import signal
import subprocess
import sys
import time

import pytest

from critasser.errors import Cancelled, InputError
from critasser.executors import LocalExecutor, opened_executor
from tests.engine.executors.conftest import wait_for
from tests.engine.executors.pieces_of_work import refuse, slow
from tests.engine.executors.test_local import naps, numbers, results, same


def tasks_left(executor) -> int:
    """Of the scheduler."""
    return executor.client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks))


def test_workers_give_what_this_process_does_to_the_last_bit(workers, walks):
    with opened_executor(workers.word) as executor:
        assert same(results(executor, walks), results(LocalExecutor(1), walks))
        wait_for(lambda: not tasks_left(executor), 10.0)


def test_what_an_item_refuses_is_refused_here(workers):
    with opened_executor(workers.word) as executor, pytest.raises(InputError, match="3 is odd"):
        list(executor.map(refuse, numbers(0, 2, 3)))


def test_stopping_ends_tasks_at_work_and_leaves_none_behind(workers, tmp_path):
    told = []

    def progress(fraction, message):
        told.append((fraction, message))
        if fraction > 0.0 and len(list(tmp_path.glob("begun-*"))) == 2:
            raise Cancelled("enough")

    items = naps(range(4), 60.0, tmp_path)
    with opened_executor(workers.word) as executor:
        with pytest.raises(Cancelled, match="enough"):
            list(executor.map(slow, items, progress=progress))
        wait_for(lambda: len(list(tmp_path.glob("stopped-*"))) == 2, 5.0)
        wait_for(lambda: not tasks_left(executor), 5.0)
    assert len(list(tmp_path.glob("begun-*"))) == 2
    assert told[-1][1] == "0 of 4 done, 2 at work"


def test_a_worker_that_dies_is_replaced_by_those_that_are_left_or_come(made_cluster, tmp_path):
    cluster = made_cluster()
    first = cluster.worker()
    killed = []

    def progress(fraction, message):
        begun = list(tmp_path.glob("begun-*"))
        if begun and not killed:
            killed.append(message)
            first.send_signal(signal.SIGKILL)
        if message.startswith("waits for a worker") and len(killed) == 1:
            killed.append(message)
            cluster.worker()

    lines = []
    items = naps(range(3), 0.5, tmp_path)
    with opened_executor(cluster.word) as executor:
        shared = {"given": "to the first worker"}
        done = list(executor.map(slow, items, shared=shared, progress=progress, tell=lines.append))
    assert [one.result[0] for one in done] == [0, 1, 2]
    assert len(killed) == 2
    assert first.pid not in {one.result[1] for one in done}
    assert any("0 workers" in line for line in lines)


def test_tasks_end_with_the_one_who_wanted_them(workers, tmp_path):
    script = (
        "from critasser.executors import opened_executor\n"
        "from tests.engine.executors.pieces_of_work import slow\n"
        f"with opened_executor({workers.word!r}) as executor:\n"
        f"    list(executor.map(slow, {naps([0], 60.0, tmp_path)!r}))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script])
    wait_for(lambda: list(tmp_path.glob("begun-*")))
    process.kill()
    process.wait()
    wait_for(lambda: list(tmp_path.glob("stopped-*")), 15.0)


def test_a_scheduler_that_is_lost_is_one_line(made_cluster, tmp_path):
    cluster = made_cluster()
    cluster.worker()

    def progress(fraction, message):
        if list(tmp_path.glob("begun-*")):
            cluster.processes["scheduler-0"].kill()

    begun = time.monotonic()
    lost = pytest.raises(InputError, match="connection with the Dask scheduler was lost")
    with opened_executor(cluster.word) as executor, lost:
        list(executor.map(slow, naps([0], 60.0, tmp_path), progress=progress))
    assert time.monotonic() - begun < 30.0


def test_a_worker_of_another_version_is_refused(workers, walks, monkeypatch):
    monkeypatch.setattr("critasser.executors.dask_scheduler.__version__", "0.0.1")
    refused = pytest.raises(InputError, match="a worker has Critasser")
    with opened_executor(workers.word) as executor, refused:
        results(executor, walks)


def test_another_machine_is_reached_by_tls_only(dask_here, monkeypatch):
    with pytest.raises(InputError, match="by TLS only"), opened_executor("tcp://192.0.2.1:8786"):
        pass
    for word in ("dask://192.0.2.1:8786", "tls://127.0.0.1:8786"):
        with pytest.raises(InputError, match="needs certificates"), opened_executor(word):
            pass


def test_where_nothing_answers_it_is_told_at_once(dask_here, monkeypatch):
    monkeypatch.setattr("critasser.executors.dask_scheduler.CONNECT_SECONDS", 0.5)
    told = "no Dask scheduler answers there"
    with pytest.raises(InputError, match=told), opened_executor("dask://127.0.0.1:9"):
        pass


def test_tls_is_spoken_where_dask_has_certificates(made_cluster, walks, tmp_path):
    import dask
    from distributed import Security

    pytest.importorskip("cryptography")
    secret = Security.temporary()
    files = {}
    for name in ("tls_ca_file", "tls_client_cert", "tls_client_key"):
        files[name] = tmp_path / f"{name}.pem"
        files[name].write_text(getattr(secret, name))
    options = ("--tls-ca-file", files["tls_ca_file"], "--tls-cert", files["tls_client_cert"],
               "--tls-key", files["tls_client_key"])  # fmt: skip
    cluster = made_cluster(*map(str, options), scheme="tls")
    cluster.worker()
    pair = {"cert": str(files["tls_client_cert"]), "key": str(files["tls_client_key"])}
    tls = "distributed.comm.tls."
    settings = {f"{tls}ca-file": str(files["tls_ca_file"]), f"{tls}client": pair}
    word = cluster.address.replace("tls://", "dask://")
    with dask.config.set(settings), opened_executor(word) as executor:
        assert executor.place.startswith("tls://")
        assert same(results(executor, walks), results(LocalExecutor(1), walks))
