import pytest

from densebench.cli.app import run


def test_summary_in_csv_has_every_variant_and_exact_counts(capfd):
    assert run(["summary", "--format", "csv"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert any(line.startswith("169x32,") and "12651594" in line.replace(",", "").replace('"', "") for line in lines)


@pytest.mark.parametrize("option", ["--classes", "--image-size"])
def test_zero_is_not_taken_for_the_default(option, capsys):
    assert run(["summary", "40x12", option, "0"]) == 2
    assert "0" in capsys.readouterr().err


def test_the_name_of_another_library_is_explained_beside_the_table(capfd):
    assert run(["summary", "densenet121", "--format", "csv"]) == 0
    printed = capfd.readouterr()
    assert "121x32,densenet121," in printed.out
    assert "Note: densenet121 is 121x32 here" in printed.err
