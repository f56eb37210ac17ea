import csv
import dataclasses
import io
import json

import pytest

from densebench.errors import ResultsError
from densebench.results.csv_file import format_runs, read


def save(run, *, separator=",", comma=False, end="\r\n", change=lambda cell: cell):
    """The file of a run as a spreadsheet saves it."""
    header, *rows = csv.reader(io.StringIO(format_runs([run])))

    def convert(cell):
        is_number = cell.replace(".", "", 1).isdigit()
        return change(cell.replace(".", ",") if comma and is_number else cell)

    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator=end)
    writer.writerows([header, *(map(convert, row) for row in rows)])
    return text.getvalue()


@pytest.fixture
def run(trained):
    return trained(
        seconds=9.5,
        host="4f1c",
        base_learning_rate=0.1,
        jit=True,
        augmentation="flip, shift",
        warnings="a; b",
        weight_decay=1.5e-05,
    )


@pytest.fixture
def path(tmp_path):
    return tmp_path / "results.csv"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("comma", [True, False])
def test_what_a_spreadsheet_saves_is_the_same_run(path, run, encoding, separator, comma):
    path.write_bytes(save(run, separator=separator, comma=comma).encode(encoding))
    assert read(path) == [run]
    path.write_bytes(save(run, separator=separator, comma=comma).rstrip("\r\n").encode(encoding))
    assert read(path) == [run]


def test_words_in_capitals_counts_with_a_fraction_and_a_hint_to_excel_change_nothing(path, run):
    def change(cell):
        return {"true": "TRUE", "64": "64,0"}.get(cell, cell)

    path.write_text("sep=;\r\n" + save(run, separator=";", comma=True, change=change))
    assert read(path) == [run]


def test_quoted_decimal_commas_in_the_description_alone_are_read_by_the_careful_reader(path, run):
    run = dataclasses.replace(
        run, records=tuple(dataclasses.replace(each, test_accuracy=1.0, test_loss=0.0) for each in run.records)
    )
    text = save(run, end="\n", change=lambda cell: "0,1" if cell == "0.1" else cell)
    assert '"0,1"' in text
    path.write_text(text)
    assert read(path) == [run]


HEADER = "run,status,phase,variant,epoch,params,test_loss,epoch_seconds\n"
MAY_BE_BOTH = (
    "which may have a decimal sign or thousands separators: save the file as CSV in UTF-8 with commas between the "
    "cells and with decimal points and no thousands separators."
)


@pytest.mark.parametrize(
    ("row", "cell"),
    [
        ('1,5,1.5,"1,234"', "epoch_seconds is '1,234'"),
        ('1,5,"0,5","1.234,5"', "epoch_seconds is '1.234,5'"),
        ('1,5,"0,5","1,234.5"', "epoch_seconds is '1,234.5'"),
        ('1,5,"0,5",1.234', "epoch_seconds is '1.234'"),
        ('1,"271,098","0,5",1', "params is '271,098'"),
        ('1,"5,5","0,5",1', "params is '5,5'"),
        ('1,1.234,"0,5",1', "params is '1.234'"),
    ],
)
def test_a_number_that_may_be_two_is_refused_with_what_to_save_as(path, row, cell):
    path.write_text(f"{HEADER}a,completed,train,x,{row}\n")
    with pytest.raises(ResultsError) as caught:
        read(path)
    assert str(caught.value) == f"{path}, line 2: {cell}, {MAY_BE_BOTH}"


def test_semicolons_alone_say_that_a_comma_is_a_decimal_one(path):
    path.write_text(f"{HEADER}a,completed,train,x,1,5,'1,234',2\n".replace(",", ";").replace("'1;234'", "1,234"))
    assert read(path)[0].records[0].test_loss == 1.234


def test_semicolons_beside_decimal_points_say_nothing_of_a_comma(path):
    path.write_text(f"{HEADER}a,completed,train,x,1,5,'1,234',0.5\n".replace(",", ";").replace("'1;234'", "1,234"))
    with pytest.raises(ResultsError, match=r"test_loss is '1,234', which may have a decimal sign"):
        read(path)


def test_what_is_no_number_is_named_as_before(path):
    path.write_text(f'{HEADER}a,completed,train,x,1,5,"0,5","a,b"\n')
    with pytest.raises(ResultsError, match="line 2: epoch_seconds is 'a,b' where a number"):
        read(path)


@pytest.mark.parametrize("separator", ["|", ":", " "])
def test_other_separators_are_named_with_what_to_save_as(path, run, separator):
    path.write_text(save(run, separator=separator))
    with pytest.raises(ResultsError) as caught:
        read(path)
    assert str(caught.value) == (
        f"{path}, line 1: its cells are separated by {separator!r}: save the file as CSV in UTF-8 with commas between "
        "the cells and with decimal points."
    )


@pytest.mark.parametrize("end", ["", "\n"])
@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ({"results": [{"command": "sleep 1", "mean": 1.0}]}, "JSON of hyperfine"),
        ({"benchmarks": [], "metadata": {}, "version": "1.0"}, "JSON of pyperf"),
        ({"benchmarks": [], "machine_info": {}, "version": "4"}, "JSON of pytest-benchmark"),
        ({"schema": 1, "kind": "comparison"}, "JSON that --format json printed"),
        ({"results": [{"mean": 1.0}]}, "JSON"),
        ([1, 2], "JSON"),
    ],
)
def test_json_is_named(path, content, kind, end):
    path.write_text(json.dumps(content, indent=2) + end)
    with pytest.raises(ResultsError) as caught:
        read(path)
    assert str(caught.value) == f"{path} is {kind}, not a results file: give the CSV files that densebench wrote."


def test_deeply_nested_brackets_end_in_a_sentence(path):
    path.write_text("[" * 100_000)
    with pytest.raises(ResultsError, match=r"results\.csv, line 1: "):
        read(path)
