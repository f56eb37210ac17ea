import dataclasses

import pytest

from densebench.data import datasets
from densebench.events import Ended
from densebench.machine import Environment
from densebench.models import cost, variants
from densebench.planning.options import TrainOptions, configure
from densebench.planning.plan.planner import Planner, Request
from densebench.prediction.values import NO_PRICES, Workload
from densebench.records import EpochRecord, Run

HERE = Environment(cpu="A CPU", cpu_cores=2)
DONE = Ended(status="completed", reason=None, exit_code=0)
WORK = Workload(train_images=1437, eval_images=360, image_size=32, epochs=10)


class Clock:
    """Seconds that pass only while a trial runs."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class Machine:
    """Does trials by a law, and remembers them."""

    def __init__(self, clock):
        self.clock = clock
        self.configs, self.steps, self.limits = [], [], []
        self.fail = {}  # variant: how its trial ends

    def run_trial(self, config, steps, limit):
        self.configs.append(config)
        self.steps.append(steps)
        self.limits.append(limit)
        if config.variant in self.fail:
            self.clock.now += 5.0
            return None, self.fail[config.variant]
        found = cost.count(variants.find(config.variant), classes=10, image_size=32)
        run = make_trial(config.run, config.variant, 1e-11 * found.forward_macs, config.recipe.batch_size)
        self.clock.now += run.records[-1].elapsed_seconds
        return run, DONE


def make_trial(name, variant, image_seconds, batch_size=64, **changes):
    """The row of a trial of ten full batches."""
    ends = 4.0 + 10 * batch_size * image_seconds, 5.0 + 12 * batch_size * image_seconds
    records = tuple(
        EpochRecord(
            epoch=epoch,
            images_per_second=1 / image_seconds if epoch == 1 else None,
            eval_seconds=0.1,
            elapsed_seconds=end,
            host_peak_bytes=10**9,
        )
        for epoch, end in enumerate(ends, 1)
    )
    settings = {
        "phase": "trial",
        "status": "completed",
        "batch_size": batch_size,
        "train_images": 10 * batch_size,
        "test_images": 4 * batch_size,
        "records": records,
        "environment": Environment(device_kind="cpu"),
    }
    return Run(run=name, variant=variant, **{**settings, **changes})


def request(variant, **options):
    given = TrainOptions(dataset="digits", **options)
    config = configure(given, variant=variant, run=variant)
    return Request(config=config, cost=cost.count(variants.find(variant), classes=10, image_size=32))


@pytest.fixture
def machine():
    return Machine(Clock())


def plan_on(machine, within=120.0, runs=()):
    config = request("resnet20").config
    return Planner(
        facts=datasets.describe(config.data),
        here=HERE,
        runs=runs,
        run_trial=machine.run_trial,
        within=within,
        clock=machine.clock,
    )


def test_everything_is_measured_where_there_is_time(machine):
    planner = plan_on(machine)
    ones = [request(name) for name in ("100x12", "resnet20", "40x12")]
    planner.measure_all(ones)
    assert sorted(planner.measured) == ["100x12", "40x12", "resnet20"]
    assert planner.measured[0] == "resnet20"
    assert all(planner.predict(one, WORK, NO_PRICES).measured for one in ones)


def test_what_cannot_be_measured_in_time_is_predicted(machine):
    planner = plan_on(machine, within=30.0)
    ones = [request(name) for name in ("resnet20", "wrn28x10")]
    planner.measure_all(ones)
    small, large = (planner.predict(one, WORK, NO_PRICES) for one in ones)
    assert (small.measured, large.measured) == (True, False)
    assert planner.spent <= 30.0


def test_a_trial_gets_no_more_than_the_time_that_is_left(machine):
    planner = plan_on(machine, within=100.0)
    planner.measure_all([request("resnet20"), request("40x12")])
    assert machine.limits[0] == 100.0
    assert machine.limits[1] < 100.0
    assert all(steps <= 15.0 for steps in machine.steps)


def test_nothing_is_known_and_nothing_measured_without_time(machine):
    planner = plan_on(machine, within=1.0)
    planner.measure_all([request("resnet20")])
    assert machine.configs == []
    assert planner.predict(request("resnet20"), WORK, NO_PRICES) is None


def test_a_training_by_muon_is_measured_by_muon_or_predicted_from_one_by_sgd(machine):
    planner = plan_on(machine)
    by_sgd, by_muon = request("resnet20"), request("resnet20", recipe="short")
    planner.measure_all([by_sgd])
    without, predicted = (planner.predict(one, WORK, NO_PRICES) for one in (by_sgd, by_muon))
    assert (without.measured, predicted.measured) == (True, False)
    assert without.total_seconds < predicted.total_seconds < predicted.total_interval.high
    planner.measure_all([by_muon])
    assert machine.configs[-1].recipe.optimizer == "muon"
    assert planner.predict(by_muon, WORK, NO_PRICES).measured
    assert planner.predict(by_sgd, WORK, NO_PRICES) == without


def test_each_backend_and_precision_is_measured_on_its_own(machine):
    planner = plan_on(machine)
    ones = [request("resnet20"), request("resnet20", precision="mixed_bfloat16"), request("resnet20", backend="jax")]
    planner.measure_all(ones)
    assert len(machine.configs) == 3
    assert {config.precision for config in machine.configs} == {"float32", "mixed_bfloat16"}


def test_a_trial_that_fails_is_not_tried_again_and_says_why(machine):
    machine.fail["40x12"] = Ended(status="failed", reason="Memory ran out at batch 64.", exit_code=1)
    planner = plan_on(machine)
    ones = [request("resnet20"), request("40x12")]
    planner.measure_all(ones)
    assert [config.variant for config in machine.configs].count("40x12") == 1
    assert planner.find_problem(ones[1]) == "Memory ran out at batch 64."
    assert planner.predict(ones[1], WORK, NO_PRICES) is None
    assert planner.predict(ones[0], WORK, NO_PRICES).measured


def test_a_trial_is_of_the_datasets_size_and_last_batch_and_learns_nothing(machine):
    plan_on(machine).measure_all([request("resnet20", recipe="short", target=0.9)])
    (config,) = machine.configs
    assert (config.data.dataset, config.data.image_size, config.data.classes) == ("synthetic", 32, 10)
    assert config.data.train_limit == 1437  # 22 full batches, and a last one of 29 images
    assert (config.recipe.optimizer, config.recipe.epochs, config.target) == ("muon", 2, None)
    assert config.recipe.learning_rate < 0.01


def test_a_large_dataset_is_represented_by_some_batches_and_its_remainder(machine):
    config = dataclasses.replace(request("resnet20").config.data, dataset="cifar10")
    planner = Planner(
        facts=datasets.describe(config),
        here=HERE,
        runs=(),
        run_trial=machine.run_trial,
        within=120.0,
        clock=machine.clock,
    )
    planner.measure_all([request("resnet20")])
    assert machine.configs[0].data.train_limit == 64 * 64 + 50_000 % 64


def test_a_change_is_measured_only_if_there_is_time_for_it(machine):
    planner = plan_on(machine, within=100.0)
    one = request("resnet20")
    planner.measure_all([one])
    changed = request("resnet20", recompute=True)
    planner.measure_one(changed, like=one)
    assert planner.predict(changed, WORK, NO_PRICES).measured
    machine.clock.now = 99.0
    other = request("resnet20", precision="mixed_bfloat16")
    planner.measure_one(other, like=one)
    assert planner.predict(other, WORK, NO_PRICES) is None


def test_what_one_device_has_shown_predicts_no_other_number_of_devices(machine):
    planner = plan_on(machine, within=600.0)
    planner.measure_all([request("resnet20")])
    both = [request("resnet20", devices=2), request("40x12", devices=2)]
    assert planner.predict(both[0], WORK, NO_PRICES) is None
    planner.measure_all(both)
    assert [config.devices for config in machine.configs] == [1, 2, 2]
    assert machine.configs[1].run == "resnet20-trial-b64-tensorflow-d2"
    assert planner.predict(both[1], WORK, NO_PRICES).measured


def test_a_network_that_only_a_results_file_names_is_left_out_and_its_code_is_not_run(machine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evil.py").write_text("open('was-run', 'w').close()")
    planner = plan_on(machine, within=30.0)
    planner.measure_all([request("resnet20")])
    before = planner.predict(request("40x12"), WORK, NO_PRICES)
    machine.clock.now = 0.0
    names = {"evil.py:net": "0" * 64, "keras:VGG16": None, "nothing": None}
    known = [make_trial(f"t{sha256}", name, 1e-3, variant_sha256=sha256) for name, sha256 in names.items()]
    own = dict.fromkeys((run.run for run in known), request("resnet20").setting)
    planner = plan_on(machine, within=30.0, runs=known)
    planner._own |= own
    planner.measure_all([request("resnet20")])
    assert planner.predict(request("40x12"), WORK, NO_PRICES).total_seconds == pytest.approx(before.total_seconds)
    assert not (tmp_path / "was-run").exists()


def test_a_measurement_of_another_file_of_the_same_name_is_not_taken_for_it(machine):
    one = request("resnet20")
    one, other = (
        dataclasses.replace(one, config=dataclasses.replace(one.config, variant="n.py:net", variant_sha256=letter * 64))
        for letter in "ab"
    )
    trial = make_trial("t", "n.py:net", 1e-3, variant_sha256="a" * 64)
    planner = Planner(
        facts=datasets.describe(one.config.data),
        here=HERE,
        runs=[trial],
        run_trial=machine.run_trial,
        within=1.0,
        costs={one.network: one.cost},
        clock=machine.clock,
    )
    planner._own["t"] = one.setting
    assert planner.predict(one, WORK, NO_PRICES).measured
    assert not planner.predict(other, WORK, NO_PRICES).measured


def test_a_network_whose_multiply_adds_are_unknown_is_measured_and_never_predicted(machine):
    planner = plan_on(machine, within=30.0)
    known = request("resnet20")
    planner.measure_all([known])
    layers = tuple(dataclasses.replace(layer, macs=None) for layer in known.cost.layers)
    config = dataclasses.replace(known.config, variant="keras:Odd")
    odd = Request(config=config, cost=dataclasses.replace(known.cost, layers=layers))
    assert odd.cost.forward_macs is None
    assert planner.predict(odd, WORK, NO_PRICES) is None
