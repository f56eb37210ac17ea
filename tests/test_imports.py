"""What a light command loads: nothing heavy, so that it answers at once."""

import subprocess
import sys

import pytest

import densebench

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
    ["plan", "--help"],
    ["summary"],
    ["summary", "169x32", "--layers"],
    ["train", "resnet20", "169x32", "--dataset", "digits", "--dry-run"],
    ["train", "resnet2O", "--dataset", "digits"],
]


@pytest.mark.parametrize("arguments", LIGHT, ids=" ".join)
def test_a_light_command_loads_nothing_heavy(arguments, in_tmp):
    program = (
        "import sys; from densebench.cli.app import run; code = run(sys.argv[1:]); "
        "print('loaded:', *sys.modules, file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True)
    loaded = done.stderr.rsplit("loaded:", 1)[1].split()
    assert HEAVY.isdisjoint(loaded), HEAVY.intersection(loaded)
    assert done.returncode == (2 if arguments[1:2] == ["resnet2O"] else 0), done.stderr


def test_importing_the_package_loads_nothing_and_offers_its_functions():
    program = (
        "import sys, densebench; "
        "print(*sorted(name for name in dir(densebench) if name in densebench.__all__)); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    offered, loaded = done.stdout.splitlines()
    assert offered.split() == sorted(densebench.__all__)
    assert (HEAVY | {"rich", "typer"}).isdisjoint(loaded.split())
    own = [name for name in loaded.split() if name.startswith("densebench.")]
    assert own == ["densebench.errors", "densebench.version"]


@pytest.mark.parametrize("name", densebench.__all__)
def test_every_name_of_the_package_is_documented(name):
    assert name == "__version__" or getattr(densebench, name).__doc__


def test_a_name_that_the_package_has_not_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'nothing'"):
        _ = densebench.nothing
