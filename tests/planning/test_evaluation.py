import pytest

from densebench.errors import InputError
from densebench.planning.evaluation import plan_evaluation
from densebench.planning.options import TrainOptions
from densebench.planning.training import plan_new
from densebench.running.directory import claim, mark_begun, run_directory


@pytest.fixture
def trained(in_tmp):
    (planned,) = plan_new(TrainOptions(variants=("resnet20",), dataset="digits", image_size=16, backend="jax"))
    with claim(planned.config, numbered=True) as config:
        mark_begun(run_directory(config.runs_dir, config.run))
    return config


@pytest.mark.parametrize("form", ["{}", "runs/{}", "results/{}.csv"])
def test_a_run_is_found_by_its_name_its_folder_and_its_csv(trained, form):
    planned = plan_evaluation(form.format(trained.run), TrainOptions())
    assert planned.source == trained.run
    assert planned.model_file is None


def test_data_and_preprocessing_come_from_the_run_itself(trained):
    planned = plan_evaluation(trained.run, TrainOptions(batch_size=7))
    assert planned.config.data == trained.data
    assert planned.config.recipe.batch_size == 7
    assert (planned.config.run, planned.is_named) == (f"{trained.run}-eval", False)


def test_a_model_file_needs_its_data_named(in_tmp):
    with pytest.raises(InputError, match="--dataset"):
        plan_evaluation("model.keras", TrainOptions())
    with pytest.raises(InputError, match="no model file"):
        plan_evaluation("model.keras", TrainOptions(dataset="digits"))
    (in_tmp / "my model.keras").touch()
    planned = plan_evaluation("my model.keras", TrainOptions(dataset="digits"))
    assert planned.config.run == "my-model.keras-eval"


def test_a_run_that_is_not_there_and_a_name_that_leaves_are_refused(in_tmp):
    for source in ("gone", "..", "runs/..", ""):
        with pytest.raises(InputError):
            plan_evaluation(source, TrainOptions())
