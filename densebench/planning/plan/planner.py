"""``plan``: measure on this machine what tells most in the time there is, and predict the rest from it."""

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from densebench.config import DataConfig, RunConfig, name_variant
from densebench.data.images import DatasetFacts
from densebench.errors import InputError
from densebench.events import Ended
from densebench.machine import Environment
from densebench.measuring.stopwatch import Clock
from densebench.models.cost import Cost
from densebench.models.variants import find
from densebench.planning.networks import count_on
from densebench.planning.options import name_axes
from densebench.planning.plan.machine_settings import describe_setting
from densebench.prediction.cost_model import Part, list_parts
from densebench.prediction.measurements import find_measurements, measure, name_network
from densebench.prediction.optimizer_cost import predict_muon
from densebench.prediction.predict import Predictor
from densebench.prediction.trials import EPOCHS, EVAL_BATCHES, Open, choose_next, estimate_trial
from densebench.prediction.values import Prediction, Prices, Workload
from densebench.records import Run

_BATCHES = 64  # of different images in a trial
_LEARNING_RATE = 1e-3  # so that nothing diverges on random labels
_LONGEST_STEPS = 15.0  # seconds; more show little more
_SHARE_OF_STEPS = 0.25  # of the time that is left
_CAUTION = 1.5  # times that a trial in an unknown setting may take longer than in a known one

# Does the trial of a configuration: its steps in so many seconds, and all of it in so many. Gives its run, if it has
# written one, and how it ended.
RunTrial = Callable[[RunConfig, float, float], tuple[Run | None, Ended]]
_Key = tuple[object, ...]


@dataclass(frozen=True, kw_only=True)
class Request:
    """A network as it would be trained."""

    config: RunConfig
    cost: Cost

    @property
    def setting(self) -> _Key:
        """What is equal where the measurements of one network tell of another.

        The devices too: what a second one gives depends on the links between them, of which one device shows nothing.
        """
        config = self.config
        decisive = (config.implementation, config.recompute, config.jit, config.threads, config.deterministic)
        shared = (config.devices, config.hosts, config.batch_norm)
        return (config.backend, config.precision, config.recipe.optimizer, *decisive, *shared)

    def exchange_optimizer(self, optimizer: Literal["sgd", "muon"]) -> "Request":
        """The same training but for it."""
        recipe = dataclasses.replace(self.config.recipe, optimizer=optimizer)
        return dataclasses.replace(self, config=dataclasses.replace(self.config, recipe=recipe))

    @property
    def network(self) -> str:
        """A name that no other network has."""
        return name_network(self.config.variant, self.config.variant_sha256)

    @property
    def key(self) -> _Key:
        return (*self.setting, self.network, self.config.recipe.batch_size)

    @property
    def parts(self) -> dict[Part, float]:
        return list_parts(self.cost, self.config.recipe.batch_size)


class Planner:
    """The runs that are known, what they tell of a request, and the time in which more can be measured."""

    def __init__(
        self,
        *,
        facts: DatasetFacts,
        here: Environment,
        runs: Sequence[Run],
        run_trial: RunTrial,
        within: float,
        costs: Mapping[str, Cost] | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        """``costs`` are those of the networks that were asked for, by the names that :func:`name_network` gives."""
        self._facts, self._here = facts, here
        self._costs = costs or {}
        self._run_trial, self._clock = run_trial, clock
        self._began = clock()
        self._within = within
        self._runs = list(runs)
        self._own: dict[str, _Key] = {}  # the trials made here: run to setting
        self._predictors: dict[_Key, Predictor | None] = {}
        self._failed: dict[_Key, str] = {}
        self.measured: list[str] = []  # variants, in the order of their trials

    @property
    def spent(self) -> float:
        """Seconds since the beginning."""
        return self._clock() - self._began

    @property
    def left(self) -> float:
        """Seconds in which more can be measured."""
        return self._within - self.spent

    def measure_all(self, requests: Sequence[Request]) -> None:
        """One trial after another, the one that tells most a second first, until no more can be done in time."""
        settings = list(dict.fromkeys(request.setting for request in requests))
        while (chosen := self._choose(requests, settings)) is not None:
            self._try_out(*chosen)

    def predict(self, request: Request, workload: Workload, prices: Prices) -> Prediction | None:
        """What the training costs; ``None`` where nothing is known of its setting, or it could not be done at all."""
        if request.key in self._failed:
            return None
        predictor, size = self._find_predictor(request), request.config.recipe.batch_size
        if predictor is not None:
            return predictor.predict(request.network, request.cost, size, workload, prices)
        if request.config.recipe.optimizer != "muon":
            return None
        by_sgd = self.predict(request.exchange_optimizer("sgd"), workload, prices)
        return None if by_sgd is None else predict_muon(by_sgd, request.cost, size)

    def measure_one(self, request: Request, *, like: Request) -> None:
        """A trial of this network, if it can be done in time; ``like`` is the same network in a known setting."""
        if request.key in self._failed:
            return
        size = like.config.recipe.batch_size
        seconds = _CAUTION * estimate_trial(self._find_predictor(like), like.parts, size)
        if seconds <= self.left:
            self._try_out(request, seconds)

    def find_problem(self, request: Request) -> str | None:
        """Why it could not be measured."""
        return self._failed.get(request.key)

    def _choose(self, requests: Sequence[Request], settings: Sequence[_Key]) -> tuple[Request, float] | None:
        """A setting of which nothing is known goes before any other."""
        open_ones = [
            entry for index, one in enumerate(requests) if (entry := self._describe_open(index, one)) is not None
        ]
        for setting in sorted(settings, key=lambda setting: self._predictors.get(setting) is not None):
            here = [entry for entry in open_ones if requests[entry.index].setting == setting]
            predictor = self._predictors.get(setting)
            index = choose_next(here, [] if predictor is None else predictor.parts, self.left)
            if index is not None:
                seconds = next(entry.seconds for entry in here if entry.index == index)
                return requests[index], seconds
        return None

    def _describe_open(self, index: int, request: Request) -> Open | None:
        """The request as one that can be measured; ``None`` if it is, or could not be."""
        predictor = self._find_predictor(request)
        batch_size = request.config.recipe.batch_size
        if request.key in self._failed or (predictor and predictor.find(request.network, batch_size)):
            return None
        return Open(index=index, parts=request.parts, seconds=estimate_trial(predictor, request.parts, batch_size))

    def _find_predictor(self, request: Request) -> Predictor | None:
        setting = request.setting
        if setting not in self._predictors:
            wanted = describe_setting(
                request.config, self._here, image_size=self._image_size, classes=self._facts.classes or 10
            )
            own = [run for run, its in self._own.items() if its == setting]
            found = find_measurements(self._runs, wanted, own=own)
            self._predictors[setting] = Predictor(found, self._count) if found else None
        return self._predictors[setting]

    def _try_out(self, request: Request, seconds: float) -> None:
        spare = max(0.0, self.left - seconds)
        steps = min(_LONGEST_STEPS, max(_SHARE_OF_STEPS * spare, _LONGEST_STEPS / 3))
        run, ended = self._run_trial(self._configure_trial(request.config), steps, max(1.0, self.left))
        if run is not None and ended.status == "completed" and measure(run) is not None:
            self._runs.append(run)
            self._own[run.run] = request.setting
            self._predictors.pop(request.setting, None)
            self.measured.append(request.config.variant)
        else:
            self._failed[request.key] = ended.reason or "It ended without a measurement."

    def _configure_trial(self, config: RunConfig) -> RunConfig:
        """The same network, batch size, augmentation and software on random images of the same size."""
        batch_size = config.recipe.batch_size
        whole = self._facts.train_images or batch_size
        images = min(whole, _BATCHES * batch_size + whole % batch_size)
        data = DataConfig(
            dataset="synthetic",
            image_size=self._image_size,
            classes=self._facts.classes,
            train_limit=images,
            test_limit=EVAL_BATCHES * batch_size,
        )
        recipe = dataclasses.replace(config.recipe, learning_rate=_LEARNING_RATE, epochs=EPOCHS)
        several = name_axes(config, ["devices"]) if config.devices > 1 else []
        return dataclasses.replace(
            config,
            run="-".join([name_variant(config.variant), "trial", f"b{batch_size}", config.backend, *several]),
            data=data,
            recipe=recipe,
            checkpoint_every=1,
            target=None,
            stop_at_target=False,
        )

    @property
    def _image_size(self) -> int:
        return self._facts.image_size or 32

    def _count(self, network: str) -> Cost | None:
        """What a network counts; ``None`` for one that only a results file names: its code is not run for that."""
        if network in self._costs:
            return self._costs[network]
        try:
            return count_on(find(network), self._facts)
        except InputError:
            return None
