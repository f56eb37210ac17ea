import dataclasses
import math
import random

import pytest

from densebench.comparison.compare import compare
from densebench.comparison.options import CompareOptions, parse_compare_options
from densebench.errors import InputError
from densebench.records import EpochRecord


def seeds(trained, variant="resnet20", accuracies=(0.90, 0.91, 0.92), **columns):
    return [trained(variant, seed, accuracy, **columns) for seed, accuracy in enumerate(accuracies)]


def labels(comparison):
    return [row.label for row in comparison.rows]


def only(comparison, label):
    return next(row for row in comparison.rows if row.label == label)


def test_runs_that_differ_in_the_seed_alone_are_one_row(trained):
    comparison = compare([*seeds(trained), *seeds(trained, "100x12")], CompareOptions())
    assert labels(comparison) == ["resnet20", "100x12"]
    summary = comparison.rows[0].summary("test_accuracy")
    assert summary.n == 3
    assert summary.mean == pytest.approx(0.91)
    assert summary.deviation == pytest.approx(0.01)
    assert summary.interval is not None
    assert (summary.interval.low, summary.interval.high) == pytest.approx((0.8819, 0.9319), abs=1e-4)


@pytest.mark.parametrize(
    "different",
    [
        {"backend": "jax"},
        {"precision": "mixed_float16"},
        {"batch_size": 32},
        {"dataset": "cifar10"},
        {"dataset_sha256": "cd" * 32},
        {"recipe": "short"},
        {"device": "Slow Card"},
        {"threads": 4},
        {"backend_version": "3.0"},
        {"status": "interrupted"},
        {"phase": "eval"},
    ],
)
def test_runs_that_differ_in_a_setting_are_never_silently_mixed(trained, different):
    comparison = compare([*seeds(trained), *seeds(trained, **different)], CompareOptions())
    assert len(comparison.rows) == 2
    assert len(set(labels(comparison))) == 2 or different == {"phase": "eval"}


def test_labels_name_what_tells_rows_of_one_variant_apart(trained):
    comparison = compare([*seeds(trained), *seeds(trained, backend="jax"), *seeds(trained, "100x12")], CompareOptions())
    assert labels(comparison) == ["resnet20 · tensorflow", "resnet20 · jax", "100x12"]


def test_without_grouping_every_run_is_a_row(trained):
    comparison = compare(seeds(trained), CompareOptions(group=False))
    assert sorted(labels(comparison)) == ["resnet20-s0", "resnet20-s1", "resnet20-s2"]


def test_other_grouping_columns_mix_runs_and_say_so(trained):
    runs = [*seeds(trained), *seeds(trained, accuracies=(0.93, 0.94, 0.95), backend="jax")]
    comparison = compare(runs, CompareOptions(by=("variant",)))
    assert comparison.rows[0].summary("test_accuracy").n == 6
    assert "backend" in comparison.rows[0].mixed
    assert any("differ in backend" in note for note in comparison.notes)


def test_a_training_that_was_repeated_to_the_last_digit_is_no_further_evidence(trained):
    def repeat(runs, number):
        return [dataclasses.replace(run, run=f"{run.run}-{number}", started=f"2026-01-0{number}") for run in runs]

    first, other = seeds(trained), seeds(trained, "40x12", (0.91, 0.915, 0.93), seconds=12)
    runs = [*first, *repeat(first, 2), *repeat(first, 3), *other]
    comparison = compare(runs, CompareOptions(baseline="40x12"))
    row, verdict = only(comparison, "resnet20"), only(comparison, "resnet20").verdict("test_accuracy")
    assert (len(row.runs), row.summary("test_accuracy").n, row.summary("epoch_seconds").n) == (9, 3, 9)
    alone = only(compare([*first, *other], CompareOptions(baseline="40x12")), "resnet20").verdict("test_accuracy")
    assert verdict.paired
    assert (verdict.p, verdict.interval) == (alone.p, alone.interval)
    assert comparison.notes == (
        "resnet20: 6 runs repeat another of the same seed to the last digit, such as resnet20-s0-2; accuracy and loss "
        "count once.",
    )


def test_several_runs_of_a_seed_that_differ_all_count_and_are_named(trained):
    comparison = compare([trained(seed=0), trained(seed=0, accuracy=0.91), trained(seed=1)], CompareOptions())
    assert comparison.rows[0].summary("test_accuracy").n == 3
    assert comparison.notes == ("resnet20: several runs have the seed 0; each counts, and none is paired by its seed.",)


@pytest.mark.parametrize(("column", "marked"), [("dataset", False), ("cpu", True)])
def test_rows_that_mix_the_same_values_otherwise_are_not_compared(column, marked, trained):
    def mix(variant, ones, others):
        values = ["one"] * ones + ["other"] * others
        return [trained(variant, seed, 0.9 + seed / 99, **{column: value}) for seed, value in enumerate(values)]

    def judge(*sides):
        comparison = compare([run for side in sides for run in side], CompareOptions(baseline="a", by=("variant",)))
        return only(comparison, "b").verdict("test_accuracy" if not marked else "epoch_seconds")

    unequal = judge(mix("a", 3, 1), mix("b", 1, 3))
    equal = judge(mix("a", 1, 1), mix("b", 2, 2))
    if marked:
        assert (unequal.marked, equal.marked) == (True, False)
    else:
        assert (unequal.word, equal.word) == ("not comparable", "inconclusive")


def test_a_mean_of_fewer_runs_than_the_row_has_is_said(trained):
    runs = [trained("a", 0), trained("a", 1, memory=None), trained("b")]
    assert compare(runs, CompareOptions()).notes == (
        "GPU memory of a is not known of every run: the mean is that of the others.",
    )


@pytest.mark.parametrize("columns", [{"dataset": "svhn"}, {"train_images": 9}, {"malloc": "default"}])
def test_memory_of_the_host_includes_the_dataset_and_what_malloc_keeps(columns, trained):
    def measure(variant, **columns):
        run = trained(variant, memory=None, device_kind="cpu", **columns)
        records = tuple(dataclasses.replace(record, host_peak_bytes=2**30) for record in run.records)
        return dataclasses.replace(run, records=records)

    comparison = compare([measure("a"), measure("b", **columns), measure("c")], CompareOptions(baseline="a"))
    words = {row.runs[0].variant: row.verdict("host_peak_bytes") for row in comparison.rows}
    assert (words["b"].word, words["c"].word) == ("not comparable", "no test")


def test_times_with_other_checkpoints_share_a_row_that_says_so_and_are_not_compared(trained):
    runs = [trained("a", 0, total_seconds=9.0), trained("a", 1, total_seconds=3.0, checkpoint_every=0)]
    comparison = compare([*runs, trained("b", total_seconds=9.0)], CompareOptions(baseline="b"))
    assert "Some rows hold runs that differ in checkpoint_every, not in the seed alone." in comparison.notes
    words = [only(comparison, "a").verdict(name).word for name in ("total_seconds", "epoch_seconds")]
    assert words[0] == "not comparable" != words[1]


def test_evaluations_of_other_trainings_stand_apart_and_are_named(trained):
    sources = [trained("a", seed, phase="eval", source_sha256=name) for seed, name in ((0, "x"), (1, "x"), (2, "y"))]
    comparison = compare(sources, CompareOptions())
    assert [(row.label, len(row.runs)) for row in comparison.rows] == [("a", 2), ("a #2", 1)]
    assert (
        "a and a #2 are evaluations of different trainings or files: --columns source names them." in comparison.notes
    )
    alike = compare(sources[:2], CompareOptions(group=False))
    assert not any("different trainings" in note for note in alike.notes)
    (row,) = compare(sources, CompareOptions(by=("variant",))).rows
    assert row.mixed == ("source_sha256",)


def test_a_card_held_to_less_power_is_other_hardware(trained):
    runs = [trained(variant, gpu_power_limit_watts=watts) for variant, watts in (("a", 700.0), ("b", 300.0))]
    comparison = compare(runs, CompareOptions(baseline="a"))
    assert only(comparison, "b").verdict("epoch_seconds").marked
    assert not only(comparison, "b").verdict("test_accuracy").marked


def test_a_baseline_in_an_older_state_is_taken_in_the_latest(trained):
    done = dataclasses.replace(trained(), started="2026-01-01")
    older = dataclasses.replace(done, status="running", records=done.records[:2])
    (row,) = compare([done], CompareOptions(), [older]).rows
    assert (row.is_baseline, row.runs) == (True, (done,))


def test_runs_of_different_commits_share_a_row_that_says_so(trained):
    runs = [trained(seed=0, commit="abc"), trained(seed=1, commit="def")]
    comparison = compare(runs, CompareOptions())
    assert len(comparison.rows) == 1
    assert comparison.rows[0].mixed == ("commit",)


def test_unknown_grouping_columns_get_the_nearest(trained):
    with pytest.raises(InputError, match="backend"):
        compare(seeds(trained), CompareOptions(by=("backed",)))


def test_a_clear_difference_is_better_or_worse_by_the_direction_of_the_metric(trained):
    runs = [
        *(trained("slow", seed, 0.90 + seed / 1000, 10 + seed / 10) for seed in range(4)),
        *(trained("fast", seed, 0.95 + seed / 1100, 5 + seed / 15) for seed in range(4)),
    ]
    row = only(compare(runs, CompareOptions(baseline="slow")), "fast")
    accuracy, seconds, rate = (
        row.verdict("test_accuracy"),
        row.verdict("epoch_seconds"),
        row.verdict("images_per_second"),
    )
    assert (accuracy.word, accuracy.kind, accuracy.paired) == ("better", "difference", True)
    assert accuracy.estimate == pytest.approx(0.0499, abs=1e-4)
    assert (seconds.word, seconds.kind) == ("better", "ratio")
    assert seconds.estimate == pytest.approx(0.5, abs=0.01)
    assert rate.word == "better"
    assert seconds.p_permutation == pytest.approx(2 / 2**4)
    back = only(compare(runs, CompareOptions(baseline="fast")), "slow")
    assert [verdict.word for verdict in back.verdicts if verdict.metric == "epoch_seconds"] == ["worse"]


def test_runs_with_other_seeds_are_not_paired(trained):
    runs = [
        *(trained("a", seed, 0.9 + seed / 100) for seed in range(3)),
        *(trained("b", seed, 0.9 + seed / 90) for seed in range(1, 4)),
    ]
    verdict = only(compare(runs, CompareOptions(baseline="a")), "b").verdict("test_accuracy")
    assert not verdict.paired
    assert verdict.reason.startswith("Welch's t test")


def test_one_run_a_side_is_no_test_and_gives_the_binomial_floor(trained):
    runs = [trained("a", accuracy=0.90), trained("b", accuracy=0.95)]
    verdict = only(compare(runs, CompareOptions(baseline="a")), "b").verdict("test_accuracy")
    assert (verdict.word, verdict.p, verdict.interval) == ("no test", None, None)
    assert verdict.estimate == pytest.approx(0.05)
    assert verdict.floor == pytest.approx(1.96 * math.sqrt((0.9 * 0.1 + 0.95 * 0.05) / 360), rel=1e-4)
    assert "allows no test" in verdict.reason


def test_exact_figures_take_no_test(trained):
    runs = [trained("a", params=100), trained("b", params=101)]
    verdict = only(compare(runs, CompareOptions(baseline="a")), "b").verdict("params")
    assert (verdict.word, verdict.p, verdict.reason) == ("worse", None, "Exact, so without a test.")


def test_a_peak_that_repeats_to_the_byte_is_a_real_difference(trained):
    runs = [
        *(trained("a", seed, memory=1000) for seed in range(2)),
        *(trained("b", seed, memory=900) for seed in range(2)),
    ]
    verdict = only(compare(runs, CompareOptions(baseline="a")), "b").verdict("gpu_peak_bytes")
    assert (verdict.word, verdict.p) == ("better", None)


def test_equal_accuracies_without_spread_prove_nothing(trained):
    runs = [*seeds(trained, "a", (0.9, 0.9)), *seeds(trained, "b", (0.95, 0.95))]
    verdict = only(compare(runs, CompareOptions(baseline="a")), "b").verdict("test_accuracy")
    assert verdict.word == "inconclusive"


def test_a_difference_inside_the_margin_is_the_same(trained):
    runs = [
        *(trained("a", seed, seconds=10 + seed / 1000) for seed in range(4)),
        *(trained("b", seed, seconds=10.01 + seed / 990) for seed in range(4)),
    ]
    word = {
        margin: only(compare(runs, parse_compare_options(baseline="a", margin=margin)), "b").verdict("epoch_seconds")
        for margin in ("1%", "0.01%")
    }
    assert [verdict.word for verdict in word.values() if verdict] == ["same", "worse"]


def test_an_inconclusive_difference_says_how_many_more_seeds_would_help(trained):
    runs = [*seeds(trained, "a", (0.90, 0.92, 0.91)), *seeds(trained, "b", (0.93, 0.91, 0.93))]
    verdict = only(compare(runs, CompareOptions(baseline="a")), "b").verdict("test_accuracy")
    assert verdict.word == "inconclusive"
    assert verdict.more_seeds is not None
    assert f"about {verdict.more_seeds} more seeds a side" in verdict.reason


def test_holm_runs_over_the_rows_of_a_metric(trained):
    runs = [*(trained("a", seed, seconds=10 + (seed * 7 % 3) / 10) for seed in range(4))]
    runs += [trained(f"b{index}", seed, seconds=9.8 + (seed * 5 % 3) / 10) for index in range(5) for seed in range(4)]
    rows = [row for row in compare(runs, CompareOptions(baseline="a")).rows if row.verdicts]
    verdicts = [row.verdict("epoch_seconds") for row in rows]
    assert all(verdict and verdict.p and verdict.p_holm == pytest.approx(min(1, verdict.p * 5)) for verdict in verdicts)


def test_a_diverged_run_makes_the_row_inconclusive_and_not_better(trained):
    diverged = dataclasses.replace(trained("b", 2), records=(EpochRecord(epoch=1, test_loss=math.nan),))
    runs = [*seeds(trained, "a"), *seeds(trained, "b", (0.99, 0.99)), diverged]
    row = only(compare(runs, CompareOptions(baseline="a")), "b")
    assert math.isnan(row.summary("test_loss").mean)
    verdict = row.verdict("test_loss")
    assert (verdict.word, verdict.estimate) == ("inconclusive", None)


def test_accuracies_on_other_data_are_not_compared(trained):
    runs = [*seeds(trained, "a"), *seeds(trained, "b", dataset="cifar10")]
    verdict = only(compare(runs, CompareOptions(baseline="a")), "b").verdict("test_accuracy")
    assert (verdict.word, verdict.estimate, verdict.reason) == ("not comparable", None, "Dataset differs.")


def test_an_unfinished_run_is_compared_in_speed_but_not_in_accuracy(trained):
    runs = [*seeds(trained, "a"), *seeds(trained, "b", status="interrupted")]
    row = only(compare(runs, CompareOptions(baseline="a")), "b")
    accuracy, rate = row.verdict("test_accuracy"), row.verdict("images_per_second")
    assert accuracy.word == "not comparable"
    assert "not completed" in accuracy.reason
    assert rate.word != "not comparable"


def test_times_across_hardware_are_marked_and_explained(trained):
    runs = [*seeds(trained, "a"), *seeds(trained, "b", device="Slow Card")]
    comparison = compare(runs, CompareOptions(baseline="a"))
    row = only(comparison, "b")
    marks = {verdict.metric: verdict.marked for verdict in row.verdicts}
    assert marks["epoch_seconds"]
    assert marks["gpu_peak_bytes"]
    assert not marks["test_accuracy"]
    assert not marks["params"]
    assert any(note.startswith("≠ marks") and "device" in note for note in comparison.notes)
    assert [difference.column for difference in comparison.environments] == ["device"]
    assert comparison.environments[0].values == (("Fast Card", ("a",)), ("Slow Card", ("b",)))


def test_a_baseline_can_be_a_row_a_run_a_variant_or_a_value(trained):
    runs = [*seeds(trained, "a"), *seeds(trained, "b", backend="jax")]
    for wanted in ("a", "a-s1", "backend=tensorflow", "variant=a"):
        comparison = compare(runs, CompareOptions(baseline=wanted))
        assert [row.is_baseline for row in comparison.rows] == [True, False]
    for wrong, says in (("aa", "did you mean a"), ("backend=torch", "tensorflow"), ("backed=jax", "backend")):
        with pytest.raises(InputError, match=says):
            compare(runs, CompareOptions(baseline=wrong))


def test_with_several_baselines_each_row_is_held_against_its_counterpart(trained):
    runs = [
        run for variant in "ab" for backend in ("tensorflow", "jax") for run in seeds(trained, variant, backend=backend)
    ]
    comparison = compare(runs, CompareOptions(baseline="backend=tensorflow"))
    assert {row.label: row.baseline for row in comparison.rows} == {
        "a · tensorflow": None,
        "a · jax": "a · tensorflow",
        "b · tensorflow": None,
        "b · jax": "b · tensorflow",
    }


def test_a_row_between_two_baselines_is_left_out_and_named(trained):
    runs = [
        *seeds(trained, "a"),
        *seeds(trained, "a", batch_size=32),
        *seeds(trained, "a", backend="jax", batch_size=16),
    ]
    comparison = compare(runs, CompareOptions(baseline="backend=tensorflow"))
    assert any("No single baseline row corresponds to a · batch 16 · jax" in note for note in comparison.notes)


def test_the_runs_of_a_baseline_file_stand_on_their_own_side(trained):
    before = [trained("a", seed, seconds=10 + seed / 10, started="2026-01-01") for seed in range(3)]
    after = [trained("a", seed, seconds=12 + seed / 11, started="2026-02-01") for seed in range(3)]
    comparison = compare([*before, *after], CompareOptions(baseline="old.csv"), before)
    assert [(row.label, row.is_baseline, len(row.runs)) for row in comparison.rows] == [
        ("a · baseline", True, 3),
        ("a", False, 3),
    ]
    verdict = comparison.rows[1].verdict("epoch_seconds")
    assert verdict.word == "worse"


def test_published_rows_stand_apart_and_get_no_verdict(trained):
    runs = [*seeds(trained, "a"), *seeds(trained, "b"), dataclasses.replace(trained("a", 9, 0.99), phase="published")]
    comparison = compare(runs, CompareOptions(baseline="a"))
    published = comparison.of("published")[0]
    assert len(comparison.of("train")[0].runs) == 3
    assert published.verdicts == ()
    assert not published.on_front


def test_rows_are_sorted_best_first_and_unknown_last(trained):
    unknown = dataclasses.replace(trained("c"), records=())
    runs = [trained("a", accuracy=0.8, seconds=3), trained("b", accuracy=0.9, seconds=5), unknown]
    assert labels(compare(runs, CompareOptions(sort="test_accuracy"))) == ["b", "a", "c"]
    assert labels(compare(runs, CompareOptions(sort="-test_accuracy"))) == ["a", "b", "c"]
    assert labels(compare(runs, CompareOptions(sort="epoch_seconds"))) == ["a", "b", "c"]
    assert labels(compare(runs, CompareOptions(sort="-variant"))) == ["c", "b", "a"]
    with pytest.raises(InputError, match="test_accuracy"):
        compare(runs, CompareOptions(sort="test_acuracy"))


def test_only_what_can_be_sorted_by_is_suggested(trained):
    with pytest.raises(InputError, match="did you mean epochs"):
        compare([trained()], CompareOptions(sort="epoch"))


def test_accuracy_on_random_labels_is_said_to_mean_nothing(trained):
    comparison = compare(seeds(trained, dataset="synthetic"), CompareOptions())
    assert any("means nothing" in note for note in comparison.notes)
    speeds = compare([trained(dataset="synthetic", phase=phase) for phase in ("speed", "inference")], CompareOptions())
    assert not any("means nothing" in note for note in speeds.notes)


def test_reasons_and_warnings_of_runs_are_reported(trained):
    failed = trained("a", status="failed", reason="Out of memory at batch 64.")
    comparison = compare([failed, trained("b", warnings="The card was shared.")], CompareOptions())
    assert "a failed: Out of memory at batch 64." in comparison.notes
    assert "b: The card was shared." in comparison.notes


def test_words_are_false_in_at_most_six_of_a_hundred_comparisons(trained):
    """Two variants that do not differ, three seeds a side, through everything from runs to the word."""
    noise = random.Random(5)
    wrong = 0
    for _ in range(300):
        runs = [trained(variant, seed, accuracy=noise.gauss(0.9, 0.01)) for variant in "ab" for seed in range(3)]
        verdict = only(compare(runs, CompareOptions(baseline="a")), "b").verdict("test_accuracy")
        wrong += verdict.word in ("better", "worse")
    assert wrong / 300 < 0.06
