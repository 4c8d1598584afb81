"""Files come whole or not at all, from where they may come from, and no larger than they may be."""

import os

import pytest

from critasser.data.download import Server, download
from critasser.data.refusal import Refusal

CONTENT = os.urandom(5000)
MOST = 10_000


@pytest.fixture
def server(serve, tmp_path):
    folder = tmp_path / "there"
    folder.mkdir()
    (folder / "file.gz").write_bytes(CONTENT)
    return serve(folder)


def fetch(server, target, most=MOST, **changes):
    asked = {"timeout": 20.0, "tries": 3, "pause": 0.01, "plain": True, **changes}
    hosts = asked.pop("hosts", frozenset([server.address]))
    address = f"http://{server.address}/file.gz"
    download(address, target, Server(hosts, **asked), most)
    return target.read_bytes()


def test_a_file_comes_whole(server, tmp_path):
    assert fetch(server, tmp_path / "here" / "file.gz") == CONTENT
    assert [path.name for path in (tmp_path / "here").iterdir()] == ["file.gz"]


def test_what_breaks_off_goes_on_where_it_was(server, tmp_path):
    server.faults["file.gz"] = ["cut", "cut"]
    assert fetch(server, tmp_path / "file.gz") == CONTENT
    assert [asked for _, asked in server.requests] == ["", "bytes=2500-", "bytes=3750-"]


def test_a_download_goes_on_in_another_process(server, tmp_path):
    target = tmp_path / "file.gz"
    server.faults["file.gz"] = ["cut", "status 503", "status 503", "status 503"]
    with pytest.raises(Refusal) as refusal:
        fetch(server, target)
    assert refusal.value.again and "503" in refusal.value.reason
    assert not target.exists()
    server.requests.clear()
    assert fetch(server, target) == CONTENT
    assert server.requests == [("file.gz", "bytes=2500-")]


def test_a_part_that_turns_out_to_be_all_is_kept(server, tmp_path):
    server.faults["file.gz"] = ["cut", *["status 503"] * 3]
    with pytest.raises(Refusal):
        fetch(server, tmp_path / "file.gz")
    (tmp_path / "file.gz.part").write_bytes(CONTENT)
    assert fetch(server, tmp_path / "file.gz") == CONTENT
    assert server.requests[-1] == ("file.gz", "bytes=5000-")


def test_parts_of_two_versions_are_not_joined(server, tmp_path):
    server.faults["file.gz"] = ["cut", *["status 503"] * 3]
    with pytest.raises(Refusal):
        fetch(server, tmp_path / "file.gz")
    server.version = '"second"'
    (server.folder / "file.gz").write_bytes(CONTENT[::-1])
    assert fetch(server, tmp_path / "file.gz") == CONTENT[::-1]


def test_a_server_that_names_no_version_is_never_gone_on_from(server, tmp_path):
    (tmp_path / "file.gz.part").write_bytes(b"anything")
    assert fetch(server, tmp_path / "file.gz") == CONTENT
    assert server.requests == [("file.gz", "")]


@pytest.mark.parametrize(
    ("fault", "told", "again"),
    [
        ("status 404", "404, not there", False),
        ("huge", "more than the 10,000 allowed", False),
        ("endless", "more than the 10,000 bytes allowed", False),
        ("status 500", "500", True),
    ],
)
def test_what_cannot_be_had_is_told(server, tmp_path, fault, told, again):
    server.faults["file.gz"] = [fault] * 10
    with pytest.raises(Refusal, match=told) as refusal:
        fetch(server, tmp_path / "file.gz")
    assert refusal.value.again == again
    assert not (tmp_path / "file.gz").exists()


def test_a_length_that_never_comes_is_told(server, tmp_path):
    server.version = ""
    server.faults["file.gz"] = ["longer"] * 10
    with pytest.raises(Refusal, match="5,000 of 5,007 bytes came") as refusal:
        fetch(server, tmp_path / "file.gz")
    assert refusal.value.again
    assert not (tmp_path / "file.gz").exists()


def test_a_wrong_length_is_put_right_by_the_next_answer(server, tmp_path):
    server.faults["file.gz"] = ["longer"]
    assert fetch(server, tmp_path / "file.gz") == CONTENT


def test_a_server_that_hangs_is_left_and_asked_again(server, tmp_path):
    server.faults["file.gz"] = ["hang"]
    assert fetch(server, tmp_path / "file.gz", timeout=2.0, tries=6) == CONTENT
    first, *others = (asked for _, asked in server.requests)
    assert first == "" and set(others) == {"bytes=2500-"}


def test_a_server_that_drips_is_asked_again(server, tmp_path):
    server.faults["file.gz"] = ["slow"]
    content = fetch(server, tmp_path / "file.gz", least_rate=1e5, rate_time=0.1, tries=6)
    assert content == CONTENT
    first, *others = (asked for _, asked in server.requests)
    assert first == "" and others and all(asked.startswith("bytes=") for asked in others)


def test_a_slow_server_is_waited_for(server, tmp_path):
    server.faults["file.gz"] = ["slow"]
    assert fetch(server, tmp_path / "file.gz", least_rate=1.0, rate_time=0.1) == CONTENT
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "target", ["http://other.invalid/file.gz", "ftp://127.0.0.1/x", "file:///etc/passwd"]
)
def test_nobody_is_asked_who_is_not_allowed(server, tmp_path, target):
    server.faults["file.gz"] = [f"redirect {target}"] * 10
    with pytest.raises(Refusal):
        fetch(server, tmp_path / "file.gz")
    assert not (tmp_path / "file.gz").exists()


def test_redirects_to_allowed_hosts_are_followed(server, serve, tmp_path):
    other = serve(server.folder)
    server.faults["file.gz"] = [f"redirect http://{other.address}/file.gz"]
    hosts = frozenset([server.address, other.address])
    assert fetch(server, tmp_path / "file.gz", hosts=hosts) == CONTENT


def test_a_circle_of_redirects_ends(server, tmp_path):
    server.faults["file.gz"] = [f"redirect http://{server.address}/file.gz"] * 100
    with pytest.raises(Refusal):
        fetch(server, tmp_path / "file.gz")
    assert len(server.requests) < 40


def test_encryption_is_not_given_up(server, tmp_path):
    with pytest.raises(Refusal, match="only https is asked"):
        fetch(server, tmp_path / "file.gz", plain=False)
    assert not server.requests


def test_a_download_stops_when_asked_to(server, tmp_path):
    class StopError(Exception):
        pass

    def stop(_done, _whole):
        raise StopError

    with pytest.raises(StopError):
        download(
            f"http://{server.address}/file.gz",
            tmp_path / "file.gz",
            Server(frozenset([server.address]), plain=True),
            MOST,
            stop,
        )
    assert not (tmp_path / "file.gz").exists()
