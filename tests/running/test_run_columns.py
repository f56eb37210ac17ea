import dataclasses
from dataclasses import replace
from typing import get_args

import pytest
from backend_facts import FACTS

from densebench.config import RunConfig
from densebench.events import Ready
from densebench.recipes import RECIPES
from densebench.records import EpochRecord, Phase, Run
from densebench.running.run_columns import (
    describe_request,
    find_seconds_before,
    with_backend,
    with_host_peak,
    with_readiness,
    with_records,
)

RUN = Run(run="a", variant="resnet20", target=0.5)
EPOCHS = (
    EpochRecord(epoch=1, test_accuracy=0.4, elapsed_seconds=10.0),
    EpochRecord(epoch=2, test_accuracy=0.6, elapsed_seconds=20.0),
    EpochRecord(epoch=3, test_accuracy=0.7, elapsed_seconds=30.0),
)


def test_every_phase_whose_steps_train_says_by_which_optimizer():
    config = RunConfig(variant="resnet20", run="a", recipe=RECIPES["short"])
    optimizers = {phase: describe_request(config, phase).optimizer for phase in get_args(Phase) if phase != "published"}
    checkpoints = {phase: describe_request(config, phase).checkpoint_every for phase in optimizers}
    assert {phase for phase, every in checkpoints.items() if every == 1} == {"train", "trial"}
    trains = {"train": "muon", "speed": "muon", "trial": "muon"}
    assert optimizers == {**trains, "eval": None, "inference": None}


def test_a_training_that_stops_at_its_target_says_so_and_one_that_goes_on_does_not():
    config = RunConfig(variant="resnet20", run="a", target=0.9)
    whole, stopping = (describe_request(replace(config, stop_at_target=stops), "train") for stops in (False, True))
    assert "until" not in whole.schedule
    assert stopping.schedule == f"{whole.schedule}, until 90.00%"


def test_only_steps_of_training_are_compiled_on_pytorch():
    facts = replace(FACTS, name="torch", jit=True)
    found = {
        phase: with_backend(replace(RUN, phase=phase), facts).jit for phase in ("train", "speed", "inference", "eval")
    }
    assert found == {"train": True, "speed": True, "inference": False, "eval": False}
    assert with_backend(replace(RUN, phase="inference"), replace(facts, name="jax")).jit is True


def test_the_target_is_reached_in_the_first_epoch_that_reaches_it():
    seen = [with_records(RUN, EPOCHS[:count], total_seconds=None).time_to_target_seconds for count in range(4)]
    assert seen == [None, None, 20.0, 20.0]


def test_an_epoch_that_a_kill_kept_from_the_row_still_reached_the_target():
    """Its checkpoint stood when the process died, its row did not; the next epoch must not claim the target."""
    row = with_records(RUN, EPOCHS[:1], total_seconds=10.0)
    resumed = with_records(row, EPOCHS[:2], total_seconds=find_seconds_before(row, EPOCHS[:2]))
    assert resumed.time_to_target_seconds == 20.0
    assert resumed.total_seconds == 20.0
    assert with_records(resumed, EPOCHS, total_seconds=30.0).time_to_target_seconds == 20.0


def test_a_target_reached_at_an_unknown_time_stays_unknown():
    backwards = (EpochRecord(epoch=1, test_accuracy=0.6, elapsed_seconds=None), EPOCHS[1])
    assert with_records(RUN, backwards, total_seconds=None).time_to_target_seconds is None


def test_time_behind_counts_what_was_spent_after_the_last_epoch_too():
    assert find_seconds_before(with_records(RUN, EPOCHS[:1], total_seconds=14.0), EPOCHS[:1]) == 14.0
    assert find_seconds_before(RUN, ()) is None


def test_no_negative_time_is_entered():
    taken = Ready(build_seconds=-1.0, trace_seconds=2.0, compile_seconds=None, first_step_seconds=None)
    run = with_readiness(RUN, taken)
    assert (run.build_seconds, run.trace_seconds, run.compile_seconds) == (None, 2.0, None)


@pytest.mark.parametrize(
    ("name", "device", "recompute", "warned"),
    [
        ("jax", "cpu", True, True),
        ("jax", "gpu", True, False),
        ("jax", "cpu", False, False),
        ("torch", "cpu", True, False),
    ],
)
def test_recomputing_where_it_saves_nothing_is_said(name, device, recompute, warned):
    facts = dataclasses.replace(FACTS, name=name, jit=True, deterministic=True, device_kind=device)
    run = with_backend(replace(RUN, recompute=recompute), facts)
    assert ("saves no memory" in (run.warnings or "")) == warned
    assert with_backend(run, facts).warnings == run.warnings


def test_the_peak_of_saving_the_model_belongs_to_the_last_epoch_and_never_lowers_it():
    run = Run(run="a", variant="v", records=(EpochRecord(epoch=1, host_peak_bytes=5), EpochRecord(epoch=2)))
    saved = with_host_peak(run, 7)
    assert [record.host_peak_bytes for record in saved.records] == [5, 7]
    assert with_host_peak(saved, 6) == saved
    assert with_host_peak(saved, None) == saved
