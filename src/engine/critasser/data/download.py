"""Download a file over HTTP: resumed, bounded, and from the hosts that are allowed only."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from critasser import __version__
from critasser.data.refusal import Refusal
from critasser.writing import appearing

__all__ = ["Server", "download"]

BLOCK = 1 << 18
"""Bytes that are read and written at once."""

PARTIAL = 206
OUT_OF_RANGE, GONE = 416, (403, 404, 410)
"""Of HTTP: a part as asked; no such part; no such file for us."""

MOST_REDIRECTS, MOST_REQUESTS = 5, 1000
LONGEST_PAUSE = 60.0
"""Seconds between two tries."""

LONGEST_NOTE = 1 << 14
"""Bytes of the note beside a partial file."""

_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)")


@dataclass(frozen=True)
class Server:
    """What is asked of servers, and for how long.

    Attributes
    ----------
    hosts : frozenset of str
        Host names, with the port where it is not the usual one, that requests and redirects may
        go to.
    plain : bool
        Whether also without encryption.
    timeout : float
        Seconds without a byte.
    least_rate, rate_time : float
        Bytes a second, over so many seconds, below which a transfer is begun again.
    tries : int
        Without any progress in the last of them, before a file is given up for now.
    pause : float
        Seconds before the second try; doubled for each further one.
    """

    hosts: frozenset[str]
    plain: bool = False
    timeout: float = 60.0
    least_rate: float = 2000.0
    rate_time: float = 60.0
    tries: int = 5
    pause: float = 2.0
    _opener: list[urllib.request.OpenerDirector] = field(default_factory=list, compare=False)

    def check(self, url: str) -> None:
        """Refuse an address that is not allowed."""
        parts = urlsplit(url)
        if parts.scheme not in (("http", "https") if self.plain else ("https",)):
            raise Refusal(f"{url}: only {'http and ' if self.plain else ''}https is asked")
        if parts.username or parts.netloc.lower() not in self.hosts:
            raise Refusal(f"{parts.netloc}: not an allowed host")

    def open(self, url: str, headers: dict[str, str]) -> http.client.HTTPResponse:
        """Ask for an address; what it redirects to is checked likewise."""
        self.check(url)
        if not self._opener:
            self._opener.append(_opener(self))
        asked = {"User-Agent": f"critasser/{__version__}", "Accept-Encoding": "identity", **headers}
        return self._opener[0].open(urllib.request.Request(url, headers=asked), None, self.timeout)


class _Redirects(urllib.request.HTTPRedirectHandler):
    max_redirections = MOST_REDIRECTS

    def __init__(self, server: Server) -> None:
        self.server = server

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message,
        newurl: str,
    ) -> urllib.request.Request | None:  # fmt: skip
        self.server.check(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener(server: Server) -> urllib.request.OpenerDirector:
    """Opens http and https; `build_opener` would open local files too."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _Redirects(server),
    ):
        opener.add_handler(handler)
    return opener


@dataclass
class _Part:
    """A file that is partly there, and of which version of the server's it is.

    The version (entity tag or date) is kept beside the bytes, so that parts of two versions are
    never joined, however often a download is stopped.
    """

    path: Path
    version: str = ""

    @property
    def note(self) -> Path:
        return self.path.with_name(f"{self.path.name}.json")

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def read(self, url: str) -> None:
        """Take up what an earlier process left, if it is of this address and of known version."""
        try:
            with self.note.open("rb") as file:
                kept = json.loads(file.read(LONGEST_NOTE))
            self.version = str(kept["version"]) if kept["url"] == url else ""
        except (OSError, ValueError, KeyError, TypeError):
            self.version = ""
        if not self.version:
            self.clear()

    def begin(self, url: str, version: str) -> None:
        """Start anew with what the server has now."""
        self.clear()
        self.version = version
        if version:
            with appearing(self.note) as temporary:
                temporary.write_text(json.dumps({"url": url, "version": version}), "utf-8")

    def clear(self) -> None:
        """Forget what is there."""
        self.version = ""
        for path in (self.path, self.note):
            path.unlink(missing_ok=True)


def download(
    url: str,
    target: Path,
    server: Server,
    most_bytes: int,
    check: Callable[[int, int | None], None] = lambda done, whole: None,
) -> None:
    """Bring a file here; what an earlier try left in ``<target>.part`` is gone on from.

    Parameters
    ----------
    url : str
    target : Path
        Appears whole, by rename.
    server : Server
    most_bytes : int
        Larger files are refused: before anything is read where the server says the size.
    check : callable
        Given bytes so far and in all (None where the server does not say) at every block; may
        raise to stop.

    Raises
    ------
    Refusal
        There is no such file, it is too large, or its host is not allowed; for now only: the
        server does not answer, or breaks off again and again.
    """
    part = _Part(target.with_name(f"{target.name}.part"))
    target.parent.mkdir(parents=True, exist_ok=True)
    part.read(url)
    failed, pause = 0, server.pause
    for _ in range(MOST_REQUESTS):
        before = part.size
        try:
            _transfer(url, part, server, most_bytes, check)
            break
        except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
            failed = 0 if part.size > before else failed + 1
            reason = _reason(error)
            if failed >= server.tries:
                raise Refusal(f"{url}: {reason}", again=True) from error
        wait_until = time.monotonic() + pause
        while (left := wait_until - time.monotonic()) > 0:
            check(part.size, None)
            time.sleep(min(left, 0.5))
        pause = min(2 * pause, LONGEST_PAUSE) if failed else server.pause
    else:
        raise Refusal(f"{url}: breaks off all the time", again=True)
    part.path.replace(target)
    part.note.unlink(missing_ok=True)


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", None)
    text = str(reason if isinstance(reason, (str, Exception)) else error)
    code = f"{error.code} " if isinstance(error, urllib.error.HTTPError) else ""
    return f"{code}{text or type(error).__name__}"


def _transfer(
    url: str,
    part: _Part,
    server: Server,
    most_bytes: int,
    check: Callable[[int, int | None], None],
) -> None:
    """One request, from where the part ends; returns when the file is whole."""
    if not part.version:
        part.clear()
    start = part.size
    headers = {"Range": f"bytes={start}-", "If-Range": part.version} if start else {}
    try:
        response = server.open(url, headers)
    except urllib.error.HTTPError as error:
        with contextlib.closing(error):
            if error.code in GONE:
                part.clear()
                raise Refusal(f"{url}: {error.code}, not there") from None
            if error.code == OUT_OF_RANGE and start:
                if error.headers.get("Content-Range", "").replace(" ", "") == f"bytes*/{start}":
                    return  # All of it had come before the process was stopped.
                part.clear()
            raise
    with contextlib.closing(response):
        whole = _whole(response, start)
        if response.status != PARTIAL:
            headers = response.headers
            part.begin(url, headers.get("ETag", "") or headers.get("Last-Modified", ""))
        if whole is not None and whole > most_bytes:
            part.clear()
            raise Refusal(f"{url}: {whole:,} bytes, more than the {most_bytes:,} allowed")
        with part.path.open("ab") as file:
            done = _copy(response, file, server, most_bytes, lambda done: check(done, whole))
    if done > most_bytes:
        part.clear()
        raise Refusal(f"{url}: more than the {most_bytes:,} bytes allowed")
    if whole is not None and done != whole:
        if done > whole:
            part.clear()
        raise http.client.HTTPException(f"{done:,} of {whole:,} bytes came")


def _whole(response: http.client.HTTPResponse, start: int) -> int | None:
    """Bytes of the whole file, where the server says it."""
    if response.status != PARTIAL:
        length = response.headers.get("Content-Length", "")
        return int(length) if length.isdigit() else None
    found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if not found or found[1] is None or int(found[1]) != start:
        raise http.client.HTTPException("the server sent another part than was asked for")
    return int(found[2]) if found[2] != "*" else None


def _copy(
    response: http.client.HTTPResponse,
    file: IO[bytes],
    server: Server,
    most_bytes: int,
    check: Callable[[int], None],
) -> int:
    """Append what comes, up to a little more than allowed; the file's size then."""
    done, since, then = file.tell(), file.tell(), time.monotonic()
    while done <= most_bytes:
        # One read of the socket each: a slow server must not keep us from looking up.
        block = response.read1(BLOCK)
        if not block:
            break
        file.write(block)
        done += len(block)
        check(done)
        now = time.monotonic()
        if now - then > server.rate_time:
            if done - since < server.least_rate * (now - then):
                raise http.client.HTTPException("too slow")
            since, then = done, now
    return done
