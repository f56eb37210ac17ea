import pytest

from densebench.config import RunConfig
from densebench.errors import InputError
from densebench.planning.options import describe_differences, parse_seeds


@pytest.mark.parametrize(("text", "seeds"), [("7", (7,)), ("0-4", (0, 1, 2, 3, 4)), ("3,1,1-2", (3, 1, 2))])
def test_seeds_are_read_as_ranges_and_lists(text, seeds):
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "a", "4-0", "-1", "1-", "1--2", "0-99999999999", "1.5"])
def test_seeds_that_cannot_be_read_are_refused(text):
    with pytest.raises(InputError, match="--seeds"):
        parse_seeds(text)


def configure_devices(devices, batch_norm):
    return RunConfig(variant="resnet20", run="a", backend="jax", devices=devices, batch_norm=batch_norm)


def test_a_run_goes_on_with_any_number_of_devices_but_not_with_other_statistics():
    one, two = configure_devices(1, "global"), configure_devices(2, "global")
    replica = configure_devices(2, "replica")
    assert describe_differences(one, two) == describe_differences(replica, configure_devices(4, "replica")) == ""
    assert describe_differences(one, replica) == "batch_norm global -> replica"
    assert describe_differences(replica, two) == "batch_norm replica -> global"
