import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from densebench.config import DataConfig, RunConfig
from densebench.errors import DensebenchError, InputError
from densebench.recipes import RECIPES
from densebench.running import tasks
from densebench.running.tasks import EvaluateTask, SpeedTask, TrainTask
from densebench.training.parallel.hosts import Host
from densebench.training.parallel.layout import Layout

CONFIG = RunConfig(variant="100x12", data=DataConfig(dataset="digits"), recipe=RECIPES["short"], run="a-1")
TASKS = [
    TrainTask(config=CONFIG, host=Host(index=1, count=2, addresses=("node1:1", "node2:1"))),
    EvaluateTask(config=CONFIG, source="a", directory="runs/a", model_file=None, preprocess="raw", held_out=True),
    SpeedTask(config=CONFIG, inference=True, precision_target=0.02, time_limit=60.0, energy=True),
]


@pytest.mark.parametrize("task", TASKS, ids=lambda task: type(task).__name__)
def test_a_task_arrives_as_it_was_sent(task):
    layout = Layout(devices=2, hosts=2, rank=1, ranks=2, addresses=("node1:1", "node2:1"))
    assert tasks.from_json(tasks.to_json(task, layout)) == (task, layout)


def test_a_task_whose_run_would_leave_its_directory_is_refused():
    values = json.loads(tasks.to_json(TASKS[0]))
    values["config"]["run"] = "../outside"
    with pytest.raises(InputError):
        tasks.from_json(json.dumps(values))


@given(st.text() | st.dictionaries(st.sampled_from(["task", "config"]), st.text()).map(json.dumps))
def test_what_is_no_task_is_refused(text):
    with pytest.raises(DensebenchError):
        tasks.from_json(text)
