from densebench.records import EpochRecord
from densebench.results.target import find_first_reaching

EPOCHS = [EpochRecord(epoch=epoch, test_accuracy=value) for epoch, value in enumerate((0.5, None, 0.9, 0.8, 0.95), 1)]


def test_the_first_epoch_at_or_above_the_target_counts_though_a_later_one_falls_back():
    assert [find_first_reaching(EPOCHS, target).epoch for target in (0.1, 0.5, 0.6, 0.9, 0.91)] == [1, 1, 3, 3, 5]


def test_a_target_above_every_epoch_is_never_reached_nor_is_one_without_epochs():
    assert find_first_reaching(EPOCHS, 0.96) is None
    assert find_first_reaching([], 0.0) is None
