"""What a run is, in columns: first from its configuration, then from its data, network and backend as they resolve."""

import dataclasses
import datetime
from typing import TYPE_CHECKING

from densebench.config import RunConfig, fingerprint
from densebench.measuring import environment
from densebench.models.cost import Cost
from densebench.records import Phase, Run

if TYPE_CHECKING:
    from densebench.data.datasets import Dataset
    from densebench.training.backend import BackendFacts


def asked(config: RunConfig, phase: Phase) -> Run:
    """The run as it was asked for, before anything heavy has loaded."""
    recipe = config.recipe
    return Run(
        run=str(config.run),
        phase=phase,
        started=datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        command=config.command or None,
        fingerprint=fingerprint(config),
        variant=config.variant,
        dataset=config.data.dataset.split(":")[0],
        recipe=recipe.name,
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        seed=config.seed,
        base_learning_rate=recipe.learning_rate,
        schedule=recipe.schedule,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
        label_smoothing=recipe.label_smoothing,
        backend=config.backend,
        precision=config.precision,
        recompute=config.recompute,
        deterministic=config.deterministic,
        target=config.target,
        resumed=0,
    )


def with_data(run: Run, dataset: "Dataset") -> Run:
    """The run with the data that it really uses."""
    return dataclasses.replace(
        run,
        dataset=dataset.name,
        dataset_sha256=dataset.sha256,
        classes=len(dataset.class_names),
        image_size=dataset.image_size,
        train_images=len(dataset.train.labels),
        validation_images=0 if dataset.validation is None else len(dataset.validation.labels),
        test_images=len(dataset.test.labels),
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


def with_backend(run: Run, facts: "BackendFacts") -> Run:
    """The run with what the backend made of its configuration, and the machine it runs on."""
    return dataclasses.replace(
        run,
        implementation=facts.implementation,
        jit=facts.jit,
        tf32=facts.tf32,
        deterministic=facts.deterministic,
        threads=facts.threads,
        environment=environment.probe(facts),
    )
