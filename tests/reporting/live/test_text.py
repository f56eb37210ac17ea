import pytest

from densebench.events import Started
from densebench.records import EpochRecord
from densebench.reporting.live import text


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (None, "-"),
        (8.44, "8.4 s"),
        (59.94, "59.9 s"),
        (59.96, "1:00"),
        (245, "4:05"),
        (18729, "5:12:09"),
        (3 * 86400 + 245 * 60, "3 d 4:05:00"),
    ],
)
def test_a_duration_is_as_long_as_it_needs_to_be(seconds, expected):
    assert text.format_duration(seconds) == expected


@pytest.mark.parametrize(("rate", "expected"), [(None, "-"), (9.96, "10.0"), (99.4, "99.4"), (2311.4, "2,311")])
def test_a_rate_is_whole_from_100_on(rate, expected):
    assert text.format_rate(rate) == expected


def test_a_loss_has_four_decimals_and_an_accuracy_is_in_percent():
    assert (text.format_loss(0.5), text.format_accuracy(0.8512)) == ("0.5000", "85.12 %")
    assert (text.format_loss(None), text.format_accuracy(None)) == ("-", "-")


@pytest.mark.parametrize(
    ("memory", "expected"),
    [
        ({"gpu_peak_bytes": 1_300_000_000, "host_peak_bytes": 1}, ("GPU", "1.21 GiB")),
        ({"host_peak_bytes": 300 * 2**20}, ("host", "300.0 MiB")),
        ({}, ("host", "-")),
    ],
)
def test_memory_is_the_gpus_where_it_is_known(memory, expected):
    assert text.format_memory(EpochRecord(**memory)) == expected


def test_a_network_is_its_variant_and_its_parameters_if_they_are_known():
    run = Started(run="a", variant="resnet20", params=271_098, epochs=1, steps=1, first_epoch=1)
    assert text.describe_network(run) == "resnet20 of 271,098 parameters"
    unknown = Started(run="a", variant="resnet20", params=None, epochs=1, steps=1, first_epoch=1)
    assert text.describe_network(unknown) == "resnet20"


def test_what_is_unknown_of_an_epoch_is_left_out():
    record = EpochRecord(epoch_seconds=20.1, images_per_second=2311.4, test_loss=1.2)
    assert text.describe_epoch(record) == ["20.1 s", "2,311 images/s", "test loss 1.2000 accuracy -"]
    assert text.describe_results(record) == ["test loss 1.2000 accuracy -"]
    assert text.describe_epoch(EpochRecord()) == []
