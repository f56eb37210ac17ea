import subprocess
import sys
from types import SimpleNamespace

from densebench.training.backends import devices
from densebench.training.backends.devices import BackendDevice, ask_devices, explain_silence


def answer(monkeypatch, *, code=0, out="", err=""):
    done = SimpleNamespace(returncode=code, stdout=out, stderr=err)
    monkeypatch.setattr(devices.subprocess, "run", lambda *_, **__: done)


def test_a_backend_names_its_device_in_its_last_line(monkeypatch):
    answer(monkeypatch, out="a greeting\ngpu\tNVIDIA H100\n")
    assert ask_devices(["jax"]) == [BackendDevice(backend="jax", kind="gpu", text="NVIDIA H100")]


def test_a_backend_that_does_not_load_says_why_and_is_reported(monkeypatch):
    answer(monkeypatch, code=1, err="Traceback\nImportError: libcudnn.so.9: not found")
    (found,) = ask_devices(["torch"])
    assert (found.kind, found.text) == (None, "it does not load (ImportError: libcudnn.so.9: not found)")
    assert list(explain_silence([found])) == [
        "Backend torch cannot be used: it does not load (ImportError: libcudnn.so.9: not found)."
    ]


def test_a_backend_that_dies_without_a_word_is_reported_by_its_exit_code(monkeypatch):
    answer(monkeypatch, code=-11)
    assert ask_devices(["torch"])[0].text == "it does not load (exit code -11)"


def test_a_backend_that_never_answers_is_not_waited_for(monkeypatch):
    def run(*_, timeout, **__):
        raise subprocess.TimeoutExpired("python", timeout)

    monkeypatch.setattr(devices.subprocess, "run", run)
    assert ask_devices(["jax"], limit_seconds=5) == [BackendDevice(backend="jax", kind=None, text="no answer in 5 s")]


def test_answers_come_in_the_order_of_the_questions(monkeypatch):
    answer(monkeypatch, out="cpu\tCPU")
    found = ask_devices(["torch", "jax"])
    assert [device.backend for device in found] == ["torch", "jax"]
    assert list(explain_silence(found)) == []


def test_no_backend_is_nothing_to_ask():
    assert ask_devices([]) == []


def test_the_backend_of_this_process_answers_as_a_run_would_find_it(config, facts):
    done = subprocess.run([sys.executable, "-m", devices.__name__, config.backend], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1].partition("\t")[0] == facts.device_kind
