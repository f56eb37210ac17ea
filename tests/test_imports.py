"""What a light command loads: nothing heavy, so that it answers at once."""

import subprocess
import sys

import pytest

HEAVY = {
    "keras",
    "tensorflow",
    "jax",
    "torch",
    "numpy",
    "pandas",
    "scipy",
    "matplotlib",
    "pynvml",
    "sklearn",
    "PIL",
    "jinja2",
    "tensorboardX",
    "filelock",
}
LIGHT = [
    ["--help"],
    ["--version"],
    ["train", "--help"],
    ["summary"],
    ["summary", "169x32", "--layers"],
    ["train", "resnet20", "169x32", "--dataset", "digits", "--dry-run"],
    ["train", "resnet2O", "--dataset", "digits"],
]


@pytest.mark.parametrize("arguments", LIGHT, ids=" ".join)
def test_a_light_command_loads_nothing_heavy(arguments, in_tmp):
    program = (
        "import sys; from densebench.cli import run; code = run(sys.argv[1:]); "
        "print('loaded:', *sys.modules, file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True)
    loaded = done.stderr.rsplit("loaded:", 1)[1].split()
    assert HEAVY.isdisjoint(loaded), HEAVY.intersection(loaded)
    assert done.returncode == (2 if arguments[1:2] == ["resnet2O"] else 0), done.stderr
