from densebench.models import cost, variants
from densebench.prediction.cost_model import list_parts
from densebench.prediction.predict import Predictor
from densebench.prediction.trials import Open, choose_next, estimate_trial


def count(variant):
    return cost.count(variants.find(variant), classes=10, image_size=32)


def parts(variant):
    return list_parts(count(variant), 64)


def open_all(*names, seconds=10.0):
    return [Open(index=index, parts=parts(name), seconds=seconds) for index, name in enumerate(names)]


def test_the_smallest_network_goes_first():
    assert choose_next(open_all("100x12", "resnet20", "wrn28x10"), [], 60.0) == 1


def test_a_trial_that_cannot_be_done_in_time_is_not_begun():
    assert choose_next(open_all("100x12", "resnet20", seconds=61.0), [], 60.0) is None
    assert choose_next([], [], 60.0) is None


def test_of_trials_that_take_as_long_the_one_that_tells_of_most_others_is_next():
    names = ("100x12", "40x12", "densenet-40x12", "160x24", "wrn16x8", "resnet56")
    chosen = choose_next(open_all(*names), [parts("wrn28x10"), parts("resnet20")], 60.0)
    assert names[chosen] in ("100x12", "160x24", "40x12")  # what most others are like, and nothing seen is


def test_a_short_trial_goes_before_a_long_one_of_a_like_network():
    ones = [Open(index=0, parts=parts("100x12"), seconds=50.0), Open(index=1, parts=parts("40x12"), seconds=10.0)]
    assert choose_next(ones, [parts("resnet20")], 60.0) == 1


def test_a_trial_is_estimated_from_what_was_measured(measured):
    predictor = Predictor([measured("resnet20"), measured("100x12")], count)
    small, large = (estimate_trial(predictor, parts(name), 64) for name in ("resnet20", "wrn28x10"))
    assert 10 < small < 30
    assert large > 64 * 7 * 2e-11 * count("wrn28x10").forward_macs  # seven steps
    assert estimate_trial(None, parts("resnet20"), 64) > 0
