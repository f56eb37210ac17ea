import subprocess
import sys

import pytest

from densebench.errors import InputError
from densebench.running.launchers import options as module
from densebench.running.launchers.options import LaunchOptions, check_launch, describe_place


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"launcher": "kubernetes"}, "Unknown launcher 'kubernetes'"),
        ({"jobs": 2}, "--jobs is an option of --launcher ray and slurm, but the launcher is loop"),
        ({"launcher": "slurm", "ray_address": "a:1"}, "--ray-address is an option of --launcher ray, but"),
        ({"launcher": "ray", "no_wait": True}, "--no-wait is an option of --launcher slurm, but"),
        ({"launcher": "ray", "slurm": ("a=b",)}, "--slurm is an option of --launcher slurm, but"),
        ({"launcher": "ray", "jobs": 0}, "--jobs 0 must be at least 1"),
        ({"launcher": "ray", "retries": -1}, "--retries -1 must be at least 0"),
        ({"launcher": "ray", "gpus_per_run": 1.5}, "--gpus-per-run 1.5 is no whole number"),
        ({"launcher": "slurm", "gpus_per_run": 0.5}, "--gpus-per-run 0.5 is no whole number"),
        ({"launcher": "slurm", "slurm": ("account",)}, "--slurm 'account' cannot be read"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-",
)
def test_what_does_not_go_together_is_one_sentence(given, sentence):
    with pytest.raises(InputError) as error:
        check_launch(LaunchOptions(**given))
    assert str(error.value).startswith(sentence)


@pytest.mark.parametrize(("launcher", "package"), [("ray", "ray"), ("slurm", "submitit")])
def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch, launcher, package):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=f"needs {package}, which is missing: pip install 'densebench.{launcher}.'"):
        check_launch(LaunchOptions(launcher=launcher))


def test_the_loop_needs_nothing_and_half_a_card_is_for_ray():
    check_launch(LaunchOptions())
    if module.find_spec("ray"):
        check_launch(LaunchOptions(launcher="ray", gpus_per_run=0.5, jobs=4))


def test_a_place_is_a_sentence():
    assert describe_place(LaunchOptions()) == "Launcher loop: one run after another in this process."
    assert describe_place(LaunchOptions(launcher="ray", jobs=2, gpus_per_run=0.5)) == (
        "Launcher ray: queued on this machine (jobs 2, gpus per run 0.5)."
    )
    assert describe_place(LaunchOptions(launcher="slurm", partition="big")) == (
        "Launcher slurm: one array job in partition big."
    )


def test_no_engine_is_loaded_by_a_training_that_does_not_use_one(stub):
    program = (
        "import sys\n"
        "from densebench.cli.app import run\n"
        "code = run(['train', 'resnet20', '--dataset', 'digits', '--epochs', '2'])\n"
        "engines = {'ray', 'submitit'} | ({'cloudpickle'} if 'pyarrow' not in sys.modules else set())\n"  # it loads it
        "print(code, sorted(engines & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "0 []", done.stderr
    assert len(stub()) == 2
