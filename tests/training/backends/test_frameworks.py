import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from densebench.training.backends import frameworks
from densebench.training.backends.frameworks import set_up_jax, set_up_torch, show_gpus
from densebench.training.parallel.layout import ALONE, Layout


@pytest.fixture(autouse=True)
def _same_environment(monkeypatch):
    """Undo what setting up a framework writes there."""
    for name in (
        "CUDA_VISIBLE_DEVICES",
        "NVIDIA_TF32_OVERRIDE",
        "XLA_PYTHON_CLIENT_PREALLOCATE",
        "TF_CPP_MIN_LOG_LEVEL",
    ):
        monkeypatch.setenv(name, "0")
        monkeypatch.delenv(name)


def jax_on(platform_version, compute_capability):
    device = SimpleNamespace(
        platform="gpu",
        device_kind="NVIDIA Fake",
        compute_capability=compute_capability,
        client=SimpleNamespace(platform_version=platform_version),
    )
    return SimpleNamespace(__version__="1", local_devices=lambda: [device])


def torch_on(capability):
    cuda = SimpleNamespace(
        is_available=lambda: True,
        get_device_name=lambda: "NVIDIA Fake",
        get_device_capability=lambda: capability,
    )
    threads = [2]
    return SimpleNamespace(
        __version__="1",
        cuda=cuda,
        version=SimpleNamespace(cuda="13.0"),
        backends=SimpleNamespace(
            cudnn=SimpleNamespace(version=lambda: 91002), cuda=SimpleNamespace(matmul=SimpleNamespace())
        ),
        use_deterministic_algorithms=lambda on: None,
        get_num_threads=lambda: threads[-1],
        set_num_threads=threads.append,
    )


@pytest.mark.parametrize(
    ("platform", "cuda", "wheel"),
    [
        ("PJRT C API\ncuda 12090", "12.9", "nvidia-cudnn-cu12"),
        ("PJRT C API\ncuda 13000", "13.0", "nvidia-cudnn-cu13"),
        ("cuda 12010", "12.1", "nvidia-cudnn-cu12"),
    ],
)
def test_jaxs_cuda_is_the_one_it_runs_on_and_cudnn_the_wheel_for_it(config, monkeypatch, platform, cuda, wheel):
    monkeypatch.setitem(sys.modules, "jax", jax_on(platform, "9.0"))
    monkeypatch.setattr(frameworks, "version", lambda package: f"of {package}")
    found = set_up_jax(config)
    assert (found.cuda, found.cudnn) == (cuda, f"of {wheel}")


def test_jax_on_something_that_is_not_cuda_has_no_cuda(config, monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", jax_on("rocm 60300", ""))
    found = set_up_jax(config)
    assert (found.cuda, found.cudnn, found.tf32) == (None, None, False)


@pytest.mark.parametrize(("capability", "has"), [((7, 5), False), ((8, 0), True), ((8, 9), True), ((10, 0), True)])
def test_tf32_is_on_where_the_card_has_it(config, monkeypatch, capability, has):
    monkeypatch.setitem(sys.modules, "torch", torch_on(capability))
    monkeypatch.setitem(sys.modules, "jax", jax_on("cuda 12090", ".".join(map(str, capability))))
    assert set_up_torch(replace(config, threads=None)).tf32 == has
    assert set_up_jax(config).tf32 == has


@pytest.mark.parametrize(
    ("devices", "asked", "threads"), [(1, None, 2), (2, None, 4), (3, None, 2), (9, None, 1), (2, 7, 7)]
)
def test_the_processes_of_a_host_share_its_cores_on_pytorch(config, monkeypatch, devices, asked, threads):
    monkeypatch.setitem(sys.modules, "torch", torch_on((9, 0)))
    monkeypatch.setattr(frameworks, "count_usable_cores", lambda: 8)
    layout = Layout(devices=devices, ranks=devices)
    assert set_up_torch(replace(config, threads=asked), layout).threads == threads


def test_tf32_is_off_where_nvidias_variable_forbids_it(config, monkeypatch):
    monkeypatch.setenv("NVIDIA_TF32_OVERRIDE", "0")
    monkeypatch.setitem(sys.modules, "torch", torch_on((9, 0)))
    assert not set_up_torch(replace(config, threads=None)).tf32


@pytest.mark.parametrize(
    ("before", "after"), [(None, "0"), ("2,3", "2"), ("MIG-a,MIG-b", "MIG-a"), ("1", "1"), ("", ""), ("-1", "-1")]
)
def test_only_cudas_first_device_stays_visible(monkeypatch, before, after):
    if before is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", before)
    show_gpus(ALONE)
    assert frameworks.os.environ["CUDA_VISIBLE_DEVICES"] == after


@pytest.mark.parametrize(
    ("before", "layout", "after"),
    [
        (None, Layout(devices=2), "0,1"),
        ("3,5,7", Layout(devices=2), "3,5"),
        (None, Layout(devices=2, ranks=2, rank=1, local_rank=1), "1"),
        ("3,5,7", Layout(devices=3, hosts=2, host=1, ranks=6, rank=5, local_rank=2), "7"),
    ],
)
def test_a_process_sees_its_own_devices(monkeypatch, before, layout, after):
    if before is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", before)
    show_gpus(layout)
    assert frameworks.os.environ["CUDA_VISIBLE_DEVICES"] == after
