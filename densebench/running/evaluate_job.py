"""One evaluation, in its own process."""

import dataclasses
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

from densebench import files
from densebench.events import EpochEnded, Message, Warned
from densebench.measuring.host import read_host_peak_bytes
from densebench.records import EpochRecord
from densebench.running import run_columns
from densebench.running.context import RunContext
from densebench.running.tasks import EvaluateTask

if TYPE_CHECKING:
    import keras

    from densebench.training.evaluate import Evaluation

CONFUSION_FILE = "confusion.json"
_TRUST = "It is loaded in Keras's safe mode, which is not a sandbox: evaluate only a file whose author you trust."


def evaluate(task: EvaluateTask, context: RunContext) -> None:
    """Evaluate on the test images; the confusion matrix is written beside the log."""
    from densebench.training import evaluate as evaluation

    images, batch_size = context.dataset.test, task.config.recipe.batch_size
    model = _load_weights(task, context) if task.model_file is None else _load_file(task.model_file, context)
    context.start(epochs=1, steps=-(-len(images.labels) // batch_size))
    found = evaluation.evaluate(
        model=model,
        facts=context.facts,
        dataset=context.dataset,
        images=images,
        batch_size=batch_size,
        should_stop=context.should_stop,
    )
    record = _make_record(found, context.dataset.class_names)
    _save_confusion(found, context.dataset.class_names, context.directory)
    context.update(dataclasses.replace(context.run, source=task.source))
    context.report(EpochEnded(record=record))


def _load_file(file: str, context: RunContext) -> "keras.Model":
    """The network of a ``.keras`` file; the row says what it counts."""
    from densebench.training import export

    context.report(Message(text=f"{file}: {_TRUST}"))
    model = export.load_model(Path(file))
    trainable = sum(math.prod(variable.shape) for variable in model.trainable_variables)
    context.update(
        dataclasses.replace(
            context.run,
            params=model.count_params(),
            trainable_params=trainable,
            non_trainable_params=model.count_params() - trainable,
            seed=None,
        )
    )
    return model


def _load_weights(task: EvaluateTask, context: RunContext) -> "keras.Model":
    """The network of the trained run, with the weights of its newest checkpoint."""
    from densebench.training.checkpoints import checkpoint

    context.update(run_columns.with_recipe(context.run, task.config))
    context.count_network()
    model = context.build_trainee().model
    loaded = checkpoint.load_weights(Path(task.directory or "."), model)
    for notice in loaded.notices:
        context.report(Warned(text=notice))
    return model


def _make_record(found: "Evaluation", class_names: tuple[str, ...]) -> EpochRecord:
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
    files.replace(directory / CONFUSION_FILE, f"{json.dumps(content)}\n".encode())
