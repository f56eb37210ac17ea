import pytest

from densebench.prediction.accuracy import expect_accuracy, find_published
from densebench.records import EpochRecord, Run
from densebench.results.gathering import read_published


def trained(accuracy, **changes):
    records = (EpochRecord(epoch=1, test_accuracy=0.1), EpochRecord(epoch=2, test_accuracy=accuracy))
    settings = {"status": "completed", "dataset": "cifar10", "recipe": "blog", "epochs": 2, "batch_size": 64}
    return Run(run="r", variant="resnet20", **{"records": records, **settings, **changes})


def published(accuracy, epochs=2, source="He et al. 2015, table 6", **changes):
    records = (EpochRecord(epoch=epochs, test_accuracy=accuracy),)
    settings = {"dataset": "cifar10", "epochs": epochs}
    return Run(
        run="p", variant="resnet20", phase="published", source=source, records=records, **{**settings, **changes}
    )


def expect(runs=(), theirs=(), variant="resnet20", dataset="cifar10", epochs=2):
    return expect_accuracy(runs, find_published(theirs, variant, dataset, epochs))


def test_own_runs_of_the_same_data_and_recipe_go_before_what_was_published():
    found = expect([trained(0.90), trained(0.92)], [published(0.95)])
    assert (found.mean, found.count, found.is_own) == (pytest.approx(0.91), 2, True)
    assert found.deviation == pytest.approx(0.0141421356)
    assert found.low < 0.90
    assert found.high > 0.92
    assert found.source == "2 own runs"


def test_one_own_run_has_no_deviation():
    found = expect([trained(0.9)])
    assert (found.mean, found.low, found.high, found.deviation, found.source) == (0.9, 0.9, 0.9, None, "1 own run")


@pytest.mark.parametrize("changes", [{"epochs": 3}, {"records": ()}])
def test_a_run_that_stopped_at_its_target_does_not_say_where_it_would_have_ended(changes):
    assert expect([trained(0.9, **changes)]) is None


def test_several_publications_are_a_range():
    found = expect((), [published(0.91), published(0.93, source="Someone (2020)")])
    assert (found.low, found.mean, found.high, found.count) == (0.91, pytest.approx(0.92), 0.93, 2)
    assert found.source == "He et al. 2015; Someone"
    assert not found.is_own


def test_what_was_published_of_a_longer_training_is_not_expected_of_a_shorter():
    assert expect((), [published(0.91, epochs=3)]) is None
    assert expect((), [published(0.91, epochs=2)]) is not None


def test_what_was_published_of_other_networks_and_datasets_says_nothing():
    assert expect((), [published(0.91)], variant="40x12") is None
    assert expect((), [published(0.91, dataset="cifar100")]) is None


def test_the_published_table_answers_for_the_recipe_of_the_blog():
    theirs = read_published()
    found = expect((), theirs, epochs=300)
    assert (found.mean, found.source) == (0.9125, "He et al. arXiv:1512.03385")
    series = expect((), theirs, variant="100x12", epochs=300)
    assert (series.low, series.high, series.count) == (0.9531, 0.9549, 2)
    assert expect((), theirs, epochs=20) is None
