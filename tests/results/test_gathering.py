import pytest

from densebench.errors import ResultsError
from densebench.models import cost, variants
from densebench.results import csv_file, gathering
from densebench.results.gathering import gather, published_runs


@pytest.fixture
def results(tmp_path, trained):
    for variant in ("resnet20", "unheard-of"):
        csv_file.write(trained(variant), tmp_path / f"{variant}.csv")
    return tmp_path


def test_a_baseline_file_is_read_and_a_name_is_not(results, trained):
    assert gather([results], baseline=str(results / "resnet20.csv")).baseline_runs == (trained("resnet20"),)
    assert gather([results], baseline=f"{results}/").baseline_runs == gather([results]).runs
    assert gather([results], baseline="resnet20").baseline_runs == ()
    with pytest.raises(ResultsError, match=r"missing\.csv"):
        gather([results], baseline="missing.csv")


def test_published_figures_are_added_for_the_variants_at_hand(results):
    runs = gather([results], published=True).runs
    assert {run.variant for run in runs if run.phase == "published"} == {"resnet20"}
    assert all(run.source for run in runs if run.phase == "published")


def test_published_figures_that_were_given_are_not_added_twice(results):
    store_file = next(path for path in gathering.PUBLISHED if path.is_file())
    runs = gather([results, store_file], published=True).runs
    assert len([run for run in runs if run.run == "published-18-resnet20"]) == 1


def test_missing_published_figures_are_told_in_one_sentence(results, monkeypatch):
    monkeypatch.setattr(gathering, "PUBLISHED", ())
    with pytest.raises(ResultsError, match="not installed"):
        gather([results], published=True)


def test_published_parameter_counts_are_those_of_our_variants():
    checked = 0
    for run in published_runs():
        if run.trainable_params is not None:
            counted = cost.count(variants.find(run.variant), classes=10, image_size=32)
            assert counted.trainable_params == run.trainable_params
            checked += 1
    assert checked >= 8


def test_published_figures_are_fractions_in_base_units():
    first, _, with_memory, *_ = published_runs()
    assert (first.variant, first.records[0].test_accuracy) == ("100x12", 0.9549)
    assert (with_memory.records[0].gpu_peak_bytes, with_memory.records[0].epoch_seconds) == (5_452_000_000, 122.0)
