import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from densebench.measuring import host


def lay(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_the_peak_is_the_high_water_mark_of_the_process(tmp_path) -> None:
    root = lay(tmp_path, {"proc/self/status": "Name:\tpython\nVmHWM:\t    1740 kB\nVmRSS:\t     900 kB\n"})
    assert host.read_host_peak_bytes(root) == 1740 * 1024


def test_without_proc_the_system_is_asked_otherwise(tmp_path) -> None:
    assert host.read_host_peak_bytes(tmp_path) > 2**20


def test_a_status_without_the_field_falls_back_as_well(tmp_path) -> None:
    root = lay(tmp_path, {"proc/self/status": "Name:\tpython\n"})
    assert host.read_host_peak_bytes(root) > 2**20


@pytest.mark.parametrize(("system", "expected"), [("linux", 2048 * 1024), ("darwin", 2048), ("freebsd14", 2048 * 1024)])
def test_the_fallback_knows_the_unit_of_the_platform(system, expected) -> None:
    assert host.convert_maxrss(2048, system) == expected


def test_a_system_that_does_not_fill_the_fallback_is_unknown_and_not_0() -> None:
    assert host.convert_maxrss(0, "linux") is None


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_the_peak_of_a_child_does_not_inherit_the_size_of_its_parent() -> None:
    ballast = bytearray(300 * 2**20)
    ballast[:: 2**12] = b"x" * len(ballast[:: 2**12])
    ask = "from densebench.measuring.host import read_host_peak_bytes; print(read_host_peak_bytes())"
    printed = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout
    assert int(printed) < 200 * 2**20
    assert host.read_host_peak_bytes() > len(ballast)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_the_peak_stays_when_the_memory_is_given_back() -> None:
    before = host.read_host_peak_bytes()
    held = bytearray(before)
    held[:: 2**12] = b"x" * len(held[:: 2**12])
    del held
    assert host.read_host_peak_bytes() > before
    assert psutil.Process().memory_info().rss < host.read_host_peak_bytes()


def test_the_model_of_the_processor_is_linuxs(tmp_path) -> None:
    root = lay(tmp_path, {"proc/cpuinfo": "processor\t: 0\nmodel name\t: AMD EPYC 9B14\nprocessor\t: 1\n"})
    assert host.read_cpu_model(root) == "AMD EPYC 9B14"


def test_a_processor_without_a_model_name_is_named_as_python_knows_it(tmp_path) -> None:
    root = lay(tmp_path, {"proc/cpuinfo": "processor\t: 0\nCPU part\t: 0xd40\n"})
    assert host.read_cpu_model(root)


@pytest.mark.parametrize(
    ("files", "quota"),
    [
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "250000 100000"}, 2.5),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000"}, None),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": ""}, None),
        ({"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/cpu.max": "max 100000"}, None),
        (
            {
                "proc/self/cgroup": "0::/a/b\n",
                "sys/fs/cgroup/a/b/cpu.max": "800000 100000",
                "sys/fs/cgroup/a/cpu.max": "150000 100000",
            },
            1.5,
        ),
        (
            {
                "proc/self/cgroup": "3:cpu,cpuacct:/docker/17\n0::/\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
            },
            0.5,
        ),
        (
            {
                "proc/self/cgroup": "3:cpu:/\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
            },
            None,
        ),
        ({}, None),
    ],
)
def test_the_tightest_limit_of_the_control_groups_is_the_quota(tmp_path, files, quota) -> None:
    assert host.read_cpu_quota(lay(tmp_path, files)) == quota


def test_this_machine_has_a_processor_cores_and_memory() -> None:
    facts = host.read_cpu_facts()
    assert facts.model
    assert facts.cores >= 1
    assert host.read_ram_bytes() > 2**20
