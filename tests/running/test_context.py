"""What every job does, without a framework: the data are synthetic and the backend is a made-up one."""

import dataclasses
import signal
from types import SimpleNamespace

import pytest
from backend_facts import FACTS

from densebench.config import DataConfig, RunConfig
from densebench.errors import DatasetError, NonFiniteLoss, OutOfMemory
from densebench.events import EpochEnded, Message, Progress, Ready, Started, Transfer, Warned
from densebench.measuring import environment
from densebench.measuring.gpu.nvml import GpuFacts
from densebench.records import EpochRecord
from densebench.results import csv_file
from densebench.running import context as contexts
from densebench.running.context import RunContext, explain_memory_errors, prepare
from densebench.running.run_file import RunFile
from densebench.running.stopping import Stopper
from densebench.training.backends import backend
from densebench.training.parallel.data_parallel import Alone

DATA = DataConfig(dataset="synthetic", image_size=8, classes=6, train_limit=20, test_limit=12)
CONFIG = RunConfig(variant="resnet20", run="a", data=DATA)
READY = Ready(build_seconds=1.0, trace_seconds=None, compile_seconds=None, first_step_seconds=2.0)


class FakeChannel:
    """Keeps what is sent, and the run's row as it is on disk at that moment."""

    parent_is_gone = False

    def __init__(self):
        self.sent, self.rows = [], []

    def send(self, event):
        self.sent.append(event)
        self.rows.append(row())


def row():
    return csv_file.read("results/a.csv")[0]


@pytest.fixture
def channel():
    return FakeChannel()


@pytest.fixture
def stopper(channel):
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield Stopper(channel)
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def run_file(in_tmp):
    return RunFile.open(CONFIG, "train")


@pytest.fixture
def context(run_file, channel, stopper):
    dataset = SimpleNamespace(class_names=tuple("abcdef"), image_size=8)
    return RunContext(
        config=CONFIG,
        dataset=dataset,
        facts=FACTS,
        parallel=Alone(),
        run_file=run_file,
        channel=channel,
        stopper=stopper,
        began=0.0,
    )


def test_an_epoch_is_on_disk_before_it_is_sent(context, channel):
    ended = EpochEnded(record=EpochRecord(epoch=1, test_accuracy=0.5))
    context.report(ended)
    assert channel.sent == [ended]
    assert channel.rows[0].records == (ended.record,)
    assert channel.rows[0].total_seconds > 0


def test_a_resumed_runs_earlier_epochs_and_seconds_count(context):
    finished = (EpochRecord(epoch=1, elapsed_seconds=1e9),)
    context.continue_after(finished)
    assert (row().records, row().total_seconds) == (finished, 1e9)
    context.report(EpochEnded(record=EpochRecord(epoch=2)))
    assert [record.epoch for record in row().records] == [1, 2]
    assert row().total_seconds > 1e9


def test_what_it_took_to_the_first_step_is_entered_once(context):
    context.report(READY)
    context.report(dataclasses.replace(READY, first_step_seconds=9.0))
    assert (row().build_seconds, row().first_step_seconds) == (1.0, 2.0)


def test_a_warning_is_in_the_row_and_sent_and_a_message_is_only_sent(context, channel):
    events = [Warned(text="the card is shared"), Message(text="No epoch was finished before.")]
    for event in events:
        context.report(event)
    assert channel.sent == events
    assert row().warnings == "the card is shared"


def test_the_first_progress_ends_the_preparation(context, stopper):
    with stopper.listen():
        context.report(Progress(epoch=1, step=1, steps=2, loss=None, accuracy=None, images_per_second=None))
        assert not stopper.preparing


def test_a_start_says_what_the_network_counts_and_where_a_resumed_run_begins(context, channel):
    context.count_network()
    context.continue_after((EpochRecord(epoch=1),))
    context.start(epochs=3, steps=7)
    assert channel.sent == [Started(run="a", variant="resnet20", params=row().params, epochs=3, steps=7, first_epoch=2)]
    assert row().params > 0


def test_the_instruments_stop_however_a_job_ends(context, monkeypatch):
    calls = []
    monitor = SimpleNamespace(start=lambda: calls.append("start"), stop=lambda: calls.append("stop"))
    monkeypatch.setattr(contexts, "open_monitors", lambda device_kind, devices: monitor)
    with context.open_watch() as watch:
        assert calls == ["start"]
    with pytest.raises(NonFiniteLoss), context.open_watch():
        raise NonFiniteLoss
    assert (watch.monitor, watch.started) == (monitor, 0.0)
    assert calls == ["start", "stop"] * 2


def test_preparing_enters_what_the_data_and_the_backend_are(run_file, channel, stopper, monkeypatch):
    monkeypatch.setattr(backend, "prepare", lambda config, layout: FACTS)
    prepared = prepare(CONFIG, run_file, channel, stopper)
    assert (prepared.run.classes, prepared.run.image_size, prepared.run.train_images) == (6, 8, 20)
    assert (prepared.run.implementation, prepared.run.threads) == ("fast", 2)
    assert row() == prepared.run


def test_a_run_on_the_cpu_beside_a_gpu_says_so_in_its_row_and_to_the_screen(run_file, channel, stopper, monkeypatch):
    gpu = GpuFacts(
        name="NVIDIA H100",
        uuid="GPU-1",
        memory_bytes=80,
        used_bytes=0,
        processes=(),
        driver="570.1",
        max_clock_mhz=1980,
        power_limit_watts=700.0,
    )
    monkeypatch.setattr(backend, "prepare", lambda config, layout: FACTS)
    monkeypatch.setattr(contexts, "ask_gpu", lambda: gpu)
    monkeypatch.setattr(environment, "ask_gpu", lambda: gpu)
    prepare(CONFIG, run_file, channel, stopper)
    said = "tensorflow computes on the CPU and does not see NVIDIA H100: pip install 'densebench[cuda]'"
    assert Warned(text=said) in channel.sent
    assert row().warnings.split("; ")[1:] == [said]
    found = row().environment
    assert (found.device_kind, found.device) == ("cpu", found.cpu)
    assert found.gpu_name is found.gpu_uuid is found.gpu_memory_bytes is found.driver is None


def test_what_is_wrong_with_the_data_is_said_before_a_framework_loads(run_file, channel, stopper, monkeypatch):
    monkeypatch.setattr(backend, "prepare", lambda config, layout: pytest.fail("a framework was loaded"))
    missing = dataclasses.replace(CONFIG, data=DataConfig(dataset="folder:nowhere"))
    with pytest.raises(DatasetError):
        prepare(missing, run_file, channel, stopper)


def test_a_download_is_reported_ten_times_a_second_and_at_its_end(channel, run_file):
    readings = iter([0.0, 0.05, 0.1, 0.12])
    reports = contexts._TransferReports(channel, lambda: next(readings))
    for done in (1, 2, 3, 4):
        reports.report("x.tar.gz", done, 4)
    assert channel.sent == [Transfer(what="x.tar.gz", done=done, total=4) for done in (1, 3, 4)]


def test_an_error_for_lack_of_memory_becomes_a_sentence_with_the_batch_size():
    sentence = "resnet20 at batch size 64 does not fit"
    with pytest.raises(OutOfMemory, match=sentence), explain_memory_errors(CONFIG, trains=True):
        raise MemoryError


@pytest.mark.parametrize("error", [NonFiniteLoss("CUDA out of memory"), ValueError("shapes")], ids=repr)
def test_any_other_error_is_passed_on(error):
    with pytest.raises(type(error)) as raised, explain_memory_errors(CONFIG, trains=True):
        raise error
    assert raised.value is error
