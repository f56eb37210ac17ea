import keras
import numpy as np
import pytest

from densebench.errors import Interrupted
from densebench.training.speed import measure_speed


def every_second():
    readings = iter(range(100_000))
    return lambda: float(next(readings))


@pytest.fixture
def measure(config, facts, build, make_watch):
    def measure(*, inference=False, target=0.02, limit=1e9, trainee=None, on_progress=lambda progress: None, **watch):
        return measure_speed(
            config=config,
            facts=facts,
            trainee=trainee or build(),
            inference=inference,
            precision_target=target,
            time_limit=limit,
            on_progress=on_progress,
            watch=make_watch(**watch),
        )

    return measure


@pytest.mark.parametrize("inference", [False, True])
def test_steps_that_all_take_as_long_end_as_soon_as_their_median_is_known(measure, inference):
    told, warnings = [], []
    record = measure(inference=inference, clock=every_second(), on_progress=told.append, on_warning=warnings.append)
    assert [progress.steps for progress in told] == list(range(1, 11))
    assert record.step_ms_p50 > 0
    assert record.images_per_second > 0
    assert warnings == []


def test_a_time_limit_ends_it_with_a_warning(measure):
    warnings = []
    record = measure(limit=0.0, clock=every_second(), on_warning=warnings.append)
    assert record.epoch_seconds is not None
    assert warnings == ["1 steps are too few for an interval of their median"]


def test_steps_that_differ_too_much_are_called_uncertain(measure):
    time = iter(np.cumsum(np.random.default_rng(0).pareto(1.0, 100_000)))
    warnings = []
    measure(limit=1000.0, clock=lambda: float(next(time)), on_warning=warnings.append)
    assert len(warnings) == 1
    assert "only certain to" in warnings[0]


def test_building_and_the_first_step_are_told_apart_from_the_steady_ones(measure):
    ready = []
    measure(limit=0.0, on_ready=ready.append)
    assert len(ready) == 1
    assert ready[0].first_step_seconds >= (ready[0].trace_seconds or 0.0)


def test_training_steps_train_and_inference_does_not(measure, build):
    for inference, changes in ((False, True), (True, False)):
        trainee = build()
        kernel = trainee.model.trainable_variables[0]
        before = np.array(keras.ops.convert_to_numpy(kernel))
        if not inference and keras.backend.backend() == "jax":
            continue  # the state stays on the device
        measure(inference=inference, limit=0.0, trainee=trainee)
        assert (not np.array_equal(keras.ops.convert_to_numpy(kernel), before)) == changes


def test_a_measurement_can_be_stopped(measure):
    def stop():
        raise Interrupted("Stopped.", 15)

    with pytest.raises(Interrupted):
        measure(should_stop=stop)


def test_accuracy_is_empty_for_there_is_nothing_to_learn(measure):
    record = measure(limit=0.0)
    assert (record.train_accuracy, record.test_accuracy, record.train_loss) == (None, None, None)
