from pathlib import Path

import pytest

import densebench
from densebench.errors import InputError, ResultsError
from densebench.records import COLUMNS
from densebench.results import csv_file


@pytest.fixture
def results(in_tmp, trained):
    """Three seeds of two networks, three epochs each; 100x12 is slower and more accurate."""
    for variant, seconds, accuracy in (("resnet20", 10.0, 0.90), ("100x12", 20.0, 0.95)):
        for seed in range(3):
            run = trained(variant, seed, accuracy + 0.001 * seed, seconds + 0.1 * seed)
            csv_file.write(run, f"results/{run.run}.csv")
    return "results"


def test_every_epoch_is_a_row_with_all_columns_and_nullable_types(results):
    frame = densebench.load(results)
    assert list(frame.columns) == list(COLUMNS)
    assert len(frame) == 18
    assert frame["epoch_seconds"].dtype == "Float64"
    assert frame["epoch"].dtype == "Int64"
    assert frame["energy_joules"].isna().all()


def test_the_last_epoch_is_one_row_a_run(results):
    frame = densebench.load(f"{results}/resnet20-s0.csv", f"{results}/100x12-s0.csv", last=True)
    assert list(frame["run"]) == ["resnet20-s0", "100x12-s0"]
    assert list(frame["epoch"]) == [3, 3]
    assert list(frame["test_accuracy"]) == pytest.approx([0.90, 0.95])


def test_what_cannot_be_read_is_the_error_of_the_command(in_tmp):
    with pytest.raises(ResultsError, match=r"nothing\.csv"):
        densebench.load("nothing.csv")


def test_a_comparison_is_one_row_a_variant_with_its_verdicts(results):
    comparison = densebench.compare(results, baseline="resnet20")
    frame = comparison.to_frame().set_index("label")
    assert list(frame["run_count"]) == [3, 3]
    assert frame.loc["100x12", "epoch_seconds"] == pytest.approx(20.1)
    assert frame.loc["100x12", "epoch_seconds_verdict"] == "worse"
    verdicts = comparison.verdicts().set_index(["row", "metric"])
    assert verdicts.loc[("100x12", "test_accuracy"), "word"] == "better"
    assert verdicts.loc[("100x12", "epoch_seconds"), "low"] > 1.9
    assert verdicts.loc[("100x12", "epoch_seconds"), "low_holm"] > 1.9
    assert verdicts.loc[("100x12", "epoch_seconds"), "confidence_holm"] == 0.95
    assert set(verdicts["baseline"]) == {"resnet20"}


def test_without_a_baseline_there_are_no_verdicts(results):
    assert densebench.compare(results).verdicts().empty


def test_a_gate_that_finds_a_regression_has_failed(results):
    assert densebench.compare(results, baseline="resnet20", fail_on="epoch_seconds>+5%").failed
    assert not densebench.compare(results, baseline="resnet20", fail_on="epoch_seconds>+500%").failed
    assert not densebench.compare(results).failed
    each = densebench.compare(results, baseline="resnet20", fail_on="epoch_seconds>+5%", gate_level="each", looks=2)
    assert each.failed


def test_a_comparison_shows_the_tables_of_the_command(results):
    comparison = densebench.compare(results, baseline="resnet20", sort="epoch_seconds")
    assert "Against resnet20" in repr(comparison)
    assert comparison._repr_html_().startswith("<pre")
    assert comparison.notes[-1].startswith("± is the sample deviation")


def test_a_hostile_name_is_text_in_a_notebook(in_tmp, trained):
    csv_file.write(trained(variant="<script>alert(1)</script>"), "a.csv")
    shown = densebench.compare("a.csv")._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_pictures_and_a_page_are_written(results, in_tmp):
    comparison = densebench.compare(results)
    assert all(path.exists() for path in comparison.plot("pictures"))
    assert comparison.write_page("page.html").exists()


def test_wrong_options_are_the_errors_of_the_command(results):
    with pytest.raises(InputError, match="Unknown metric"):
        densebench.compare(results, cost="nothing")
    with pytest.raises(InputError, match="Unknown gate level"):
        densebench.compare(results, gate_level="row")
    with pytest.raises(InputError, match="--looks: 0 is no number of looks"):
        densebench.compare(results, looks=0)
    with pytest.raises(InputError, match="Unknown variant"):
        densebench.summary("resnet2O")


def test_networks_are_counted_without_a_framework():
    frame = densebench.summary("100x12", "resnet20").set_index("variant")
    assert frame.loc["100x12", "params"] == 793_150
    assert frame.loc["100x12", "weights_bytes"] == 4 * 793_150
    assert frame["growth_rate"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (densebench.load, "No results were given"),
        (densebench.compare, "No results were given"),
        (lambda: densebench.load(None), "A path is None"),
        (lambda: densebench.compare(["results"]), r"A path is \['results'\]"),
        (lambda: densebench.compare("results", margin=0.01), "margin is 0.01 where a text belongs"),
        (lambda: densebench.compare("results", by="variant"), "by is 'variant' where a list of columns belongs"),
    ],
)
def test_an_argument_of_another_type_is_named(in_tmp, call, says):
    with pytest.raises(InputError, match=says):
        call()


def test_a_baseline_may_be_a_path(in_tmp, trained):
    csv_file.write(trained("10x4"), "old.csv")
    csv_file.write(trained("10x4", seconds=20.0), "new.csv")
    assert not densebench.compare("new.csv", baseline=Path("old.csv")).verdicts().empty
