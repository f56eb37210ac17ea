import dataclasses
import math

import pytest

from densebench.records import Run
from densebench.results.gathering import read_published
from densebench.sharing.required import MEASURED, list_required
from densebench.sharing.run_rules import check_run


@pytest.mark.parametrize("phase", MEASURED)
def test_a_true_run_of_every_phase_can_be_a_record(true_run, phase):
    assert list(check_run(true_run(phase))) == []


def test_a_true_run_that_missed_its_target_can_be_one_too(true_run):
    missed = true_run(target=0.99)
    assert missed.time_to_target_seconds is None
    assert list(check_run(missed)) == []


@pytest.mark.parametrize("name", [name for name in list_required("train", "cpu") if name != "phase"])
def test_no_required_cell_may_be_empty(tampered, name):
    findings = tampered(**{name: None})
    assert any(name in finding for finding in findings)


@pytest.mark.parametrize("name", ["elapsed_seconds", "epoch_seconds", "test_accuracy", "total_seconds"])
def test_a_time_or_an_accuracy_that_is_no_number_counts_as_unknown_and_a_diverged_loss_does_not(tampered, name):
    assert tampered(**{name: math.nan}) == [f"unknown: {name}"]
    assert tampered(test_loss=math.nan) == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"commit": "unknown"}, "commit is 'unknown' where a commit of densebench belongs"),
        ({"started": "2026-11-24"}, "started is '2026-11-24' where a date and time with its zone belongs"),
        ({"device_kind": "abacus"}, "device_kind is 'abacus' where cpu or gpu belongs"),
        ({"device_kind": "gpu"}, "unknown: gpu_name, gpu_memory_bytes, driver"),
    ],
)
def test_the_environment_is_named_in_its_form(tampered, changes, says):
    assert any(finding.startswith(says) for finding in tampered(**changes))


def test_files_may_have_been_modified_if_the_commit_says_so(tampered):
    assert tampered(commit="2b857c73df17+") == []


@pytest.mark.parametrize(
    ("phase", "changes", "says"),
    [
        ("train", {"phase": "published"}, "its phase is published"),
        ("train", {"phase": "trial"}, "its phase is trial"),
        ("train", {"status": "interrupted"}, "its status is interrupted, and a record is completed"),
        ("train", {"status": "failed", "reason": "Memory ran out."}, "its status is failed (Memory ran out.)"),
        ("train", {"command": "densebench plan resnet20"}, "its command is no 'densebench train'"),
        ("train", {"source": "Huang et al."}, "its phase is train, which has no source"),
        ("train", {"dataset": "synthetic"}, "accuracy on random labels means nothing"),
        ("train", {"epochs": 300}, "it has 8 of 300 epochs"),
        ("train", {"epoch": 9}, "its epochs do not count from 1 on"),
        ("train", {"variant": "resnet110"}, "params is 271098 where resnet110 has"),
        ("train", {"variant": "resnet21"}, "Unknown variant 'resnet21'"),
        ("train", {"params": 1}, "params is 1 where resnet20 has 271098"),
        ("train", {"forward_macs": 1}, "forward_macs is 1 where resnet20 has 40551040"),
        ("train", {"test_accuracy": 0.99}, "test_accuracy in epoch 8 is 0.99, which is no share of 360 images"),
        ("train", {"elapsed_seconds": 25.0}, "elapsed_seconds grows by less than epoch_seconds and eval_seconds in ep"),
        ("train", {"epoch_seconds": 1.0}, "epoch_seconds is too short for its images_per_second in epoch 8"),
        ("train", {"total_seconds": 20.0}, "total_seconds is 20.0, less than the "),
        ("train", {"predicted_total_seconds": 26.935992991000603}, "total_seconds is its prediction to the last digit"),
        ("train", {"target": None}, "it has a time_to_target_seconds without a target"),
        ("train", {"target": 0.99}, "but no epoch reaches the target of 0.99"),
        ("train", {"target": 0.6}, "but the target of 0.6 is first reached in epoch 3, after 12.57"),
        ("train", {"time_to_target_seconds": 12.0}, "time_to_target_seconds is 12.0, but the target of 0.95 is first"),
        ("train", {"time_to_target_seconds": None}, "time_to_target_seconds is None, but the target of 0.95 is first"),
        ("train", {"time_to_target_seconds": math.nan}, "time_to_target_seconds is nan, but the target of 0.95 is fi"),
        ("eval", {"phase": "train"}, "unknown: "),
        ("eval", {"epoch": 1}, "its phase is eval, which has no epoch"),
        ("eval", {"test_accuracy": 0.99999}, "which is no share of 2000 images"),
        ("eval", {"source": None}, "unknown: source"),
        ("speed", {"phase": "eval"}, "unknown: "),
        ("speed", {"test_accuracy": 0.9}, "its phase is speed, which has no test_accuracy"),
        ("speed", {"images_per_second": None}, "unknown: images_per_second"),
    ],
)
def test_a_run_that_is_not_what_it_claims_is_found_out(tampered, phase, changes, says):
    assert any(says in finding for finding in tampered(phase, **changes))


@pytest.mark.parametrize("phase", ["eval", "speed"])
def test_a_training_in_the_guise_of_another_phase_is_found_out(true_run, phase):
    guise = dataclasses.replace(true_run(), phase=phase, command=f"densebench {phase} resnet20", source="a")
    assert list(check_run(guise))


def test_an_evaluation_has_one_row(true_run):
    one = true_run("eval")
    twice = dataclasses.replace(one, records=(*one.records, *one.records))
    assert list(check_run(twice)) == ["its phase is eval, which has one row, and it has 2"]


def test_a_run_may_end_at_the_first_epoch_that_reaches_its_target_and_no_earlier(true_run):
    run = true_run()
    stopped = dataclasses.replace(run, records=run.records[:5], total_seconds=run.records[4].elapsed_seconds + 0.1)
    assert list(check_run(stopped)) == []
    short = dataclasses.replace(stopped, records=run.records[:4], time_to_target_seconds=None)
    assert list(check_run(short)) == ["it has 4 of 8 epochs"]


def test_what_others_published_cannot_be_dressed_up_as_a_training():
    for run in read_published():
        assert list(check_run(run))
        assert list(check_run(dataclasses.replace(run, phase="train")))


def test_a_network_of_ones_own_has_the_counts_that_it_says_for_its_code_is_not_run(true_run):
    own = dataclasses.replace(true_run(), variant="mynets.py:tiny", variant_sha256="ab" * 32, params=5, forward_macs=5)
    assert list(check_run(own)) == []


def test_a_run_of_which_nothing_is_known_is_one_finding():
    (finding,) = check_run(Run(run="a", variant="resnet20", status="completed"))
    assert finding.startswith("unknown: started, command, ")
