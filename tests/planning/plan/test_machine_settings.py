import dataclasses

import pytest

from densebench.config import RunConfig
from densebench.measuring.environment import find_version, probe
from densebench.measuring.host import count_usable_cores
from densebench.planning.plan.machine_settings import describe_setting
from densebench.prediction.measurements import find_measurements

SAME_HERE = ("host", "cpu", "cpu_cores", "cpu_quota", "ram_bytes", "keras", "densebench")
CONFIG = RunConfig(variant="resnet20", run="r")


@pytest.fixture
def trained_here(trained):
    """Makes a training as it would be done here now by default, in three epochs."""

    def make(**changes):
        here = probe()
        settings = {
            "backend_version": find_version("tensorflow"),
            "device_kind": "cpu",
            "precision": "float32",
            "implementation": "fast",
            "recompute": False,
            "jit": False,
            "deterministic": False,
            "threads": count_usable_cores(),
            "image_size": 32,
            "classes": 10,
            **{name: getattr(here, name) for name in SAME_HERE},
        }
        run = trained(**{**settings, **changes})
        records = tuple(dataclasses.replace(record, eval_seconds=1.0) for record in run.records)
        return dataclasses.replace(run, records=records)

    return make


def find(run, config=CONFIG):
    return find_measurements([run], describe_setting(config, probe(), image_size=32, classes=10))


def test_a_training_of_this_machine_counts(trained_here):
    assert len(find(trained_here())) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"cpu": "Another CPU"},
        {"host": "another"},
        {"cpu_cores": 64},
        {"ram_bytes": 1},
        {"backend": "jax"},
        {"backend_version": "1.0"},
        {"keras": "2.0"},
        {"densebench": "0.0"},
        {"precision": "mixed_bfloat16"},
        {"implementation": "plain"},
        {"optimizer": "muon"},
        {"recompute": True},
        {"jit": True},
        {"threads": 1000},
        {"image_size": 64},
        {"classes": 100},
        {"checkpoint_every": 0},
        {"device_kind": "gpu"},
        {"gpu_name": "A card"},
        {"deterministic": True},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_training_elsewhere_or_with_other_settings_does_not(trained_here, changes):
    assert find(trained_here(**changes)) == []


def test_what_is_asked_for_decides_and_not_the_default(trained_here):
    plain = dataclasses.replace(CONFIG, implementation="plain", threads=1)
    assert find(trained_here(), plain) == []
    assert len(find(trained_here(implementation="plain", threads=1), plain)) == 1


def test_measurements_count_for_as_many_devices_only_and_those_of_old_files_for_one(trained_here):
    several = dataclasses.replace(CONFIG, devices=2)
    assert (len(find(trained_here(), several)), len(find(trained_here(devices=1, hosts=1)))) == (0, 1)
    assert (len(find(trained_here(devices=2, hosts=1), several)), len(find(trained_here(devices=2)))) == (1, 0)
    assert len(find(trained_here(devices=2, hosts=2), several)) == 0
    replica = dataclasses.replace(several, batch_norm="replica")
    assert len(find(trained_here(devices=2, hosts=1, batch_norm="global"), replica)) == 0


def test_with_one_device_both_kinds_of_batch_norm_are_the_same_measurement(trained_here):
    assert len(find(trained_here(), dataclasses.replace(CONFIG, batch_norm="replica"))) == 1


def test_the_devices_of_a_cpu_may_share_its_threads(trained_here):
    share = max(1, count_usable_cores() // 2)
    assert len(find(trained_here(devices=2, threads=share), dataclasses.replace(CONFIG, devices=2))) == 1
