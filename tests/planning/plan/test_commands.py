import dataclasses
import shlex

from densebench.planning.options import TrainOptions, configure
from densebench.planning.plan.commands import write_command


def write(options=None, *, seeds=None, batch_size=None, **settings):
    options = options or TrainOptions()
    config = configure(options, variant="resnet20", run="resnet20")
    return write_command(options, dataclasses.replace(config, **settings), seeds=seeds, batch_size=batch_size)


def test_what_is_as_usual_is_not_typed_but_the_dataset_is():
    assert write() == "densebench train resnet20 --dataset cifar10"


def test_everything_that_was_given_is_in_the_command():
    options = TrainOptions(
        dataset="folder:my photos", recipe="short", epochs=5, validation=100, jit=False, recompute=True
    )
    command = write(options, seeds="0-2", batch_size=128, precision="mixed_bfloat16", backend="jax")
    assert shlex.split(command) == [
        *("densebench", "train", "resnet20", "--dataset", "folder:my photos"),
        *("--recipe", "short", "--epochs", "5", "--validation", "100", "--recompute", "--no-jit"),
        *("--batch-size", "128", "--precision", "mixed_bfloat16", "--backend", "jax", "--seeds", "0-2"),
    ]


def test_a_flag_that_is_off_is_not_typed():
    assert "--recompute" not in write(TrainOptions(recompute=False))


def test_several_devices_are_in_the_command_and_one_is_not():
    assert write(devices=2).endswith("--dataset cifar10 --devices 2")
    assert "--devices" not in write(devices=1)
    assert "--batch-norm replica" in write(TrainOptions(batch_norm="replica"), devices=2)
