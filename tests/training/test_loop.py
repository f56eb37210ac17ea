import os
import threading
from dataclasses import replace

import keras
import numpy as np
import pytest

from densebench.errors import InputError, Interrupted, NonFiniteLoss
from densebench.events import Entered, EpochEnded, Progress, Ready, Warned
from densebench.measuring.gpu.allocator import GpuMemory
from densebench.measuring.gpu.monitor import GpuReading
from densebench.models.variant import Variant
from densebench.models.variants import VARIANTS
from densebench.schedules import learning_rate_at
from densebench.training.checkpoints import checkpoint
from densebench.training.checkpoints.directory import NEWEST, find_newest


@pytest.fixture(autouse=True, scope="module")
def _plain_graphs():
    """TensorFlow leaves its graphs as they are: to improve those of a tiny network takes longer than to train it."""
    if os.environ["KERAS_BACKEND"] != "tensorflow":
        yield
        return
    import tensorflow as tf

    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    yield
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})


@pytest.fixture
def config(config, monkeypatch):
    """The loop is the same whatever it trains, so it trains as little as possible."""

    def build(nn, image, classes):
        return nn.dense(nn.global_average_pool(nn.bn_relu(nn.conv(image, 8, 3))), classes)

    monkeypatch.setitem(VARIANTS, "tiny", Variant(name="tiny", family="resnet", depth=2, build=build, source="a test"))
    return replace(config, variant="tiny")


def find_progress(events):
    return [event for event in events if isinstance(event, Progress)]


def test_every_epoch_ends_in_one_record(train, config):
    _, records = train()
    assert [record.epoch for record in records] == [1, 2, 3]
    assert [record.learning_rate for record in records] == [
        learning_rate_at(config.recipe, epoch) for epoch in (1, 2, 3)
    ]
    assert all(record.train_loss > 0 and record.test_loss > 0 for record in records)
    assert all(0 <= record.test_accuracy <= record.test_top5_accuracy <= 1 for record in records)
    assert all(record.validation_loss is None for record in records)


def test_a_network_that_answers_with_probabilities_is_refused_before_its_first_step(train, build):
    trainee = build()
    model = keras.Model(trainee.model.inputs, keras.layers.Softmax()(trainee.model.outputs[0]))
    with pytest.raises(InputError, match=r"tiny answers with probabilities, which add up to 1, .* leave the softmax"):
        train(trainee=replace(trainee, model=model))


def test_held_out_images_are_scored_beside_the_test_images(train, config):
    from densebench.data import datasets

    images = datasets.load(replace(config.data, validation=6))
    _, records = train(changed=replace(config, data=replace(config.data, validation=6)), images=images)
    assert records[0].validation_loss is not None
    assert records[0].validation_loss != records[0].test_loss


def test_training_lowers_the_loss_on_what_can_be_learned(train, dataset, config):
    """Images whose class is their brightness."""
    pixels = np.repeat(dataset.train.labels, 8 * 8 * 3).reshape(-1, 8, 8, 3).astype(np.uint8) * 40
    bright = replace(dataset, train=replace(dataset.train, pixels=pixels), mean=(100.0,) * 3, deviation=(70.0,) * 3)
    recipe = replace(config.recipe, epochs=12, shift=0.0)
    _, records = train(changed=replace(config, recipe=recipe), images=bright)
    assert records[-1].train_loss < records[0].train_loss * 0.7


def test_times_are_those_of_the_clock(train):
    """A clock that moves on by one second whenever it is read."""
    readings = iter(range(10_000))
    events = []
    _, records = train(clock=lambda: float(next(readings)), on_event=events.append)
    ready = [event for event in events if isinstance(event, Ready)]
    first = records[0]
    assert first.step_ms_p50 == 1000.0
    assert first.epoch_seconds > 0
    assert first.eval_seconds == 1.0
    spent = [record.elapsed_seconds for record in records]
    assert spent == sorted(set(spent))
    assert len(ready) == 1
    assert ready[0].first_step_seconds >= 1.0 + (ready[0].trace_seconds or 0.0)


def test_a_resumed_runs_elapsed_time_goes_on_from_where_it_was(train, tmp_path):
    from densebench.records import EpochRecord

    _, records = train(
        finished=[EpochRecord(epoch=1, elapsed_seconds=5000.0), EpochRecord(epoch=2, elapsed_seconds=7000.0)]
    )
    assert [record.epoch for record in records] == [3]
    assert records[0].elapsed_seconds > 7000


def test_the_time_of_an_epoch_that_was_stopped_counts(train):
    from densebench.records import EpochRecord

    finished = [EpochRecord(epoch=1, elapsed_seconds=5000.0), EpochRecord(epoch=2, elapsed_seconds=7000.0)]
    assert train(finished=finished, spent=8000.0)[1][0].elapsed_seconds > 8000
    assert train(spent=8000.0)[1][0].elapsed_seconds > 8000


def test_the_instruments_figures_come_into_the_row(train):
    class Monitor:
        def begin_epoch(self):
            self.begun = True

        def end_epoch(self):
            assert self.begun
            self.begun = False
            return GpuReading(
                process_peak_bytes=3,
                device_peak_bytes=4,
                memory_source="NVML",
                energy_joules=5.0,
                energy_source="counter",
                clock_mhz=1000.0,
                warnings=("the card is shared",),
            )

    class Allocator:
        resets = 0

        def reset(self):
            self.resets += 1
            return True

        def peak(self):
            return GpuMemory(peak_bytes=1, reserved_bytes=2, source="allocator")

    allocator, events = Allocator(), []
    _, records = train(monitor=Monitor(), allocator=allocator, on_event=events.append)
    last = records[-1]
    assert (last.gpu_peak_bytes, last.gpu_reserved_peak_bytes) == (1, 2)
    assert (last.gpu_process_peak_bytes, last.gpu_device_peak_bytes) == (3, 4)
    assert (last.energy_joules, last.energy_source, last.gpu_clock_mhz) == (5.0, "counter", 1000.0)
    # JAX's compiler says more than this allocator has seen, so that is believed
    left_out = "" if keras.backend.backend() == "jax" else " after the first step on each shape"
    assert last.gpu_memory_source == f"allocator{left_out}; NVML"
    assert last.host_peak_bytes > 0
    assert allocator.resets == 3  # once compiled, and after the first step on 8 images and that on 4
    assert [event for event in events if isinstance(event, Warned)] == [Warned(text="the card is shared")]


def test_progress_is_that_of_the_epoch_so_far(train):
    readings = iter(range(10_000))
    events = []
    _, records = train(clock=lambda: float(next(readings)), on_event=events.append)
    progress = find_progress(events)
    assert [(step.epoch, step.step, step.steps) for step in progress[:4]] == [
        (1, 1, 3),
        (1, 2, 3),
        (1, 3, 3),
        (2, 1, 3),
    ]
    assert progress[2].loss == records[0].train_loss
    assert progress[2].accuracy == records[0].train_accuracy
    assert progress[0].images_per_second is None
    assert progress[1].images_per_second > 0


def test_progress_comes_at_most_ten_times_a_second(train):
    events = []
    train(clock=lambda: 0.0, on_event=events.append)
    assert [step.step for step in find_progress(events)] == [1, 3] * 3


def test_an_epoch_ends_after_its_checkpoint_and_the_first_after_the_first_step_is_reported(train, tmp_path):
    events, saved = [], []

    def on_event(event):
        events.append(event)
        saved.append((tmp_path / NEWEST).exists() and find_newest(tmp_path).description.epoch)

    train(checkpoints=tmp_path, on_event=on_event)
    kinds = [type(event) for event in events if not isinstance(event, Progress | Entered)]
    assert kinds == [Ready, EpochEnded, EpochEnded, EpochEnded]
    stages = [event.stage for event in events if isinstance(event, Entered)]
    assert stages == ["compiling", "evaluating", "evaluating", "evaluating"]
    assert [epoch for event, epoch in zip(events, saved, strict=True) if isinstance(event, EpochEnded)] == [1, 2, 3]


def test_a_stop_ends_after_the_running_step_and_leaves_no_thread(train, tmp_path):
    calls = []

    def stop():
        calls.append(1)
        if len(calls) == 7:  # the second epoch's second step: three steps and two batches of the test before it
            raise Interrupted("Stopped.", 15)

    events = []
    with pytest.raises(Interrupted):
        train(checkpoints=tmp_path, raise_if_stopped=stop, on_event=events.append, clock=iter(range(10_000)).__next__)
    assert (events[-1].epoch, events[-1].step) == (2, 2)
    assert not [thread for thread in threading.enumerate() if "prefetch" in thread.name]
    assert find_newest(tmp_path).description.epoch == 1


def test_a_loss_that_is_not_finite_ends_the_run_and_keeps_the_checkpoint(
    train, build, dataset, config, facts, tmp_path
):
    trainee, records = train(changed=config, checkpoints=tmp_path)
    whole = (tmp_path / NEWEST).read_bytes()
    spoilt = replace(dataset, mean=(float("nan"),) * 3)
    longer = replace(config, recipe=replace(config.recipe, epochs=4))
    with pytest.raises(
        NonFiniteLoss, match=r"(loss|gradient) became nan in epoch 4, step 1 of 3: lower --learning-rate"
    ):
        train(changed=longer, trainee=trainee, images=spoilt, finished=records, checkpoints=tmp_path)
    assert (tmp_path / NEWEST).read_bytes() == whole


def test_weights_that_are_not_finite_end_the_run_even_if_no_loss_shows_them(train, build):
    trainee = build()
    variance = next(v for v in trainee.model.non_trainable_variables if v.path.endswith("moving_variance"))
    variance.assign(np.full(variance.shape, np.nan, np.float32))
    with pytest.raises(NonFiniteLoss, match="bn1/moving_variance became NaN or infinite in epoch 1"):
        train(trainee=trainee)


def test_a_batch_larger_than_the_data_is_refused(train, config):
    with pytest.raises(InputError, match="--batch-size 64"):
        train(changed=replace(config, recipe=replace(config.recipe, batch_size=64)))


@pytest.mark.parametrize(("every", "saved"), [(0, []), (1, [1, 2, 3]), (2, [2, 3])])
def test_checkpoints_come_as_often_as_asked_and_after_the_last_epoch(
    train, config, tmp_path, monkeypatch, every, saved
):
    epochs = []
    monkeypatch.setattr(checkpoint, "save", lambda *_, records, **__: epochs.append(len(records)))
    train(changed=replace(config, checkpoint_every=every), checkpoints=tmp_path)
    assert epochs == saved


def test_a_target_that_was_reached_ends_the_run_if_asked(train, config, tmp_path):
    reached = replace(config, target=0.001, stop_at_target=True)
    at_once = next(record.epoch for record in train()[1] if record.test_accuracy >= 0.001)
    _, records = train(changed=reached, checkpoints=tmp_path)
    assert records[-1].epoch == at_once
    assert find_newest(tmp_path).description.epoch == at_once
    assert len(train(changed=replace(reached, stop_at_target=False))[1]) == 3


def test_a_finished_run_trains_no_more(train, config):
    _, records = train()
    assert train(finished=records)[1] == []


@pytest.mark.parametrize(
    ("kind", "cores", "devices", "threads"),
    [("cpu", 64, 1, 1), ("gpu", 16, 1, 4), ("gpu", 4, 1, 3), ("gpu", 16, 8, 1), ("gpu", 1, 1, 1), ("gpu", None, 1, 1)],
)
def test_threads_make_batches_beside_a_gpu_and_leave_a_cpu_to_the_network(
    config, facts, monkeypatch, kind, cores, devices, threads
):
    from densebench.training import loop

    monkeypatch.setattr(loop, "count_usable_cores", lambda: cores)
    assert loop._count_batch_threads(replace(facts, device_kind=kind), devices=devices) == threads
