"""Train, evaluate and measure from Python. Every run is made in its own process, as by the commands."""

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from rich.console import RenderableType

from densebench import workflows
from densebench.api.settings import (
    EvaluateSettings,
    SpeedSettings,
    TrainSettings,
    check_fraction,
    check_positive,
    check_whole_numbers,
    make_axes,
    make_launch,
    make_options,
    read_devices,
)
from densebench.errors import Interrupted, RunFailed
from densebench.launching import Finished
from densebench.planning.options import TrainOptions
from densebench.reporting.frames import make_grid_frame
from densebench.reporting.grid_output import draw_grids
from densebench.reporting.notebook import open_progress, render_html, render_text
from densebench.reporting.run_tables import make_class_grid, make_evaluation_grids
from densebench.results.frame import read_frame
from densebench.workflows import Confusion

if TYPE_CHECKING:
    import pandas as pd


def train(
    *variants: str,
    seeds: Iterable[int] | None = None,
    batch_sizes: Iterable[int] | None = None,
    precisions: Iterable[str] | None = None,
    backends: Iterable[str] | None = None,
    devices: int | str | Iterable[int] | None = None,
    resume: str | None = None,
    skip_completed: bool = False,
    time_limit: float | None = None,
    progress: bool = True,
    dry_run: bool = False,
    **settings: Unpack[TrainSettings],
) -> "pd.DataFrame":
    """Train networks, by default one after another: one row a run, its last epoch, with the columns of :func:`load`.

    ::

        densebench.train("resnet20", "100x12", dataset="digits", epochs=5, seeds=range(3))

    ``settings`` are those of :class:`densebench.api.settings.TrainSettings`; ``launcher="ray", jobs=4`` makes four runs
    at a time, as :class:`densebench.api.settings.LaunchSettings` says; of several ``batch_sizes``,
    ``precisions``, ``backends`` and numbers of ``devices`` (of this host, that share every batch; or ``"all"``) every
    combination is trained. ``resume`` names a run to continue, or is ``"last"``; ``skip_completed`` makes only what is
    not complete yet; ``time_limit`` is in seconds of each run. ``progress=False`` prints nothing. With ``dry_run``
    nothing is made or written, and the rows say what would be: run, what (new, resume or complete), variant, dataset,
    epochs, batch_size, devices (of a host, where some run has several), validation_images, checkpoint_every, steps,
    params, forward_macs (one image), results (the CSV) and directory.

    A run that fails does not stop those after it: its row has the ``status`` and the ``reason``. Raises
    :class:`densebench.errors.InputError` before anything is made, :class:`densebench.errors.RunFailed` if a run failed
    before its first step, of which nothing is kept, or could not even write its row, and
    :class:`densebench.errors.Interrupted` after Ctrl-C or a notebook's interrupt; the finished epochs stay on disk.
    Outside the main thread no signal can be caught.
    """
    given: dict[str, Any] = {**settings}
    launch = make_launch(given)
    options = dataclasses.replace(
        make_options(given, TrainSettings, variants=variants, seeds=seeds),
        axes=make_axes(given, backend=backends, precision=precisions, batch_size=batch_sizes),
    )
    options = _share(options, devices)
    limit = None if time_limit is None else check_positive("time_limit", time_limit)
    if dry_run:
        planned = workflows.list_planned(options, resume=resume, skip_completed=skip_completed)
        return make_grid_frame(workflows.make_planned_table(planned))
    finished = workflows.train(
        options,
        open_progress(shown=progress),
        resume=resume,
        skip_completed=skip_completed,
        time_limit=limit,
        launch=launch,
    )
    return _read_last_epochs(finished)


def speed(
    *variants: str,
    batch_sizes: Iterable[int] = (64,),
    devices: int | str | Iterable[int] | None = None,
    inference: bool = False,
    precision_target: float = 0.02,
    time_limit: float = 60.0,
    energy: bool = False,
    progress: bool = True,
    **settings: Unpack[SpeedSettings],
) -> "pd.DataFrame":
    """Speed and memory of real steps on random images: one row a measurement, with the columns of :func:`load`.

    Each variant is measured at each batch size, on each number of ``devices`` (of this host, that share every batch; or
    ``"all"``), until half the width of the median's 95 % interval is below
    ``precision_target`` of the median, or for ``time_limit`` seconds, compiling and warm-up included. ``"all"`` means
    every named network, ``"blog"`` the seven of the blog series. ``inference`` measures forward passes instead of
    training steps. ``energy`` times for 10 instead of 3 seconds on a GPU, for a certain figure of that.
    ``settings`` are those of :class:`densebench.api.settings.SpeedSettings`. Errors as in :func:`train`.
    """
    finished = workflows.speed(
        _share(make_options(settings, SpeedSettings, variants=variants), devices),
        check_whole_numbers("batch_sizes", batch_sizes),
        open_progress(shown=progress),
        inference=inference,
        precision_target=check_fraction("precision_target", precision_target),
        time_limit=check_positive("time_limit", time_limit),
        energy=energy,
    )
    return _read_last_epochs(finished)


def _share(options: TrainOptions, devices: int | str | Iterable[int] | None) -> TrainOptions:
    """The options with a number of devices, or with several as one more axis."""
    found = read_devices(devices)
    if len(found) > 1:
        return dataclasses.replace(options, axes=(*options.axes, *make_axes({}, devices=found)))
    return dataclasses.replace(options, devices=found[0] if found else None)


@dataclass(frozen=True, repr=False)
class Evaluation:
    """What :func:`evaluate` has found. Shown as tables, in a notebook as in a terminal."""

    _finished: Finished
    _confusion: Confusion

    def to_frame(self) -> "pd.DataFrame":
        """One row with the columns of :func:`load`: loss, accuracies as fractions, throughput, latency."""
        return _read_last_epochs([self._finished])

    def by_class(self) -> "pd.DataFrame":
        """One row a class: its images, and its accuracy as a fraction."""
        return make_grid_frame(make_class_grid(self._confusion.classes, self._confusion.counts))

    def confusion(self) -> "pd.DataFrame":
        """Images by true class (rows) and the class that was answered (columns)."""
        import pandas as pd

        classes = self._confusion.classes
        return pd.DataFrame(self._confusion.counts, index=classes, columns=classes)

    def plot(self, path: str | Path) -> list[Path]:
        """Draw the confusion matrix into a file or a folder; returns the files written."""
        return workflows.plot_confusion(self._confusion, self._finished.run, Path(path))

    def __repr__(self) -> str:
        return render_text(self._tables())

    def _repr_html_(self) -> str:
        return render_html(self._tables())

    def _tables(self) -> RenderableType:
        return draw_grids(make_evaluation_grids(self._finished.run, self._confusion.classes, self._confusion.counts))


def evaluate(
    source: str,
    *,
    preprocess: str | None = None,
    test_time_flip: bool = False,
    progress: bool = True,
    **settings: Unpack[EvaluateSettings],
) -> Evaluation:
    """Evaluate a trained network on its test images: a run by its name, folder or CSV, or a ``.keras`` file.

    ``settings`` are those of :class:`densebench.api.settings.EvaluateSettings`; a file needs a ``dataset``.
    ``preprocess`` says how images are prepared for a file, as on the command line. ``test_time_flip``: the answers to
    each image and to its mirror image are averaged, which the evaluation says of its images. Raises
    :class:`densebench.errors.InputError`, :class:`densebench.errors.RunFailed` with the reason of an evaluation that
    failed, and :class:`densebench.errors.Interrupted`.
    """
    options = make_options(settings, EvaluateSettings)
    evaluated = workflows.evaluate(
        source, options, open_progress(shown=progress), preprocess=preprocess, test_time_flip=test_time_flip
    )
    _raise_if_interrupted(evaluated.finished)
    if evaluated.confusion is None:
        raise RunFailed(str(evaluated.finished.outcome.reason))
    return Evaluation(evaluated.finished, evaluated.confusion)


def _read_last_epochs(finished: Sequence[Finished]) -> "pd.DataFrame":
    """Of the runs of this host: those that another host owns have their rows there."""
    for one in finished:
        _raise_if_interrupted(one)
        is_recorded = one.results.exists() and one.run.status == one.outcome.status
        if one.outcome.exit_code and not (one.has_begun and is_recorded):
            raise RunFailed(str(one.outcome.reason))
    return read_frame([one.results for one in finished if one.has_begun], last=True)


def _raise_if_interrupted(finished: Finished) -> None:
    if finished.was_signalled:
        reason = finished.outcome.reason or "Stopped by a signal."
        hint = (
            f" Continue it with resume={finished.run.run!r}."
            if finished.run.phase == "train" and finished.has_begun
            else ""
        )
        raise Interrupted(f"Run {finished.run.run!r}: {reason}{hint}", finished.outcome.signal_number)
