"""What a training costs, from measurements of its network or of others on the same machine."""

import math
from collections.abc import Callable, Mapping, Sequence

from densebench.comparison.statistics import Interval, t_quantile
from densebench.models.cost import Cost
from densebench.prediction.cost_model import TARGETS, CostModel, Estimate, Part, list_parts
from densebench.prediction.measurements import Measurement, count_data_bytes
from densebench.prediction.values import Prediction, Prices, Workload

_JOULES_A_KWH = 3.6e6
_SECONDS_AN_HOUR = 3600.0
_FIRM = 1000.0  # degrees of freedom of an error that is known
# Relative standard error of a process's peak on JAX, which comes from its compiler and differs from run to run:
# results/prediction, docs/performance.md
_COMPILING = 0.2


class Predictor:
    """Measurements of one setting on this machine, of any networks and batch sizes; there is at least one."""

    def __init__(self, measurements: Sequence[Measurement], count: Callable[[str], Cost | None]) -> None:
        """``measurements`` are the newest first; ``count`` gives what a variant counts, if that is known.

        Others are predicted from those networks alone of which all is known that a figure is made of.
        """
        self._measurements = measurements
        counted = [(one, count(one.variant)) for one in measurements]
        known = [(one, cost) for one, cost in counted if cost is not None and cost.forward_macs is not None]
        self._understood = [one for one, _ in known]
        self.parts = [list_parts(cost, one.batch_size) for one, cost in known]
        self._models: dict[str, CostModel | None] = {}

    def find(self, variant: str, batch_size: int) -> Measurement | None:
        """The newest measurement of a network at that batch size."""
        for one in self._measurements:
            if (one.variant, one.batch_size) == (variant, batch_size):
                return one
        return None

    def estimate(self, name: str, variant: str, cost: Cost, batch_size: int) -> Estimate | None:
        """A figure of a network, by its name in ``TARGETS``; ``None`` where no measurement shows it."""
        found = self.find(variant, batch_size)
        value = None if found is None else getattr(found, name)
        if found is not None and value is not None:
            return Estimate(value=value, error=_find_error(name, found), freedom=_FIRM)
        model = None if cost.forward_macs is None else self._find_model(name)
        return None if model is None else model.predict(list_parts(cost, batch_size))

    def predict(
        self, variant: str, cost: Cost, batch_size: int, workload: Workload, prices: Prices
    ) -> Prediction | None:
        """What a training of the network costs; ``None`` where nothing that was measured tells it."""
        figures = {name: self.estimate(name, variant, cost, batch_size) for name in TARGETS}
        if figures["image_seconds"] is None:
            return None
        found = self.find(variant, batch_size)
        newest = self._measurements[0]
        total = _add(
            (1.0, figures["start_seconds"]),
            (workload.epochs * workload.train_images, figures["image_seconds"]),
            (workload.epochs * workload.eval_images, figures["eval_image_seconds"]),
            (workload.epochs, figures["epoch_seconds"]),
        )
        peak = None if figures["peak_bytes"] is None else _add((1.0, figures["peak_bytes"]))
        held = 0 if newest.on_gpu else count_data_bytes(workload.held_images, workload.image_size)
        joules = _find_joules(figures["image_joules"], total.value, workload, prices)
        return Prediction(
            total_seconds=total.value,
            total_interval=_find_interval(total),
            peak_bytes=None if peak is None else peak.value + held,
            peak_interval=None if peak is None else _find_interval(peak, held),
            on_gpu=newest.on_gpu,
            energy_joules=joules,
            price=_find_price(total.value, joules, prices),
            measured=found is not None,
            source=None if found is None else found.run,
            measured_at=(found or newest).started,
            implementation=newest.implementation if found is None else found.implementation,
        )

    def guess(self, name: str, parts: Mapping[Part, float]) -> float:
        """A figure by the model alone; 0 where no measurement shows it."""
        model = self._find_model(name)
        return 0.0 if model is None else model.predict(parts).value

    def _find_model(self, name: str) -> CostModel | None:
        if name not in self._models:
            known = [
                (parts, value)
                for parts, one in zip(self.parts, self._understood, strict=True)
                if (value := getattr(one, name)) is not None and value > 0
            ]
            self._models[name] = _make_model(name, known)
        return self._models[name]


def _find_error(name: str, found: Measurement) -> float:
    """The relative standard error of a figure that was measured."""
    if name == "peak_bytes" and found.backend == "jax" and not found.on_gpu:
        return _COMPILING
    return math.hypot(TARGETS[name].drift, found.spread if name == "image_seconds" else 0.0)


def _make_model(name: str, known: Sequence[tuple[dict[Part, float], float]]) -> CostModel | None:
    if not known:
        return None
    return CostModel(TARGETS[name], [parts for parts, _ in known], [value for _, value in known])


def _add(*terms: tuple[float, Estimate | None]) -> Estimate:
    """The sum of estimates, each so many times; degrees of freedom by Welch and Satterthwaite."""
    known = [(times * one.value, one) for times, one in terms if one is not None]
    value = math.fsum(part for part, _ in known)
    variances = [((part * one.error) ** 2, one.freedom) for part, one in known]
    whole = math.fsum(variance for variance, _ in variances)
    freedom = whole**2 / math.fsum(variance**2 / freedom for variance, freedom in variances) if whole else _FIRM
    return Estimate(value=value, error=math.sqrt(whole) / value if value else 0.0, freedom=freedom)


def _find_interval(estimate: Estimate, offset: float = 0.0) -> Interval:
    """95 %, by Student's t on the logarithm: a cost is positive."""
    factor = math.exp(t_quantile(estimate.freedom) * estimate.error)
    return Interval(low=estimate.value / factor + offset, high=estimate.value * factor + offset)


def _find_joules(an_image: Estimate | None, seconds: float, workload: Workload, prices: Prices) -> float | None:
    """Of the whole time at the power that was given, else of the training steps where a card measures it."""
    if prices.watts is not None:
        return prices.watts * seconds
    return None if an_image is None else an_image.value * workload.train_images * workload.epochs


def _find_price(seconds: float, joules: float | None, prices: Prices) -> float | None:
    """``None`` where no price was given, or the energy that one is for is unknown."""
    if prices.per_hour is None and prices.per_kwh is None:
        return None
    if prices.per_kwh is not None and joules is None:
        return None
    energy = (prices.per_kwh or 0.0) * (joules or 0.0) / _JOULES_A_KWH
    return (prices.per_hour or 0.0) * seconds / _SECONDS_AN_HOUR + energy
