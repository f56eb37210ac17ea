import dataclasses
import itertools

from densebench.prediction.budget import TIME_TO_TARGET, TOTAL_TIME, judge, parse_plan_budget
from densebench.prediction.choice import Change, choose, mark_front
from densebench.prediction.values import Accuracy, TargetTime

DAY = "total_time<=1000s"


def reached(value):
    return Accuracy(mean=value, low=value, high=value, deviation=None, count=1, is_own=True, source="1 own run")


def timed(seconds, runs=1):
    """The time to a target; ``None`` where no run reached it."""
    epochs = () if seconds is None else (1,) * runs
    return TargetTime(epochs=epochs, count=runs, best=0.9, seconds=seconds, interval=None)


def choose_among(candidates, budget=None, changes=()):
    limits = () if budget is None else parse_plan_budget(budget)
    judged = [judge(one, limits, 1) for one in candidates] if limits else candidates
    return choose(judged, limits, 1, lambda candidate: changes)


def change(option, prediction, *, changes_training=False):
    return Change(option=option, predict=lambda: prediction, changes_training=changes_training)


def test_the_most_accurate_that_fits_is_chosen(candidate):
    found = choose_among(
        [
            candidate("small", seconds=10, accuracy=reached(0.8)),
            candidate("good", seconds=900, accuracy=reached(0.9)),
            candidate("large", seconds=5000, accuracy=reached(0.95)),
            candidate("unknown", seconds=100, macs=10**12),
        ],
        DAY,
    )
    assert (found.chosen.label, found.by_accuracy, found.nearest.label) == ("good", True, "large")


def test_of_equally_accurate_ones_the_faster_is_chosen(candidate):
    pair = [candidate("slow", seconds=20, accuracy=reached(0.9)), candidate("fast", seconds=10, accuracy=reached(0.9))]
    assert choose_among(pair).chosen.label == "fast"


def test_without_any_known_accuracy_the_one_that_computes_most_is_chosen(candidate):
    found = choose_among([candidate("small", macs=10), candidate("large", macs=1000, seconds=999)], DAY)
    assert (found.chosen.label, found.by_accuracy) == ("large", False)


def test_every_choice_agrees_with_brute_force(candidate):
    axes = itertools.product((10, 900, 5000), (None, 0.8, 0.9))
    ones = [
        candidate(
            f"{index}", seconds=seconds + index, accuracy=None if value is None else reached(value), macs=index + 1
        )
        for index, (seconds, value) in enumerate(axes)
    ]
    for size in (1, 2, 3):
        for some in itertools.combinations(ones, size):
            fitting = [one for one in some if one.prediction.total_seconds <= 1000]
            known = [one for one in fitting if one.accuracy]
            if known:
                best = max(known, key=lambda one: (one.accuracy.mean, -one.prediction.total_seconds))
            else:
                best = max(fitting, key=lambda one: one.forward_macs, default=None)
            found = choose_among(list(some), DAY).chosen
            assert (found and found.label) == (best and best.label)


def test_where_nothing_fits_the_nearest_is_named_with_the_changes_that_help(candidate):
    fast, slow = candidate("fast", seconds=2000), candidate("slow", seconds=9000)
    shorter = dataclasses.replace(fast.prediction, total_seconds=700.0)
    changes = [
        change("--batch-size 128", fast.prediction, changes_training=True),
        change("--recipe short", shorter, changes_training=True),
        change("--precision mixed_bfloat16", None),
    ]
    found = choose_among([slow, fast], DAY, changes)
    assert (found.chosen, found.nearest.label) == (None, "fast")
    assert [one.option for one in found.alternatives] == ["--recipe short"]


def test_a_change_is_looked_for_from_the_most_accurate_on_and_none_is_predicted_in_vain(candidate):
    asked = []

    def never():
        asked.append(1)
        return None

    ones = [candidate(f"{n}", seconds=2000 + n, accuracy=reached(0.9 + n / 100)) for n in range(5)]
    found = choose_among(
        [candidate("fits", accuracy=reached(0.5)), *ones],
        DAY,
        [Change(option="--recompute", predict=never, changes_training=False)],
    )
    assert (found.chosen.label, found.nearest.label, found.alternatives) == ("fits", "4", ())
    assert len(asked) == 3


def test_a_change_of_the_training_does_not_keep_the_accuracy(candidate):
    limits = f"{DAY},accuracy>=90%"
    one = candidate("a", seconds=2000, accuracy=reached(0.95))
    shorter = dataclasses.replace(one.prediction, total_seconds=700.0)
    kept = choose_among([one], limits, [change("--recompute", shorter)])
    lost = choose_among([one], limits, [change("--recipe short", shorter, changes_training=True)])
    assert (len(kept.alternatives), len(lost.alternatives)) == (1, 0)


def test_what_could_not_be_measured_is_neither_chosen_nor_nearest(candidate):
    found = choose_among([candidate("failed", prediction=None, problem="Memory ran out.")])
    assert (found.chosen, found.nearest) == (None, None)


def test_the_front_is_what_nothing_beats_in_accuracy_and_time(candidate):
    ones = [
        candidate("a", seconds=10, accuracy=reached(0.8)),
        candidate("b", seconds=20, accuracy=reached(0.9)),
        candidate("c", seconds=30, accuracy=reached(0.85)),
        candidate("d", seconds=5),
    ]
    assert [one.label for one in mark_front(ones, TOTAL_TIME) if one.on_front] == ["a", "b"]


def test_without_any_accuracy_the_front_is_of_multiply_adds(candidate):
    ones = [candidate("a", seconds=10, macs=5), candidate("b", seconds=20, macs=9), candidate("c", seconds=30, macs=7)]
    assert [one.label for one in mark_front(ones, TOTAL_TIME) if one.on_front] == ["a", "b"]


def test_with_a_target_the_first_to_reach_it_is_chosen_however_accurate(candidate):
    ones = [
        candidate("accurate", accuracy=reached(0.95), target_time=timed(30.0)),
        candidate("first", accuracy=reached(0.8), target_time=timed(20.0)),
        candidate("unknown", seconds=1.0, accuracy=reached(0.99)),
        candidate("never", seconds=1.0, accuracy=reached(0.9), target_time=timed(None)),
        candidate("dear", seconds=5000, target_time=timed(1.0)),
    ]
    found = choose_among(ones, DAY)
    assert (found.chosen.label, found.by_target, found.nearest.label) == ("first", True, "dear")


def test_where_no_time_to_the_target_is_known_who_missed_it_goes_last(candidate):
    never = candidate("never", accuracy=reached(0.9), target_time=timed(None))
    found = choose_among([never, candidate("unknown", accuracy=reached(0.8))])
    assert (found.chosen.label, found.by_target, found.by_accuracy) == ("unknown", False, True)
    assert choose_among([never]).chosen.label == "never"


def test_the_front_of_times_to_a_target_has_none_that_never_reached_it(candidate):
    ones = [
        candidate("a", accuracy=reached(0.8), target_time=timed(10.0)),
        candidate("b", accuracy=reached(0.9), target_time=timed(20.0)),
        candidate("never", accuracy=reached(0.99), target_time=timed(None)),
        candidate("unknown", accuracy=reached(0.99)),
    ]
    assert [one.label for one in mark_front(ones, TIME_TO_TARGET) if one.on_front] == ["a", "b"]


def test_a_changed_training_has_no_known_time_to_the_target(candidate):
    one = candidate("a", seconds=2000, target_time=timed(10.0))
    shorter = dataclasses.replace(one.prediction, total_seconds=700.0)
    changes = [change("--recipe short", shorter, changes_training=True)]
    assert len(choose_among([one], DAY, changes).alternatives) == 1
    assert choose_among([one], f"{DAY},time_to_target<=100s", changes).alternatives == ()
