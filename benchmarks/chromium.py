"""Controls a headless Chromium over a pair of pipes, without a port, a driver program or a package.

It uses Chrome's DevTools protocol (``--remote-debugging-pipe``): JSON messages that end in a zero byte.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)

# The browser reads descriptor 3 and writes descriptor 4. Both ends are first duplicated above 10 to avoid overlaps.
CONNECT_PIPES = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]
for place, end in zip((3, 4), ends):
    os.dup2(end, place)
os.execv(sys.argv[3], sys.argv[3:])
"""


def find() -> str | None:
    """The path of an installed Chromium, or ``None``."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


class Chromium:
    """One browser with one page; the page's errors and warnings are in ``complaints``."""

    def __init__(self, program: str) -> None:
        self.program = program
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.loaded = False
        self.trace: list[dict[str, Any]] = []
        self.tracing = False
        self.count = 0
        self.pending = b""

    def __enter__(self) -> Self:
        self.profile = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        commands, self.commands = os.pipe()
        self.answers, answers = os.pipe()
        flags = [*FLAGS, f"--user-data-dir={self.profile.name}", "about:blank"]
        self.process = subprocess.Popen(
            [sys.executable, "-c", CONNECT_PIPES, str(commands), str(answers), self.program, *flags],
            pass_fds=(commands, answers),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(commands)
        os.close(answers)
        self.session = self._attach()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        os.close(self.commands)
        os.close(self.answers)
        self.process.terminate()
        self.process.wait()
        self.profile.cleanup()

    def _attach(self) -> str:
        self.session = ""
        targets = self.send("Target.getTargets")["targetInfos"]
        page = next(target["targetId"] for target in targets if target["type"] == "page")
        self.session = str(self.send("Target.attachToTarget", targetId=page, flatten=True)["sessionId"])
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")
        return self.session

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send one command and return its result; events received before it are handled."""
        self.count += 1
        message = {"id": self.count, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self.count:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return dict(answer["result"])
            self._handle_event(answer)

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self.pending:
            chunk = os.read(self.answers, 1 << 20)
            if not chunk:
                raise RuntimeError("Chromium ended.")
            self.pending += chunk
        message, self.pending = self.pending.split(b"\0", 1)
        return dict(json.loads(message))

    def _handle_event(self, event: dict[str, Any]) -> None:
        method, parameters = event.get("method"), event.get("params", {})
        if method == "Page.loadEventFired":
            self.loaded = True
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(parameters["exceptionDetails"].get("exception", parameters)))
        elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning", "assert"):
            self.complaints.append(json.dumps(parameters["args"]))
        elif method == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
            self.complaints.append(parameters["entry"]["text"])
        elif method == "Page.javascriptDialogOpening":
            self.complaints.append(f"dialog: {parameters['message']}")
            self.send("Page.handleJavaScriptDialog", accept=True)
        elif method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif method == "Tracing.dataCollected":
            self.trace.extend(parameters["value"])
        elif method == "Tracing.tracingComplete":
            self.tracing = False

    def open(self, path: Path, fragment: str = "") -> float:
        """Open a file; returns the seconds until the page's second frame after its load event."""
        self.complaints.clear()
        self.requests.clear()
        self.loaded = False
        began = time.perf_counter()
        self.send("Page.navigate", url=path.resolve().as_uri() + fragment)
        while not self.loaded:
            self._handle_event(self._receive())
        self.settle()
        return time.perf_counter() - began

    def run(self, script: str) -> Any:
        """Evaluate an expression in the page; a promise is awaited."""
        answer = self.send("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def set_viewport(self, *, width: int, height: int, dark: bool = False) -> None:
        """Set the size of the window and the colour scheme that the page should use."""
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])

    def settle(self) -> None:
        """Wait for two frames, so that earlier changes have been painted."""
        self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def click(self, selector: str, count: int = 1) -> None:
        """Click on the centre of the first element that matches."""
        x, y = self.scroll_to(selector)
        for number in range(1, count + 1):
            for kind in ("mousePressed", "mouseReleased"):
                self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=number)

    def move_mouse(self, x: float, y: float) -> None:
        """Move the mouse to a point of the window, in pixels."""
        self.send("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        for kind, (x, y) in (("mousePressed", start), ("mouseMoved", end), ("mouseReleased", end)):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1)

    def scroll_to(self, selector: str) -> tuple[float, float]:
        """Scroll the first element that matches into view and return its centre."""
        found = (
            f"const found = document.querySelector({json.dumps(selector)}); found.scrollIntoView({{block: 'center'}});"
        )
        measured = "const box = found.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]"
        x, y = self.run(f"(() => {{ {found} {measured} }})()")
        return x, y

    def press(self, key: str) -> None:
        """Press and release one key, such as ``Tab``, ``Enter`` or ``ArrowLeft``."""
        text = {"Enter": "\r", " ": " "}.get(key)
        codes = {"Enter": 13, "Tab": 9, "Escape": 27, "ArrowLeft": 37, "ArrowRight": 39, " ": 32}
        values: dict[str, Any] = {"key": key, "windowsVirtualKeyCode": codes.get(key, 0)}
        if text:
            values["text"] = text
        self.send("Input.dispatchKeyEvent", type="keyDown", **values)
        self.send("Input.dispatchKeyEvent", type="keyUp", **values)

    def type(self, text: str) -> None:
        self.send("Input.insertText", text=text)

    def start_trace(self, *categories: str) -> None:
        """Start recording these categories of Chrome's tracing."""
        self.trace.clear()
        self.tracing = True
        self.send("Tracing.start", transferMode="ReportEvents", traceConfig={"includedCategories": categories})

    def end_trace(self) -> list[dict[str, Any]]:
        """Stop recording and return the events in order of time; ``ts`` is in microseconds."""
        self.send("Tracing.end")
        while self.tracing:
            self._handle_event(self._receive())
        return sorted(self.trace, key=lambda event: event["ts"])

    def version(self) -> str:
        """Name and version of the browser."""
        return str(self.send("Browser.getVersion")["product"])

    def screenshot(self, target: Path, *, whole: bool = True) -> Path:
        image = self.send("Page.captureScreenshot", captureBeyondViewport=whole)
        target.write_bytes(base64.b64decode(image["data"]))
        return target

    def pdf(self, target: Path) -> Path:
        document = self.send("Page.printToPDF", printBackground=False, preferCSSPageSize=True)
        target.write_bytes(base64.b64decode(document["data"]))
        return target
