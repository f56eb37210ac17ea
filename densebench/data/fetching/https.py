"""One file's bytes from one server over HTTPS, from a given byte on."""

import http.client
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, Self
from urllib.parse import urlsplit

from densebench.version import __version__

_TIMEOUT = 30.0  # seconds without any byte
_WINDOW = 20.0  # seconds over which the speed is judged
_BLOCK = 1 << 16


class _Response(Protocol):
    """What is needed of ``http.client.HTTPResponse``."""

    status: int

    def getheader(self, name: str) -> str | None: ...
    def read1(self, n: int) -> bytes: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *error: object) -> None: ...


OpenUrl = Callable[[urllib.request.Request], _Response]
Clock = Callable[[], float]


class ServerFailed(Exception):
    """Why a server did not deliver; another may."""


class TooSlow(Exception):
    """The server delivers, but slower than was asked for."""


def open_https(request: urllib.request.Request) -> _Response:
    """Open an https address, which may redirect only to another one; raises ``URLError`` otherwise."""
    if request.type != "https":
        raise urllib.error.URLError(f"{request.type} is not secure")
    opener = urllib.request.build_opener(HttpsOnly)
    response: _Response = opener.open(request, timeout=_TIMEOUT)
    return response


class HttpsOnly(urllib.request.HTTPRedirectHandler):
    """Refuses a redirection to anything but https."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):  # type: ignore[no-untyped-def]
        """The request that follows a redirection; raises ``URLError`` if it would not be secure."""
        scheme = urlsplit(newurl).scheme
        if scheme != "https":
            raise urllib.error.URLError(f"it redirects to {scheme}, which is not secure")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@contextmanager
def open_from(url: str, begin: int, size: int, open_url: OpenUrl = open_https) -> Iterator[tuple[_Response, int]]:
    """The response to asking for ``url`` from byte ``begin`` on, and the byte that it begins with.

    Raises :class:`ServerFailed`, also if the server's file has not ``size`` bytes.
    """
    request = urllib.request.Request(
        url, headers={"User-Agent": f"densebench/{__version__}", "Accept-Encoding": "identity"}
    )
    if begin:
        request.add_header("Range", f"bytes={begin}-")
    with _report_failures():
        try:
            response = open_url(request)
        except urllib.error.HTTPError as error:
            if error.code != 416 or not begin:
                raise
            request.remove_header("Range")
            response = open_url(request)
    with response:
        yield response, _first_byte(response, begin, size)


def read_blocks(
    response: _Response, missing: int, *, least_speed: int, clock: Clock = time.monotonic
) -> Iterator[bytes]:
    """Up to ``missing`` bytes of a response; raises :class:`ServerFailed`, or :class:`TooSlow` after a while."""
    started, received = clock(), 0
    while missing:
        with _report_failures():
            block = response.read1(min(_BLOCK, missing))
        if not block:
            raise ServerFailed(f"the connection ended {missing:,} bytes early")
        yield block
        missing -= len(block)
        received += len(block)
        elapsed = clock() - started
        if elapsed >= _WINDOW:
            if received < least_speed * elapsed:
                raise TooSlow
            started, received = clock(), 0


def _first_byte(response: _Response, begin: int, size: int) -> int:
    if response.status == 200:  # the whole, because it was asked for or because the server knows no ranges
        first, total = 0, response.getheader("Content-Length")
    elif response.status == 206 and (match := _content_range(response)):
        first, total = int(match[1]), match[2]
        if first != begin:
            raise ServerFailed("it sends another part than was asked for")
    else:
        raise ServerFailed(f"it answers with status {response.status}")
    if total not in (None, "*", str(size)):
        raise ServerFailed("it has a file of another size")
    return first


def _content_range(response: _Response) -> re.Match[str] | None:
    return re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.getheader("Content-Range") or "")


@contextmanager
def _report_failures() -> Iterator[None]:
    """Report anything that goes wrong between here and the server as :class:`ServerFailed`."""
    try:
        yield
    except urllib.error.HTTPError as error:
        raise ServerFailed(f"it answers with status {error.code}") from None
    except urllib.error.URLError as error:
        raise ServerFailed(str(error.reason)) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise ServerFailed(str(error) or type(error).__name__) from None
