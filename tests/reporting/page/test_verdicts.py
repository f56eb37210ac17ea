import dataclasses

from densebench.comparison.compare import compare
from densebench.comparison.options import CompareOptions
from densebench.reporting.page.verdicts import make_verdict_data


def data(*runs, **options):
    return make_verdict_data(compare(runs, CompareOptions(**options)))


def with_memory(run, gpu):
    records = tuple(dataclasses.replace(one, gpu_peak_bytes=gpu, host_peak_bytes=2**29) for one in run.records)
    return dataclasses.replace(run, records=records)


def test_the_page_begins_with_the_baseline_that_was_asked_for(trained):
    found = data(trained("a"), trained("b"), trained("c"), baseline="b")
    assert found.baselines[found.chosen].row == 1
    assert data(trained("a"), trained("b")).chosen == 0


def test_of_several_rows_of_the_baseline_it_begins_with_one_that_others_are_held_against(trained):
    found = data(trained("a", phase="eval"), trained("a"), trained("b"), baseline="a")
    chosen = found.baselines[found.chosen]
    assert (chosen.row, len(chosen.cells) > 0) == (1, True)


def test_without_a_baseline_it_begins_with_the_first_that_any_row_is_tested_against(trained):
    several = [trained(name, seed, 0.9 + seed / 100, 10 + seed / 7) for name in "bc" for seed in (0, 1)]
    found = data(trained("a", accuracy=0.99), *several)
    assert [found.baselines[found.chosen].row, len(found.baselines)] == [1, 3]


def test_a_baseline_has_verdicts_on_every_other_row_of_its_phase_and_on_no_row_else(trained):
    found = data(trained("a"), trained("b"), trained("c", phase="eval"))
    against_first = found.baselines[0]
    assert {cell.row for cell in against_first.cells} == {1}
    assert found.baselines[2].cells == []


def test_against_the_comparisons_own_baseline_the_verdicts_are_its_own(trained):
    def seeds(variant, **columns):
        noise = {"a": 0.01, "b": 0.013, "c": 0.017}[variant]
        return [
            trained(variant, seed, 0.9 + noise * seed, 9 + noise * 30 * seed * seed, **columns) for seed in range(3)
        ]

    runs = [*seeds("a"), *seeds("a", dataset="svhn"), *seeds("b"), *seeds("c")]
    comparison = compare(runs, CompareOptions(baseline="a"))  # both rows of the network
    found = make_verdict_data(comparison)
    chosen = found.baselines[found.chosen]
    judged = {row.label: row for row in comparison.rows if row.verdicts}
    assert {comparison.rows[cell.row].label for cell in chosen.cells} == set(judged) == {"b", "c"}
    for cell in chosen.cells:
        verdicts = judged[comparison.rows[cell.row].label].verdicts
        assert found.reasons[cell.reason] in [verdict.reason for verdict in verdicts]
    other = next(one for one in found.baselines if comparison.rows[one.row].runs[0].dataset == "svhn")
    assert len({cell.row for cell in other.cells}) == 3  # that nothing was held against is compared with all


def test_accuracy_comes_first_and_only_known_metrics_are_listed(trained):
    assert data(trained("a"), trained("b")).metrics == [
        "Test acc.", "Test loss", "Epoch time", "Total time", "GPU memory", "Params", "MACs",
    ]  # fmt: skip


def test_host_memory_is_judged_only_of_rows_that_lack_that_of_a_gpu(trained):
    on_gpu = [with_memory(trained(name), 2**30) for name in ("a", "b")]
    assert "Host memory" not in data(*on_gpu).metrics
    assert "Host memory" in data(on_gpu[0], with_memory(trained("b"), None)).metrics


def test_a_reason_that_recurs_is_kept_once(trained):
    found = data(trained("a"), trained("b"), trained("c"))
    assert len(found.reasons) == len(set(found.reasons))
    assert {cell.reason for one in found.baselines for cell in one.cells} == set(range(len(found.reasons)))


def test_so_many_baselines_are_offered_that_the_page_stays_small(trained):
    assert len(data(*(trained(f"v{number}") for number in range(30))).baselines) == 24
    many = data(*(trained(f"v{number}") for number in range(120)), baseline="v100")
    assert len(many.baselines) == 10
    assert many.baselines[many.chosen].row == 100


def test_a_single_row_has_nothing_to_choose(trained):
    assert data(trained("a")).baselines == []


def test_an_interval_is_shown_with_the_level_that_decides(trained):
    runs = [
        trained(name, seed, seconds=10 + shift + seed / 7) for name, shift in (("a", 0), ("b", 1)) for seed in (0, 1)
    ]
    runs += [trained("c", seed, seconds=10 + seed / 5) for seed in range(3)]
    found = data(*runs, baseline="a")
    time = found.metrics.index("Epoch time")
    first, second = (cell for cell in found.baselines[found.chosen].cells if cell.metric == time)
    assert first.level == "95 %"
    assert first.interval.startswith("[")
    assert (second.level, second.interval) == ("", "")  # two runs against three
