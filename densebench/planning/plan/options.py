"""What ``plan`` is asked for: the texts of the command line, parsed once into values."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from densebench.config import BACKENDS, PRECISIONS
from densebench.errors import InputError, unknown
from densebench.planning.options import TrainOptions, parse_seeds
from densebench.prediction.budget import (
    COSTS,
    PRICE,
    TIME_TO_TARGET,
    TOTAL_TIME,
    Limits,
    PlanFigure,
    find_plan_figure,
    parse_plan_budget,
)
from densebench.prediction.values import NO_PRICES, Prices
from densebench.quantities import convert_to_unit, parse_quantity

# A network of each kind, from the smallest to the largest that people train.
SPAN = ("resnet20", "resnet_32_c", "40x12", "100x12", "121x32", "wrn28x10")
_PRICE = re.compile(r"\s*([^\d\s.,+-]{0,3})\s*([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*([^\d\s.,+-]{0,3})\s*")


@dataclass(frozen=True, kw_only=True)
class PlanOptions:
    """The options of ``plan``; several values of one and of another mean every combination of them."""

    train: TrainOptions  # its variants are names, 'all' or 'blog'; none: a short list
    batch_sizes: tuple[int, ...] = ()  # none: the recipe's
    precisions: tuple[str, ...] = ("float32",)
    backends: tuple[str, ...] = ("tensorflow",)
    devices: tuple[int, ...] = (1,)
    seeds: int = 1  # trainings of each
    seeds_as_given: str | None = None  # where they were named, and not only counted
    within: float = 120.0  # seconds for measuring, in all
    remeasure: bool = False  # whether measurements that are on disk do not count
    budget: str | None = None  # as given
    limits: Limits = ()
    cost: PlanFigure = TOTAL_TIME  # of the front
    prices: Prices = NO_PRICES


def parse_plan_options(
    train: TrainOptions,
    *,
    batch_sizes: Sequence[int] = (),
    precision: str | None = None,
    backend: str | None = None,
    devices: Sequence[int] = (1,),
    seeds: str | None = None,
    within: str = "2m",
    remeasure: bool = False,
    budget: str | None = None,
    cost: str = "total_time",
    price_per_hour: str | None = None,
    price_per_kwh: str | None = None,
    watts: float | None = None,
) -> PlanOptions:
    """The options as ``densebench plan`` takes them; raises :class:`InputError` for the first that is wrong."""
    limits = () if budget is None else parse_plan_budget(budget)
    chosen_cost = _find_cost(cost)
    prices = _parse_prices(price_per_hour, price_per_kwh, watts)
    asked_for = (chosen_cost, *(limit.of for limit in limits))
    if train.target is None and TIME_TO_TARGET in asked_for:
        raise InputError("A plan has a time to target only with --target: give the test accuracy, such as 0.94.")
    if prices.per_hour is None and prices.per_kwh is None and PRICE in asked_for:
        raise InputError(
            "A plan has a price only with --price-per-hour or --price-per-kwh: give one, such as '0.30 €'."
        )
    return PlanOptions(
        train=train,
        batch_sizes=tuple(batch_sizes),
        precisions=_parse_choices("precision", precision or PRECISIONS[0], PRECISIONS),
        backends=_parse_choices("backend", backend or BACKENDS[0], BACKENDS),
        devices=tuple(devices),
        seeds=_count_seeds(seeds),
        seeds_as_given=seeds if seeds is not None and not seeds.strip().isdecimal() else None,
        within=_parse_within(within),
        remeasure=remeasure,
        budget=budget,
        limits=limits,
        cost=chosen_cost,
        prices=prices,
    )


def _parse_prices(per_hour: str | None, per_kwh: str | None, watts: float | None) -> Prices:
    """``"0.30 €"`` a kWh, ``"$1.20"`` an hour; raises :class:`InputError`, also for two currencies."""
    hour, hour_currency = _parse_price("--price-per-hour", per_hour)
    kwh, kwh_currency = _parse_price("--price-per-kwh", per_kwh)
    if hour_currency and kwh_currency and hour_currency != kwh_currency:
        raise InputError(
            f"--price-per-hour is in {hour_currency} and --price-per-kwh in {kwh_currency}: give both in one currency."
        )
    if watts is not None and not 0 < watts < 1e9:
        raise InputError(f"--watts {watts:g} must be above 0: give the power that the machine draws while it trains.")
    return Prices(per_hour=hour, per_kwh=kwh, watts=watts, currency=hour_currency or kwh_currency)


def _parse_price(option: str, text: str | None) -> tuple[float | None, str]:
    if text is None:
        return None, ""
    match = _PRICE.fullmatch(text)
    if match is None or (match[1] and match[3]):
        raise InputError(f"{option} {text!r} is no price: write it as 0.30, '0.30 €' or '$0.30'.")
    return float(match[2]), match[1] or match[3]


def _parse_choices(kind: str, text: str, known: Sequence[str]) -> tuple[str, ...]:
    chosen = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    for one in chosen:
        if one not in known:
            raise unknown(kind, one, known)
    return chosen


def _count_seeds(text: str | None) -> int:
    """``5`` means five seeds here, ``0-4`` these five."""
    if text is None:
        return 1
    if not text.strip().isdecimal():
        return len(parse_seeds(text))
    if not 1 <= int(text) <= 10_000:
        raise InputError(f"--seeds {text} is no number of trainings: give 1 to 10000.")
    return int(text)


def _parse_within(text: str) -> float:
    seconds = convert_to_unit("seconds", parse_quantity(text, "--within"), "--within")
    if seconds <= 0:
        raise InputError(f"--within {text} leaves no time to measure: give 1m or more.")
    return seconds


def _find_cost(name: str) -> PlanFigure:
    if name not in COSTS:
        raise unknown("cost", name, COSTS)
    return find_plan_figure(name)
