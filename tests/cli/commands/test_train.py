import json

from PIL import Image

from densebench.cli.app import run
from densebench.results import store


def test_training_leaves_a_row_an_epoch_and_everything_else_in_its_folder(in_trained, tiny):
    (trained,) = store.read_all(["results"])
    assert (trained.status, trained.phase, len(trained.records)) == ("completed", "train", 2)
    assert trained.params == 2_862
    assert trained.command == f"densebench train 10x4 {' '.join(tiny)} --epochs 2"
    folder = in_trained / "runs" / trained.run
    assert trained.model_file_bytes == (folder / "model.keras").stat().st_size
    assert trained.checkpoint_file_bytes == (folder / "checkpoint.npz").stat().st_size
    assert list((folder / "tensorboard").glob("events*"))
    assert (folder / "log.txt").exists()


def test_figures_of_a_run_are_known_or_empty_with_a_reason(in_trained):
    (trained,) = store.read_all(["results"])
    for record in trained.records:
        assert record.gpu_peak_bytes is None
        assert record.gpu_memory_source
        assert record.energy_joules is None
        assert record.energy_source
        assert record.host_peak_bytes > 0
    assert trained.environment.python
    assert trained.environment.backend_version


def test_one_seed_after_another_and_a_dry_run_that_makes_nothing(in_tmp, tiny, capfd):
    assert run(["train", "10x4", "16x4", *tiny, "--seeds", "0-2", "--dry-run", "--format", "json"]) == 0
    assert len(json.loads(capfd.readouterr().out)["plan"]) == 6
    assert not list(in_tmp.iterdir())


def test_a_dry_run_says_what_of_a_folder_is_skipped(in_tmp, capfd):
    for split in ("train", "test"):
        for name in ("a", "b"):
            (in_tmp / "pictures" / split / name).mkdir(parents=True)
            Image.new("RGB", (8, 8)).save(in_tmp / "pictures" / split / name / "0.png")
    (in_tmp / "pictures" / "train" / "a" / "notes.txt").write_text("no image")
    asked = ["train", "10x4", "16x4", "--dataset", "folder:pictures", "--batch-size", "2", "--dry-run"]
    assert run([*asked, "--format", "json"]) == 0
    printed = capfd.readouterr()
    assert len(json.loads(printed.out)["plan"]) == 2
    said = "Note: entries of the folder skipped (hidden, or no image file): 1, such as 'train/a/notes.txt'.\n"
    assert printed.err == said
