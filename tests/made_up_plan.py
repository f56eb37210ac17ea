"""A plan made by hand, of the figures of one small machine; nothing is measured."""

import dataclasses

from densebench.comparison.statistics import Interval
from densebench.machine import Environment
from densebench.prediction.values import (
    Accuracy,
    Alternative,
    Candidate,
    Choice,
    Plan,
    Prediction,
    Prices,
    TargetTime,
    Workload,
)

GIB = 2**30
HOUR, DAY = 3600.0, 86_400.0


def predict(seconds, gibibytes, *, share=0.02, ends=None, measured=True, **others):
    """A prediction whose 95 % interval is ``ends``, or a share of the time to either side."""
    low, high = ends or (seconds * (1 - share), seconds * (1 + share))
    peak = gibibytes * GIB
    found = Prediction(
        total_seconds=seconds,
        total_interval=Interval(low=low, high=high),
        peak_bytes=peak,
        peak_interval=Interval(low=0.96 * peak, high=1.04 * peak),
        on_gpu=False,
        energy_joules=65 * seconds,
        price=65 * seconds / 3.6e6 * 0.3,
        measured=measured,
        source="resnet20-trial-b64-tensorflow" if measured else None,
        measured_at="2026-01-01T00:00:00+00:00" if measured else None,
        implementation="fast",
    )
    return dataclasses.replace(found, **others)


def know(low, high=None, *, source="He et al. arXiv:1512.03385", count=1, own=False, deviation=None):
    high = low if high is None else high
    return Accuracy(
        mean=(low + high) / 2, low=low, high=high, deviation=deviation, count=count, is_own=own, source=source
    )


def make_candidate(label, prediction, accuracy=None, **others):
    """A candidate whose label begins with its variant; further names are its fields."""
    variant = label.split(" ")[0]
    found = Candidate(
        label=label,
        variant=variant,
        params=271_098,
        forward_macs=40_551_040,
        batch_size=64,
        precision="float32",
        backend="tensorflow",
        devices=1,
        prediction=prediction,
        problem=None,
        accuracy=accuracy,
        command=f"densebench train {variant} --dataset cifar10",
    )
    return dataclasses.replace(found, **others)


def list_four():
    """Two that fit into a day, two that do not; one of each kind that is not known in every way."""
    return (
        make_candidate("resnet20", predict(8.5 * HOUR, 0.82), know(0.9125), fits=True, on_front=True),
        make_candidate("40x12", predict(23.5 * HOUR, 1.3, share=0.08), fits=True, is_close=True),
        make_candidate(
            "100x12",
            predict(1.9 * DAY, 2.7),
            know(0.9531, 0.9549, count=2, source="Huang et al. arXiv:1608.06993; Pleiss et al. arXiv:1707.06990"),
            fits=False,
            reason="time",
            on_front=True,
        ),
        make_candidate(
            "wrn28x10",
            predict(34.7 * DAY, 2.6, ends=(28.1 * DAY, 42.4 * DAY), measured=False),
            know(0.9583, source="Zagoruyko and Komodakis arXiv:1605.07146"),
            fits=False,
            reason="time",
            on_front=True,
        ),
    )


def make_plan(candidates=None, *, chosen=0, nearest=None, alternatives=(), seeds=1, **others):
    """The plan of a day on cifar10; further names are fields of it."""
    candidates = list_four() if candidates is None else tuple(candidates)
    best = None if chosen is None else candidates[chosen]
    found = Plan(
        candidates=candidates,
        choice=Choice(
            chosen=best,
            by_accuracy=best is not None and best.accuracy is not None,
            by_target=best is not None and best.target_time is not None and best.target_time.seconds is not None,
            nearest=nearest,
            alternatives=tuple(alternatives),
        ),
        workload=Workload(train_images=50_000, eval_images=10_000, image_size=32, epochs=300, seeds=seeds),
        dataset="cifar10",
        recipe="blog",
        batch_size=64,
        machine=Environment(cpu="AMD EPYC", cpu_cores=2, ram_bytes=int(23.54 * GIB)),
        measured=("resnet20", "40x12", "100x12"),
        measuring_seconds=112.0,
        budget="total_time<=1d,memory<=8GiB",
        cost="total_time",
        target=None,
        prices=Prices(per_kwh=0.3, watts=65, currency="€"),
        notes=(),
    )
    return dataclasses.replace(found, **others)


def make_target_plan(**others):
    """Three networks of four have learning curves: of five runs, of a single one, of five that missed 94 % twice."""
    times = (
        TargetTime(
            epochs=(120, 130, 140, 130, 130),
            count=5,
            best=0.951,
            seconds=3.7 * HOUR,
            interval=Interval(low=3.4 * HOUR, high=4.0 * HOUR),
        ),
        TargetTime(epochs=(50,), count=1, best=0.945, seconds=3.9 * HOUR, interval=None),
        TargetTime(epochs=(200, 210, 220), count=5, best=0.9412, seconds=None, interval=None),
        None,
    )
    candidates = [dataclasses.replace(one, target_time=time) for one, time in zip(list_four(), times, strict=True)]
    return make_plan(candidates, **{"target": 0.94, "budget": None, **others})


def make_day_plan():
    """A budget that two networks keep, and two ways in which a third would."""
    candidates = list_four()
    ways = (
        Alternative(option="--recipe short", prediction=predict(15.2 * HOUR, 2.7), changes_training=True),
        Alternative(
            option="--precision mixed_bfloat16",
            prediction=predict(21.0 * HOUR, 1.9, measured=False),
            changes_training=True,
        ),
    )
    return make_plan(candidates, nearest=candidates[2], alternatives=ways)
