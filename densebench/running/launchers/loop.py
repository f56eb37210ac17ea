"""The launcher that needs nothing: one run after another, started by this process."""

from collections.abc import Iterator, Sequence

from densebench.running.launchers.protocol import Outcome, QueuedRun, Report
from densebench.running.launchers.starting import make_run


class Loop:
    """A :class:`densebench.running.launchers.protocol.Launcher`: one that fails stops none after it, a signal does."""

    def launch(self, runs: Sequence[QueuedRun], report: Report) -> Iterator[Outcome]:
        """Make each run when it is asked for."""
        for queued in runs:
            config, ended = make_run(queued, lambda event, name=queued.name: report(event, name))  # type: ignore[misc]
            yield Outcome(queued=queued, config=config, ended=ended)
            if ended.signal_number:
                return
