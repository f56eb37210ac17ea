"""``benchmarks/gpu.py``: rehearsed on the CPU, and its parts with made-up processes."""

import csv
import dataclasses
import io
import json
import signal
from importlib.util import find_spec
from pathlib import Path

import gpu
import gpu_scale
import gpu_stages
import gpu_training
import psutil
import pytest
from background import Background
from gpu_parts import Ended, Part, PartFailed, PartUnfinished, run_stage

REHEARSAL = Background(Path(__file__).with_name("rehearsal.py"))
HAS_JAX = find_spec("jax") is not None
BACKGROUND = [REHEARSAL] if HAS_JAX else []
needs_jax = pytest.mark.skipif(not HAS_JAX, reason="needs JAX")


def rows(name):
    return list(csv.DictReader(io.StringIO(REHEARSAL.read(name).decode())))


# Rehearsed


@needs_jax
def test_every_part_of_every_stage_is_a_row():
    parts = rows("parts")
    found = {(row["stage"], row["part"].split("-")[0]): row["status"] for row in parts}
    assert found == {
        ("1", "env"): "done",
        ("1", "facts"): "failed",
        ("1", "out"): "failed",
        ("2", "10x4"): "done",
        ("3", "contenders"): "done",
        ("4", "memory"): "done",
        ("5", "training"): "done",
        ("6", "plan"): "done",
    }
    (checks, refused) = [row["result"] for row in parts if row["status"] == "failed"]
    assert "device_kind is cpu and not gpu" in checks
    assert "need" in refused
    assert "of memory" in refused


@needs_jax
def test_the_training_on_made_up_images_says_so():
    printed = REHEARSAL.read("printed").decode()
    assert "No cifar10-images: the training is on synthetic images" in printed
    (row,) = [row for row in rows("parts") if row["part"] == "training"]
    assert row["result"].startswith("2 of 2 epochs on synthetic")


@needs_jax
def test_a_second_call_does_nothing_again():
    assert "Stage 2: 1 done before" in REHEARSAL.read("printed again").decode()


@needs_jax
def test_figures_are_in_tables():
    checks = {row["check"]: row for row in rows("instruments.csv")}
    assert set(checks) == {"facts", "memory", "tf32", "step_memory", "energy"}
    assert checks["tf32"]["agrees"] == "yes"
    assert checks["memory"]["agrees"] == "unknown"
    assert checks["memory"]["note"]  # without a driver, or without an allocator's peak on the CPU
    (contender,) = rows("contenders.csv")
    assert (contender["contender"], contender["device"]) == ("jax-hand", "cpu")
    time, memory, energy = rows("plan.csv")
    assert (time["figure"], memory["figure"], energy["figure"]) == ("total_seconds", "peak_bytes", "energy_joules")
    assert float(time["ratio"]) > 0
    assert float(memory["ratio"]) > 0
    assert energy["came"] == ""


# Parts


def make_part(name, program, *, seconds=60.0, **given):
    return Part(name=name, command=lambda _: ["-c", program], seconds=seconds, **given)


def run(parts, folder, limit=300.0, **given):
    return [(row.part, row.status, row.result) for row in run_stage(1, parts, folder, limit, **given)]


def test_no_part_that_fails_stops_the_others(tmp_path):
    def stumble(ended):
        raise KeyError("reason")

    parts = [
        make_part("dies", "raise SystemExit('no such card')"),
        make_part("kills itself", f"import os; os.kill(os.getpid(), {signal.SIGKILL.value})"),
        make_part("cannot be read", "print(1)", judge=stumble),
        make_part("says two", "print(2)", judge=lambda ended: f"it is {ended.stdout}"),
    ]
    assert run(parts, tmp_path) == [
        ("dies", "failed", "no such card (exit code 1)"),
        ("kills itself", "failed", "no output (exit code -9)"),
        ("cannot be read", "failed", "KeyError: 'reason'"),
        ("says two", "done", "it is 2"),
    ]


def test_a_part_that_hangs_is_stopped_with_what_it_has_started_and_is_a_row(tmp_path):
    deaf = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); time.sleep(600)"
    start = f"[sys.executable, '-c', {deaf!r}, {str(tmp_path)!r}], process_group=0"  # as a run of densebench
    program = f"import subprocess, sys; subprocess.run({start})"
    parts = [make_part("hangs", program, seconds=3.0), make_part("next", "")]
    assert run(parts, tmp_path) == [("hangs", "timed out", "stopped after 3 s"), ("next", "done", "")]
    commands = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    assert not [words for words in commands if words[-1:] == [str(tmp_path)]]


def test_what_there_is_no_time_for_is_a_row_and_comes_first_the_next_time(tmp_path):
    def tire(ended):
        raise PartFailed("tired")

    parts = [make_part("first", "", judge=tire), make_part("second", "", seconds=100.0)]
    times = iter([0.0, 0.0, 80.0])
    assert run(parts, tmp_path, limit=100.0, clock=lambda: next(times)) == [
        ("first", "failed", "tired"),
        ("second", "not reached", "the stage's time was up"),
    ]
    assert [name for name, *_ in run(parts, tmp_path)] == ["second", "first"]


def test_what_is_done_is_not_done_again_and_what_is_unfinished_goes_on(tmp_path):
    def go_on(ended):
        raise PartUnfinished("3 of 100 epochs")

    parts = [make_part("done", ""), make_part("training", "", judge=go_on)]
    assert len(run(parts, tmp_path)) == 2
    assert run(parts, tmp_path) == [("training", "unfinished", "3 of 100 epochs")]


def test_a_part_knows_the_seconds_that_are_left(tmp_path):
    given = []
    part = Part(name="training", command=lambda seconds: given.append(seconds) or ["-c", ""], seconds=float("inf"))
    run([part], tmp_path, limit=500.0, clock=lambda: 0.0)
    assert given == [488.0]


# The stages


@pytest.fixture
def asked(tmp_path):
    return gpu_scale.Asked(
        output=tmp_path, backends=("jax", "torch"), data_dir=tmp_path / "data", scale=gpu_scale.Scale()
    )


def test_every_part_has_a_name_of_its_own(asked):
    for stage in gpu_stages.STAGES:
        names = [part.name for part in gpu_stages.list_parts(stage, asked)]
        assert names
        assert len(set(names)) == len(names)


def test_the_speed_of_the_main_network_comes_first_and_that_of_jax_last(asked):
    names = [part.name for part in gpu_stages.list_parts(2, asked)]
    assert len(names) == 7 * 2 * (2 + 4)
    assert all(name.startswith("100x12-torch-") for name in names[:8])
    assert [name.endswith("-jit") for name in names[:8]] == [False] * 4 + [True] * 4
    assert all("-jax-" in name for name in names[-7 * 4 :])
    assert not [name for name in names if "jax" in name and name.endswith("jit")]


def test_every_densenet_of_the_series_is_held_against_others_and_the_goal_of_the_main_one_comes_first(asked):
    names = [part.name for part in gpu_stages.list_parts(3, asked)]
    assert names[0] == "contenders-torch-100x12-mixed_bfloat16-64"
    networks = dict.fromkeys(name.split("-")[2] for name in names)
    assert list(networks) == ["100x12", "100x24", "121x32", "169x32", "201x32", "161x48"]
    assert len(names) == 2 * 6 * 2 * 2
    assert all(name.startswith("contenders-jax-") for name in names[6 * 2 * 2 :])


def test_what_jax_must_compile_has_a_stage_to_itself(asked):
    parts = {part.name: part for stage in (2, 4) for part in gpu_stages.list_parts(stage, asked)}
    words = list(parts["100x12-jax-float32-fast-64"].command(500.0))
    assert words[words.index("--time-limit") + 1] == "450s"
    assert {part.seconds for name, part in parts.items() if "-jax-" in name} == {520.0}
    assert {part.seconds for name, part in parts.items() if "-torch-" in name} == {240.0}


def test_the_training_is_on_the_fastest_of_the_backends_for_the_epochs_of_its_recipe(asked):
    words = gpu_training.make_training_command(asked, 500.0)
    found = {name: words[words.index(f"--{name}") + 1] for name in ("backend", "precision", "epochs", "recipe")}
    assert found == {"backend": "torch", "precision": "mixed_bfloat16", "epochs": "30", "recipe": "short"}
    alone = dataclasses.replace(asked, backends=("jax",))
    assert gpu_training.make_training_command(alone, 500.0)[7] == "jax"


def test_a_rehearsal_leaves_the_parts_of_a_measurement_alone(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(gpu, "run_and_print", lambda stage, given, limit: asked.append(given.output))
    monkeypatch.setattr("sys.argv", ["gpu.py", "--rehearse", "--stage", "1", "--output", str(tmp_path)])
    assert gpu.main() == 0
    assert asked == [tmp_path.resolve() / "rehearsal"]


def test_commands_of_densebench_are_understood_by_it(asked, monkeypatch):
    """Parsed, and not run."""
    from densebench import workflows
    from densebench.cli.app import run as run_command

    called = []
    for name in ("speed", "train", "plan", "describe_environment"):
        monkeypatch.setattr(workflows, name, lambda *_, name=name, **__: called.append(name) or [])
    for stage in (1, 2, 4, 5):
        for part in gpu_stages.list_parts(stage, asked):
            command = list(part.command(100.0))
            if command[:2] == ["-m", "densebench"]:
                assert run_command(command[2:]) == 0
    assert set(called) == {"speed", "train", "describe_environment"}


def test_the_training_is_on_the_images_that_there_are(asked):
    assert gpu_training.find_dataset(asked) == "synthetic"
    folder = asked.data_dir / "cifar10-images"
    (folder / "train").mkdir(parents=True)
    assert gpu_training.find_dataset(asked) == f"folder:{folder}"


def test_images_are_unpacked_from_their_archive(asked):
    import tarfile

    folder = asked.output / "elsewhere" / "cifar10-images"
    (folder / "train").mkdir(parents=True)
    asked.data_dir.mkdir()
    with tarfile.open(asked.data_dir / "cifar10-images.tar.gz", "w:gz") as packed:
        packed.add(folder, "cifar10-images")
    for _ in range(2):
        assert gpu_training.find_dataset(asked) == f"folder:{asked.output / 'unpacked' / 'cifar10-images'}"


def end_with(**run):
    return Ended(code=1 if run["status"] == "failed" else 0, stdout=json.dumps({"runs": [run]}), stderr="")


def test_only_a_row_that_says_out_of_memory_is_one():
    reason = "resnet20 at batch size 131072 does not fit into memory: try --batch-size 65536."
    assert gpu_stages.require_out_of_memory(end_with(status="failed", reason=reason)) == reason
    for other in (end_with(status="completed", reason=None), end_with(status="failed", reason="No card.")):
        with pytest.raises(PartFailed, match="and not out of memory"):
            gpu_stages.require_out_of_memory(other)
    with pytest.raises(PartFailed, match=r"Segmentation fault \(exit code -11\)"):
        gpu_stages.require_out_of_memory(Ended(code=-11, stdout="", stderr="Segmentation fault\n"))


def test_a_measurement_is_described_with_its_warnings():
    epoch = {"images_per_second": 6120.4, "step_ms_p50": 10.457, "gpu_peak_bytes": 2**31, "host_peak_bytes": 1}
    ended = end_with(status="completed", reason=None, epochs_done=[epoch], warnings="GPU throttled by heat")
    assert gpu_stages.describe_speed(ended) == "6,120 images/s, 10.46 ms a step, 2.00 GiB; GPU throttled by heat"
    with pytest.raises(PartFailed, match="too hot"):
        gpu_stages.describe_speed(end_with(status="failed", reason="too hot"))


def test_a_training_is_begun_once_and_then_resumed(asked, trained):
    from densebench.results import csv_file

    begin = gpu_training.make_training_command(asked, 500.0)
    assert begin[2:6] == ["train", "100x12", "--run", "gpu-training"]
    assert begin[begin.index("--time-limit") + 1] == "470s"
    (asked.output / "training").mkdir()
    run = dataclasses.replace(trained(epochs=3), run="gpu-training", epochs=100, status="interrupted")
    csv_file.write(run, asked.output / "training" / "gpu-training.csv")
    assert gpu_training.make_training_command(asked, 500.0)[2:5] == ["train", "--resume", "gpu-training"]
    with pytest.raises(PartUnfinished, match=r"^3 of 100 epochs on digits, 10\.0 s an epoch, test accuracy 90\.00%$"):
        gpu_training.describe_training(Ended(code=0, stdout="", stderr=""), asked)
