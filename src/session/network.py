"""Fetch things from the network: all that this bundle says to servers goes through here.

Every answer has a limit of time and size, also from a server that trickles, stalls or never ends.
Only HTTPS is spoken, but for servers on this machine itself.
"""

from __future__ import annotations

import http.client
import json
import socket
import time
import urllib.error
import urllib.parse
import urllib.request
import zlib
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["NoAnswer", "NotThere", "fetch", "fetch_json", "host_of"]

WAIT = 10.0
"""Seconds for which nothing may come."""

PATIENCE = 40.0
"""Seconds for a whole answer."""

_PIECE = 64 << 10
"""Bytes that are read at once."""

_MOST_JSON = 32 << 20
"""Bytes of the largest JSON that is asked for."""

_NOTHING = (204, 404, 410)
"""Status of an answer that says that there is no such thing."""

_HERE = ("127.0.0.1", "localhost", "::1")

_AGENT = "Critasser (ChimeraX bundle)"


class NotThere(Exception):  # noqa: N818, it is an answer
    """The server knows no such thing."""


class NoAnswer(Exception):  # noqa: N818, it need not be an error of ours
    """No answer that can be used; why, in a few words for a person."""


def host_of(address: str) -> str:
    """The server of an address; empty where it is none that is spoken to."""
    try:
        parts = urllib.parse.urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return ""
    return host if parts.scheme == "https" or (parts.scheme == "http" and host in _HERE) else ""


def fetch(
    address: str,
    *,
    most: int,
    data: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> bytes:
    """What a server has at an address.

    Parameters
    ----------
    address : str
        HTTPS.
    most : int
        Bytes of the largest answer, also unpacked.
    data : bytes, optional
        Sent by POST.
    headers : mapping, optional
    stopped : callable
        Asked between pieces; the person may have stopped it.

    Raises
    ------
    NotThere
        The server says that there is no such thing.
    NoAnswer
        No network, no server, too slow, too large, or an error of the server.
    """
    host = host_of(address)
    if not host:
        raise NoAnswer(f"{address} is no address that may be asked")
    request = urllib.request.Request(
        address,
        data,
        {"User-Agent": _AGENT, "Accept-Encoding": "gzip", **(headers or {})},
    )
    try:
        with _OPENER.open(request, timeout=WAIT) as answer:
            if answer.status in _NOTHING:
                raise NotThere(address)
            raw = _read(answer, most, host, stopped)
            packed = (answer.headers.get("Content-Encoding") or "").lower() in ("gzip", "x-gzip")
    except urllib.error.HTTPError as error:
        if error.code in _NOTHING:
            raise NotThere(address) from None
        raise NoAnswer(f"{host} answers with error {error.code}") from None
    except urllib.error.URLError as error:
        raise NoAnswer(_why(host, error.reason)) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoAnswer(_why(host, error)) from None
    return _unpacked(raw, most, host) if packed else raw


def fetch_json(address: str, **options: Any) -> Any:
    """The JSON that a server has at an address; as `fetch`."""
    raw = fetch(address, **{"most": _MOST_JSON, **options})
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise NoAnswer(f"{host_of(address)} answers with something else than JSON") from None


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follow a server to where else it is, but never to plain HTTP or to files."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        """As the base class, for addresses that may be asked."""
        if not host_of(newurl):
            raise NoAnswer(f"{host_of(req.full_url)} leads to {newurl[:80]}, which is not asked")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


_OPENER = urllib.request.build_opener(_Redirects)


def _read(answer, most: int, host: str, stopped: Callable[[], bool]) -> bytes:
    """All of an answer, piece by piece."""
    end = time.monotonic() + PATIENCE
    expected = answer.headers.get("Content-Length") or ""
    if expected.isdigit() and int(expected) > most:
        raise NoAnswer(f"{host} sends {int(expected) >> 20} MB, more than is taken")
    pieces, size = [], 0
    while piece := answer.read1(_PIECE):
        pieces.append(piece)
        size += len(piece)
        if size > most:
            raise NoAnswer(f"{host} sends more than {most >> 20} MB, which is not taken")
        if time.monotonic() > end:
            raise NoAnswer(f"{host} is too slow: no whole answer in {PATIENCE:.0f} s")
        if stopped():
            raise NoAnswer("stopped")
    if expected.isdigit() and size < int(expected):
        raise NoAnswer(f"{host} ended in the middle of its answer")
    return b"".join(pieces)


def _unpacked(raw: bytes, most: int, host: str) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        whole = unpacker.decompress(raw, most + 1)
    except zlib.error:
        raise NoAnswer(f"{host} answers with something damaged") from None
    if len(whole) > most:
        raise NoAnswer(f"{host} sends more than {most >> 20} MB, which is not taken")
    if not unpacker.eof:
        raise NoAnswer(f"{host} ended in the middle of its answer")
    return whole


def _why(host: str, reason: object) -> str:
    """Why there is no answer, for a person."""
    if isinstance(reason, TimeoutError):
        return f"{host} does not answer within {WAIT:.0f} s"
    if isinstance(reason, socket.gaierror):
        return f"{host} cannot be found: is there a network connection?"
    if isinstance(reason, ConnectionRefusedError):
        return f"{host} cannot be reached: is there a network connection?"
    if isinstance(reason, OSError) and reason.strerror:
        return f"{host} cannot be reached: {reason.strerror}"
    return f"{host} gives no proper answer ({type(reason).__name__})"
