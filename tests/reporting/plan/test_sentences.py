import dataclasses

from made_up_plan import DAY, HOUR, know, list_four, make_candidate, make_day_plan, make_plan, predict

from densebench.machine import Environment
from densebench.prediction.values import Alternative, Workload
from densebench.reporting.plan.sentences import write_closing, write_heading


def test_the_heading_says_where_what_and_what_was_measured():
    assert write_heading(make_day_plan()) == [
        "AMD EPYC, 2 cores, 23.5 GiB, no GPU. cifar10: 50,000 images of 32x32. Recipe blog, 300 epochs, batch 64.",
        "Measured in 112 s: resnet20, 40x12 and 100x12; the rest predicted from them (~).",
    ]


def test_one_core_one_epoch_and_several_batch_sizes_read_as_english():
    machine = Environment(cpu=None, cpu_cores=1, gpu_name="NVIDIA L4")
    work = Workload(train_images=1437, eval_images=360, image_size=8, epochs=1)
    first, second = write_heading(make_plan(list_four()[:1], machine=machine, workload=work, batch_size=None))
    assert first == "Unknown CPU, 1 core, NVIDIA L4. cifar10: 1,437 images of 8x8. Recipe blog, 1 epoch."
    assert second == "Measured in 112 s: resnet20, 40x12 and 100x12."


def test_what_was_measured_earlier_is_not_said_to_be_predicted():
    assert write_heading(make_plan(measured=("40x12",)))[1] == (
        "Measured in 112 s: 40x12; earlier: resnet20 and 100x12; the rest predicted from them (~)."
    )


def test_without_a_measurement_of_its_own_a_plan_goes_by_earlier_ones():
    assert write_heading(make_plan(measured=()))[1] == (
        "By earlier measurements on this machine; the rest predicted from them (~)."
    )
    assert write_heading(make_plan(list_four()[:2], measured=()))[1] == "By earlier measurements on this machine."


def test_the_most_accurate_that_fits_is_chosen_and_what_would_make_a_better_one_fit_is_said():
    assert write_closing(make_day_plan()) == [
        "Within the budget, resnet20 is the most accurate of those whose accuracy is known: 8.5 h ± 2 %, 0.82 GiB.",
        "100x12 would fit with --recipe short (15.2 h, 2.7 GiB; accuracy unknown) or --precision mixed_bfloat16 "
        "(~21.0 h, ~1.9 GiB; accuracy unknown).",
    ]


def test_the_most_accurate_is_called_so_among_those_that_fit_and_whose_accuracy_is_known():
    resnet20, smaller, *beyond = list_four()
    unknown = dataclasses.replace(smaller, accuracy=None)
    (first,) = write_closing(make_plan([resnet20, unknown], chosen=0))
    assert first.startswith("Within the budget, resnet20 is the most accurate of those whose accuracy is known: 8.5 h")
    hidden = [dataclasses.replace(one, accuracy=None) for one in beyond]
    known = dataclasses.replace(smaller, accuracy=dataclasses.replace(resnet20.accuracy, mean=0.9))
    (first,) = write_closing(make_plan([resnet20, known, *hidden], chosen=0))
    assert first.startswith("Within the budget, resnet20 is the most accurate: 8.5 h")


def test_networks_of_one_accuracy_are_told_apart_by_their_time():
    resnet20, smaller, *_ = list_four()
    as_good = dataclasses.replace(smaller, accuracy=resnet20.accuracy)
    (first,) = write_closing(make_plan([resnet20, as_good], chosen=0, budget=None))
    assert first.startswith("resnet20 and 40x12 are the most accurate, and resnet20 takes the least time: 8.5 h")


def test_three_alternatives_are_a_list():
    ways = [
        Alternative(option=option, prediction=predict(HOUR, 1), changes_training=False)
        for option in ("--batch-size 32", "--batch-size 16", "--recompute")
    ]
    plan = make_plan(nearest=list_four()[2], alternatives=ways)
    assert write_closing(plan)[1] == (
        "100x12 would fit with --batch-size 32 (60.0 min, 1.0 GiB), --batch-size 16 (60.0 min, 1.0 GiB) or --recompute "
        "(60.0 min, 1.0 GiB)."
    )


def test_without_a_budget_nothing_is_said_of_one():
    plan = make_plan(chosen=3, budget=None)
    assert write_closing(plan) == [
        "wrn28x10 is the most accurate of those whose accuracy is known: ~34.7 d (28.1-42.4), ~2.6 GiB."
    ]


def test_without_any_accuracy_the_one_that_computes_most_is_proposed_and_the_quickest_teaches():
    candidates = [dataclasses.replace(one, accuracy=None) for one in list_four()]
    assert write_closing(make_plan(candidates, chosen=1)) == [
        "Within the budget, no accuracy on cifar10 is known; 40x12 computes most: 23.5 h ± 8 %, 1.3 GiB.",
        "The quickest way to learn about it is a run of resnet20 (8.5 h).",
    ]


def test_what_teaches_is_not_said_of_the_proposed_network_itself():
    candidates = [dataclasses.replace(one, accuracy=None) for one in list_four()]
    assert write_closing(make_plan(candidates, chosen=0, budget=None)) == [
        "No accuracy on cifar10 is known; resnet20 computes most: 8.5 h ± 2 %, 0.82 GiB."
    ]


def test_a_single_network_is_praised_for_nothing():
    only = list_four()[:1]
    assert write_closing(make_plan(only, budget=None)) == ["resnet20 takes 8.5 h ± 2 %, 0.82 GiB."]
    assert write_closing(make_plan(only)) == ["resnet20 fits the budget: 8.5 h ± 2 %, 0.82 GiB."]


def test_where_nothing_fits_the_nearest_is_named_with_what_would_make_it_fit():
    beyond = list_four()[2:]
    way = Alternative(option="--epochs 90", prediction=predict(13 * HOUR, 2.7), changes_training=True)
    assert write_closing(make_plan(beyond, chosen=None, nearest=beyond[0], alternatives=[way])) == [
        "Nothing fits the budget; 100x12 comes nearest: 45.6 h ± 2 %, 2.7 GiB.",
        "100x12 would fit with --epochs 90 (13.0 h, 2.7 GiB; accuracy unknown).",
    ]


def test_where_nothing_would_make_it_fit_that_is_said():
    beyond = list_four()[2:]
    assert write_closing(make_plan(beyond, chosen=None, nearest=beyond[0])) == [
        "Nothing fits the budget; 100x12 comes nearest: 45.6 h ± 2 %, 2.7 GiB.",
        "No shorter training, other batch size or less memory was found with which 100x12 would fit.",
    ]


def test_where_a_figure_of_the_budget_is_unknown_nothing_is_claimed():
    unclear = [make_candidate("resnet20", predict(HOUR, 1), fits=None, reason="price unknown")]
    assert write_closing(make_plan(unclear, chosen=None)) == ["Nothing is known to fit the budget."]


def test_where_nothing_was_measured_the_reasons_are_given():
    out_of_memory = make_candidate("100x12", None, problem="Out of memory (batch size 64): try --batch-size 32.")
    late = [make_candidate(variant, None) for variant in ("resnet20", "40x12")]
    plan = make_plan([out_of_memory, *late], chosen=None, measured=())
    assert write_heading(plan)[1] == "Nothing was measured."
    assert write_closing(plan) == [
        "Nothing can be proposed.",
        "100x12: Out of memory (batch size 64): try --batch-size 32.",
        "There was no time to measure resnet20 and 40x12: give more with --within.",
    ]


def test_of_several_seeds_the_time_of_all_is_told_also_in_the_alternatives():
    candidates = list_four()
    way = Alternative(option="--recipe short", prediction=predict(4 * HOUR, 2.7), changes_training=True)
    plan = make_plan(candidates, seeds=5, nearest=candidates[2], alternatives=[way])
    assert write_closing(plan) == [
        "Within the budget, resnet20 is the most accurate of those whose accuracy is known: 42.5 h ± 2 % for 5 runs, "
        "0.82 GiB.",
        "100x12 would fit with --recipe short (20.0 h, 2.7 GiB; accuracy unknown).",
    ]


def test_memory_that_no_measurement_shows_is_not_mentioned():
    only = make_candidate("resnet20", predict(DAY, 1, peak_bytes=None, peak_interval=None), know(0.9), fits=True)
    assert write_closing(make_plan([only], budget=None)) == ["resnet20 takes 24.0 h ± 2 %."]


def test_notes_come_last():
    assert write_closing(make_plan(notes=("Left out: bad.csv.",)))[-1] == "Left out: bad.csv."


def test_several_devices_that_all_share_are_named_and_one_goes_without_saying():
    two = make_candidate("resnet20", predict(HOUR, 1), devices=2)
    heading, _ = write_heading(make_plan([two]))
    assert heading.endswith("300 epochs, batch 64, 2 devices.")
    heading, _ = write_heading(make_plan([make_candidate("resnet20", predict(HOUR, 1)), two]))
    assert heading.endswith("batch 64.")
