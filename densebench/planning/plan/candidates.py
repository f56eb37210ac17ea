"""From the options of ``plan`` to networks with their costs, and the choice among them."""

import dataclasses
import itertools
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from densebench.comparison.values import ON_ONE_DEVICE
from densebench.config import RunConfig
from densebench.data.images import DatasetFacts
from densebench.errors import InputError
from densebench.models.variant import AnyVariant
from densebench.planning.networks import choose_network, count_on, expand_variants, require_fitting_recipe
from densebench.planning.options import configure
from densebench.planning.plan.changes import Changer
from densebench.planning.plan.commands import write_command
from densebench.planning.plan.options import SPAN, PlanOptions
from densebench.planning.plan.planner import Planner, Request
from densebench.prediction.accuracy import expect_accuracy, find_published
from densebench.prediction.budget import judge, list_exceeded
from densebench.prediction.choice import Change, choose, mark_front
from densebench.prediction.own_runs import find_alike
from densebench.prediction.target import expect_target_time
from densebench.prediction.values import Candidate, Choice, Prediction, TargetTime, Workload
from densebench.recipes import RECIPES, write_inline
from densebench.records import Run
from densebench.schedules import describe_schedule

_AXES = ("batch", "precision", "backend", "devices")


def list_requests(options: PlanOptions, facts: DatasetFacts) -> list[Request]:
    """Every network in every setting; raises :class:`InputError` for what cannot be trained."""
    networks = expand_variants(options.train.variants or SPAN)
    axes = itertools.product(
        options.backends, options.precisions, options.batch_sizes or (None,), options.devices, networks
    )
    found = [
        _make_request(options, facts, network, backend=backend, precision=precision, batch_size=size, devices=devices)
        for backend, precision, size, devices, network in axes
    ]
    for one in found:
        require_fitting_recipe(one.config.recipe, facts)
        _require_one_process(one.config)
    return found


def _require_one_process(config: RunConfig) -> None:
    """A trial ends by the clock, and processes of one run that read clocks of their own would end after other steps."""
    if config.backend == "torch" and config.devices > 1:
        raise InputError(
            f"--devices {config.devices} with --backend torch has a process for each device, of which plan makes no "
            "trials: measure steps with densebench speed, or plan on tensorflow or jax."
        )


def _make_request(options: PlanOptions, facts: DatasetFacts, network: AnyVariant, **settings: object) -> Request:
    given = dataclasses.replace(options.train, **settings)  # type: ignore[arg-type]
    config = choose_network(configure(given, variant=network.name, run="x"), network)
    return Request(config=config, cost=count_on(network, facts, backend=config.backend))


def describe_workload(facts: DatasetFacts, config: RunConfig, seeds: int) -> Workload:
    """What any of the networks is trained on; raises :class:`InputError` where that is known only after loading."""
    if facts.train_images is None or facts.test_images is None or facts.image_size is None:
        raise InputError(f"{facts.name} does not say how many images it has: train on it once, or name another.")
    return Workload(
        train_images=facts.train_images,
        eval_images=facts.test_images + (facts.validation_images or 0),
        image_size=facts.image_size,
        epochs=config.recipe.epochs,
        seeds=seeds,
    )


def assemble(
    options: PlanOptions,
    facts: DatasetFacts,
    workload: Workload,
    requests: Sequence[Request],
    planner: Planner,
    runs: Sequence[Run],
    published: Sequence[Run],
) -> tuple[list[Candidate], Choice]:
    """The requests as candidates, judged and the front marked, and the choice; a change may still be measured."""
    axes = {name: len({_get_axis(one, name) for one in requests}) > 1 for name in _AXES}
    variants = Counter(variant for variant, _ in {(one.config.variant, one.network) for one in requests})
    candidates = []
    for request in requests:
        own = find_alike(runs, request.config.variant, _describe_learning(request.config, facts))
        found = Candidate(
            label=_name(request, axes, shares_name=variants[request.config.variant] > 1),
            variant=request.config.variant,
            params=request.cost.params,
            forward_macs=request.cost.forward_macs,
            batch_size=request.config.recipe.batch_size,
            precision=request.config.precision,
            backend=request.config.backend,
            devices=request.config.devices,
            prediction=planner.predict(request, workload, options.prices),
            problem=planner.find_problem(request),
            accuracy=expect_accuracy(own, _find_published_of(request.config, facts, published)),
            target_time=_expect_target_time(options, request, workload, planner, own),
            command=_write_command(options, request),
        )
        candidates.append(judge(found, options.limits, options.seeds) if options.limits else found)
    marked = mark_front(candidates, options.cost)
    by_label = {one.label: request for one, request in zip(marked, requests, strict=True)}

    def list_changes(candidate: Candidate) -> Iterable[Change]:
        changer = _make_changer(options, workload, planner, candidate, by_label[candidate.label])
        return changer.list_changes(list_exceeded(candidate, options.limits, options.seeds))

    return marked, choose(marked, options.limits, options.seeds, list_changes)


def _make_changer(
    options: PlanOptions, workload: Workload, planner: Planner, candidate: Candidate, request: Request
) -> Changer:
    return Changer(
        planner=planner,
        request=request,
        workload=workload,
        prices=options.prices,
        has_fixed_epochs=options.train.epochs is not None,
        has_fixed_batch_size=bool(options.batch_sizes),
        fits=lambda prediction: _would_fit(candidate, prediction, options),
    )


def _would_fit(candidate: Candidate, prediction: Prediction, options: PlanOptions) -> bool:
    """Whether it would with another training, of which no run shows when it reaches the target."""
    changed = dataclasses.replace(candidate, prediction=prediction, target_time=None)
    return judge(changed, options.limits, options.seeds).fits is True


def _get_axis(request: Request, name: str) -> object:
    config = request.config
    return config.recipe.batch_size if name == "batch" else getattr(config, name)


def _name(request: Request, axes: Mapping[str, bool], *, shares_name: bool) -> str:
    """The variant, with the path of its file where another has its name, and what else differs between candidates."""
    config = request.config
    texts = {
        "batch": f"batch {config.recipe.batch_size}",
        "precision": config.precision,
        "backend": config.backend,
        "devices": f"devices {config.devices}",
    }
    return " · ".join(
        [config.typed_variant if shares_name else config.variant, *(texts[name] for name in _AXES if axes[name])]
    )


def _write_command(options: PlanOptions, request: Request) -> str:
    size = request.config.recipe.batch_size
    counted = f"0-{options.seeds - 1}" if options.seeds > 1 else None
    return write_command(
        options.train,
        request.config,
        seeds=options.seeds_as_given or counted,
        batch_size=size if options.batch_sizes else None,
    )


def _expect_target_time(
    options: PlanOptions, request: Request, workload: Workload, planner: Planner, own: Sequence[Run]
) -> TargetTime | None:
    def predict(epochs: int) -> Prediction | None:
        return planner.predict(request, dataclasses.replace(workload, epochs=epochs), options.prices)

    target = options.train.target
    return None if target is None else expect_target_time(own, target, predict)


def _describe_learning(config: RunConfig, facts: DatasetFacts) -> dict[str, Collection[object]]:
    """The columns that decide what is learned in which epoch, each with the values that will do."""
    from densebench.data.batches import describe_augmentation

    recipe = config.recipe
    found = {
        "variant_sha256": config.variant_sha256,
        "dataset": facts.name,
        "classes": facts.classes,
        "image_size": facts.image_size,
        "train_images": facts.train_images,
        "test_images": facts.test_images,
        "recipe": recipe.name,
        "recipe_text": write_inline(recipe),
        "epochs": recipe.epochs,
        "batch_size": recipe.batch_size,
        "base_learning_rate": recipe.learning_rate,
        "schedule": describe_schedule(recipe),  # without the extensions of a run that was given more epochs later
        "optimizer": recipe.optimizer,
        "weight_decay": recipe.weight_decay,
        "label_smoothing": recipe.label_smoothing,
        "precision": config.precision,
        **_describe_batch_norm(config),
    }
    # whether the dataset allows flips is known once it is loaded, and is the same for all of its runs
    augmentations = {describe_augmentation(recipe, flip_allowed) for flip_allowed in (True, False)}
    return {**{column: (value,) for column, value in found.items()}, "augmentation": augmentations}


def _find_published_of(config: RunConfig, facts: DatasetFacts, published: Sequence[Run]) -> list[Run]:
    """What was published of the network, if it would be trained in that way: all images, and a recipe as it is."""
    recipe, data = config.recipe, config.data
    usual = RECIPES.get(recipe.name)
    is_usual = usual is not None and usual == dataclasses.replace(
        recipe, epochs=usual.epochs, batch_size=usual.batch_size
    )
    is_usual = is_usual and _describe_batch_norm(config)["batch_norm"] == ON_ONE_DEVICE["batch_norm"]
    is_all = data.train_limit is None and data.test_limit is None and not data.validation
    is_all = is_all and not facts.takes_test_fraction  # whose test images are some of the training images
    return find_published(published, config.variant, facts.name, recipe.epochs) if is_usual and is_all else []


def _describe_batch_norm(config: RunConfig) -> dict[str, object]:
    """Devices do not change what is learned, unless each normalises its own part of the batch."""
    if config.batch_norm == "replica" and config.replicas > 1:
        return {"batch_norm": config.batch_norm, "devices": config.devices, "hosts": config.hosts}
    return {"batch_norm": ON_ONE_DEVICE["batch_norm"]}
