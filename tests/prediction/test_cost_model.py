from functools import cache

import numpy as np
import pytest

from densebench.models import cost, variants
from densebench.prediction.cost_model import TARGETS, CostModel, list_parts

TARGET = TARGETS["image_seconds"]
NETWORKS = ("resnet20", "resnet56", "40x12", "100x12", "121x32", "wrn16x8", "preresnet164", "densenet-40x12")


@cache
def parts_of(variant, batch_size=64):
    return list_parts(cost.count(variants.find(variant), classes=10, image_size=32), batch_size)


def compute(parts, factors):
    return sum(factor * parts[part] for part, factor in factors.items())


def test_a_law_of_the_same_parts_is_found_exactly_from_as_many_networks():
    law = {part: factor * scale for (part, factor), scale in zip(TARGET.proportions.items(), (3, 2, 5), strict=True)}
    seen = [parts_of(name) for name in NETWORKS[:7]]
    model = CostModel(TARGET, seen, [compute(parts, law) for parts in seen])
    other = parts_of(NETWORKS[7])
    assert model.predict(other).value == pytest.approx(compute(other, law), rel=0.03)


@pytest.mark.parametrize("name", NETWORKS)
def test_one_network_sets_the_speed_of_a_machine_with_the_usual_proportions(name):
    factors = {part: 7 * factor for part, factor in TARGET.proportions.items()}
    parts = parts_of(name)
    model = CostModel(TARGET, [parts], [compute(parts, factors)])
    for other in NETWORKS:
        assert model.predict(parts_of(other)).value == pytest.approx(compute(parts_of(other), factors))


def test_the_speed_of_the_machine_does_not_change_how_the_model_bends():
    figures = [
        compute(parts_of(name), TARGET.proportions) * scale for name, scale in zip(NETWORKS, range(3, 11), strict=True)
    ]
    slow = CostModel(TARGET, [parts_of(name) for name in NETWORKS], figures)
    fast = CostModel(TARGET, [parts_of(name) for name in NETWORKS], [figure / 1000 for figure in figures])
    for name in ("wrn28x10", "40x36"):
        one, other = slow.predict(parts_of(name)), fast.predict(parts_of(name))
        assert one.value == pytest.approx(1000 * other.value)
        assert one.error == pytest.approx(other.error)


def test_no_part_ever_costs_less_than_nothing():
    figures = [1.0 if name == "wrn16x8" else 10.0 for name in NETWORKS]  # the largest is the fastest
    model = CostModel(TARGET, [parts_of(name) for name in NETWORKS], figures)
    assert all(model.predict(parts_of(name)).value > 0 for name in variants.VARIANTS)


def test_a_network_unlike_those_that_were_measured_is_less_certain():
    seen = ("40x12", "100x12", "densenet-40x12")
    model = CostModel(
        TARGET, [parts_of(name) for name in seen], [compute(parts_of(n), TARGET.proportions) for n in seen]
    )
    assert model.predict(parts_of("wrn28x10")).error > 1.5 * model.predict(parts_of("40x36")).error


def test_figures_that_fit_no_law_make_predictions_less_certain():
    seen = [parts_of(name) for name in NETWORKS]
    exact = [compute(parts, TARGET.proportions) for parts in seen]
    wild = [figure * scale for figure, scale in zip(exact, (0.5, 2, 0.5, 2, 0.5, 2, 0.5, 2), strict=True)]
    other = parts_of("40x36")
    assert CostModel(TARGET, seen, wild).predict(other).error > 3 * CostModel(TARGET, seen, exact).predict(other).error


def test_intervals_hold_the_truth_at_their_rate():
    """Machines whose networks scatter by the usual error around the usual proportions; three are measured."""
    random = np.random.default_rng(0)
    inside = trials = 0
    for _ in range(300):
        scatter = dict(zip(NETWORKS, np.exp(random.normal(0, TARGET.error, len(NETWORKS))), strict=True))
        figures = {name: compute(parts_of(name), TARGET.proportions) * scatter[name] for name in NETWORKS}
        chosen = random.choice(NETWORKS, 3, replace=False)
        model = CostModel(TARGET, [parts_of(name) for name in chosen], [figures[name] for name in chosen])
        for name in set(NETWORKS) - set(chosen):
            found = model.predict(parts_of(name))
            distance = abs(np.log(figures[name] / found.value)) / found.error
            inside += distance <= 2.36  # Student's t of 7 degrees of freedom at 97.5 %
            trials += 1
    assert 0.93 <= inside / trials <= 1.0
