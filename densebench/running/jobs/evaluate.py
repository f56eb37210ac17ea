"""One evaluation, in its own process."""

import dataclasses
import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from densebench import files
from densebench.config import fingerprint
from densebench.errors import InputError
from densebench.events import Entered, EpochEnded, Message, Warned
from densebench.measuring.host import read_host_peak_bytes
from densebench.records import EpochRecord
from densebench.results.class_accuracy import format_class_accuracy
from densebench.running import run_columns
from densebench.running.context import RunContext
from densebench.running.directory import read_config, run_directory
from densebench.running.jobs.preparation import RAW, Preparation, parse_preparation, standardise, standardise_by_data
from densebench.running.run_data import list_image_changes, read_identity, take_classes
from densebench.running.tasks import EvaluateTask

if TYPE_CHECKING:
    import keras

    from densebench.data.identity import DataIdentity
    from densebench.data.images import Dataset, Images
    from densebench.training.evaluate import Evaluation

CONFUSION_FILE = "confusion.json"
_MIRRORED = "; the answers to each image and to its mirror image are averaged"
_EVALUATE_THE_RUN = (
    "if the network has layers or functions of its own code, evaluate its run, which builds it by that code"
)
_TRUST = "It is loaded in Keras's safe mode, which is not a sandbox: evaluate only a file whose author you trust."


@dataclass(frozen=True, kw_only=True)
class _Subject:
    """A network, the images as it takes them, and what its answers are."""

    model: "keras.Model"
    dataset: "Dataset"
    preparation: Preparation
    probabilities: bool | None = False  # None: its answers show what they are


def evaluate(task: EvaluateTask, context: RunContext) -> None:
    """Evaluate on the test images or the held-out ones; the confusion matrix is written beside the log."""
    from densebench.training import evaluate as evaluation

    batch_size = task.config.recipe.batch_size
    subject = _load_run(task, context) if task.model_file is None else _load_file(task, task.model_file, context)
    dataset = subject.dataset
    if task.test_time_flip and not dataset.flip_allowed:
        raise InputError(f"--test-time-flip makes other images of those of {dataset.name}: leave it out.")
    images = _choose_images(task, dataset, context)
    prepared = subject.preparation.described + (_MIRRORED if task.test_time_flip else "")
    run = dataclasses.replace(context.run, source=task.source, preprocessing=prepared)
    if task.model_file is not None:  # what it was trained on is not known: these images are those of the data at hand
        run = dataclasses.replace(run, train_images=None)
    context.update(run)
    context.start(epochs=1, steps=-(-len(images.labels) // batch_size))
    context.report(Entered(stage="evaluating"))
    found = evaluation.evaluate(
        model=subject.model,
        facts=context.facts,
        dataset=dataclasses.replace(dataset, mean=subject.preparation.mean, deviation=subject.preparation.deviation),
        images=images,
        batch_size=batch_size,
        raise_if_stopped=context.raise_if_stopped,
        probabilities=subject.probabilities,
        test_time_flip=task.test_time_flip,
    )
    if subject.probabilities is None:
        answers = "add up to 1, so they are probabilities" if found.probabilities else "are logits"
        context.report(Message(text=f"The answers of {task.source} {answers}."))
    record = _make_record(found, dataset.class_names, held_out=task.held_out)
    _save_confusion(found, dataset.class_names, context.directory)
    if record.class_accuracy is None:
        context.report(Warned(text=_explain_empty_cell(context.directory / CONFUSION_FILE)))
    context.report(EpochEnded(record=record))


def _choose_images(task: EvaluateTask, dataset: "Dataset", context: RunContext) -> "Images":
    """The test images, or with ``--validation`` those that were held out of the training images."""
    if not task.held_out or dataset.validation is None:
        return dataset.test
    held_out = len(dataset.validation.labels)
    context.report(Warned(text=f"evaluated on the {held_out:,} held-out training images, not on the test images"))
    return dataset.validation


def _load_run(task: EvaluateTask, context: RunContext) -> _Subject:
    """The network of a run with the weights of its newest checkpoint, and the images as the run prepared them."""
    from densebench.training.checkpoints import checkpoint

    directory = Path(task.directory or run_directory(task.config.runs_dir, task.source))
    identity = read_identity(directory)
    if identity is None:
        context.report(Warned(text="whether the data have changed is unknown: the run does not say which they were"))
        prepared = standardise_by_data(context.dataset)
        dataset = context.dataset
    else:
        prepared = standardise(identity.mean, identity.deviation, "as trained")
        dataset = take_classes(context.dataset, identity, f"Run {task.source!r}")
        _warn_of_changes(identity, dataset, ("train", "validation", "test"), context)
    context.update(run_columns.with_recipe(context.run, task.config))
    context.count_network()
    model = context.build_trainee().model
    loaded = checkpoint.load_weights(directory, model)
    for notice in loaded.notices:
        context.report(Warned(text=notice))
    settings = fingerprint(dataclasses.replace(read_config(directory), seed=0))  # all that decided it but the seed
    _enter_source(hashlib.sha256(f"{settings} {loaded.description.epoch}".encode()).hexdigest(), context)
    return _Subject(model=model, dataset=dataset, preparation=prepared)


def _load_file(task: EvaluateTask, file: str, context: RunContext) -> _Subject:
    """The network of a ``.keras`` file: one that densebench trained, or any other."""
    from densebench.data.checksums import hash_file
    from densebench.training.model_files import export
    from densebench.training.model_files.model_origin import read_origin

    context.report(Message(text=f"{file}: {_TRUST}"))
    _enter_source(hash_file(Path(file)), context)
    origin = read_origin(Path(file))
    if origin is None:
        return _take_foreign(export.load_model(Path(file)), task, context)
    model = export.load_model(Path(file), _EVALUATE_THE_RUN if origin.is_foreign else export.ANOTHER_FILE)
    dataset = take_classes(context.dataset, origin.data, f"The model {task.source!r}")
    _warn_of_changes(origin.data, dataset, ("validation" if task.held_out else "test",), context)
    if origin.is_foreign:  # its code is not run for a file: the model in it is the network
        built = model
        context.count_built(model)
    else:
        context.count_network()
        built = context.build_trainee().model  # in the implementation of the run, to the last digit
        export.copy_variables(model, built)
    context.update(dataclasses.replace(context.run, seed=None))
    prepared = standardise(origin.data.mean, origin.data.deviation, "as trained")
    return _Subject(model=built, dataset=dataset, preparation=_parse_preprocess(task, context) or prepared)


def _enter_source(sha256: str, context: RunContext) -> None:
    context.update(dataclasses.replace(context.run, source_sha256=sha256))


def _take_foreign(model: "keras.Model", task: EvaluateTask, context: RunContext) -> _Subject:
    """A network that others have built: its layers say what it takes."""
    from densebench.models import model_layers

    model_layers.refuse_sigmoid(model)
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
    return _Subject(
        model=model,
        dataset=context.dataset,
        preparation=_choose_preparation(model_layers.find_preparation(model), task, context),
        probabilities=None,
    )


def _choose_preparation(layer: str | None, task: EvaluateTask, context: RunContext) -> Preparation:
    """As ``--preprocess`` says; else raw for a network whose ``layer`` prepares images, and by the data for others."""
    if task.preprocess is None and layer is not None:
        return dataclasses.replace(RAW, described=f"{RAW.described}, as the model has a {layer} inside")
    chosen = _parse_preprocess(task, context) or standardise_by_data(context.dataset)
    if layer is not None and chosen != RAW:
        context.report(Warned(text=f"the model has a {layer} inside, but its images were prepared before it too"))
    return chosen


def _parse_preprocess(task: EvaluateTask, context: RunContext) -> Preparation | None:
    """What ``--preprocess`` asks for; ``None`` without it."""
    if task.preprocess is None:
        return None
    return parse_preparation(task.preprocess) or standardise_by_data(context.dataset)


def _warn_of_changes(
    identity: "DataIdentity", dataset: "Dataset", splits: tuple[str, ...], context: RunContext
) -> None:
    for change in list_image_changes(identity, dataset, splits):
        context.report(Warned(text=f"{change} since the training"))


def _make_record(found: "Evaluation", class_names: tuple[str, ...], *, held_out: bool) -> EpochRecord:
    """Held-out images are those of validation, so the columns of the test images stay empty."""
    scores = found.scores
    return EpochRecord(
        eval_seconds=found.eval_seconds,
        images_per_second=found.images_per_second,
        latency_ms_p50=found.latency_ms_p50,
        latency_ms_p95=found.latency_ms_p95,
        host_peak_bytes=read_host_peak_bytes(),
        validation_loss=scores.loss if held_out else None,
        validation_accuracy=scores.accuracy if held_out else None,
        test_loss=None if held_out else scores.loss,
        test_accuracy=None if held_out else scores.accuracy,
        test_top5_accuracy=None if held_out else scores.top5_accuracy,
        class_accuracy=format_class_accuracy(class_names, scores.class_accuracies),
    )


def _explain_empty_cell(file: Path) -> str:
    return f"class_accuracy is empty, for a cell cannot hold so many classes: {file} has the counts of each class"


def _save_confusion(found: "Evaluation", class_names: tuple[str, ...], directory: Path) -> None:
    content = {"classes": list(class_names), "confusion": found.scores.confusion.tolist()}
    files.replace(directory / CONFUSION_FILE, f"{json.dumps(content)}\n".encode())
