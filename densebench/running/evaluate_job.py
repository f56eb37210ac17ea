"""One evaluation, in its own process."""

import dataclasses
import json
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING

from densebench.events import EpochEnded, Message, Started
from densebench.measuring.host import read_host_peak_bytes
from densebench.measuring.stopwatch import elapsed
from densebench.records import EpochRecord
from densebench.running import run_columns
from densebench.running.book import Book
from densebench.running.channel import Channel
from densebench.running.directory import run_directory
from densebench.running.instruments import memory_named
from densebench.running.preparing import Ground, count, prepare
from densebench.running.stopping import Stopper
from densebench.running.tasks import EvaluateTask

if TYPE_CHECKING:
    import keras

    from densebench.training.evaluate import Evaluation

CONFUSION_FILE = "confusion.json"
TRUST = "It is loaded in Keras's safe mode, which is no sandbox: evaluate only a file whose author you trust."


def evaluate(task: EvaluateTask, book: Book, channel: Channel, stopper: Stopper) -> None:
    """Evaluate on the test images; the row goes into the book, the confusion matrix beside the log."""
    began = time.perf_counter()
    config = task.config
    ground = prepare(config, book, channel)
    model = _model(task, ground, book, channel)
    from densebench.training import evaluate as evaluation

    channel.send(
        Started(
            run=book.run.run,
            variant=book.run.variant,
            params=book.run.params or 0,
            epochs=1,
            steps=-(-len(ground.dataset.test.labels) // config.recipe.batch_size),
            first_epoch=1,
        )
    )
    with memory_named(config):
        found = evaluation.evaluate(
            model=model,
            facts=ground.facts,
            dataset=ground.dataset,
            images=ground.dataset.test,
            batch_size=config.recipe.batch_size,
            should_stop=stopper.check,
        )
    record = _record(found, ground.dataset.class_names)
    _save_confusion(found, ground.dataset.class_names, run_directory(config.runs_dir, str(config.run)))
    total = elapsed(began, time.perf_counter())
    book.update(dataclasses.replace(book.run, records=(record,), source=task.source, total_seconds=total))
    channel.send(EpochEnded(record=record))


def _model(task: EvaluateTask, ground: Ground, book: Book, channel: Channel) -> "keras.Model":
    """The network of the run's newest checkpoint, or of the file."""
    from densebench.training import export
    from densebench.training.checkpoints import checkpoint
    from densebench.training.trainee import build_trainee

    if task.model_file is not None:
        channel.send(Message(text=f"{task.model_file}: {TRUST}"))
        model = export.load_model(Path(task.model_file))
        trainable = sum(math.prod(variable.shape) for variable in model.trainable_variables)
        book.update(
            dataclasses.replace(
                book.run,
                params=model.count_params(),
                trainable_params=trainable,
                non_trainable_params=model.count_params() - trainable,
                seed=None,
            )
        )
        return model
    book.update(run_columns.with_recipe(book.run, task.config))
    count(task.config, book, ground.dataset)
    model = build_trainee(
        task.config, ground.facts, classes=len(ground.dataset.class_names), image_size=ground.dataset.image_size
    ).model
    loaded = checkpoint.load_weights(run_directory(task.config.runs_dir, task.source), model)
    for notice in loaded.notices:
        channel.send(Message(text=notice))
        book.update(run_columns.with_warning(book.run, notice))
    return model


def _record(found: "Evaluation", class_names: tuple[str, ...]) -> EpochRecord:
    scores = found.scores
    return EpochRecord(
        eval_seconds=found.eval_seconds,
        images_per_second=found.images_per_second,
        latency_ms_p50=found.latency_ms_p50,
        latency_ms_p95=found.latency_ms_p95,
        host_peak_bytes=read_host_peak_bytes(),
        test_loss=scores.loss,
        test_accuracy=scores.accuracy,
        test_top5_accuracy=scores.top5_accuracy,
        class_accuracy=json.dumps(dict(zip(class_names, scores.class_accuracies, strict=True))),
    )


def _save_confusion(found: "Evaluation", class_names: tuple[str, ...], directory: Path) -> None:
    content = {"classes": list(class_names), "confusion": found.scores.confusion.tolist()}
    (directory / CONFUSION_FILE).write_text(json.dumps(content) + "\n")
