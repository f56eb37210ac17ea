import math

import pytest

from densebench.models import cost, variants
from densebench.prediction.measurements import count_data_bytes
from densebench.prediction.predict import Predictor
from densebench.prediction.values import NO_PRICES, Prices, Workload

WORK = Workload(train_images=50_000, eval_images=10_000, image_size=32, epochs=300)


def count(variant):
    return cost.count(variants.find(variant), classes=10, image_size=32)


def predict(predictor, variant, *, batch_size=64, work=WORK, prices=NO_PRICES):
    return predictor.predict(variant, count(variant), batch_size, work, prices)


def test_a_measured_network_costs_what_its_parts_add_up_to(measured):
    one = measured("resnet20", image_seconds=0.002, eval_image_seconds=0.001, epoch_seconds=0.5, start_seconds=8.0)
    found = predict(Predictor([one], count), "resnet20")
    assert found.total_seconds == pytest.approx(8 + 300 * (50_000 * 0.002 + 10_000 * 0.001 + 0.5))
    assert (found.measured, found.source, found.implementation) == (True, "resnet20-trial", "fast")
    assert found.total_interval.low < found.total_seconds < found.total_interval.high


def test_its_memory_is_that_of_the_trial_and_the_pixels_of_the_dataset(measured):
    found = predict(Predictor([measured("resnet20", peak_bytes=1e9)], count), "resnet20")
    assert found.peak_bytes == 1e9 + count_data_bytes(60_000, 32)
    on_gpu = predict(Predictor([measured("resnet20", peak_bytes=1e9, on_gpu=True)], count), "resnet20")
    assert on_gpu.peak_bytes == 1e9


def test_a_network_that_was_not_measured_is_predicted_from_the_others(measured):
    seen = [measured(name) for name in ("resnet20", "40x12", "100x12", "wrn16x8")]
    found = predict(Predictor(seen, count), "resnet110")
    truth = predict(Predictor([measured("resnet110")], count), "resnet110")
    assert (found.measured, found.source) == (False, None)
    assert found.total_seconds == pytest.approx(truth.total_seconds, rel=0.1)
    assert found.peak_bytes == pytest.approx(truth.peak_bytes, rel=0.1)
    assert found.total_interval.low < truth.total_seconds < found.total_interval.high


def test_the_same_network_at_another_batch_size_is_predicted(measured):
    predictor = Predictor([measured("resnet20"), measured("40x12"), measured("100x12")], count)
    truth = predict(Predictor([measured("40x12", 128)], count), "40x12", batch_size=128)
    found = predict(predictor, "40x12", batch_size=128)
    assert not found.measured
    assert found.total_seconds == pytest.approx(truth.total_seconds, rel=0.1)


def test_the_newest_of_two_measurements_counts(measured):
    predictor = Predictor([measured("resnet20", factor=2), measured("resnet20")], count)
    assert predictor.find("resnet20", 64).image_seconds == measured("resnet20", factor=2).image_seconds


def test_a_measured_network_is_more_certain_than_a_predicted_one(measured):
    predictor = Predictor([measured("resnet20"), measured("40x12")], count)

    def width(name):
        found = predict(predictor, name)
        return math.log(found.total_interval.high / found.total_interval.low)

    assert width("resnet20") < width("resnet56")
    noisy = Predictor([measured("resnet20", spread=0.3)], count)
    found = predict(noisy, "resnet20")
    assert math.log(found.total_interval.high / found.total_interval.low) > width("resnet56")


def test_energy_is_what_the_card_measured_or_the_power_times_the_time(measured):
    one = measured("resnet20", image_joules=0.1)
    assert predict(Predictor([one], count), "resnet20").energy_joules == pytest.approx(0.1 * 50_000 * 300)
    given = predict(Predictor([one], count), "resnet20", prices=Prices(watts=100.0))
    assert given.energy_joules == pytest.approx(100 * given.total_seconds)
    assert predict(Predictor([measured("resnet20")], count), "resnet20").energy_joules is None


def test_the_price_is_that_of_the_hours_and_of_the_energy(measured):
    predictor = Predictor([measured("resnet20")], count)
    found = predict(predictor, "resnet20", prices=Prices(per_hour=2.0, per_kwh=0.5, watts=1000.0))
    hours = found.total_seconds / 3600
    assert found.price == pytest.approx(2.0 * hours + 0.5 * hours)
    assert predict(predictor, "resnet20").price is None


def test_energy_that_nobody_knows_has_no_price(measured):
    found = predict(Predictor([measured("resnet20")], count), "resnet20", prices=Prices(per_hour=2.0, per_kwh=0.5))
    assert (found.energy_joules, found.price) == (None, None)


def test_memory_that_no_measurement_shows_is_unknown(measured):
    found = predict(Predictor([measured("resnet20", peak_bytes=None)], count), "40x12")
    assert (found.peak_bytes, found.peak_interval) == (None, None)
    assert found.total_seconds > 0
