"""The page of records fits the results, and these are what they claim. ``--write`` regenerates its table:

``python tests/test_record_page.py --write``
"""

import dataclasses
import math
import os
import re
import sys
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import pytest

from densebench.comparison.compare import compare
from densebench.comparison.formats import format_setting, format_summary
from densebench.comparison.metrics import METRICS
from densebench.comparison.options import CompareOptions
from densebench.comparison.values import TIME_TO_TARGET, Row, get_setting
from densebench.errors import ResultsError
from densebench.escape import markdown, plain
from densebench.records import Run
from densebench.results import csv_file
from densebench.results.target import find_first_reaching
from densebench.sharing.check import check_files, is_table
from densebench.sharing.table_rules import read_table
from densebench.units import format_value

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "records.md"
RESULTS = ROOT / "results"
COMMUNITY = RESULTS / "community"
BEGIN = "<!-- records: written by `python tests/test_record_page.py --write` -->\n"
END = "<!-- end of records -->\n"
# Of trainings that recorded no target, the one that the page takes, by their dataset: only where the times of all of
# them in results/ are valid. Those of cifar10-images were made beside other work (results/README.md).
TARGETS = {"digits": 0.95}
TITLES = ("target", "time to it", "network", "data", "recipe", "in the end", "hardware", "software", "files", "command")
DESCRIBED = (
    "variant", "dataset", "train_images", "recipe", "epochs", "batch_size", "device", "gpu_name", "cpu_cores",
    "devices", "backend", "backend_version", "implementation", "precision", "densebench", "command", "target",
)  # fmt: skip


class Record(NamedTuple):
    """A line of the page, and what it is ordered by."""

    order: tuple[str, float, float]
    cells: tuple[str, ...]


def list_records(folder: Path) -> list[Record]:
    """Every set of equal trainings below a folder that have a target, their own or that of ``TARGETS``."""
    files = groupby(sorted(folder.rglob("*.csv"), key=lambda file: (file.parent, file)), key=lambda file: file.parent)
    return sorted(record for _, group in files for record in list_of_folder(list(group)))


def list_of_folder(files: list[Path]) -> Iterator[Record]:
    tables = [file for file in files if is_table(file)]
    stored = [(run, file) for file in files if file not in tables for run in read_trainings(file)]
    trainings = {f"{file.stem} {run.run}": (run, file) for run, file in stored}  # names of runs may be the same
    yield from (record for file in tables for record in list_of_table(file))
    if trainings:
        aimed = [dataclasses.replace(aim(run), run=name) for name, (run, _) in trainings.items()]
        yield from (describe_row(row, trainings) for row in compare(aimed, CompareOptions()).rows)


def read_trainings(file: Path) -> Iterator[Run]:
    """Those that have a target; a file with other columns, as benchmarks write them, holds none."""
    try:
        runs = csv_file.read(file)
    except ResultsError:
        return
    for run in runs:
        if (run.phase, run.status) == ("train", "completed") and (run.target or TARGETS.get(run.dataset or "")):
            yield run


def aim(run: Run) -> Run:
    """The run with a target, and the time to it as its epochs show it."""
    if run.target is not None:
        return run
    target = TARGETS[run.dataset or ""]
    reached = find_first_reaching(run.records, target)
    return dataclasses.replace(run, target=target, time_to_target_seconds=reached and reached.elapsed_seconds)


def describe_row(row: Row, trainings: Mapping[str, tuple[Run, Path]]) -> Record:
    summary = row.summary(TIME_TO_TARGET.name)
    stored = [trainings[run.run] for run in row.runs]
    warnings = {run.warnings for run, _ in stored if run.warnings}
    return make_record(
        {name: get_setting(row.runs[0], name) for name in DESCRIBED},
        time=(summary.mean or math.inf, format_summary(TIME_TO_TARGET, summary)),
        accuracy=format_summary(METRICS["test_accuracy"], row.summary("test_accuracy")),
        files=" ".join(link(file, f"seed {run.seed}") for run, file in stored)
        + "".join(f"; {markdown(one)}" for one in warnings),
        commits=format_setting(row, "commit"),
        is_recorded=all(run.target is not None for run, _ in stored),
    )


def list_of_table(file: Path) -> Iterator[Record]:
    for line in read_table(file):
        found = line.values
        if found["phase"] != "train" or "target" not in found:
            continue
        seconds = found["time_to_target_seconds"]
        yield make_record(
            found,
            time=(seconds, format_value("seconds", seconds) if math.isfinite(seconds) else "not reached by all"),
            accuracy=format_value("percent", found["test_accuracy"]),
            files=link(file, f"{found['run_count']} in a table") + f"; {markdown(found.get('warnings', 'no curves'))}",
            commits=found["commit"],
            is_recorded=True,
        )


def make_record(
    found: Mapping[str, object],
    *,
    time: tuple[float, str],
    accuracy: str,
    files: str,
    commits: str,
    is_recorded: bool,
) -> Record:
    target = float(str(found["target"]))
    several = f", {found['devices']} devices" if found.get("devices", 1) != 1 else ""
    software = f"{found['backend']} {found['backend_version']}, {found['implementation']}, {found['precision']}"
    commits = commits.replace("+", " with modified files")
    cells = (
        f"{100 * target:g} %{'' if is_recorded else ' (*)'}",
        time[1],
        markdown(str(found["variant"])),
        markdown(f"{found['dataset']}, {found['train_images']:,} images"),
        markdown(f"{found['recipe']}, {found['epochs']} epochs, batch {found['batch_size']}"),
        accuracy,
        markdown(f"{found.get('gpu_name') or found['device']}, {found['cpu_cores']} cores{several}"),
        markdown(f"{software}; densebench {found['densebench']} of {commits}"),
        files,
        "`{}`".format(plain(str(found["command"])).replace("`", "'").replace("|", "\\|")),
    )
    return Record((str(found["dataset"]), target, time[0]), cells)


def link(file: Path, text: str) -> str:
    return f"[{text}]({Path(os.path.relpath(file, PAGE.parent)).as_posix()})"


def regenerate(page: str) -> str:
    """The page with its table regenerated."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    folders = (folder for folder in RESULTS.iterdir() if folder.is_dir())  # runs of one's own lie beside them
    records = sorted(record for folder in folders for record in list_records(folder))
    lines = [TITLES, tuple("---" for _ in TITLES), *(record.cells for record in records)]
    table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def test_the_page_of_records_fits_the_results():
    page = PAGE.read_text()
    assert page == regenerate(page), "run: python tests/test_record_page.py --write"


def test_every_file_of_the_community_can_be_a_record():
    files = sorted(COMMUNITY.rglob("*.csv"))
    assert files
    assert check_files(files).findings == ()


def test_every_link_of_the_pages_leads_to_a_file():
    for page in (PAGE, COMMUNITY / "README.md"):
        links = [target for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()) if "://" not in target]
        assert links
        assert [target for target in links if not (page.parent / target.split("#")[0]).exists()] == []


@pytest.fixture
def trainings(trained, tmp_path):
    """Stores trainings of several seeds, and gives their folder."""

    def store(*accuracies, **columns):
        for seed, accuracy in enumerate(accuracies):
            run = trained("resnet20", seed, accuracy, **{"device": "Card", "backend_version": "1", **columns})
            csv_file.write(run, tmp_path / f"{run.run}.csv")
        return tmp_path

    return store


def test_seeds_share_a_line_and_a_target_that_was_not_recorded_is_marked(trainings):
    (record,) = list_records(trainings(0.96, 0.97))
    assert record.cells[:3] == ("95 % (*)", "30.0 ± 0.0 s", "resnet20")
    (record,) = list_records(trainings(0.96, 0.97, target=0.9))
    assert record.cells[:2] == ("90 %", "20.0 ± 0.0 s")


def test_two_files_of_one_name_of_run_are_two_records(trained, tmp_path):
    for name, device in (("mine", "Card"), ("yours", "Other"), ("theirs", "Card")):
        run = trained("resnet20", 0, 0.96, device=device, backend_version="1", target=0.9)
        csv_file.write(run, tmp_path / f"{name}.csv")
    files = [record.cells[8] for record in list_records(tmp_path)]
    assert sorted(re.findall(r"(\w+)\.csv", " ".join(files))) == ["mine", "theirs", "yours"]


def test_a_target_that_was_missed_is_no_time(trainings):
    (record,) = list_records(trainings(0.97, 0.9))
    assert record.cells[1] == "1 of 2 reached it"


def test_a_training_of_other_data_without_a_target_and_one_that_did_not_end_are_no_records(trainings):
    assert list_records(trainings(0.96, dataset="cifar10-images")) == []
    assert list_records(trainings(0.96, status="interrupted")) == []


def test_a_hostile_command_stays_in_its_cell(trainings):
    (record,) = list_records(trainings(0.97, command="densebench train `x` | [a](b) <script>\n|"))
    assert record.cells[-1].startswith("`densebench train 'x' \\| [a](b) <script>")
    assert "\n" not in record.cells[-1]


if __name__ == "__main__" and "--write" in sys.argv:
    PAGE.write_text(regenerate(PAGE.read_text()))
