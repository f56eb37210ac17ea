"""A process between a worker of Ray and a run's own process: it makes one run as ``train`` does, and says how it goes.

Started as ``python -m densebench.running.launchers.ray.runner`` with the run as a line of JSON on standard input, which
stays open: when it closes, the worker has died, and the run is asked to stop. Events go to standard output, a line
each, and last how the run ended. A process of its own, because Ray keeps signals and its environment to itself.
"""

import os
import signal
import sys
import threading
from typing import BinaryIO

from densebench.errors import DensebenchError
from densebench.events import Ended, Event, to_line
from densebench.running.launchers.protocol import QueuedRun, outcome_to_json, queued_from_json
from densebench.running.launchers.starting import make_run

OUTCOME = b"outcome "  # begins the last line


def main() -> int:
    """Make the run on standard input."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})  # Ray blocks them
    stream, sys.stdout = sys.stdout.buffer, sys.stderr
    queued = queued_from_json(sys.stdin.readline())
    threading.Thread(target=_stop_without_parent, args=(sys.stdin.buffer,), daemon=True).start()
    stream.write(OUTCOME + _make(queued, stream).encode() + b"\n")
    stream.flush()
    return 0


def _make(queued: QueuedRun, stream: BinaryIO) -> str:
    def send(event: Event) -> None:
        stream.write(to_line(event))
        stream.flush()

    try:
        return outcome_to_json(*make_run(queued, send))
    except DensebenchError as error:
        ended = Ended(status="failed", reason=str(error), exit_code=error.exit_code)
        send(ended)
        return outcome_to_json(queued.task.config, ended)


def _stop_without_parent(stdin: BinaryIO) -> None:
    stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
