"""Tests of ``densebench/data/fetching/https.py``."""

import email.message
import io
import urllib.error
import urllib.request
import urllib.response

import pytest

from densebench.data.fetching.https import HttpsOnly, ServerFailed, TooSlow, open_from, open_https, read_blocks


class Reply(io.BytesIO):
    """A response made of its parts."""

    def __init__(self, body: bytes = b"", *, status: int = 200, **headers: str) -> None:
        super().__init__(body)
        self.status = status
        self._headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def getheader(self, name: str) -> str | None:
        return self._headers.get(name)


def answer(reply, begin: int = 0, size: int = 10) -> int:
    with open_from("https://there/file", begin, size, lambda request: reply) as (_, first):
        return first


def test_the_rest_is_asked_for_and_a_server_that_sends_it_is_believed():
    asked: list[urllib.request.Request] = []

    def server(request):
        asked.append(request)
        return Reply(b"456789", status=206, Content_Range="bytes 4-9/10")

    with open_from("https://there/file", 4, 10, server) as (response, first):
        assert (first, response.read1(100)) == (4, b"456789")
    assert asked[0].get_header("Range") == "bytes=4-"
    assert asked[0].get_header("Accept-encoding") == "identity"


def test_a_server_that_knows_no_ranges_starts_over():
    assert answer(Reply(Content_Length="10"), begin=4) == 0


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(Content_Length="11"), "it has a file of another size"),
        (Reply(status=206, Content_Range="bytes 4-10/11"), "it has a file of another size"),
        (Reply(status=206, Content_Range="bytes 3-9/10"), "it sends another part than was asked for"),
        (Reply(status=206, Content_Range="nonsense"), "it answers with status 206"),
        (Reply(status=206), "it answers with status 206"),
        (Reply(status=204), "it answers with status 204"),
    ],
)
def test_an_answer_that_does_not_fit_is_a_failure(reply, reason):
    with pytest.raises(ServerFailed, match=reason):
        answer(reply, begin=4)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (urllib.error.HTTPError("https://there/file", 503, "busy", email.message.Message(), None), "status 503"),
        (urllib.error.URLError("Name or service not known"), "Name or service not known"),
        (TimeoutError("timed out"), "timed out"),
        (ConnectionResetError(), "ConnectionResetError"),
        (ValueError("invalid literal"), "invalid literal"),
    ],
)
def test_an_error_on_the_way_is_a_failure(error, reason):
    def server(request):
        raise error

    with pytest.raises(ServerFailed, match=reason), open_from("https://there/file", 0, 10, server):
        pass


def test_a_refused_range_is_asked_for_as_a_whole():
    def server(request):
        if request.has_header("Range"):
            raise urllib.error.HTTPError(request.full_url, 416, "range", email.message.Message(), None)
        return Reply(Content_Length="10")

    with open_from("https://there/file", 4, 10, server) as (_, first):
        assert first == 0


def test_blocks_end_with_the_bytes_that_are_missing_however_much_is_sent():
    assert b"".join(read_blocks(Reply(bytes(1000)), 700, least_speed=0)) == bytes(700)


def test_a_connection_that_ends_early_is_a_failure():
    with pytest.raises(ServerFailed, match="the connection ended 300 bytes early"):
        list(read_blocks(Reply(bytes(700)), 1000, least_speed=0))


def test_an_error_in_the_middle_is_a_failure():
    reply = Reply()
    reply.read1 = lambda _: (_ for _ in ()).throw(TimeoutError("timed out"))
    with pytest.raises(ServerFailed, match="timed out"):
        list(read_blocks(reply, 1000, least_speed=0))


def test_a_server_is_too_slow_after_a_while_and_not_at_once():
    seconds = iter(range(0, 10_000, 5))
    reply = Reply(bytes(10 << 16))
    with pytest.raises(TooSlow):
        list(read_blocks(reply, 10 << 16, least_speed=20_000, clock=lambda: next(seconds)))
    assert reply.tell() == 4 << 16


def test_a_server_that_was_fast_at_first_can_become_too_slow():
    times = iter([0, 1, 2, 3, 21, 21, 45])
    with pytest.raises(TooSlow):
        list(read_blocks(Reply(bytes(100 << 16)), 100 << 16, least_speed=10_000, clock=lambda: next(times)))


@pytest.mark.parametrize("url", ["http://there/file", "ftp://there/file", "file:///etc/passwd"])
def test_only_https_is_opened(url):
    with pytest.raises(urllib.error.URLError, match="is not secure"):
        open_https(urllib.request.Request(url))


@pytest.mark.parametrize("target", ["http://other/file", "ftp://other/file", "HTTP://other/file"])
def test_a_redirection_away_from_https_is_refused(target):
    class Redirecting(urllib.request.HTTPSHandler):
        def https_open(self, request):
            headers = email.message.Message()
            headers["Location"] = target
            reply = urllib.response.addinfourl(io.BytesIO(), headers, request.full_url, 302)
            reply.msg = "Found"
            return reply

    opener = urllib.request.build_opener(HttpsOnly, Redirecting)
    with (
        pytest.raises(ServerFailed, match=r"it redirects to (http|ftp), which is not secure"),
        open_from("https://there/file", 0, 10, opener.open),
    ):
        pass


def test_a_redirection_to_https_is_followed():
    class Redirecting(urllib.request.HTTPSHandler):
        def https_open(self, request):
            headers, away = email.message.Message(), request.host == "there"
            if away:
                headers["Location"] = "https://other/file"
            reply = urllib.response.addinfourl(io.BytesIO(b"here"), headers, request.full_url, 302 if away else 200)
            reply.msg = ""
            return reply

    opener = urllib.request.build_opener(HttpsOnly, Redirecting)
    with opener.open("https://there/file") as reply:
        assert (reply.url, reply.read()) == ("https://other/file", b"here")
