import pytest

from densebench.errors import InputError
from densebench.events import Ended
from densebench.running.launchers.protocol import (
    find_threads,
    outcome_from_json,
    outcome_to_json,
    queued_from_json,
    queued_to_json,
)


def test_a_run_goes_to_another_machine_and_its_outcome_comes_back(queue):
    (queued,) = queue(1, owner="sweep/a", time_limit=5.0)
    assert queued_from_json(queued_to_json(queued)) == queued
    ended = Ended(status="failed", reason="no", exit_code=1)
    outcome = outcome_from_json(queued, outcome_to_json(queued.task.config, ended))
    assert (outcome.queued, outcome.config, outcome.ended) == (queued, queued.task.config, ended)


@pytest.mark.parametrize("text", ["", "[]", '{"task": "{}"}', "3"])
def test_any_other_text_is_refused(text, queue):
    with pytest.raises(InputError):
        queued_from_json(text)
    with pytest.raises(InputError):
        outcome_from_json(*queue(1), text)


def test_runs_that_may_use_all_threads_have_no_number_of_threads(queue):
    assert find_threads(queue(2)) is None
