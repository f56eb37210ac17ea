import subprocess
import sys
from types import SimpleNamespace

import pytest

from densebench.cli import completion


@pytest.mark.parametrize(
    ("complete", "incomplete", "expected"),
    [
        (completion.complete_variants, "preresnet2", ["preresnet20"]),
        (completion.complete_speed_variants, "bl", ["blog"]),
        (completion.complete_datasets, "c", ["cifar10", "cifar100"]),
        (completion.complete_recipes, "", ["blog", "short"]),
        (completion.complete_backends, "t", ["tensorflow", "torch"]),
        (completion.complete_precisions, "f", ["float32"]),
        (completion.complete_implementations, "p", ["plain"]),
        (completion.complete_formats, "", ["table", "csv", "json", "markdown"]),
        (completion.complete_paper_formats, "l", ["latex"]),
        (completion.complete_metrics, "gpu_peak", ["gpu_peak_bytes"]),
        (completion.complete_columns, "variant,preci", ["variant,precision"]),
        (completion.complete_columns, "-epoch_sec", ["-epoch_seconds"]),
        (completion.complete_columns, "params,predictio", ["params,prediction"]),
    ],
)
def test_a_word_is_completed_to_what_begins_with_it(complete, incomplete, expected):
    assert complete(incomplete) == expected


def test_a_folder_of_images_is_completed(in_tmp):
    (in_tmp / "images/birds").mkdir(parents=True)
    assert completion.complete_datasets("folder:im") == ["folder:images"]
    assert completion.complete_datasets("folder:images/b") == ["folder:images/birds"]


def test_functions_of_a_file_are_completed_without_running_it(in_tmp):
    (in_tmp / "mynets.py").write_text("raise SystemExit\ndef tiny(nn, image, *, classes): ...\ndef _part(): ...\n")
    (in_tmp / "broken.py").write_text("def (")
    assert completion.complete_variants("my") == ["mynets.py:tiny"]
    assert completion.complete_variants("mynets.py:") == ["mynets.py:tiny"]
    assert completion.complete_variants("br") == completion.complete_variants("none.py:") == []


def test_what_packages_offer_is_completed(install):
    install({"variants": {"fancynet": "fancynets:little"}, "recipes": {"quick": "fancynets:quick"}})
    assert completion.complete_variants("fan") == ["fancynet"]
    assert completion.complete_recipes("qu") == ["quick"]


def test_runs_are_those_with_a_checkpoint(in_tmp):
    for name in ("a", "b"):
        (in_tmp / "runs" / name).mkdir(parents=True)
    (in_tmp / "runs/a/checkpoint.npz").touch()
    assert completion.complete_runs(SimpleNamespace(params={}, info_name="eval"), "") == ["a"]
    assert completion.complete_runs(SimpleNamespace(params={}, info_name="train"), "") == ["last", "a"]


def test_baselines_are_variants_and_files(in_tmp):
    (in_tmp / "results").mkdir()
    (in_tmp / "results/old.csv").touch()
    assert completion.complete_baselines(SimpleNamespace(params={}), "results") == ["results/old.csv"]


def test_the_precisions_and_implementations_are_those_of_a_run():
    from densebench import config

    assert completion.complete_precisions("") == list(config.PRECISIONS)
    assert completion.complete_implementations("") == list(config.IMPLEMENTATIONS)


def test_the_formats_are_those_that_are_written():
    from densebench.reporting import export

    assert completion.complete_paper_formats("") == list(export.FORMATS)
    assert completion.complete_formats("") == [name for name in export.FORMATS if name != "latex"]


def test_completing_loads_nothing_heavy():
    program = (
        "import sys; from densebench.cli import completion as c; c.complete_variants(''); c.complete_columns('');"
        "print(sorted({'numpy', 'pandas', 'keras', 'tensorflow', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr
