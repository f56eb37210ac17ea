"""What a run is, in columns: first from its configuration, then from its data, network and backend as they resolve."""

import dataclasses
import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from densebench.config import RunConfig, fingerprint
from densebench.events import Ready
from densebench.measuring import environment
from densebench.models.cost import Cost
from densebench.recipes import Recipe, write_inline
from densebench.records import BY_THE_CLOCK, WITH_EPOCHS, WITH_UPDATES, EpochRecord, Phase, Run
from densebench.results.target import find_first_reaching
from densebench.schedules import describe_schedule

if TYPE_CHECKING:
    from densebench.data.images import Dataset
    from densebench.training.backends.backend import BackendFacts


def describe_request(config: RunConfig, phase: Phase) -> Run:
    """The run as it was asked for; nothing heavy is loaded for it."""
    run = Run(
        run=config.run,
        phase=phase,
        started=datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        command=config.command or None,
        fingerprint=fingerprint(config),
        variant=config.variant,
        variant_sha256=config.variant_sha256,
        dataset=config.data.dataset.split(":")[0],
        batch_size=config.recipe.batch_size,
        seed=config.seed,
        backend=config.backend,
        precision=config.precision,
        recompute=config.recompute,
        deterministic=config.deterministic,
        devices=config.devices,
        hosts=config.hosts,
        batch_norm=config.batch_norm,
        optimizer=config.recipe.optimizer if phase in WITH_UPDATES else None,
        checkpoint_every=config.checkpoint_every if phase in WITH_EPOCHS else None,
    )
    return with_recipe(run, config) if phase == "train" else run


def with_recipe(run: Run, config: RunConfig) -> Run:
    """The run with the recipe that trains it, or that has trained what it evaluates."""
    recipe = config.recipe
    stops = f"until {config.target:.2%}" if config.stop_at_target and config.target is not None else ""
    return dataclasses.replace(
        run,
        recipe=recipe.name,
        recipe_text=write_inline(recipe),
        epochs=recipe.epochs,
        base_learning_rate=recipe.learning_rate,
        schedule=", ".join(filter(None, (describe_schedule(recipe), recipe.extensions, stops))),
        optimizer=recipe.optimizer,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
        label_smoothing=recipe.label_smoothing,
        target=config.target,
        resumed=0,
    )


def with_data(run: Run, dataset: "Dataset", recipe: Recipe) -> Run:
    """The run with the data that it really uses."""
    from densebench.data.batches import describe_augmentation

    if dataset.random_labels and run.phase not in BY_THE_CLOCK:
        run = with_warning(run, "accuracy means nothing: the labels are random")
    run = dataclasses.replace(
        run, dataset=dataset.name, classes=len(dataset.class_names), image_size=dataset.image_size
    )
    for warning in dataset.warnings:
        run = with_warning(run, warning)
    if run.phase in BY_THE_CLOCK:  # its images are made up
        return run
    return dataclasses.replace(
        run,
        dataset_sha256=dataset.sha256,
        train_images=len(dataset.train.labels),
        validation_images=0 if dataset.validation is None else len(dataset.validation.labels),
        test_images=len(dataset.test.labels),
        augmentation=describe_augmentation(recipe, dataset.flip_allowed) if run.phase == "train" else None,
    )


def with_cost(run: Run, cost: Cost) -> Run:
    """The run with what its network counts."""
    return dataclasses.replace(
        run,
        params=cost.params,
        trainable_params=cost.trainable_params,
        non_trainable_params=cost.non_trainable_params,
        forward_macs=cost.forward_macs,
        weights_bytes=cost.weights_bytes,
    )


def with_peculiarities(run: Run, peculiarities: Sequence[str]) -> Run:
    """The run with what is peculiar to its network, as warnings."""
    for warning in peculiarities:
        run = with_warning(run, warning)
    return run


def with_backend(run: Run, facts: "BackendFacts") -> Run:
    """The run with what the backend made of its configuration, and the machine it runs on."""
    if run.recompute and (facts.name, facts.device_kind) == ("jax", "cpu"):  # docs/performance.md
        run = with_warning(run, "--recompute saves no memory here: on a CPU JAX's compiler keeps the activations")
    return dataclasses.replace(
        run,
        implementation=facts.implementation,
        jit=facts.jit and (facts.name != "torch" or run.phase in WITH_UPDATES),  # PyTorch compiles those steps alone
        tf32=facts.tf32,
        deterministic=facts.deterministic,
        threads=facts.threads,
        environment=environment.probe(facts),
    )


def with_devices(run: Run, devices: Sequence[str]) -> Run:
    """The run with a list of what computes."""
    return dataclasses.replace(run, environment=dataclasses.replace(run.environment, device_list="; ".join(devices)))


def with_records(run: Run, records: Sequence[EpochRecord], *, total_seconds: float | None) -> Run:
    """The run with these finished epochs, and with the time at which the first of them reached its target."""
    reached = None if run.target is None else find_first_reaching(records, run.target)
    return dataclasses.replace(
        run,
        records=tuple(records),
        total_seconds=total_seconds,
        time_to_target_seconds=reached.elapsed_seconds if reached else None,
    )


def with_readiness(run: Run, ready: Ready) -> Run:
    """The run with what it took to its first step; a time that a clock set back has made negative is unknown."""
    taken = dataclasses.asdict(ready)
    known: dict[str, Any] = {
        name: None if seconds is None or seconds < 0 else seconds for name, seconds in taken.items()
    }
    return dataclasses.replace(run, **known)


def find_seconds_before(run: Run, records: Sequence[EpochRecord]) -> float | None:
    """What a resumed run took until it was stopped, by its row or its last epoch: a kill may have come between them."""
    known = [run.total_seconds, records[-1].elapsed_seconds if records else None]
    return max((seconds for seconds in known if seconds is not None), default=None)


def with_host_peak(run: Run, host_peak_bytes: int | None) -> Run:
    """The run with the process's peak in its last epoch, if that has risen since the epoch ended."""
    last = run.records[-1]
    known = [peak for peak in (last.host_peak_bytes, host_peak_bytes) if peak is not None]
    record = dataclasses.replace(last, host_peak_bytes=max(known, default=None))
    return dataclasses.replace(run, records=(*run.records[:-1], record))


def with_warning(run: Run, warning: str) -> Run:
    """The run with one more thing that a reader of its figures must know; each is said once."""
    said = run.warnings.split("; ") if run.warnings else []
    return run if warning in said else dataclasses.replace(run, warnings="; ".join([*said, warning]))
