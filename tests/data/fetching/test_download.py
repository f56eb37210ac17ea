"""Tests of ``densebench/data/fetching/download.py``, against a server on this machine."""

import hashlib
import http.server
import io
import os
import re
import shutil
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from densebench.data.fetching import download as module
from densebench.data.fetching.download import RemoteFile, download
from densebench.data.images import ignore_progress
from densebench.errors import DatasetError

CONTENT = np.random.default_rng(0).bytes(300_000)


class Server(http.server.ThreadingHTTPServer):
    """Serves CONTENT at every path; the path says how badly."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[tuple[str, str | None]] = []

    def url(self, behaviour: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{behaviour}"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_: object) -> None:
        """Silent."""

    def do_GET(self) -> None:
        behaviour, wanted = self.path.strip("/"), self.headers["Range"]
        self.server.requests.append((behaviour, wanted))
        if behaviour == "busy":
            return self.send_error(503)
        if behaviour == "unsatisfiable" and wanted:
            return self.send_error(416)
        content = CONTENT[::-1] if behaviour == "wrong" else CONTENT
        begin = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if wanted and behaviour != "rangeless" else 0
        self.send_response(206 if begin else 200)
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - begin + (behaviour == "larger")))
        self.end_headers()
        end = begin + 100_000 if behaviour == "breaking" else len(content)
        self.wfile.write(content[begin:end])


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    thread = threading.Thread(target=running.serve_forever, args=(0.01,))
    thread.start()
    yield running
    running.shutdown()
    running.server_close()
    thread.join()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "set.tar.gz"


@pytest.fixture
def fetch(server: Server, target: Path) -> Callable[..., None]:
    """Downloads from the server's behaviours in turn."""

    def run(*behaviours: str, **options) -> None:
        file = RemoteFile(
            title="The set",
            urls=tuple(map(server.url, behaviours)),
            size=len(CONTENT),
            sha256=hashlib.sha256(CONTENT).hexdigest(),
        )
        options = {"on_progress": ignore_progress, "open_url": urllib.request.urlopen, **options}
        download(file, target, **options)

    return run


def part_of(target: Path) -> Path:
    return target.with_name("set.tar.gz.part")


def test_a_file_is_downloaded_and_nothing_else_is_left(fetch, target):
    fetch("good")
    assert target.read_bytes() == CONTENT
    assert {path.name for path in target.parent.iterdir()} == {"set.tar.gz", "set.tar.gz.lock"}


def test_progress_ends_at_the_size(fetch):
    reports = []
    fetch("good", on_progress=lambda what, done, total: reports.append((what, done, total)))
    assert reports[-1] == ("Downloading The set", len(CONTENT), len(CONTENT))
    assert [done for _, done, _ in reports] == sorted(done for _, done, _ in reports)


def test_a_broken_off_download_is_resumed_where_it_ended(fetch, target, server):
    part_of(target).write_bytes(CONTENT[:120_000])
    fetch("good")
    assert target.read_bytes() == CONTENT
    assert server.requests == [("good", "bytes=120000-")]


def test_a_complete_part_is_only_checked(fetch, target, server):
    part_of(target).write_bytes(CONTENT)
    fetch("good")
    assert target.read_bytes() == CONTENT
    assert server.requests == []


@pytest.mark.parametrize("before", [b"wrong" * 20_000, CONTENT + b"more", CONTENT[:-1] + b"?"])
def test_a_part_of_something_else_is_thrown_away(before, fetch, target):
    part_of(target).write_bytes(before)
    fetch("good")
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("behaviour", ["rangeless", "unsatisfiable"])
def test_a_server_that_cannot_resume_sends_the_whole(behaviour, fetch, target):
    part_of(target).write_bytes(CONTENT[:120_000])
    fetch(behaviour)
    assert target.read_bytes() == CONTENT


def test_a_connection_that_breaks_again_and_again_still_gets_there(fetch, target, server, monkeypatch):
    monkeypatch.setattr(module, "_WORTH_RESUMING", 50_000)
    fetch("breaking")
    assert target.read_bytes() == CONTENT
    assert [wanted for _, wanted in server.requests] == [None, "bytes=100000-", "bytes=200000-"]


@pytest.mark.parametrize("behaviour", ["busy", "wrong", "larger"])
def test_the_next_server_is_asked_if_one_fails(behaviour, fetch, target, server):
    fetch(behaviour, "good")
    assert target.read_bytes() == CONTENT
    assert [asked for asked, _ in server.requests] == [behaviour, "good"]


def test_the_next_server_goes_on_where_a_breaking_one_ended(fetch, target, server):
    fetch("breaking", "good")
    assert target.read_bytes() == CONTENT
    assert server.requests == [("breaking", None), ("good", "bytes=100000-")]


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("busy", "it answers with status 503"),
        ("wrong", r"it sends another file \(the SHA-256 differs\)"),
        ("larger", "it has a file of another size"),
        ("breaking", "the connection ended 200,000 bytes early"),
    ],
)
def test_if_no_server_delivers_one_sentence_says_why(behaviour, reason, fetch, target):
    with pytest.raises(DatasetError, match=rf"^The set could not be downloaded \(127.0.0.1: {reason}\): try again"):
        fetch(behaviour)
    assert not target.exists()


def test_what_was_received_is_kept_for_the_next_time(fetch, target):
    with pytest.raises(DatasetError, match=r"which continues at 33%, or put set.tar.gz into"):
        fetch("breaking")
    assert part_of(target).read_bytes() == CONTENT[:100_000]


def test_without_a_network_every_server_is_named(target):
    file = RemoteFile(title="The set", urls=("https://one.invalid/set", "https://two.invalid/set"), size=9, sha256="")

    def unreachable(request):
        raise urllib.error.URLError("Temporary failure in name resolution")

    with pytest.raises(DatasetError, match=r"\(one.invalid: Temporary failure.*; two.invalid: Temporary failure"):
        download(file, target, on_progress=ignore_progress, open_url=unreachable)


def test_the_default_refuses_whatever_is_not_https(fetch):
    with pytest.raises(DatasetError, match="http is not secure"):
        fetch("good", open_url=module.open_https)


def ticking(seconds: float) -> Callable[[], float]:
    """A clock on which every look takes a while."""
    time = 0.0

    def clock() -> float:
        nonlocal time
        time += seconds
        return time

    return clock


class InMemory(io.BytesIO):
    """A whole answer whose blocks have their full size, so that a clock that ticks by the block is exact."""

    status = 200

    def getheader(self, name: str) -> str | None:
        return str(len(CONTENT)) if name == "Content-Length" else None


def test_a_slow_server_is_left_for_others_and_taken_again_if_they_fail(fetch, target):
    asked = []

    def open_url(request):
        asked.append(request.full_url.rsplit("/")[-1])
        if asked[-1] == "busy":
            raise urllib.error.URLError("busy")
        return InMemory(CONTENT)

    fetch("slow", "busy", open_url=open_url, clock=ticking(10))
    assert target.read_bytes() == CONTENT
    assert asked == ["slow", "busy", "slow"]


def test_a_server_that_hardly_moves_has_failed(fetch):
    with pytest.raises(DatasetError, match=r"127.0.0.1: less than 5,000 bytes a second"):
        fetch("slow", open_url=lambda _: InMemory(CONTENT), clock=ticking(1000))


def test_a_full_disk_is_reported_before_anything_is_downloaded(fetch, server, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 10, 0))
    with pytest.raises(DatasetError, match=r"The set needs 0 MiB in '.*' and 0 MiB are free: make room there"):
        fetch("good")
    assert server.requests == []


def test_a_disk_that_fills_up_meanwhile_keeps_the_part_and_says_so(fetch, target, monkeypatch):
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DatasetError, match=r"set.tar.gz' cannot be written \(No space left on device\): make room"):
        fetch("good")
    assert part_of(target).exists()
    assert not target.exists()


def test_a_directory_that_is_not_there_is_named(fetch, target):
    target.parent.rmdir()
    with pytest.raises(DatasetError, match="cannot be written"):
        fetch("good")


def test_a_second_process_waits_for_the_first_and_downloads_nothing(fetch, target, server):
    holder = f"""
import fcntl, shutil, sys
with open({str(target.with_name("set.tar.gz.lock"))!r}, "w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    print("locked", flush=True)
    sys.stdin.readline()
    shutil.copyfile({str(target.with_name("elsewhere"))!r}, {str(target)!r})
"""
    target.with_name("elsewhere").write_bytes(CONTENT)
    first = subprocess.Popen([sys.executable, "-c", holder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert first.stdout.readline() == "locked\n"
    reports = []

    def on_progress(what: str, done: int, total: int | None) -> None:
        reports.append(what)
        first.stdin.write("\n")
        first.stdin.flush()

    fetch("good", on_progress=on_progress)
    first.communicate()
    assert reports == ["Waiting for another process that downloads set.tar.gz"]
    assert server.requests == []
    assert target.read_bytes() == CONTENT
