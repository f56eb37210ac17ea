import dataclasses

import pytest

from densebench.comparison.compare import compare
from densebench.comparison.options import CompareOptions
from densebench.reporting.page.runs import about, environments, facts, list_runs


def compared(*runs):
    return compare(runs, CompareOptions())


def published(run):
    return dataclasses.replace(run, run="p", phase="published", source="a paper")


@pytest.mark.parametrize(
    ("days", "text"),
    [
        ([], "0 runs in 0 rows"),
        (["2026-03-01T09:30:00+00:00"], "1 run in 1 row, 2026-03-01"),
        (["2026-03-02T09:30:00+00:00", "2026-03-01T09:30:00+00:00"], "2 runs in 1 row, 2026-03-01 to 2026-03-02"),
    ],
)
def test_the_head_counts_runs_and_rows_and_names_the_days(trained, days, text):
    runs = [trained(seed=seed, started=day) for seed, day in enumerate(days)]
    assert about(compared(*runs, published(trained("b")))) == text


def test_facts_are_equal_in_all_rows_that_were_measured_here(trained):
    found = {fact.title: fact.text for fact in facts(compared(trained("a"), trained("b", batch_size=32)))}
    assert found["Dataset"] == "digits"
    assert "Batch" not in found
    assert facts(compared(published(trained()))) == []


def test_environments_are_lettered_and_what_differs_is_marked(trained):
    compared_runs = compared(trained("a"), trained("b", cpu_cores=8), trained("c"))
    found = environments(compared_runs)
    assert (found.letters, found.counts) == (("A", "B"), (2, 1))
    assert {field.title: field.texts for field in found.fields if field.differs} == {"Cores": ("2", "8")}
    assert found.rows == ((0, 2), (1,))
    assert [row.runs[0].environment for row in list_runs(compared_runs)] == ["A", "B", "A"]


def test_after_z_the_letters_begin_again_with_a_number(trained):
    found = environments(compared(*(trained(f"v{cores}", cpu_cores=cores) for cores in range(1, 28))))
    assert found.letters[25:] == ("Z", "A2")


def test_a_run_says_how_it_was_made_and_what_a_reader_must_know(trained):
    failed = trained(status="failed", reason="Out of memory.", warnings="The clock\x1b changed.", command="densebench")
    first, second = (row.runs[0] for row in list_runs(compared(failed, published(trained("b")))))
    assert (first.status, first.seed, first.command) == ("failed", "0", "densebench")
    assert first.remarks == ("Out of memory.", "The clock  changed.")
    assert (second.status, second.environment, second.remarks) == ("published", "", ("a paper",))


def test_the_runs_of_a_row_stand_together_with_the_reason_of_one_that_failed(trained):
    failed = trained("b", status="failed", reason="Out of memory.")
    first, second = list_runs(compared(trained("a", 0), failed, trained("a", 1)))
    assert (first.place, first.label, first.status, first.about, len(first.runs)) == (0, "a", "completed", "2 runs", 2)
    assert (second.status, second.about) == ("failed", "1 run; Out of memory.")
