import pytest

from densebench.records import COLUMNS
from densebench.sharing.required import (
    MEASURED,
    NOT_OF_PHASE,
    check_command,
    check_form,
    explain_phase,
    list_required,
)


@pytest.mark.parametrize("phase", MEASURED)
def test_what_is_required_or_excluded_are_columns_and_never_both(phase):
    required, excluded = set(list_required(phase, "gpu")), set(NOT_OF_PHASE[phase])
    assert required | excluded <= set(COLUMNS)
    assert not required & excluded


def test_a_run_on_a_card_must_name_the_card_and_its_driver():
    assert set(list_required("train", "gpu")) - set(list_required("train", "cpu")) == {
        "gpu_name",
        "gpu_memory_bytes",
        "driver",
    }


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("started", "2026-01-01T10:00:00+00:00", "2026-01-01T10:00:00"),
        ("started", "2026-01-01T10:00:00+02:00", "yesterday"),
        ("commit", "0123456789ab", "main"),
        ("commit", "0123456789ab+", "0123456789ab++"),
        ("device_kind", "gpu", "tpu"),
    ],
)
def test_a_text_has_its_form_or_a_sentence_says_what_belongs_there(name, good, bad):
    assert check_form(name, good) is None
    assert check_form(name, bad).startswith(f"{name} is {bad!r} where ")


def test_a_command_is_that_of_the_phase():
    assert check_command("densebench train resnet20", "train", "digits") is None
    for command in ("densebench speed resnet20", "densebench training resnet20", "train resnet20"):
        assert "its command is no 'densebench train'" in check_command(command, "train", "digits")


def test_forward_passes_are_no_training_steps():
    for command, phase, other in (
        ("densebench speed resnet20 --inference", "inference", "speed"),
        ("densebench speed resnet20", "speed", "inference"),
    ):
        assert check_command(command, phase, "synthetic") is None
        assert check_command(command, other, "synthetic").startswith(f"its phase is {other}, but its command is no ")


def test_every_phase_that_no_record_has_is_explained():
    assert "results/published.csv" in explain_phase("published")
    assert "predict" in explain_phase("trial")
    assert explain_phase("predicted") == "its phase is 'predicted', and a record's is train, eval, speed, inference"


def test_a_command_is_on_the_dataset_of_its_row():
    for named in ("--dataset digits", "--dataset=digits --epochs 2", "--dataset folder:images/digits"):
        assert check_command(f"densebench train resnet20 {named}", "train", "digits") is None
    assert check_command("densebench train resnet20 --dataset 'folder:my images'", "train", "my images") is None
    assert check_command("densebench train resnet20 --run 'a", "train", "digits") is None
    said = check_command("densebench train resnet20 --dataset digits --seed 1", "train", "cifar10")
    assert said == "its dataset is cifar10, but its command has --dataset digits"
