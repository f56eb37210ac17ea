import dataclasses

import pytest
from made_up_plan import HOUR, list_four, make_plan, make_target_plan

from densebench.comparison.statistics import Interval
from densebench.reporting.plan.sentences import write_closing
from densebench.reporting.plan.target_sentences import write_targets

FIRST = "resnet20 reaches 94 % first, in 3.7 h ± 8 %; the whole training takes 8.5 h ± 2 %, 0.82 GiB."


def test_the_first_at_the_target_is_named_before_what_its_whole_training_costs():
    assert write_closing(make_target_plan())[0] == f"Of the networks with learning curves here, {FIRST}"


@pytest.mark.parametrize(
    ("shown", "budget", "sentence"),
    [
        (4, "total_time<=1d", f"Within the budget, of the networks with learning curves here, {FIRST}"),
        (3, "total_time<=1d", f"Within the budget, {FIRST}"),
        (3, None, FIRST),
        (1, None, FIRST.replace(" first,", "")),
    ],
)
def test_a_sentence_claims_no_more_than_is_known(shown, budget, sentence):
    candidates = make_target_plan().candidates[:shown]
    assert write_closing(make_plan(candidates, budget=budget, target=0.94))[0] == sentence


def test_whatever_lacks_a_time_or_an_interval_says_why_and_the_cheapest_how_to_measure_it():
    assert write_targets(make_target_plan()) == [
        "100x12 reached 94 % in 3 of 5 own runs only (at best 94.12 %), so no time is given.",
        "The time to the target of 40x12 is by one run, which does not show how much seeds differ: several give it an "
        "interval.",
        "No run here shows when wrn28x10 reaches 94 %: that takes a completed training with the same data, recipe, "
        "epochs and batch size, and published figures have no learning curve. 'densebench train wrn28x10 --dataset "
        "cifar10' measures it.",
    ]


def test_of_several_without_a_learning_curve_the_cheapest_is_proposed():
    (sentence,) = write_targets(make_plan(target=0.94))
    assert sentence.startswith("No run here shows when resnet20, 40x12, 100x12 and wrn28x10 reach 94 %: ")
    assert sentence.endswith("'densebench train resnet20 --dataset cifar10' measures it.")
    unmeasured = [dataclasses.replace(one, prediction=None) for one in list_four()[1:]]
    assert "densebench train 40x12" in write_targets(make_plan(unmeasured, target=0.94, chosen=None))[0]


def test_a_target_that_no_run_reached_names_the_best_that_one_did():
    one = make_target_plan().candidates[0]
    never = dataclasses.replace(one, target_time=dataclasses.replace(one.target_time, epochs=(), seconds=None))
    assert write_targets(make_plan([never], target=0.96)) == [
        "resnet20 never reached 96 % in 5 own runs (at best 95.10 %)."
    ]


def test_an_interval_beyond_the_end_of_the_training_says_that_a_run_may_miss_the_target():
    one = make_target_plan().candidates[0]
    wide = dataclasses.replace(one.target_time, interval=Interval(low=HOUR, high=9 * HOUR))
    assert write_targets(make_plan([dataclasses.replace(one, target_time=wide)], target=0.94)) == [
        "The interval of the time to the target of resnet20 goes beyond the end of the training: one more run may end "
        "without reaching 94 %."
    ]
    assert write_targets(make_plan([one], target=0.94)) == []


def test_without_a_target_nothing_is_said_of_one():
    assert write_targets(make_plan()) == []
